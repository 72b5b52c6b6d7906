import type { Secrets } from './secrets.ts'
import type { Terminal } from './terminal.ts'

/**
 * The one door to the outside for everything that differs between machines and
 * that tests replace: platform, environment, folder, clock, terminal. Files,
 * sockets and processes are real in tests, so they have no stand-in here.
 */
export interface Host {
  readonly platform: NodeJS.Platform
  /** The environment that the launcher was started with. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Adds variables to `env`, for all that is started from then on. */
  readonly give: (variables: Readonly<Record<string, string>>) => void
  /** Absolute path of the folder that the run is about (`--cwd`, else the working folder). */
  readonly cwd: string
  /** Milliseconds on a clock that never goes back; 0 is when the process was started. */
  readonly now: () => number
  readonly terminal: Terminal
  readonly secrets: Secrets
}
