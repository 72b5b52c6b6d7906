import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { errorMessage, LauncherError } from '../errors.ts'
import type { Evidence } from '../checks/evidence.ts'
import { judgeWire } from '../checks/wire.ts'
import { readCheckout, type Checkout } from '../facts/checkout.ts'
import { changedSince, lineOf, modulesOf, privilegedPorts } from '../facts/checkout-files.ts'
import { surveyDotenv } from '../facts/dotenv-survey.ts'
import { examine } from '../facts/examine.ts'
import type { Examination, ExaminationOf } from '../facts/examination.ts'
import { frontendWiring } from '../facts/frontend-wiring.ts'
import { linesSince, markLogs } from '../facts/log-tail.ts'
import { holdersOf } from '../facts/open-files.ts'
import { pathInterpreter } from '../facts/path-python.ts'
import { findProject, type Project } from '../facts/project.ts'
import type { ServerProcess, ServersFact } from '../facts/server-process.ts'
import { serversOf } from '../facts/servers.ts'
import { deadShebang } from '../facts/shebang.ts'
import type { WireFacts } from '../facts/wire.ts'
import type { Host } from '../host/host.ts'
import { choosePython, type PythonChoice } from '../plan/environment.ts'
import { portOf, requestOf, type Endpoint } from '../verify/endpoint.ts'
import { experimentPaths } from '../verify/experiments.ts'
import { prove, type Proof, type ProofOptions } from '../verify/prove.ts'
import { gatherRedis, type RedisLook } from './doctor-redis.ts'

/** Deadlines, in milliseconds. */
const limits = {
  servers: 3000,
  path: 4000,
  /** The project's own interpreter, all of it. */
  examination: 20_000,
  /** As long it is waited for when the WebSocket is known to work. */
  patience: 3500,
  /** An import that stands at a call which waits for somebody else is given up after so long. */
  standing: 5000,
  consumer: 6500,
}

/** Idle proxies end sockets after a few seconds: behind one the socket is held longer, in milliseconds. */
const proxiedHoldMs = 4000

/** What is to be diagnosed. */
export interface Targets {
  readonly main: Endpoint
  /** Further instances of the same backend. */
  readonly others: readonly Endpoint[]
  /** The token was made by us for a user of the project. */
  readonly minted: boolean
}

/** Everything that can be found out about a WebSocket and the project behind it, in parallel, each part under its own deadline. Never throws but for a usage error. */
export async function gather(host: Host, config: Config, targets: Targets): Promise<Evidence> {
  const problems: Record<string, string> = {}
  const { project, config: chosen } = await projectOf(host, config, problems)
  const checkoutWanted = project === undefined ? undefined : readCheckout(host, chosen)
  const [servers, dotenv] = await Promise.all([
    serversOf(host, {
      ports: [targets.main, ...targets.others].map(({ url }) => portOf(url)),
      root: project?.root,
      backend: project?.backend,
      names: [...(project?.variables ?? [])],
      deadlineMs: limits.servers,
    }),
    project === undefined ? undefined : surveyDotenv(project),
  ])
  if (servers.problem !== undefined) problems['servers'] = servers.problem
  const wires = proveAll(config, targets, servers, checkoutWanted)
  const inside = gatherInside(host, targets, checkoutWanted, wires.done, problems)
  const checkout = await checkoutWanted
  const frontend = checkout === undefined ? undefined : frontendOf(checkout.project)
  const redisLook = checkout === undefined ? undefined : gatherRedis(host, checkout, inside.settings, dotenv)
  const [{ main, direct, others, logged }, examination] = await Promise.all([wires.done, inside.examination])
  if (main.proof.socket !== undefined) main.proof.socket.terminate()
  const wire = main.proof.facts
  const choice = checkout === undefined ? undefined : choosePython(checkout.python, checkout.requirements?.names)
  const redis: RedisLook = (await redisLook) ?? { redis: undefined, redisOfFile: undefined }
  const [pathPython, shebang, own, below, secretKeys, holders, newer, broken, wiring] = await Promise.all([
    host.env['VIRTUAL_ENV'] === undefined ? undefined : pathInterpreter(host, limits.path),
    choice?.kind === 'ready' ? deadShebang(choice.environment.python) : undefined,
    project === undefined ? new Set<string>() : modulesOf(project.backend),
    privilegedPorts(host.platform),
    compareKeys(inside, wire, examination),
    lockHolders(host, examination, servers),
    newerFiles(project, servers, wire),
    brokenLine(project, examination),
    frontend,
  ])
  return {
    wire,
    direct: direct?.facts,
    others: others.map(({ facts }) => facts),
    checkout,
    choice,
    pathPython,
    deadShebang: shebang,
    dotenv,
    env: host.env,
    servers,
    examination,
    secretKeys,
    ...redis,
    holders,
    frontend: wiring,
    logged,
    ourPaths: experimentPaths(wire.endpoint.path),
    newerThanServer: newer,
    ownModules: own,
    brokenLine: broken,
    privilegedBelow: below,
    isRoot: process.getuid?.() === 0,
    problems,
  }
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

interface Wires {
  readonly main: { readonly proof: Proof }
  readonly direct: Proof | undefined
  readonly others: readonly Proof[]
  readonly logged: readonly string[]
}

/** All proofs at once: the URL, the backend behind it, the other instances. What the server logs meanwhile is kept. */
function proveAll(
  config: Config,
  targets: Targets,
  servers: ServersFact,
  checkout: Promise<Checkout> | undefined,
): { done: Promise<Wires> } {
  const { main, others, minted } = targets
  const behind = directEndpoint(main, servers)
  const base: ProofOptions = { holdMs: behind === undefined ? config.hold : Math.max(config.hold, proxiedHoldMs), tokenIsOurs: minted }
  const run = async (): Promise<Wires> => {
    const logs = servers.ofProject.flatMap((server) => server.logs)
    const mark = await markLogs(logs)
    const quick = { ...base, pongIsEnough: () => layerIsPlain(checkout) }
    const [proof, direct, rest] = await Promise.all([
      prove(main, behind === undefined && others.length === 0 ? quick : base),
      behind === undefined ? undefined : prove(behind, base),
      Promise.all(others.map((endpoint) => prove(endpoint, base))),
    ])
    direct?.socket?.terminate()
    for (const other of rest) other.socket?.terminate()
    return { main: { proof }, direct, others: rest, logged: await linesSince(mark) }
  }
  return { done: run() }
}

/** Whether a pong is proof enough: a layer that keeps everything in the process can't fail on the next tick. */
async function layerIsPlain(checkout: Promise<Checkout> | undefined): Promise<boolean> {
  const known = await checkout?.catch(() => undefined)
  return known?.layerVariable !== undefined && known.wish.kind !== 'typo' && !(known.wish.kind === 'set' && known.wish.redis)
}

/** The backend itself, where the URL leads to something else and a server of this checkout listens on another port. */
function directEndpoint(endpoint: Endpoint, servers: ServersFact): Endpoint | undefined {
  const port = portOf(endpoint.url)
  const onPort = (server: ServerProcess) => server.listens.some((at) => at.port === port)
  if (servers.ofProject.some(onPort)) return undefined
  const listener = servers.onPorts.find(onPort)
  const backend = servers.ofProject.find(({ listens }) => listens.length > 0)
  const at = backend?.listens[0]
  if (listener === undefined || at === undefined) return undefined
  const url = new URL(endpoint.url.href.replace(/^wss?:/, backend?.command?.tls === true ? 'wss:' : 'ws:'))
  url.hostname = /^(?:0\.0\.0\.0|127\.)/.test(at.address)
    ? '127.0.0.1'
    : at.address === '::'
      ? '127.0.0.1'
      : at.address.includes(':')
        ? `[${at.address}]`
        : at.address
  url.port = String(at.port)
  return { ...endpoint, url }
}

/** The look from inside, and what is known of it early. */
interface Inside {
  readonly examination: Promise<Examination | undefined>
  readonly settings: Promise<ExaminationOf<'settings'> | undefined>
  readonly again: (() => Promise<Examination>) | undefined
}

function gatherInside(
  host: Host,
  targets: Targets,
  checkoutWanted: Promise<Checkout> | undefined,
  wires: Promise<Wires>,
  problems: Record<string, string>,
): Inside & { again: (() => Promise<Examination>) | undefined } {
  const nonce = randomBytes(16).toString('hex')
  const over = new AbortController()
  let again: (() => Promise<Examination>) | undefined
  const run = async (): Promise<Examination | undefined> => {
    const checkout = await checkoutWanted
    if (checkout === undefined) return undefined
    const choice = choosePython(checkout.python, checkout.requirements?.names)
    const python = interpreterOf(choice)
    if (python === undefined) {
      problems['examination'] = 'there is no interpreter that could look at the project'
      return undefined
    }
    const { project } = checkout
    const common = {
      python,
      backend: project.backend,
      env: host.env,
      settingsModule: project.settingsModule,
      application: project.application,
      nonce,
      names: checkout.dotenv.kind === 'present' ? [...new Set(checkout.dotenv.entries.map(({ key }) => key))] : [...project.variables],
      deadlineMs: limits.examination,
    }
    again = () => examine(host, { ...common, onlySettings: true, consumer: undefined, layerTrip: false })
    void patience(wires, over)
    const examination = await examine(host, {
      ...common,
      onlySettings: false,
      layerTrip: true,
      consumer: playedBy(targets.main),
      giveUp: givesUp,
      signal: over.signal,
    })
    if (examination.how !== 'ended')
      problems['examination'] =
        `the look from inside did not end: ${examination.how} after ${(examination.elapsedMs / 1000).toFixed(1)} s in ${examination.stage ?? 'its start'}`
    return examination
  }
  const examination = run().catch((error: unknown) => {
    problems['examination'] = errorMessage(error)
    return undefined
  })
  return {
    examination,
    settings: examination.then((found) => found?.get('settings')),
    get again() {
      return again
    },
  }
}

/** Where the WebSocket works, nothing waits long for the inside. */
async function patience(wires: Promise<Wires>, over: AbortController): Promise<void> {
  const { main } = await wires
  if (main.proof.state !== 'proven') return
  setTimeout(() => over.abort(), limits.patience).unref()
}

/** Whether it has stood long enough: below the project's own line a library waits for somebody else. A slow import of a library stands in the import machinery. */
function givesUp({ stage, seconds, frames }: ExaminationOf<'standing'>): boolean {
  if (stage === 'consumer') return seconds >= 3
  const inner = frames.at(-1)
  return seconds * 1000 >= limits.standing && inner !== undefined && !inner.own && !/<frozen|importlib/.test(inner.file)
}

function interpreterOf(choice: PythonChoice): string | undefined {
  return 'environment' in choice ? choice.environment.python : undefined
}

/** The page's handshake as examine.py plays it. The token goes through standard input only. */
function playedBy(endpoint: Endpoint) {
  const { url, headers, subprotocols } = requestOf(endpoint)
  const asked = new URL(url)
  const { Origin: _origin, ...rest } = headers
  return {
    path: decodeURIComponent(asked.pathname),
    queryString: asked.search.slice(1),
    origin: endpoint.origin,
    headers: { host: asked.host, ...rest },
    subprotocols,
    ping: endpoint.ping,
    limitMs: limits.consumer,
    watchMs: 1000,
  }
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

async function newerFiles(project: Project | undefined, servers: ServersFact, wire: WireFacts): Promise<string[]> {
  const server = servers.ofProject.find(({ listens }) => listens.some(({ port }) => port === wire.endpoint.port))
  if (project === undefined || server?.startedAt === undefined || server.command?.reload === true) return []
  // the start of a process is known to the second: the time of the boot is told in whole ones
  return changedSince(project.backend, (server.servingSince ?? server.startedAt) + 2000)
}

async function brokenLine(project: Project | undefined, examination: Examination | undefined): Promise<string | undefined> {
  const error = examination?.errorOf('settings') ?? examination?.errorOf('application')
  if (project === undefined || typeof error?.file !== 'string' || typeof error.line !== 'number') return undefined
  return lineOf(join(project.backend, error.file), error.line)
}

async function frontendOf(project: Project) {
  return frontendWiring(join(project.root, 'frontend'))
}
