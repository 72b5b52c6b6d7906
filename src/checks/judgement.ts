import { judgeElsewhere, judgePermission, withBackend, withListeners } from './address.ts'
import { judgeApplication, judgeRoutes, judgeUnserved } from './application.ts'
import type { FailedStart } from '../facts/startup.ts'
import { judgeBroadcasts, judgeLost } from './broadcast.ts'
import { judgeInstances, judgeLayer } from './channel-layer.ts'
import { judgeUncrossed } from './crossing.ts'
import { judgePlayed, refusalInside } from './consumer.ts'
import { judgeUnplayed, judgeUnusable } from './database.ts'
import type { Diagnosis } from './diagnosis.ts'
import { judgeShadowed } from './dotenv.ts'
import { isCarrier, isOwn, listenerOf, pythonOf, type Evidence } from './evidence.ts'
import { judgeNotes } from './notes.ts'
import { asShell, joined } from './paths.ts'
import { judgeProxied } from './proxy.ts'
import { judgePython, judgeServing, relativeTo } from './python-environment.ts'
import { judgeRedis } from './redis-layer.ts'
import { mergeDiagnosis } from './refine.ts'
import { judgeCrashed, isStranger, judgeForeign, judgeLimits, judgeListener, judgeStale, runsElsewhere } from './server-process.ts'
import { judgeSettings } from './settings.ts'
import { endWords, judgeOutput, judgeProcess } from './startup.ts'
import { judgeTokens } from './tokens.ts'
import { judgeWire } from './wire.ts'
import { judgeHosts } from './hosts.ts'

/** What a judgement comes to: the root, what it explains, and what is worth a word though it breaks nothing. */
export interface Judgement {
  readonly root: Diagnosis | undefined
  /** Other causes that fit: they follow from the root, or would show once it is mended. The nearest to the root first. */
  readonly explained: readonly Diagnosis[]
  /** Findings that break no WebSocket. */
  readonly notes: readonly Diagnosis[]
}

/**
 * The one cause. How far a handshake comes decides which facts can be behind
 * it: where nothing listens, what stops a start; where a server answers, what
 * breaks a socket; where all works, what breaks a broadcast. Within each the
 * nearest to the root comes first, and the rest is explained by it. Pure.
 */
export function judge(evidence: Evidence): Judgement {
  const candidates = causes(evidence).map((cause) => runnable(evidence, cause))
  const [root] = candidates
  const seen = new Set<string>([root?.id ?? ''])
  const explained = candidates.filter(({ id }) => !seen.has(id) && seen.add(id) !== undefined)
  const notes = judgeNotes(evidence)
    .map((cause) => runnable(evidence, cause))
    .filter(({ id }) => !seen.has(id))
  return { root, explained, notes }
}

/** A log names no interpreter and no folder: a command to copy names both, as seen from the checkout. */
function runnable(evidence: Evidence, cause: Diagnosis): Diagnosis {
  const { checkout } = evidence
  if (checkout === undefined) return cause
  const { root, backend } = checkout.project
  const manage = relativeTo(evidence, joined(backend, 'manage.py'))
  const commands = cause.remedy.commands.map((command) => {
    const [program = '', ...rest] = asShell(root, command)
    if (program !== 'python' && rest[0] !== 'manage.py') return [program, ...rest]
    return [program === 'python' ? pythonOf(evidence) : program, ...rest.map((word) => (word === 'manage.py' ? manage : word))]
  })
  return { ...cause, remedy: { ...cause.remedy, commands } }
}

/** Every cause that fits, the nearest to the root first. */
function causes(evidence: Evidence): Diagnosis[] {
  if (evidence.launched?.end !== undefined) return judgeEnded(evidence, evidence.launched.end)
  const verdict = judgeWire(evidence.wire)
  const proxied = judgeProxied(evidence)
  if (proxied.length > 0) return proxied
  const { direct } = evidence
  // the backend itself says no: what is in front of it isn't to blame
  if (verdict !== undefined && direct !== undefined && judgeWire(direct) !== undefined)
    return causes({ ...evidence, wire: direct, direct: undefined })
  if (verdict === undefined) return judgeWorking(evidence)
  if (verdict.id === 'server-not-running') return evidence.wire.nameError === undefined ? judgeNobody(evidence, verdict) : [verdict]
  const foreign = judgeHolder(evidence, verdict)
  if (foreign.length > 0) return [...foreign, verdict]
  return vague.has(verdict.id) ? judgeVague(evidence, verdict) : judgeDefinite(evidence, verdict)
}

/** What was launched isn't there: what its process says by itself, what stops a start, what its output says. */
function judgeEnded(evidence: Evidence, end: FailedStart): Diagnosis[] {
  const process = judgeProcess(end)
  if (process !== undefined) return [process]
  const stops = [...judgePython(evidence), ...judgeSettings(evidence), ...judgeApplication(evidence)]
  return [...stops.map((cause) => ({ ...cause, evidence: [...cause.evidence, endWords(end)] })), judgeOutput(end)]
}

/** Nothing serves: somewhere else, or what stops a start, from the interpreter to the port. */
function judgeNobody(evidence: Evidence, verdict: Diagnosis): Diagnosis[] {
  return [
    ...judgeElsewhere(evidence, verdict.evidence),
    ...judgePython(evidence),
    ...judgeSettings(evidence),
    ...judgeApplication(evidence),
    ...judgePermission(evidence),
    verdict,
  ]
}

/** What the wire says of a program that knows nothing of this project. */
const strange: ReadonlySet<string> = new Set([
  'port-in-use',
  'accept-missing',
  'sync-consumer-blocks',
  'server-suspended',
  'server-crashes',
  'wsgi-server-on-port',
])

/** The port is held by another program, or by an older server from elsewhere. */
function judgeHolder(evidence: Evidence, verdict: Diagnosis): Diagnosis[] {
  const listener = listenerOf(evidence)
  // without a project nobody can say whose server it is
  if (listener === undefined || evidence.checkout === undefined || isCarrier(listener)) return []
  if (listener.command !== undefined && runsElsewhere(listener, evidence.checkout.project.backend))
    return isStranger(evidence, listener) ? judgeForeign(evidence, verdict.evidence) : judgeStale(evidence, verdict.evidence)
  if (isOwn(listener)) return []
  return strange.has(verdict.id) && listener.command === undefined && listener.state !== 'stopped'
    ? judgeForeign(evidence, verdict.evidence)
    : []
}

/** What the wire can't tell apart, and the inside can. */
const vague: ReadonlySet<string> = new Set([
  'no-websocket-route',
  'consumer-exception',
  'asgi-app-wrong',
  'asgi-app-under-wsgi-server',
  'wsgi-server-on-port',
  'ws-library-missing',
  'accept-missing',
  'server-crashes',
  'sync-consumer-blocks',
  'server-suspended',
  'close-after-accept',
  'port-in-use',
  'proxy-strips-upgrade',
  'subprotocol-mismatch',
])

function judgeVague(evidence: Evidence, verdict: Diagnosis): Diagnosis[] {
  const merged = mergeDiagnosis(verdict, evidence)
  const gone = verdict.id === 'server-crashes' && verdict.evidence.some((line) => line.includes('ECONNREFUSED'))
  if (gone) return [merged]
  const process = [...judgeListener(evidence, verdict.evidence), ...judgeCrashed(evidence, verdict.evidence)]
  if (process.length > 0) return [...process, verdict]
  if (verdict.id === 'wsgi-server-on-port' || verdict.id === 'ws-library-missing' || verdict.id === 'subprotocol-mismatch') return [merged]
  const serving = judgeServing(evidence, verdict.evidence)
  if (serving.length > 0) return [...serving, merged]
  // an application's own close code says what it is, unless what runs here says otherwise
  const inside = [
    ...judgeLayer(evidence),
    ...judgeRedis(evidence),
    ...judgeRoutes(evidence),
    ...judgeUnusable(evidence),
    ...judgePlayed(evidence),
  ].map((cause) => withSeen(cause, verdict))
  const closedByCode = evidence.wire.session?.close !== undefined && evidence.wire.session.close.code >= 4000
  if (closedByCode && !inside.some(({ id }) => id === 'close-after-accept')) return [merged, ...inside]
  const limits = verdict.id === 'close-after-accept' ? judgeLimits(evidence).filter(({ id }) => id === 'server-websocket-timeout') : []
  // on disk all is sound, and the server says otherwise
  const stale = inside.length === 0 && evidence.examination?.get('application') !== undefined ? judgeStale(evidence, verdict.evidence) : []
  const named = merged.id === verdict.id ? [] : [merged]
  return [...limits, ...inside, ...named, ...stale, ...judgeUnplayed(evidence), merged]
}

function withSeen(cause: Diagnosis, verdict: Diagnosis): Diagnosis {
  const [first] = verdict.evidence
  return first === undefined || cause.evidence.includes(first) ? cause : { ...cause, evidence: [first, ...cause.evidence] }
}

/** The wire names the cause; the inside may know a nearer one, or its place. */
function judgeDefinite(evidence: Evidence, verdict: Diagnosis): Diagnosis[] {
  const inside = refusalInside(evidence)
  const told = inside.length === 0 ? verdict : { ...verdict, evidence: [...verdict.evidence, ...inside] }
  if (verdict.id.startsWith('token-') || verdict.id === 'clock-skew') return [...judgeUnserved(evidence), ...judgeTokens(evidence, told)]
  if (verdict.id === 'origin-rejected' || verdict.id === 'allowed-hosts')
    return [...judgeUnserved(evidence), ...judgeShadowed(evidence, ['ALLOWED_HOSTS'], told), ...judgeHosts(evidence, told), told]
  if (verdict.id === 'ipv6-localhost') return [withListeners(evidence, told)]
  if (verdict.id === 'wrong-frontend-port') return [withBackend(evidence, told)]
  if (verdict.id === 'message-too-big') {
    const limits = judgeLimits(evidence).filter(({ id }) => id === verdict.id)
    return [{ ...told, evidence: [...told.evidence, ...limits.flatMap(({ evidence: seen }) => seen)] }]
  }
  return [told]
}

/** The socket works: what breaks a broadcast, a page or the next instance. */
function judgeWorking(evidence: Evidence): Diagnosis[] {
  const others = evidence.others.flatMap((wire) => {
    const verdict = judgeWire(wire)
    return verdict === undefined ? [] : [{ ...verdict, title: `The instance at ${wire.endpoint.url}: ${verdict.title}` }]
  })
  return [
    ...judgeHosts(evidence, undefined),
    ...judgeLayer(evidence),
    ...judgeRedis(evidence),
    ...judgeLost(evidence),
    ...others,
    ...judgeInstances(evidence),
    ...judgeUncrossed(evidence),
    ...judgeBroadcasts(evidence),
    ...judgeLimits(evidence).filter(({ id }) => id === 'server-websocket-timeout'),
  ]
}
