import type { ServerProcess } from '../../facts/server-process.ts'
import { isCarrier, isOwn, listenerOf, named, type Evidence } from '../../checks/evidence.ts'
import { fix, noFix, type Fix, type Action, type Planner, type StartFlags, type NoFix, type FixFacts } from '../step.ts'

const local = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|0\.0\.0\.0|::1?|\[::1?\])$/i

const options = [
  ['port', '--port'],
  ['host', '--host'],
  ['path', '--path'],
  ['origin', '--origin'],
  ['application', '--application'],
  ['channelLayer', '--channel-layer'],
  ['setup', '--setup'],
  ['managed', '--managed'],
  ['managedRedis', '--managed-redis'],
] as const

/** `election-dev start` with what the URL says of it. */
export function startStep({ wire }: Evidence, flags: StartFlags, without: readonly string[]): Extract<Action, { kind: 'hand-over' }> {
  const { endpoint } = wire
  const all: StartFlags = {
    port: endpoint.port,
    path: endpoint.path,
    ...(endpoint.origin === undefined ? {} : { origin: endpoint.origin }),
    ...(endpoint.host === '::1' ? { host: '::1' } : {}),
    ...flags,
  }
  const words = [
    ...without.flatMap((name) => ['-u', name]),
    'election-dev',
    'start',
    ...options.flatMap(([key, option]) => (all[key] === undefined ? [] : all[key] === true ? [option] : [option, String(all[key])])),
  ]
  return { kind: 'hand-over', to: 'start', flags: all, without, command: without.length === 0 ? words : ['env', ...words] }
}

/** Ends a process, if it is still the same one then. */
export function endStep(server: ServerProcess, { started }: FixFacts, why: string): Action {
  return { kind: 'signal', pid: server.pid, startedAt: started.get(server.pid), signal: 'SIGTERM', why: `${why}: ${named(server)}` }
}

/** The servers that stand in the way of a start: the one on the port, and those of this checkout that live and listen nowhere. */
function inTheWay(evidence: Evidence): ServerProcess[] {
  const listener = listenerOf(evidence)
  // what is behind a carrier isn't ended by ending that, and the first process of a container isn't anybody's to end
  const onPort = listener === undefined || isCarrier(listener) || listener.pid === 1 ? undefined : listener
  const idle = evidence.servers.ofProject.filter(({ listens, unixSockets }) => listens.length === 0 && unixSockets.length === 0)
  return [...(onPort === undefined ? [] : [onPort]), ...idle.filter(({ pid }) => pid !== onPort?.pid)]
}

/** Ends what serves wrongly, and goes over to `start`. A process that isn't this checkout's is ended only after a yes. */
export function handOver(
  evidence: Evidence,
  facts: FixFacts,
  flags: StartFlags,
  notes: readonly string[] = [],
  options: { without?: readonly string[]; ends?: readonly ServerProcess[] } = {},
): Fix | NoFix {
  const { wire, checkout } = evidence
  if (checkout === undefined) return noFix('there is no project here that could be started')
  if (!local.test(wire.endpoint.host)) return noFix(`${wire.endpoint.host} is another machine: the backend has to be started there`)
  const ends = options.ends ?? inTheWay(evidence)
  const start = startStep(evidence, flags, options.without ?? [])
  // its launcher would start it again, and two runs would be at odds
  if (evidence.isOfRun === true && ends.length > 0)
    return noFix(`a run of this project is up: end it (Ctrl+C where it runs, or election-dev stop), then ${start.command.join(' ')}`)
  const steps = ends.map((server) => endStep(server, facts, 'it serves wrongly'))
  return fix([...steps, start], { asks: ends.some((server) => !isOwn(server)), notes })
}

/** The wrong server, if any, is ended and the right one started. */
export const startAnew: Planner = (evidence, facts) => {
  const { wire, servers } = evidence
  // a proxy answers there: the backend belongs on another port
  const answered = wire.tcp.some(({ result }) => result === 'open')
  const proxied = answered && wire.handshake?.result === 'refused' && [502, 503, 504].includes(wire.handshake.status)
  if (proxied)
    return handOver(evidence, facts, { port: 8000 }, ['A proxy answers at the URL: start it on the port that the proxy leads to'], {
      ends: [],
    })
  const sockets = servers.ofProject.filter(({ listens, unixSockets }) => listens.length === 0 && unixSockets.length > 0)
  return handOver(evidence, facts, {}, [], { ends: [...inTheWay(evidence), ...sockets] })
}

/** The port can't be had by this user. */
export const otherPort: Planner = (evidence, facts) =>
  handOver(evidence, facts, { port: 8000 }, ['The page has to use the new port'], { ends: [] })

/** The address isn't one of this machine. */
export const otherAddress: Planner = (evidence, facts) => handOver(evidence, facts, { host: '127.0.0.1' }, [], { ends: [] })

/** The holder of the port, if it can be seen; without it `start` takes the next free port by itself. */
export const endHolder: Planner = (evidence, facts) => {
  const listener = listenerOf(evidence)
  // nobody has named its URL: it is somebody else's
  if (evidence.isOfProject === true && listener !== undefined && !isOwn(listener))
    return handOver(evidence, facts, { port: evidence.wire.endpoint.port + 1 }, [], { ends: [] })
  return handOver(
    evidence,
    facts,
    {},
    listener === undefined ? ['Who holds the port is not to be seen: start takes the next free one'] : [],
  )
}

/** A stopped process goes on. */
export const continueServer: Planner = (evidence, facts) => {
  const listener = listenerOf(evidence)
  if (listener === undefined) return noFix("the process can't be seen from here")
  if (listener.state !== 'stopped') return noFix(`${named(listener)} is not stopped: something in it blocks`)
  return fix(
    (listener.stopped ?? [listener.pid]).map((pid) => ({
      kind: 'signal',
      pid,
      startedAt: facts.started.get(pid),
      signal: 'SIGCONT',
      why: `it was stopped: ${named(listener)}`,
    })),
  )
}

/** The server is told an application that isn't there. */
export const rightApplication: Planner = (evidence, facts) => {
  const application = applicationOf(evidence, facts)
  if (application === undefined) return noFix('no module called asgi defines an application')
  return handOver(evidence, facts, { application })
}

/** The ASGI application that the files define: that of the module named, else the one beside the settings. */
export function applicationOf({ checkout }: Evidence, { asgi }: FixFacts): string | undefined {
  const module = checkout?.project.application?.split(':')[0]
  const found = asgi.find((entry) => entry.module === module && entry.names.length > 0) ?? asgi.find(({ names }) => names.length > 0)
  const name = found?.names.find((candidate) => candidate === 'application') ?? found?.names[0]
  return found === undefined || name === undefined ? undefined : `${found.module}:${name}`
}

/** A variable of the shell is in the way: `start` runs without it. */
export function startWithout(evidence: Evidence, facts: FixFacts, name: string): Fix | NoFix {
  return handOver(evidence, facts, {}, [`Your shell keeps ${name}: run  unset ${name}  there`], { without: [name] })
}

/** The settings module that the environment names isn't there. */
export const withoutSettingsModule: Planner = (evidence, facts) => {
  const named = evidence.env['DJANGO_SETTINGS_MODULE']
  if (named === undefined || named === '')
    return noFix(`${evidence.checkout?.project.settingsSource ?? 'a file'} names it: only you know which settings were meant`)
  return startWithout(evidence, facts, 'DJANGO_SETTINGS_MODULE')
}
