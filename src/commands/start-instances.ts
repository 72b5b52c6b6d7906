import type { Judged } from '../checks/diagnosis.ts'
import { nextFreePort } from '../facts/next-port.ts'
import type { ServiceStatus } from '../facts/service-status.ts'
import { deferred } from '../host/deferred.ts'
import { bracketed } from '../host/tcp.ts'
import { instanceName } from '../plan/instances.ts'
import type { ReadySummary, Restarted } from '../report/run-event.ts'
import { connectAddress } from '../run/bring-up.ts'
import type { Observer } from '../run/observer.ts'
import { keepUp, type Backend } from './start-backend.ts'
import type { Up } from './start-life.ts'
import type { Prepared } from './start-prepare.ts'
import { crossingSentence, instanceSummary, reportOf, statusWith, type Crossing } from '../report/instance.ts'

/** The backends besides the first one: `backend-2`, `backend-3`… */
export interface Instances {
  /** Empty until the first backend was up. */
  readonly backends: readonly Backend[]
  /** What the banner says, with them: starts them and proves that broadcasts cross. */
  readonly complete: (summary: ReadySummary, first: Up) => Promise<ReadySummary>
  /** The first backend is up, or up again: what crosses is proven anew. */
  readonly firstUp: (first: Up) => Promise<void>
  /** Proves anew what crosses. */
  readonly verify: () => Promise<void>
  /** Ends them; resolves when nothing of them is left. */
  readonly end: () => Promise<void>
  /** Ends them by force, at once. */
  readonly kill: () => void
}

export interface InstancesOptions {
  readonly version: string
  /** The first one, where it is up. */
  readonly first: () => Up | undefined
  /** The Origin that the browser will have, where a frontend of this run decides it. */
  readonly origin: () => Promise<string | undefined>
  readonly prepareAnew: (port: number, run: Prepared) => Promise<Prepared>
  readonly onChange: (status: ServiceStatus) => void
  readonly onUp: (name: string, observer: Observer | undefined) => void
}

/** Prepares `config.instances - 1` further backends; none is started before the first one is up. */
export function furtherInstances(prepared: Prepared, options: InstancesOptions): Instances {
  const { config, report } = prepared
  const over = new AbortController()
  const run: Prepared = { ...prepared, signal: AbortSignal.any([prepared.signal, over.signal]) }
  const members: Member[] = []
  /** Causes that are to be told below the banner. */
  let untold: Judged[] | undefined = []
  let begun: Promise<void> | undefined
  const tell = (cause: Judged) => void (untold === undefined ? report({ event: 'diagnosis', diagnosis: cause }) : untold.push(cause))

  const begin = async (first: Up): Promise<void> => {
    report({ event: 'phase', text: `starting ${config.instances - 1} more` })
    let { port } = first.prover
    for (let index = 1; index < config.instances; index++) {
      const next = config.strictPort ? port + 1 : await nextFreePort(port, config.host)
      if (next === undefined || run.signal.aborted) break
      port = next
      // by the way that has led to the first one
      members.push(keepMember({ ...first.prepared, signal: run.signal }, { ...options, name: instanceName(index), port, tell }))
    }
    if (members.length < config.instances - 1 && !run.signal.aborted)
      report({
        event: 'warning',
        id: 'port-in-use',
        text: `No port above ${port} is free: ${members.length + 1} of ${config.instances} instances run`,
      })
    await Promise.all(members.map((member) => member.settled()))
  }
  const proveAll = async () => {
    await Promise.all(members.map((member) => member.prove()))
  }
  return {
    get backends() {
      return members
    },
    complete: async (summary, first) => {
      await (begun ??= begin(first))
      await proveAll()
      return { ...summary, instances: members.map((member) => member.summary()) }
    },
    firstUp: async (first) => {
      const causes = untold ?? []
      untold = undefined
      for (const cause of causes) report({ event: 'diagnosis', diagnosis: cause })
      // the banner has told of what was proven for it
      if (begun !== undefined && members.every((member) => member.isProvenWith(first))) return
      await (begun ??= begin(first))
      await proveAll()
    },
    verify: proveAll,
    end: async () => {
      over.abort()
      // the list is whole only then
      await begun
      await Promise.all(members.map((member) => member.gone()))
    },
    kill: () => {
      for (const member of members) member.kill()
    },
  }
}

/** One further backend: kept up, and what crosses between it and the first one. */
interface Member extends Backend {
  /** Resolves when it was up or has failed for the first time. */
  readonly settled: () => Promise<void>
  /** Resolves when nothing of it is left; rejects with a defect of ours. */
  readonly gone: () => Promise<unknown>
  readonly prove: () => Promise<void>
  readonly isProvenWith: (first: Up) => boolean
  readonly summary: () => ReadySummary['instances'][number]
}

interface MemberOptions extends InstancesOptions {
  readonly name: string
  readonly port: number
  readonly tell: (cause: Judged) => void
}

function keepMember(run: Prepared, options: MemberOptions): Member {
  const { config, signal } = run
  const { name, tell } = options
  let { port } = options
  let crossing: Crossing | undefined
  let provenWith: Up | undefined
  let restarted: Restarted | undefined
  let proving: Promise<void> = Promise.resolve()
  const own: Prepared = { ...run, report: reportOf(run.report, name, (outcome) => (restarted = outcome)) }

  const status = () => statusWith(backend.status(), crossing)
  const changed = () => options.onChange(status())
  const proveNow = async () => {
    const [first, further] = [options.first(), backend.up()]
    if (first === undefined || further === undefined || signal.aborted) return
    // nothing of it is needed before the server is launched
    const { proveBetween } = await import('./start-crossing.ts')
    const outcome = await proveBetween(first, further, config.watch)
    // one of them has ended meanwhile: it is proven again when both are up
    if (options.first() !== first || backend.up() !== further || signal.aborted) return
    crossing = outcome
    provenWith = first
    if (outcome.kind === 'tried' && outcome.cause !== undefined) tell(outcome.cause)
    changed()
  }
  const prove = () => (proving = proving.then(proveNow))

  const start = () => {
    const { promise: settled, resolve: settle } = deferred<void>()
    const kept = keepUp(
      { ...own, port },
      {
        name,
        extras: { version: options.version },
        isFirst: false,
        fixOf: async () => undefined,
        said: undefined,
        prepareAnew: (at, lifeSignal) => options.prepareAnew(at, { ...own, signal: lifeSignal }),
        onLaunch: () => {},
        onListening: (listening) => {
          port = listening
        },
        origin: options.origin,
        complete: async (summary) => summary,
        onTold: () => void tellRestarted(),
        onChange: () => {
          if (kept.status().state !== 'ready') crossing = undefined
          if (kept.status().state === 'failed') settle(undefined)
          changed()
        },
        onUp: ({ prover }) => {
          options.onUp(name, prover.observer)
          settle(undefined)
        },
      },
    )
    const gone = kept.ended.finally(() => settle(undefined))
    // whoever ends the run is told
    gone.catch(() => {})
    let ended = false
    void gone.then(
      () => (ended = true),
      () => (ended = true),
    )
    return { kept, settled, gone, ended: () => ended }
  }
  const tellRestarted = async () => {
    const outcome = restarted
    restarted = undefined
    if (outcome === undefined) return
    await prove()
    run.report({ event: 'restarted', ...outcome, note: crossing === undefined ? undefined : crossingSentence(crossing) })
  }

  let life = start()
  const backend: Backend = {
    ended: life.kept.ended,
    restart: async (why, restartOptions) => {
      if (!life.ended()) return life.kept.restart(why, restartOptions)
      life = start()
      return life.settled
    },
    verify: () => life.kept.verify(),
    status: () => life.kept.status(),
    websocket: () => life.kept.websocket(),
    up: () => life.kept.up(),
    since: () => life.kept.since(),
    kill: () => life.kept.kill(),
    pause: () => life.kept.pause(),
    resume: () => life.kept.resume(),
  }
  return {
    ...backend,
    status,
    settled: () => life.settled,
    gone: () => life.gone,
    prove,
    isProvenWith: (first) => provenWith === first,
    summary: () => instanceSummary(backend.status(), crossing, `http://${bracketed(connectAddress(config.host))}:${port}/`),
  }
}
