import type { BackgroundRun, RunRegistration } from './run-registration.ts'
import type { StartExtras } from './start.ts'

/**
 * What `start` is to call with its control (`StartExtras.onControl`), so that
 * `status`, `logs`, `restart` and `stop` know the run. Loaded once the backend is launched.
 */
export function registrar(version: string, background?: BackgroundRun): NonNullable<StartExtras['onControl']> {
  return (control, { host, config, report }) => {
    const longest = Math.max(config.stopTimeout, ...Object.values(config.services).map(({ stopTimeout }) => stopTimeout ?? 0))
    const registration: Promise<RunRegistration> = import('./run-registration.ts').then(({ registerRun }) =>
      registerRun(host, {
        version,
        root: host.cwd,
        control,
        stopTimeoutMs: longest,
        background,
        onProblem: (text) => report.note(text),
      }),
    )
    return async () => (await registration).close()
  }
}
