import type { RegisterOptions } from './run-registration.ts'
import type { StartExtras } from './start.ts'

/**
 * What `start` is to call with its control (`StartExtras.onControl`), so that
 * `status`, `logs`, `restart` and `stop` know the run; `onSettled` is called when
 * they do, or never will. Loaded once the backend is launched.
 */
export function registrar(options: RegisterOptions = {}): NonNullable<StartExtras['onControl']> {
  return (control, run) => {
    const registration = import('./run-registration.ts').then(({ registerRun }) => registerRun(run, control, options))
    return async () => (await registration)()
  }
}
