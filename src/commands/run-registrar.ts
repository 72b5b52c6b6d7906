import type { BackgroundRun, RunRegistration } from './run-registration.ts'
import type { StartExtras } from './start.ts'

/**
 * What `start` is to call with its control (`StartExtras.onControl`), so that
 * `status`, `logs`, `restart` and `stop` know the run; `onSettled` is called when
 * they do, or never will. Loaded once the backend is launched.
 */
export function registrar(version: string, background?: BackgroundRun, onSettled?: () => void): NonNullable<StartExtras['onControl']> {
  return (control, { host, config, report }) => {
    const longest = Math.max(config.stopTimeout, ...Object.values(config.services).map(({ stopTimeout }) => stopTimeout ?? 0))
    const registration: Promise<RunRegistration> = import('./run-registration.ts').then(({ registerRun }) =>
      registerRun(host, {
        version,
        root: host.cwd,
        control,
        stopTimeoutMs: longest,
        background,
        onProblem: (text) => report({ event: 'note', text }),
        onSettled,
      }),
    )
    return async () => (await registration).close()
  }
}
