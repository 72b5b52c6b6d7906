import { version as current } from './version.ts'
import type { DoctorOptions, DoctorResult, ElectionDevConfig, Run, RunError, StartOptions, VerifyOptions, VerifyResult } from './public.ts'

export type * from './public.ts'

/** The version of this package. */
export const version: string = current

/**
 * Starts the project and proves its WebSocket, as `election-dev start` does.
 * Resolves when it is proven; where it can't be, everything is ended again and
 * a `RunError` with the cause is thrown. Listens for no signal and prints nothing.
 */
export async function start(options: StartOptions = {}): Promise<Run> {
  const { startRun } = await import('./commands/programmatic-start.ts')
  return startRun(options)
}

/** Proves a WebSocket that is already served, as `election-dev verify` does. What isn't proven is a result, not an error. */
export async function verify(options: VerifyOptions = {}): Promise<VerifyResult> {
  const { verifyForProgram } = await import('./commands/programmatic.ts')
  return verifyForProgram(options)
}

/** Names the one cause of a broken WebSocket, as `election-dev doctor` does. */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorResult> {
  const { doctorForProgram } = await import('./commands/programmatic.ts')
  return doctorForProgram(options)
}

/** The configuration as it is: an editor completes and checks what stands in `election-dev.config.ts`. */
export function defineConfig(config: ElectionDevConfig): ElectionDevConfig {
  return config
}

/** True for what these functions throw where something is wrong with the project or the options. */
export function isRunError(error: unknown): error is RunError {
  return error instanceof Error && error.name === 'LauncherError'
}
