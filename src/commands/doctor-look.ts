import type { Evidence } from '../checks/evidence.ts'
import { findingsOf } from '../checks/findings.ts'
import { judge, type Judgement } from '../checks/judgement.ts'
import type { Config } from '../config/config.ts'
import { ExitCode } from '../errors.ts'
import { findProject } from '../facts/project.ts'
import { serversOf } from '../facts/servers.ts'
import type { Host } from '../host/host.ts'
import { askedOrigin, writtenWiring } from '../look/frontend.ts'
import { gather, type Targets } from '../look/gather.ts'
import { pageUrl } from '../plan/page-url.ts'
import { stateOfRun, type DoctorRun } from '../report/doctor.ts'
import type { Endpoint } from '../verify/endpoint.ts'
import { endpointOf, endpointOfProject, endpointsNamed, movedTo, urlFlags } from '../look/target.ts'

/** The exit status that a run calls for. */
export function exitOf(run: DoctorRun): number {
  const state = stateOfRun(run)
  return state === 'healthy' ? ExitCode.ok : state === 'diagnosed' ? ExitCode.finding : ExitCode.usage
}

/** Gathers and judges once. */
export async function diagnose(host: Host, config: Config, targets: Targets, options: DiagnoseOptions): Promise<DoctorRun> {
  return (await look(host, config, targets, options)).run
}

/** What a diagnosis is told under, and which checks it is about: all where none is named. */
export interface DiagnoseOptions {
  readonly wanted: ReadonlySet<string>
  /** When it began, on the host's clock; default: now. */
  readonly since?: number
}

/** The same, with all that was gathered for it. */
export async function look(
  host: Host,
  config: Config,
  targets: Targets,
  { wanted, since = host.now() }: DiagnoseOptions,
): Promise<{ run: DoctorRun; evidence: Evidence }> {
  const evidence = await gather(host, config, targets).finally(targets.release)
  const judgement = only(judge(evidence), wanted)
  const findings = findingsOf(evidence, judgement).filter(({ id }) => wanted.size === 0 || wanted.has(id))
  const run = {
    wire: evidence.wire,
    others: evidence.others,
    beside: evidence.beside,
    judgement,
    findings,
    elapsedMs: host.now() - since,
  }
  return { run, evidence }
}

/** With ids named, nothing else is told: the nearest of them to the root is the cause then. */
function only({ root, explained, notes }: Judgement, wanted: ReadonlySet<string>): Judgement {
  if (wanted.size === 0) return { root, explained, notes }
  const [first, ...rest] = [root, ...explained].filter((cause) => cause !== undefined).filter(({ id }) => wanted.has(id))
  return { root: first, explained: rest, notes: notes.filter(({ id }) => wanted.has(id)) }
}

/** How long a token of the project's own is waited for, in milliseconds. */
const tokenMs = 5000

/** The same at the address that the page uses: what the frontend names, else where the project's server runs. A port that was named stays. */
async function ofThePage(host: Host, config: Config, endpoint: Endpoint): Promise<Endpoint> {
  if (config.source('port') !== 'default' || config.source('host') !== 'default') return endpoint
  const project = await findProject(host, config)
  const [servers, wiring] = await Promise.all([
    serversOf(host, { ports: [], root: project.root, backend: project.backend, names: [], deadlineMs: 3000 }),
    writtenWiring(host, config, project),
  ])
  const page = pageUrl(wiring, servers, endpoint.url.pathname)
  if (page === undefined) return endpoint
  return movedTo(host, project, endpoint, endpointOf(host, config, page.url).url)
}

/** What to look at: the URLs that were named, else the WebSocket of the project in this folder. */
export async function targetsOf(host: Host, config: Config, urls: readonly string[]): Promise<Targets> {
  const [first, ...rest] = urls
  if (first === undefined) {
    // settings that hang are found by the look from inside: they aren't waited for here
    const { endpoint, release, isObserved, isOfRun } = await endpointOfProject(host, config, tokenMs)
    const main = isOfRun ? endpoint : await ofThePage(host, config, endpoint)
    return {
      main,
      others: [],
      isOfProject: true,
      ...(release === undefined ? {} : { release }),
      ...(main === endpoint && !isOfRun ? { bind: config.host } : {}),
      ...(config.path === undefined ? { beside: { isObserved } } : {}),
    }
  }
  const project = config.origin === undefined ? await findProject(host, config).catch(() => undefined) : undefined
  const origin = project === undefined ? undefined : await askedOrigin(host, config, project)
  const { main, others, release } = await endpointsNamed(host, config, [first, ...rest], { origin, deadlineMs: tokenMs, isOfPage: true })
  return {
    main,
    ...(release === undefined ? {} : { release }),
    others,
    given: urlFlags(urls),
  }
}
