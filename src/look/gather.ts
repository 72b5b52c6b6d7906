import { newerNeeded } from '../checks/python-version.ts'
import { speaksOfChannels } from '../facts/channels-use.ts'
import { newerPython } from '../facts/pythons.ts'
import { join } from 'node:path'
import { givenFlags } from '../config/again.ts'
import type { Config, GivenFlag } from '../config/config.ts'
import { LauncherError } from '../errors.ts'
import type { Beside } from '../checks/beside.ts'
import type { Evidence, Launched } from '../checks/evidence.ts'
import { judgeWire } from '../checks/wire.ts'
import { isAllowed } from '../facts/allowed-hosts.ts'
import { readCheckout, type Checkout } from '../facts/checkout.ts'
import { lineOf, modulesOf, newerFiles, privilegedPorts } from '../facts/checkout-files.ts'
import { surveyDotenv } from '../facts/dotenv-survey.ts'
import type { CrossingFact } from '../facts/crossing.ts'
import type { Examination } from '../facts/examination.ts'
import { fixturesOf } from '../facts/fixtures.ts'
import { holdersOf } from '../facts/open-files.ts'
import { pathInterpreter } from '../facts/path-python.ts'
import { preambleVariable, type Way } from '../facts/manage-py.ts'
import { findProject, namedSettings, type Project } from '../facts/project.ts'
import { runOf } from '../facts/run-state.ts'
import type { ServersFact } from '../facts/server-process.ts'
import { asServer, servedApplication, servingEnvironment, servingOf, wayOf } from '../facts/server-env.ts'
import { isThisMachine } from '../facts/this-machine.ts'
import { serversOf } from '../facts/servers.ts'
import { readLines } from '../facts/settings-lines.ts'
import { deadShebang } from '../facts/shebang.ts'
import type { WireFacts } from '../facts/wire.ts'
import { realPath } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { httpRequest } from '../host/http.ts'
import { within } from '../host/race-stop.ts'
import { bracketed } from '../host/tcp.ts'
import { choosePython } from '../plan/environment.ts'
import { installersOf } from '../facts/programs.ts'
import { hostOf, portOf } from '../host/urls.ts'
import { httpUrl, type Endpoint } from '../verify/endpoint.ts'
import { experimentPaths } from '../verify/experiments.ts'
import type { Proof } from '../verify/prove.ts'
import { proveBeside, type BesideOptions } from './beside.ts'
import { lookAtFrontend, wiringOf } from './frontend.ts'
import { outlookOf } from './database.ts'
import { gatherInside, type Inside, type LookServed } from './inside.ts'
import { pageTrouble } from './page-trouble.ts'
import { gatherRedis } from './redis.ts'
import { waitingRun } from './run.ts'
import { socketsOf } from './sockets.ts'
import { proveAll, type Wires } from './wires.ts'

/** Deadlines, in milliseconds. */
const limits = {
  lookup: 1000,
  servers: 3000,
  path: 4000,
  page: 5000,
  played: 6000,
}

/** What whoever launched a server knows of it since the proof began. */
export type Own = Pick<Evidence, 'logged'> & { readonly launched: Launched }

/** What is to be diagnosed. */
export interface Targets {
  readonly main: Endpoint
  /** Further instances of the same backend. */
  readonly others: readonly Endpoint[]
  /** `main` is where this project's own server has to be; else its URL was named. */
  readonly isOfProject?: boolean
  /** The flags that named it. */
  readonly given?: readonly GivenFlag[]
  /** Takes back what was made in the project for `main`. */
  readonly release?: () => Promise<void>
  /** The address that the server of `main` is to bind, where `main` is made of the configuration. */
  readonly bind?: string | undefined
  /** The proof of `main` that failed a moment ago: it isn't made a second time, nor are its experiments. */
  readonly proof?: Pick<Proof, 'state' | 'facts'>
  /** The experiment that a refusal may need hasn't been made: it is where nothing else tells who has refused it. */
  readonly isUntried?: boolean
  /** What this very process sees of the server, where it has launched it: asked when the rest is there. */
  readonly own?: () => Own
  /** What crossed between `main` and `others`, where that was tried. */
  readonly crossing?: readonly CrossingFact[]
  /** What became of the application's other WebSockets; else how they are to be proven as well. */
  readonly beside?: Pick<BesideOptions, 'isObserved'> | Promise<readonly Beside[]>
  /** The process that serves looks from inside, in place of an interpreter of its own. */
  readonly lookServed?: LookServed | undefined
  /** How the project was come to, and by what way it is there all the same where that failed: known to who has launched it. */
  readonly way?: Way
  readonly otherwise?: Way | undefined
  /** Ends the look from inside where it takes longer; what it has found until then counts. */
  readonly signal?: AbortSignal
}

/** Everything that can be found out about a WebSocket and the project behind it, in parallel, each part under its own deadline. Never throws but for a usage error. */
export async function gather(given: Host, config: Config, targets: Targets): Promise<Evidence> {
  const named = namedSettings(given.env, config)
  const shell = named === given.env['DJANGO_SETTINGS_MODULE'] ? given : { ...given, env: { ...given.env, DJANGO_SETTINGS_MODULE: named } }
  const problems: Record<string, string> = {}
  const isOwn = await isThisMachine(hostOf(targets.main.url), limits.lookup)
  const unbindable = isOwn ? undefined : targets.bind
  const here = isOwn || unbindable !== undefined
  const { project, config: chosen } = here ? await projectOf(shell, config, problems) : { project: undefined, config }
  if (!here) problems['project'] = `${hostOf(targets.main.url)} is another machine: what is in this folder says nothing of it`
  const early = project === undefined ? undefined : readCheckout(shell, chosen)
  // it may be the wrong one: what it comes to is asked for below, or never
  early?.catch(() => undefined)
  const names = ['DJANGO_SETTINGS_MODULE', preambleVariable, ...(project?.variables ?? [])]
  const [servers, dotenv] = await Promise.all([
    serversOf(shell, {
      ports: [targets.main, ...targets.others].map(({ url }) => portOf(url)),
      root: project?.root,
      backend: project?.backend,
      names,
      deadlineMs: limits.servers,
      // the servers of this process don't count but where they are what is judged
      ...(targets.own === undefined ? {} : { self: -1 }),
    }),
    project === undefined ? undefined : surveyDotenv(shell, project),
  ])
  if (servers.problem !== undefined) problems['servers'] = servers.problem
  const serving = servingOf(servers, portOf(targets.main.url))
  const host = asServer(shell, serving, names)
  const read = project === undefined || host === shell ? early : readCheckout(host, chosen)
  const served = project === undefined ? undefined : servedApplication(serving, await realPath(project.backend))
  const checkoutWanted = served === undefined ? read : read?.then((known) => withApplication(known, served))
  // a pong comes after the look has begun
  const sockets = project === undefined ? undefined : socketsOf(config, project.root, () => inside.application)
  const { beside: besides } = targets
  let otherSockets = besides instanceof Promise ? besides : undefined
  const wires = proveAll(
    config,
    targets,
    servers,
    {
      spoken: async () => sockets?.pingSoon(targets.main.url.pathname),
      // a validator may have a list that only other Origins tell apart
      isTold: async () => {
        const played = await within(limits.played, inside.played)
        return played?.outcome === 'closed' && !/OriginValidator/.test(played.refused_by ?? '')
      },
    },
    () => {
      if (besides === undefined || besides instanceof Promise || sockets === undefined) return undefined
      return (otherSockets = proveBeside(targets.main, sockets, { holdMs: config.hold, ...besides }))
    },
  )
  const inside = gatherInside(
    host,
    { ...targets, serving: wayOf(serving), ping: config.ping },
    checkoutWanted,
    worksOf(wires.done),
    problems,
  )
  const checkout = await checkoutWanted
  const choice = checkout === undefined ? undefined : choosePython(checkout.python, checkout.requirements?.names)
  // beside the look from inside and the proofs, which take longer
  const beside = Promise.all([
    host.env['VIRTUAL_ENV'] === undefined ? undefined : pathInterpreter(host, limits.path),
    choice?.kind === 'ready' ? deadShebang(choice.environment.python) : undefined,
    installersOf(host, checkout?.requirements),
    project === undefined ? new Set<string>() : modulesOf(project.backend),
    privilegedPorts(host.platform),
    checkout === undefined ? undefined : lookAtFrontend(shell, config, checkout.project),
    servingEnvironment(host, serving, choice?.environment?.python),
    checkout === undefined ? [] : readLines(checkout.project),
    checkout === undefined ? undefined : gatherRedis(host, config, checkout, inside.settings, dotenv, problems),
  ])
  const [{ main, direct, others, logged }, examination] = await Promise.all([wires.done, inside.examination])
  // that of a proof that was given is still watched
  if (targets.proof === undefined) main.socket?.terminate()
  const wire = await withPage(main.facts, targets.main, examination)
  const [
    [pathPython, shebang, installers, own, below, frontend, serverPython, settingsLines, redis],
    secretKeys,
    holders,
    newer,
    broken,
    outlook,
    fixtures,
  ] = await Promise.all([
    beside,
    compareKeys(inside, wire, examination),
    lockHolders(host, examination, servers),
    newerFiles(project?.backend, servers, wire.endpoint.port),
    brokenLine(project, examination),
    outlookOf(host, chosen, checkout, choice?.environment?.python, examination),
    project === undefined || wire.handshake?.result !== 'refused' ? [] : fixturesOf(project.backend),
  ])
  const page =
    checkout === undefined || frontend === undefined || targets.isOfProject !== true || targets.own !== undefined || main.state !== 'proven'
      ? undefined
      : await pageTrouble(shell, { project: checkout.project, files: async () => frontend, endpoint: targets.main, direct: wire })
  return {
    wire,
    direct: direct?.facts,
    others: others.map(({ facts }) => facts),
    checkout,
    choice,
    pathPython,
    deadShebang: shebang,
    installers,
    dotenv,
    env: host.env,
    given: [...givenFlags(config), ...(targets.given ?? [])],
    isOfProject: targets.isOfProject,
    isOfRun: serving !== undefined && (await runOf(shell, serving.pid)) !== undefined,
    servers,
    examination,
    otherwise: targets.otherwise ?? (await inside.otherwise),
    secretKeys,
    otherKeys: examination === undefined ? [] : inside.otherKeys(dotenv, examination),
    servingEnvironment: serverPython,
    settingsLines,
    redis: redis?.redis,
    redisOfFile: redis?.redisOfFile,
    redisPlace: redis?.redisPlace,
    holders,
    fixtures,
    databaseOutlook: outlook,
    frontend: frontend && (await wiringOf(frontend, project?.root ?? shell.cwd)),
    page: page?.causes,
    logged,
    ...targets.own?.(),
    crossing: targets.crossing,
    beside: await otherSockets,
    waiting: wire.handshake === undefined ? await waitingRun(shell) : undefined,
    unbindable,
    ourPaths: experimentPaths(wire.endpoint.path),
    newerThanServer: newer,
    ownModules: own,
    brokenLine: broken,
    speaksOfChannels:
      checkout === undefined || choice?.kind === 'ready' ? undefined : await speaksOfChannels(checkout.project, checkout.requirements),
    newerPython: await newerPython(host, newerNeeded({ examination, brokenLine: broken })),
    privilegedBelow: below,
    isRoot: process.getuid?.() === 0,
    problems,
  }
}

/** The checkout with the application that is served, which need not be the one that ASGI_APPLICATION names. */
function withApplication(checkout: Checkout, application: string): Checkout {
  return { ...checkout, project: { ...checkout.project, application, applicationSource: 'the server' } }
}

/** The project of the folder; of several the one in `backend/`, which is where it usually is. */
async function projectOf(
  host: Host,
  config: Config,
  problems: Record<string, string>,
): Promise<{ project: Project | undefined; config: Config }> {
  try {
    return { project: await findProject(host, config), config }
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    const usual = { ...config, backend: 'backend' }
    if (error.code === 'several-projects') {
      const project = await findProject(host, usual).catch(() => undefined)
      if (project !== undefined) return { project, config: usual }
    }
    problems['project'] = error.message
    return { project: undefined, config }
  }
}

/** Our own server's page is asked for only where it says something: where Django would refuse the host. */
async function withPage(facts: WireFacts, { url }: Endpoint, examination: Examination | undefined): Promise<WireFacts> {
  const settings = examination?.get('settings')
  const isAsked = facts.http !== undefined || facts.handshake?.result !== 'open' || settings === undefined
  if (isAsked || isAllowed(bracketed(facts.endpoint.host), settings.allowed_hosts, settings.debug)) return facts
  return { ...facts, http: await httpRequest(httpUrl(url), { deadlineMs: limits.page }) }
}

async function worksOf(wires: Promise<Wires>): Promise<boolean> {
  const { main } = await wires
  return main.state === 'proven'
}

/** SECRET_KEY of two imports: asked only where a token was refused. */
async function compareKeys(inside: Inside, wire: WireFacts, examination: Examination | undefined): Promise<Evidence['secretKeys']> {
  const first = examination?.get('settings')?.secret
  if (typeof first !== 'string' || inside.again === undefined || judgeWire(wire)?.id !== 'token-rejected') return undefined
  const second = (await inside.again()).get('settings')?.secret
  return typeof second !== 'string' ? undefined : second === first ? 'same' : 'different'
}

async function lockHolders(host: Host, examination: Examination | undefined, servers: ServersFact) {
  const database = examination?.get('database')
  if (database?.state !== 'locked' || typeof database.path !== 'string') return []
  const own = new Set(servers.ofProject.map(({ pid }) => pid))
  return (await holdersOf(host, database.path)).filter(({ pid }) => !own.has(pid))
}

async function brokenLine(project: Project | undefined, examination: Examination | undefined): Promise<string | undefined> {
  const error = examination?.errorOf('settings') ?? examination?.errorOf('application')
  if (project === undefined || typeof error?.file !== 'string' || typeof error.line !== 'number') return undefined
  return lineOf(join(project.backend, error.file), error.line)
}
