import { placeIn } from '../facts/frontend-wiring.ts'
import type { WireFacts } from '../facts/wire.ts'
import { withBackend } from './address.ts'
import { all, diagnosis, withSeen, type Diagnosis, type Found } from './diagnosis.ts'
import { commandLine, listenerOf, named, programOf, type Evidence } from './evidence.ts'
import { proxyWords } from './proxies.ts'
import { judgeWire } from './wire.ts'
import { said, seconds, toolOfPage, unansweredBehind } from './wire-words.ts'

/** What two handshakes are compared by. */
export type ProxyEvidence = Pick<Evidence, 'wire' | 'direct' | 'servers' | 'frontend'>

/** What a proxy in front of the backend does to the upgrade: the same handshake directly and through it, compared. Nothing where they agree. Pure. */
export function judgeProxied(evidence: ProxyEvidence): Found {
  const { direct, wire } = evidence
  if (direct === undefined) return undefined
  const server = listenerOf(evidence)
  // a Django server carries nothing to another one
  if (server?.command !== undefined) return undefined
  const who = server === undefined ? `Port ${wire.endpoint.port}` : `${named(server)} on port ${wire.endpoint.port}`
  const through = wire.handshake
  const plain = direct.handshake
  if (plain === undefined || through === undefined) return undefined
  const compared = [
    `Directly at the backend, port ${direct.endpoint.port}: ${said(plain)}`,
    `Through ${who}: ${said(through)}`,
    ...(server === undefined ? [] : [`\`${commandLine(server)}\``]),
  ] as const
  if (through.result === 'open')
    return plain.result === 'open' ? all(judgeIdle(evidence, direct, compared), judgeHost(evidence, direct, who)) : undefined
  const known = judgeWire(wire)
  const isSame = through.result === 'refused' && plain.result === 'refused' && plain.status === through.status
  const astray = isSame ? undefined : judgeTarget(evidence, direct, compared)
  if (astray !== undefined) return astray
  if (known?.id === 'wrong-frontend-port') return withBackend(evidence, known)
  if (known?.id === 'wss-vs-ws' || known?.id === 'tls-untrusted') return known
  if (through.result === 'refused') {
    const { status, headers } = through
    if (isSame) return undefined
    if (known !== undefined && (known.id === 'proxy-redirects' || known.id === 'proxy-auth')) return withSeen(known, ...compared)
    const hosts = judgeHost(evidence, direct, who)
    if (status === 400 && hosts !== undefined) return hosts
    if (status === 502 || status === 503 || status === 504) return leadsElsewhere(wire, direct, compared)
    if (status >= 500) {
      return diagnosis(
        'proxy-rewrites-path',
        'The proxy changes the path: the backend has no route for what arrives',
        compared,
        `${proxyWords('path', namesOf(evidence))}.`,
      )
    }
    if (status === 403) return undefined
    const name = headers['server']
    return strips(evidence, [...compared, ...withoutWs(evidence), ...(name === undefined ? [] : [`The answer names Server: ${name}`])])
  }
  if (plain.result === 'silent' || plain.result === 'broken') return undefined
  const onPath = wire.experiments.httpOnPath
  const passed = onPath?.result === 'answer' ? [`GET on the path is passed on: ${onPath.status}`] : []
  return strips(evidence, [...compared, ...withoutWs(evidence), ...passed])
}

/** The entry of the dev server's own configuration that takes the path. */
function entryFor({ frontend, wire }: ProxyEvidence, passesUpgrades: boolean) {
  const { path } = wire.endpoint
  const entry = frontend?.proxies.find(
    ({ context, ws }) => (ws === true) === passesUpgrades && path.startsWith(context.replace(/^\^/, '').replace(/[.*$]+$/, '')),
  )
  return frontend === undefined || entry === undefined ? undefined : { ...entry, place: placeIn(frontend, entry) }
}

/** A dev server that passes upgrades on to where the backend isn't: to another port than its own, or to where nobody answers. */
function judgeTarget(evidence: ProxyEvidence, direct: WireFacts, compared: readonly string[]): Diagnosis | undefined {
  const { wire } = evidence
  const { host, port } = direct.endpoint
  const isDevServer = wire.http?.result === 'answer' && toolOfPage(wire.http.body) !== undefined
  // one that is sent without what identifies it is refused, and is the backend all the same
  if (!isDevServer || (direct.handshake?.result !== 'open' && direct.handshake?.result !== 'refused')) return undefined
  const entry = entryFor(evidence, true)
  const target = entry?.target === undefined || !URL.canParse(entry.target) ? undefined : new URL(entry.target)
  const isElsewhere = target !== undefined && target.port !== '' && Number(target.port) !== port
  const unanswered = unansweredBehind(wire)
  if (!isElsewhere && unanswered === undefined) return undefined
  const passes = entry && `${entry.place} passes ${entry.context} on to ${entry.target ?? 'what is no plain text'}`
  const [first = '', ...more] = [...(passes === undefined ? withoutWs(evidence) : [passes]), ...(unanswered ?? []), ...compared]
  return diagnosis(
    'wrong-frontend-port',
    isElsewhere
      ? `The dev server's proxy leads to port ${target.port}, but the backend listens on ${port}`
      : `The dev server's proxy leads to ${target?.host ?? 'an address'}, where nothing answers; the backend is at ${host}:${port}`,
    [first, ...more],
    isElsewhere ? `Let the proxy lead to port ${port}.` : `Let the proxy lead to ${host}:${port}.`,
  )
}

/** The dev server's own configuration, where it passes the path on and doesn't say so of upgrades. */
function withoutWs(evidence: ProxyEvidence): string[] {
  const entry = entryFor(evidence, false)
  if (entry === undefined) return []
  return [`${entry.place} passes ${entry.context} on ${entry.ws === false ? 'with ws: false' : 'without ws: true'}`]
}

/** What the proxy is called: by its process, and by what its answers say. */
function namesOf(evidence: ProxyEvidence): (string | undefined)[] {
  const { http, handshake } = evidence.wire
  const listener = listenerOf(evidence)
  return [
    listener === undefined ? undefined : programOf(listener),
    handshake?.result === 'refused' ? handshake.headers['server'] : undefined,
    http?.result === 'answer' ? http.server : undefined,
  ]
}

function strips(evidence: ProxyEvidence, seen: readonly string[]): Diagnosis {
  const [first = '', ...rest] = seen
  const entry = entryFor(evidence, false)
  return diagnosis(
    'proxy-strips-upgrade',
    'The proxy in front of the backend does not pass the upgrade on',
    [first, ...rest],
    entry === undefined ? proxyWords('upgrade', namesOf(evidence)) : `Set ws: true for ${entry.context} in ${entry.place}.`,
  )
}

function leadsElsewhere(wire: WireFacts, direct: WireFacts, compared: readonly string[]): Diagnosis {
  const [first = '', ...rest] = compared
  return diagnosis(
    'wrong-frontend-port',
    `The proxy on port ${wire.endpoint.port} leads to a port that nothing serves; the backend listens on ${direct.endpoint.port}`,
    [first, ...rest],
    `Let the proxy lead to port ${direct.endpoint.port}.`,
  )
}

/** The socket dies idle through the proxy, and lives on directly. */
function judgeIdle(evidence: ProxyEvidence, direct: WireFacts, compared: readonly string[]): Diagnosis | undefined {
  const { wire } = evidence
  const close = wire.session?.close
  if (close === undefined || close.code !== 1006 || direct.session === undefined || direct.session.close !== undefined) return undefined
  // what spoils the stream is no matter of time
  if (close.broken !== undefined) return undefined
  return diagnosis(
    'proxy-idle-timeout',
    `The proxy ends a socket that is idle for ${seconds(close.afterMs)}`,
    [
      `101, and the socket ended after ${seconds(close.afterMs)} without a close frame`,
      `Directly it was still open after ${seconds(direct.session.heldMs)}`,
      ...compared,
    ],
    `${proxyWords('idle', namesOf(evidence))}; or a ping from the page more often than that.`,
  )
}

/** Django's page of a refused host: with DEBUG its name, without it the bare page (django.views.defaults.bad_request). */
const disallowed = /DisallowedHost|<h1>Bad Request/i

/** Pages are 400 through the proxy and fine without it: the Host header isn't passed on. */
function judgeHost(evidence: ProxyEvidence, direct: WireFacts, who: string): Diagnosis | undefined {
  const { wire } = evidence
  const [through, plain] = [wire.http, direct.http]
  if (through?.result !== 'answer' || through.status !== 400 || plain?.result !== 'answer' || plain.status === 400) return undefined
  // a server may have reasons of its own: uvicorn says 400 to a page that a proxy hands on with `Connection: upgrade`
  if (!disallowed.test(through.body)) return undefined
  return diagnosis(
    'allowed-hosts',
    'Through the proxy the backend sees a host that ALLOWED_HOSTS lacks',
    [`GET / through ${who}: 400`, `GET / directly: ${plain.status}`],
    `${proxyWords('host', namesOf(evidence))} Or add the host that it sends to ALLOWED_HOSTS.`,
  )
}
