import { diagnosis, withSeen, type Diagnosis } from './diagnosis.ts'
import { isLocal, placeIn } from '../facts/frontend-wiring.ts'
import { bracketed } from '../host/tcp.ts'
import { listenerOf, type Evidence } from './evidence.ts'
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
  const named = frontend.variables.filter(({ value }) => URL.canParse(value) && new URL(value).port === String(port))
  // the one of the WebSocket, where it has one of its own
  const variable = named.find(({ value }) => /^wss?:/.test(value)) ?? named[0]
  return variable === undefined ? [] : [`${placeIn(frontend, variable)} names port ${port}: ${variable.name}=${variable.value}`]
}

/**
 * The WebSocket works, and what the page is written to open is at another port. A server that `start` launched is
 * told to its page by variables, and by a warning where none reaches. Pure.
 */
export function judgePagePort(evidence: Evidence): Diagnosis | undefined {
  const { frontend, wire } = evidence
  const { port, path, url } = wire.endpoint
  const isByStart = evidence.isOfRun === true || listenerOf(evidence)?.argv.some((word) => word.startsWith('election_dev_inside')) === true
  if (frontend === undefined || wire.handshake?.result !== 'open' || wire.session?.close !== undefined || isByStart) return undefined
  const proxies = frontend.proxies.filter(({ context }) => path.startsWith(context))
  // then the URL may be that of the dev server
  if (proxies.some(({ target }) => portIn(target) === port)) return undefined
  const written = [
    ...frontend.variables.map(({ name, value, ...place }) => ({ ...place, text: value, said: `${name}=${value}` })),
    ...frontend.urls.map(({ text, ...place }) => ({ ...place, text, said: text })),
  ].filter(({ text }) => leadsAstray(evidence, text))
  const [first] = written
  if (first === undefined) return undefined
  const named = portIn(first.text) ?? port
  const [seen = '', ...more] = written.map((one) => `${placeIn(frontend, one)} sends the page there: ${one.said}`)
  return diagnosis(
    'wrong-frontend-port',
    `The page's WebSocket URL names port ${named}, and the backend listens on ${port}`,
    [
      seen,
      ...more,
      ...proxies.map((proxy) => `${placeIn(frontend, proxy)} passes ${proxy.context} on to ${proxy.target ?? 'what is no plain text'}`),
      `The WebSocket works at ${url}`,
    ],
    `Correct the WebSocket URL to port ${port}, or let the backend listen on ${named}.`,
    [['election-dev', 'start', '--port', String(named)]],
  )
}

function portIn(url: string | undefined): number | undefined {
  return url === undefined || !URL.canParse(url) ? undefined : Number(new URL(url).port)
}

/** Whether a URL is that of this WebSocket, at a port of this machine where no server of the project is. */
function leadsAstray({ wire, servers }: Evidence, text: string): boolean {
  const port = portIn(text)
  if (!/^wss?:/.test(text) || port === undefined || port === 0 || port === wire.endpoint.port) return false
  const { hostname, pathname } = new URL(text)
  const isServed = servers.ofProject.some(({ listens }) => listens.some((at) => at.port === port))
  return isLocal(hostname) && !isServed && (pathname === '/' || pathname === wire.endpoint.path)
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
    [`Ports below ${privilegedBelow} are for root only on this machine`, `Nothing listens on port ${port}`],
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
