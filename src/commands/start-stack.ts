import type { Observed } from '../facts/observed.ts'
import { LauncherError } from '../errors.ts'
import type { StartReport } from '../report/start-report.ts'
import type { Observer } from '../run/observer.ts'
import { keepUp, type Backend } from './start-backend.ts'
import { prepare, type Prepared } from './start-prepare.ts'
import type { StartExtras } from './start.ts'
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
  let openSockets: number | undefined
  let uncount: (() => void) | undefined
  let takeAway: (() => void | Promise<void>) | undefined
  const backend: Backend = keepUp(run, {
    name: 'backend',
    extras,
    mayNeedSetup: true,
    prepareAnew: (port, lifeSignal) => prepare({ ...run, config: { ...config, port, strictPort: true }, signal: lifeSignal }),
    onLaunch: () => {},
    onListening: () => {},
    complete: async (summary) => summary,
    onChange: () => {
      report.service(backend.status())
      changed()
    },
    onUp: ({ prover: { observer } }) => {
      uncount?.()
      openSockets = observer === undefined ? undefined : 0
      uncount = countSockets(observer, (count) => {
        openSockets = count
        report.openSockets(count)
        changed()
      })
    },
  })
  const status = (): StackStatus => ({
    services: [backend.status()],
    websocket: backend.websocket(),
    openSockets,
    lastError,
    page: backend.up()?.summary.page,
  })
  const ended = (async () => {
    try {
      return await backend.ended
    } finally {
      uncount?.()
      await takeAway?.()
    }
  })()
  const control: StackControl = {
    status,
    restart: async (service) => {
      if (service !== undefined && service !== 'backend')
        throw new LauncherError('no-such-service', `There is no service ${service}`, { hint: 'There is: backend' })
      await backend.restart('asked for')
    },
    verify: async () => {
      const state = await backend.verify()
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
  if (config.reload) void import('./start-reload.ts').then(({ reload }) => (signal.aborted ? undefined : reload(run, [backend])))
  return { ended, kill: backend.kill }
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

/** Counts the sockets that are open and not ours. Gives the function that ends it. */
function countSockets(observer: Observer | undefined, tell: (count: number) => void): () => void {
  if (observer === undefined) return () => {}
  const theirs = new Set<number>()
  const open = new Set<number>()
  const take = (event: Observed) => {
    if (event.event === 'opened' && !event.probe) theirs.add(event.id)
    if (!('id' in event) || !theirs.has(event.id)) return
    const before = open.size
    if (event.event === 'accepted') open.add(event.id)
    if (event.event === 'closed' || event.event === 'raised' || event.event === 'refused') {
      open.delete(event.id)
      theirs.delete(event.id)
    }
    if (open.size !== before) tell(open.size)
  }
  for (const event of observer.since(0)) take(event)
  return observer.listen(take)
}
