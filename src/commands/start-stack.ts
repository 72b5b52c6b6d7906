import { join } from 'node:path'
import { withVariables } from '../config/config.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import { isFile } from '../host/files.ts'
import { raceStop } from '../host/race-stop.ts'
import type { StackPlan } from '../plan/services.ts'
import { troubleOf, type ReadySummary, type Report } from '../report/run-event.ts'
import { Services } from '../run/services.ts'
import { Backend } from './start-backend.ts'
import { countOpenSockets } from '../run/open-sockets.ts'
import type { FixOf, SetupFix } from './start-fixes.ts'
import type { NeedsSetup, Up } from './start-life.ts'
import type { RunPage, ServedPage } from './start-page.ts'
import type { Frontend } from './start-frontend.ts'
import type { Instances } from './start-instances.ts'
import type { Managed } from './start-managed.ts'
import { prepare, type Prepared } from './start-prepare.ts'
import type { SetupRun } from './start-setup.ts'
import type { StartExtras } from './start.ts'
import type { StackControl, StackStatus } from '../report/stack-control.ts'

/** All that one run has started. */
export interface Stack {
  /** The status that the run ends with, once nothing of it is left. */
  readonly ended: Promise<number | NeedsSetup>
  readonly services: Services
}

export interface StackOptions {
  readonly extras: StartExtras
  /** What is missing is looked for by the project's own interpreter, even where the files look complete. */
  readonly look: boolean
  readonly fixOf: FixOf
  /** Does what a cause is fixed by. Throws LauncherError where that fails. */
  readonly apply: (fix: SetupFix) => Promise<void>
  /** Ends the run, by aborting its signal. */
  readonly stop: () => void
}

/** How long the banner waits for the services once the WebSocket was tried, in milliseconds. */
const patienceMs = 5000

/** Prepares and starts the backend, and what runs beside it, until `outer.signal` is aborted. */
export function startStack(outer: SetupRun, { extras, look, fixOf, apply, stop }: StackOptions): Stack {
  const { host, config } = outer
  const listeners = new Set<() => void>()
  const changed = () => {
    for (const listener of listeners) listener()
  }
  let lastError: string | undefined
  const said = new Set<string>()
  const report: Report = (event) => {
    if (event.event === 'warning') said.add(event.id)
    const trouble = troubleOf(event)
    if (trouble !== undefined) {
      lastError = trouble
      changed()
    }
    outer.report(event)
  }
  // what fails beside the backend ends the backend, too
  const failure = new AbortController()
  const signal = AbortSignal.any([outer.signal, failure.signal])
  let setup: SetupRun = { ...outer, report, signal }
  let managed: Managed | undefined
  let backend: Backend | undefined
  let frontend: Frontend | undefined
  let page: RunPage | undefined
  let further: Instances | undefined
  const openSockets = countOpenSockets((count) => {
    report({ event: 'open-sockets', count })
    changed()
  })

  const services = new Services(
    host,
    {
      onLine: (service, line) => report({ event: 'log', service, line }),
      onStatus: (status) => {
        report({ event: 'service', ...status })
        changed()
      },
    },
    signal,
  )

  let watching: Promise<RunPage> | undefined
  let untold: Promise<void> | undefined
  /** Loaded once there is a page to look at: that is after the ready line. */
  const pageOf = async (prepared: Prepared): Promise<RunPage> =>
    (watching ??= import('./start-page.ts').then(({ watchPage }) => (page = watchPage(prepared, extras))))
  /** Both are up. Without a frontend the backend's own page is looked at where somebody has named a page, or asks. */
  const lookAtPage = async (prepared: Prepared, up: Up) => {
    // what its dev server makes of its files may be known late
    const isAlone = (await frontend?.runs) !== true
    if (isAlone && config.page === undefined && config.browser !== true) {
      // whoever started it knows the page
      if (extras.page !== undefined) return
      untold ??= import('./start-page.ts').then(({ tellUnnamed }) => tellUnnamed(prepared, up))
      return untold
    }
    const watched = await pageOf(prepared)
    watched.backendIs(up)
    if (isAlone) watched.isServed({ url: new URL(up.summary.backend.url), app: undefined, given: undefined })
  }

  const startFrontend = async (prepared: Prepared, port: number): Promise<void> => {
    const served = (now: ServedPage) => void pageOf(prepared).then((watched) => watched.isServed(now))
    frontend = (await import('./start-frontend.ts')).startFrontend(prepared, services, port, { user: outer.signal, served })
    await frontend.origin
  }

  const serve = async (prepared: Prepared, wantsFrontend: boolean): Promise<number | NeedsSetup> => {
    if (config.dependsOn.length > 0) await (await import('./start-services.ts')).untilReady(config.dependsOn, services, signal)
    if (signal.aborted) return ExitCode.ok
    let beginning: Promise<void> | undefined
    let plannedPort = prepared.port
    const origin = async () => {
      await beginning
      return frontend?.origin
    }
    const sureOrigin = async () => {
      await beginning
      return frontend?.sureOrigin
    }
    const furtherInstances = config.instances > 1 ? (await import('./start-instances.ts')).furtherInstances : undefined
    further = furtherInstances?.(prepared, services, { extras, first: () => backend?.up, origin, onUp: openSockets.follow })
    const first = new Backend(prepared, services, {
      name: 'backend',
      extras,
      fixOf: async (cause, path) => fixOf(cause, path, setup.host),
      said,
      origin,
      sureOrigin,
      onLaunch: () => {
        // beside the server's start
        if (wantsFrontend) beginning ??= startFrontend(prepared, prepared.port)
        beginning?.catch((error: unknown) => failure.abort(error))
      },
      onListening: (port) => {
        services.isWell()
        if (port !== plannedPort) frontend?.backendMoved(port)
        plannedPort = port
      },
      complete: async (summary, up) => {
        const one = await complete(summary, frontend, services, signal)
        const all = (await further?.complete(one, up)) ?? one
        return { ...all, readyMs: host.now() - (extras.since ?? 0) }
      },
      onUp: (up) => {
        frontend?.backendIsUp(up)
        openSockets.follow('backend', up.prover.observer)
      },
      onTold: (up) => {
        void further?.firstUp(up)
        lookAtPage(prepared, up).catch(() => {})
      },
      lookAtPage: async (up) => {
        await lookAtPage(prepared, up)
        await page?.looked()
      },
    })
    backend = first
    services.take(first)
    if (config.reload) {
      void import('./start-reload.ts').then(({ reload }) =>
        signal.aborted ? undefined : reload(prepared, () => [first, ...(further?.backends ?? [])]),
      )
    }
    return first.ended
  }

  const run = async (): Promise<number | NeedsSetup> => {
    let takeAway: (() => void | Promise<void>) | undefined
    try {
      if (config.managed || config.managedRedis) {
        const { startManaged } = await import('./start-managed.ts')
        managed = await startManaged(setup, services)
        setup = { ...setup, host: withVariables(host, managed.environment) }
      }
      // whoever names others alone needs no environment of the backend's
      const isAlone = config.only.length > 0 && !config.only.some((name) => name === 'backend' || name === 'frontend')
      const alone = isAlone ? await (await import('./start-services.ts')).planAlone(setup) : undefined
      if (alone !== undefined) {
        for (const service of alone.services) services.add(service)
        takeAway = extras.onControl?.(control, setup)
        return await (await import('./start-services.ts')).withoutBackend(services, signal, listeners)
      }
      const prepared = await raceStop(prepare(setup, { look }), signal)
      if (prepared === undefined) return ExitCode.ok
      const plan = await planOthers(prepared)
      for (const service of plan.services) services.add(service)
      // the server is launched first: to be found by others can wait
      const serving = plan.wantsBackend
        ? serve(prepared, plan.wantsFrontend)
        : (await import('./start-services.ts')).withoutBackend(services, signal, listeners)
      takeAway = extras.onControl?.(control, setup)
      const outcome = await serving
      if (managed === undefined || typeof outcome === 'number' || outcome.fix === undefined) return outcome
      // what is done in a database of the run needs that to be up
      await apply(outcome.fix)
      return { ...outcome, isDone: true }
    } catch (error) {
      if (failure.signal.aborted) throw failure.signal.reason
      throw error
    } finally {
      openSockets.end()
      // a browser that is at work ends beside the services
      await Promise.all([services.stop(), page?.end()])
      await frontend?.over()
      await managed?.remove()
      await takeAway?.()
    }
  }
  const ended = run().then((status) => {
    // a frontend that can't be started as it is configured
    if (failure.signal.aborted) throw failure.signal.reason
    return status
  })

  const control: StackControl = {
    status: (): StackStatus => ({
      services: services.statuses,
      websocket: backend?.websocket,
      openSockets: openSockets.count(),
      lastError,
      page: frontend?.summary()?.url ?? backend?.up?.summary.page,
    }),
    restart: async (service) => {
      const names = services.statuses.map(({ name }) => name)
      const asked = names.filter((name) => service === undefined || name === service)
      if (asked.length === 0) {
        throw new LauncherError('no-such-service', `There is no service ${service ?? ''}`, { hint: `There is: ${names.join(', ')}` })
      }
      await Promise.all(asked.map((name) => services.restart(name)))
    },
    verify: async () => {
      const [state] = await Promise.all([backend?.verify(), further?.verify()])
      if (state === undefined) throw new LauncherError('not-up', 'The backend is not up')
      return state
    },
    means: () => ({ env: backend?.plan.env, config }),
    look: async () => {
      if (page === undefined)
        throw new LauncherError('no-page', 'There is no page to look at', {
          hint: 'Name one: "page": {"url": "/"} in election-dev.config.json.',
        })
      await page.lookNow()
    },
    pageCauses: async () => {
      await frontend?.proveAgain()
      // one that is right now is looked at for the first time
      await watching
      await page?.lookAgain()
      return [frontend?.summary()?.diagnosis, page?.summary()?.diagnosis].flatMap((cause) => cause ?? [])
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
  return { ended, services }
}

/** What runs beside the backend; where nothing asks for services, nothing of them is loaded on the way to the server. */
async function planOthers(prepared: Prepared): Promise<Pick<StackPlan, 'services' | 'wantsBackend' | 'wantsFrontend'>> {
  const { host, config } = prepared
  const asked = Object.keys(config.services).length > 0 || config.only.length > 0 || typeof config.procfile === 'string'
  const hasProcfile = config.procfile === undefined && (await isFile(join(host.cwd, 'Procfile')))
  const plan =
    asked || hasProcfile
      ? await (await import('./start-services.ts')).planStack(prepared)
      : { services: [], wantsBackend: true, wantsFrontend: true }
  return { ...plan, wantsFrontend: plan.wantsFrontend && config.frontend !== false }
}

/** What the banner says of the page as it is, and of services once these have settled or have had their time. */
async function complete(
  summary: ReadySummary,
  frontend: Frontend | undefined,
  services: Services,
  signal: AbortSignal,
): Promise<ReadySummary> {
  const others = () => services.statuses.filter(({ kind }) => kind !== 'backend')
  // the page is told when it is there: nobody waits for it
  const settled = Promise.all(others().flatMap(({ name, kind }) => (kind === 'frontend' ? [] : [services.wait(name)])))
  await raceStop(settled, AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]))
  return {
    ...summary,
    frontend: frontend?.show(),
    services: others().filter(({ kind }) => kind !== 'frontend'),
  }
}
