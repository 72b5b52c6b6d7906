import { diagnosis, withSeen, type Diagnosis } from './diagnosis.ts'
import { placeIn } from '../facts/frontend-wiring.ts'
import { bracketed } from '../host/tcp.ts'
import type { Evidence } from './evidence.ts'
import { shownUp } from './server-process.ts'

/** The project's server is up, only not where the URL leads. */
export function judgeElsewhere(evidence: Evidence, seen: readonly string[]): Diagnosis | undefined {
  const { wire, servers } = evidence
  const { port, host } = wire.endpoint
  // a name may be another machine's, and what answers there is not refused
  const isHere = /^(?:.*\.)?localhost$|^[\d.]+$|:/i.test(host) && !wire.tcp.some(({ result }) => result === 'open')
  const here = isHere ? servers.ofProject.find(({ listens }) => listens.some((at) => at.port === port)) : undefined
  if (here !== undefined) {
    const addresses = here.listens.filter((at) => at.port === port).map(({ address }) => address)
    const good = bracketed(addresses[0] ?? '127.0.0.1')
    return diagnosis(
      'ipv6-localhost',
      `${host} is not the address that the backend listens on: ${addresses.join(', ')}`,
      [`${shownUp(here)} listens on ${addresses.join(', ')} port ${port}`, ...seen],
      `Use ${good} in the URL, or bind the other address too.`,
    )
  }
  const listening = servers.ofProject.find(({ listens }) => listens.length > 0 && !listens.some((at) => at.port === port))
  const at = listening?.listens[0]
  if (listening !== undefined && at !== undefined) {
    return diagnosis(
      'wrong-frontend-port',
      `The URL names port ${port}, and the backend listens on ${at.port}`,
      [`${shownUp(listening)} listens on port ${at.port}`, ...whereWritten(evidence), ...seen],
      `Correct the WebSocket URL (VITE_WS_URL or the like) to port ${at.port}.`,
      [['election-dev', 'start', '--port', String(port)]],
    )
  }
  const socket = servers.ofProject.find(({ unixSockets, listens }) => unixSockets.length > 0 && listens.length === 0)
  if (socket === undefined) return undefined
  return diagnosis(
    'unix-socket',
    `The server listens on a UNIX socket only: ${socket.unixSockets[0] ?? ''}`,
    [`${shownUp(socket)} listens on ${socket.unixSockets.join(', ')}`, ...seen],
    `Add -b 127.0.0.1 -p ${port}, or put a proxy in front of it.`,
    [['election-dev', 'start', '--port', String(port)]],
  )
}

/** Where the frontend names the port: in a source, or in a variable that its bundler hands on. */
function whereWritten({ frontend, wire }: Pick<Evidence, 'frontend' | 'wire'>): string[] {
  const { port } = wire.endpoint
  if (frontend === undefined) return []
  const url = frontend.urls.find((written) => written.port === port)
  if (url !== undefined) return [`${placeIn(frontend, url)} names port ${port}: ${url.text}`]
  const variable = frontend.variables.find(({ value }) => URL.canParse(value) && new URL(value).port === String(port))
  return variable === undefined ? [] : [`${placeIn(frontend, variable)} names port ${port}: ${variable.name}=${variable.value}`]
}

/** The frontend's own server answers: where the page's source says so, and where the backend is. */
export function withBackend(evidence: Pick<Evidence, 'wire' | 'servers' | 'frontend'>, found: Diagnosis): Diagnosis | undefined {
  const { port } = evidence.wire.endpoint
  const backend = evidence.servers.ofProject.find(({ listens }) => listens.length > 0)
  const at = backend?.listens[0]
  const known = backend === undefined || at === undefined || at.port === port ? [] : [`${shownUp(backend)} listens on port ${at.port}`]
  const text = known.length === 0 ? found.remedy.text : `Correct the WebSocket URL (VITE_WS_URL or the like) to port ${at?.port ?? '?'}.`
  return { ...found, evidence: [...found.evidence, ...known, ...whereWritten(evidence)], remedy: { ...found.remedy, text } }
}

/** Who listens at which of the addresses of the name. */
export function withListeners({ servers, wire }: Evidence, found: Diagnosis): Diagnosis | undefined {
  const { port } = wire.endpoint
  const who = servers.onPorts.flatMap((server) => {
    const addresses = server.listens.filter((at) => at.port === port).map(({ address }) => address)
    return addresses.length === 0 ? [] : [`${shownUp(server)} listens on ${addresses.join(', ')}`]
  })
  return withSeen(found, ...who)
}

/** The user may not bind a port so low: why nothing listens there. */
export function judgePermission({ wire, privilegedBelow, isRoot }: Evidence): Diagnosis | undefined {
  const { port } = wire.endpoint
  if (isRoot || privilegedBelow === undefined || port >= privilegedBelow) return undefined
  return diagnosis(
    'bad-port-permission',
    `This user may not bind port ${port}`,
    [`Ports below ${privilegedBelow} are for root alone on this machine`, `Nothing listens on port ${port}`],
    'Use a port above 1023.',
    [['election-dev', 'start', '--port', '8000']],
  )
}

/** The server is to bind an address that nobody on this machine can: why nothing listens there. */
export function judgeAddress({ unbindable, wire }: Evidence): Diagnosis | undefined {
  if (unbindable === undefined) return undefined
  return diagnosis(
    'bind-address-unavailable',
    `This machine doesn't have the address ${unbindable}`,
    [`None of its interfaces has ${unbindable}`, `Nothing listens on port ${wire.endpoint.port}`],
    'Bind 127.0.0.1.',
    [['election-dev', 'start', '--host', '127.0.0.1']],
  )
}
