import type { Judged } from '../checks/diagnosis.ts'
import { nextFreePort } from '../facts/next-port.ts'
import type { ServiceState, ServiceStatus } from '../facts/service-status.ts'
import { bracketed, connectAddress } from '../host/tcp.ts'
import { instanceName } from '../plan/instances.ts'
import { crossingSentence, instanceSummary, reportOf, statusWith, type Crossing } from '../report/instance.ts'
import type { ReadySummary, Report, Restarted } from '../report/run-event.ts'
import type { Observer } from '../run/observer.ts'
import type { Services } from '../run/services.ts'
import { Backend, type BackendOptions } from './start-backend.ts'
import type { Up } from './start-life.ts'
import type { Prepared } from './start-prepare.ts'

/** The backends besides the first one: `backend-2`, `backend-3`… */
export type Instances = ReturnType<typeof furtherInstances>

export interface InstancesOptions extends Pick<BackendOptions, 'extras' | 'origin'> {
  /** The first one, where it is up. */
  readonly first: () => Up | undefined
  readonly onUp: (name: string, observer: Observer | undefined) => void
}

/** Prepares `config.instances - 1` further backends; none is started before the first one is up. */
export function furtherInstances({ config, report, signal }: Prepared, services: Services, options: InstancesOptions) {
  const members: Instance[] = []
  /** Causes that are to be told below the banner. */
  let untold: Judged[] | undefined = []
  let begun: Promise<void> | undefined
  const tell = (cause: Judged) => void (untold === undefined ? report({ event: 'diagnosis', diagnosis: cause }) : untold.push(cause))

  const begin = async (first: Up): Promise<void> => {
    report({ event: 'phase', text: `starting ${config.instances - 1} more` })
    let { port } = first.prover
    const settled: Promise<void>[] = []
    for (let index = 1; index < config.instances; index++) {
      const next = config.strictPort ? port + 1 : await nextFreePort(port, config.host)
      if (next === undefined || services.isStopping) break
      port = next
      // by the way that has led to the first one
      const member = new Instance({ ...first.prepared, port, signal }, services, { ...options, name: instanceName(index), tell })
      members.push(member)
      settled.push(member.settled())
      services.take(member)
    }
    if (members.length < config.instances - 1 && !services.isStopping)
      report({
        event: 'warning',
        id: 'port-in-use',
        text: `No port above ${port} is free: ${members.length + 1} of ${config.instances} instances run`,
      })
    await Promise.all(settled)
  }
  const proveAll = async () => {
    await Promise.all(members.map((member) => member.cross()))
  }
  return {
    /** Empty until the first backend was up. */
    backends: members,
    /** What the banner says, with them: starts them and proves that broadcasts cross. */
    complete: async (summary: ReadySummary, first: Up): Promise<ReadySummary> => {
      await (begun ??= begin(first))
      await proveAll()
      return { ...summary, instances: members.map((member) => member.summary()) }
    },
    /** The first backend is up, or up again: what crosses is proven anew. */
    firstUp: async (first: Up): Promise<void> => {
      const causes = untold ?? []
      untold = undefined
      for (const cause of causes) report({ event: 'diagnosis', diagnosis: cause })
      // the banner has told of what was proven for it
      if (begun !== undefined && members.every(({ provenWith }) => provenWith === first)) return
      await (begun ??= begin(first))
      await proveAll()
    },
    /** Proves anew what crosses. */
    verify: proveAll,
  }
}

interface InstanceOptions extends InstancesOptions {
  readonly name: string
  readonly tell: (cause: Judged) => void
}

/** One further backend, and what crosses between it and the first one. */
class Instance extends Backend {
  /** The first one, as it was when the way between the two was tried. */
  provenWith: Up | undefined
  readonly #further: InstanceOptions
  readonly #run: Prepared
  #crossing: Crossing | undefined
  #crossed: Promise<void> = Promise.resolve()

  constructor(run: Prepared, services: Services, options: InstanceOptions) {
    let restarted: Restarted | undefined
    const report = reportOf(run.report, options.name, (outcome) => (restarted = outcome))
    super({ ...run, report }, services, {
      ...options,
      onUp: ({ prover }) => options.onUp(options.name, prover.observer),
      onTold: () => {
        if (restarted !== undefined) void this.#tellRestarted(run.report, restarted)
        restarted = undefined
      },
    })
    this.#further = options
    this.#run = run
  }

  override get status(): ServiceStatus {
    return statusWith(super.status, this.#crossing)
  }

  /** Tries the way between it and the first one. */
  cross(): Promise<void> {
    return (this.#crossed = this.#crossed.then(() => this.#crossNow()))
  }

  summary(): ReadySummary['instances'][number] {
    const { host } = this.#run.config
    return instanceSummary(super.status, this.#crossing, `http://${bracketed(connectAddress(host))}:${this.port}/`)
  }

  protected override become(state: ServiceState, why?: string): void {
    if (state !== 'ready') this.#crossing = undefined
    super.become(state, why)
  }

  async #crossNow(): Promise<void> {
    const { first, tell } = this.#further
    const { up: further } = this
    const main = first()
    if (main === undefined || further === undefined || this.services.isStopping) return
    // nothing of it is needed before the server is launched
    const { proveBetween } = await import('./start-crossing.ts')
    const outcome = await proveBetween(main, further, this.#run.config.watch)
    // one of them has ended meanwhile: it is proven again when both are up
    if (first() !== main || this.up !== further || this.services.isStopping) return
    this.#crossing = outcome
    this.provenWith = main
    if (outcome.kind === 'tried' && outcome.cause !== undefined) tell(outcome.cause)
    this.services.told(this.status)
  }

  async #tellRestarted(report: Report, outcome: Restarted): Promise<void> {
    await this.cross()
    report({ event: 'restarted', ...outcome, note: this.#crossing === undefined ? undefined : crossingSentence(this.#crossing) })
  }
}
