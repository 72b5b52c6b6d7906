import { LauncherError } from '../errors.ts'
import type { StartReport } from '../report/start-report.ts'
import { countOpenSockets } from './open-sockets.ts'
import { keepUp, type Backend } from './start-backend.ts'
import { furtherInstances } from './start-instances.ts'
import { prepare, type Prepared } from './start-prepare.ts'
import type { StartExtras } from './start.ts'
import type { SetupRun } from './start-setup.ts'
import type { StackControl, StackStatus } from './stack-control.ts'

/** All that one run has started. */
export interface Stack {
  /** The status that the run ends with, once nothing of it is left. */
  readonly ended: Promise<number | 'needs-setup'>
  /** Ends all of it by force, at once. */
  readonly kill: () => void
}

/** Starts the backend, and what runs beside it, until `prepared.signal` is aborted. `stop` aborts it. */
export function startStack(prepared: Prepared, extras: StartExtras, stop: () => void): Stack {
  const { config, signal } = prepared
  const listeners = new Set<() => void>()
  const changed = () => {
    for (const listener of listeners) listener()
  }
  let lastError: string | undefined
  const report = remembering(prepared.report, (error) => {
    lastError = error
    changed()
  })
  const run: Prepared = { ...prepared, report }
  const openSockets = countOpenSockets((count) => {
    report.openSockets(count)
    changed()
  })
  const prepareAnew = (port: number, on: SetupRun) => prepare({ ...on, config: { ...config, port, strictPort: true } }, { anew: true })
  const further = furtherInstances(run, {
    version: extras.version,
    first: () => backend.up(),
    prepareAnew,
    onChange: (service) => {
      report.service(service)
      changed()
    },
    onUp: openSockets.follow,
  })
  let takeAway: (() => void | Promise<void>) | undefined
  const backend: Backend = keepUp(run, {
    name: 'backend',
    extras,
    mayNeedSetup: true,
    prepareAnew: (port, lifeSignal) => prepareAnew(port, { ...run, signal: lifeSignal }),
    onLaunch: () => {},
    onListening: () => {},
    complete: further.complete,
    onChange: () => {
      report.service(backend.status())
      changed()
    },
    onUp: (up) => {
      openSockets.follow('backend', up.prover.observer)
      void further.firstUp(up)
    },
  })
  const status = (): StackStatus => ({
    services: [backend, ...further.backends].map((each) => each.status()),
    websocket: backend.websocket(),
    openSockets: openSockets.count(),
    lastError,
    page: backend.up()?.summary.page,
  })
  const ended = (async () => {
    try {
      return await backend.ended
    } finally {
      openSockets.end()
      await further.end()
      await takeAway?.()
    }
  })()
  const control: StackControl = {
    status,
    restart: async (service) => {
      const all = [backend, ...further.backends]
      const asked = service === undefined ? all : all.filter((each) => each.status().name === service)
      if (asked.length === 0)
        throw new LauncherError('no-such-service', `There is no service ${service ?? ''}`, {
          hint: `There is: ${all.map((each) => each.status().name).join(', ')}`,
        })
      await Promise.all(asked.map((each) => each.restart('asked for')))
    },
    verify: async () => {
      const [state] = await Promise.all([backend.verify(), further.verify()])
      if (state === undefined) throw new LauncherError('not-up', 'The backend is not up')
      return state
    },
    stop: async () => {
      stop()
      await ended.catch(() => {})
    },
    listen: (callback) => {
      listeners.add(callback)
      return () => void listeners.delete(callback)
    },
  }
  takeAway = extras.onControl?.(control, run)
  if (config.reload)
    void import('./start-reload.ts').then(({ reload }) => (signal.aborted ? undefined : reload(run, () => [backend, ...further.backends])))
  const kill = () => {
    backend.kill()
    further.kill()
  }
  return { ended, kill }
}

/** The same report, whose last bad news is kept. */
function remembering(report: StartReport, keep: (error: string) => void): StartReport {
  return {
    ...report,
    warning: (id, text) => {
      keep(text)
      report.warning(id, text)
    },
    diagnosis: (diagnosis) => {
      keep(diagnosis.title)
      report.diagnosis(diagnosis)
    },
    error: (error) => {
      keep(error.message)
      report.error(error)
    },
    socket: (url, state) => {
      if (state.dot !== 'green') keep(state.diagnosis.title)
      report.socket(url, state)
    },
  }
}
