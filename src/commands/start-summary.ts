import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { diagnosis, type Diagnosis } from '../checks/diagnosis.ts'
import { mergeDiagnosis, type LogReading } from '../checks/refine.ts'
import { judgeSession } from '../checks/wire-session.ts'
import { redisVerdict } from '../checks/redis.ts'
import { exceptionsIn } from '../checks/traceback.ts'
import { showLayerHost } from '../facts/layer-redis.ts'
import { servesPath } from '../facts/routes.ts'
import { shown } from '../facts/project.ts'
import { isInMemory, isRedisLayer, type RedisNow } from '../facts/redis-now.ts'
import type { ReadySummary, SocketState } from '../report/run-event.ts'
import { connectAddress, type BringUp } from '../run/bring-up.ts'
import { experimentPaths } from '../verify/experiments.ts'
import type { SocketClose } from '../facts/wire.ts'
import type { Proof } from '../verify/prove.ts'
import { redisOfSettings } from './start-observed.ts'
import type { Prover } from './start-proof.ts'
import type { Prepared } from './start-prepare.ts'
import type { StartExtras } from './start.ts'
import { bracketed } from '../host/tcp.ts'

/** The dot for a proof, with the cause as exact as it is known. */
export function stateOf(proof: Proof, exact: Diagnosis | undefined): SocketState {
  const { facts } = proof
  if (proof.state === 'proven' || exact === undefined) {
    const { handshake, session } = facts
    return {
      dot: 'green',
      handshakeMs: handshake?.elapsedMs ?? 0,
      pongMs: session?.pong?.result === 'pong' ? session.pong.elapsedMs : undefined,
      heldMs: session?.heldMs ?? 0,
      broadcast: proof.broadcast,
    }
  }
  return { dot: proof.state === 'wants-token' ? 'yellow' : 'red', diagnosis: exact }
}

/** How long the traceback of a socket that has just died is waited for, in milliseconds: it comes through a pipe, the close over TCP. */
const logMs = 300

/** The dot when the open socket has died: red, with what the close, the server's log and Redis tell. */
export async function deadState(
  prepared: Prepared,
  prover: Prover,
  first: Proof,
  close: SocketClose,
  silent: boolean,
): Promise<Exclude<SocketState, { dot: 'green' }>> {
  if (silent) {
    return {
      dot: 'red',
      diagnosis: diagnosis(
        'server-suspended',
        'The server does not answer any more',
        [`A ping frame on the open socket at ${prover.url} got no answer within 5 s`],
        'Continue the process (fg, or kill -CONT PID), or start it again.',
        { automatic: 'ask' },
      ),
    }
  }
  const session = { heldMs: close.afterMs, close, messages: close.messagesBefore, pong: undefined, second: undefined }
  const wire =
    judgeSession({ ...first.facts, session }) ??
    diagnosis('consumer-exception', 'The socket was closed', [`Close code ${close.code}`], "The server's log says more.")
  const deadline = performance.now() + logMs
  while (
    wire.id === 'consumer-exception' &&
    prover.raised('last') === undefined &&
    exceptionsIn(prover.lines()).length === 0 &&
    performance.now() < deadline
  )
    await delay(10)
  return { dot: 'red', diagnosis: await exactCause(prepared, prover, wire, 'last') }
}

/** What the banner says. */
export async function summaryOf(
  prepared: Prepared,
  prover: Prover,
  up: Extract<BringUp, { kind: 'listening' }>,
  first: Proof,
  extras: StartExtras,
): Promise<ReadySummary> {
  const { host, config, environment, server } = prepared
  const address = connectAddress(config.host)
  const url = new URL(`http://${bracketed(address)}:${up.port}/`)
  const notes: string[] = []
  // a socket that bore our nonce was served by the process that we started
  const isSeen = prover.observer?.since(0).some((event) => event.event === 'opened' && event.probe) === true
  if (!up.proven && !isSeen)
    notes.push(`This machine doesn't tell whose socket listens on port ${up.port}; the server that was started is alive`)
  const note = prover.tokenNote()
  if (first.state === 'wants-token' && note !== undefined) notes.push(note)
  if (first.facts.session?.pong?.result === 'unanswered')
    notes.push('The application answered no {"type":"ping"}; the socket was held instead   ping-unanswered')
  const exact = first.diagnosis === undefined ? undefined : await exactCause(prepared, prover, first.diagnosis, 'first')
  return {
    version: extras.version,
    readyMs: host.now() - (extras.since ?? 0),
    websocket: { url: prover.url, state: stateOf(first, exact) },
    backend: {
      url: url.href,
      server: server.name === 'runserver' ? 'runserver (daphne)' : server.name,
      serverVersion: server.version,
      django: environment.packages.get('django'),
      environment: shownEnvironment(prepared),
      pid: up.server.pid,
      openToNetwork: config.host === '0.0.0.0' || config.host === '::',
    },
    channels: await channelsOf(prepared, prover),
    frontend: undefined,
    services: [],
    instances: [],
    page: extras.page?.(url),
    notes,
  }
}

/** The wire's cause, made exact by the server's log, by the routes that the project has, and by what is known of Redis. */
export async function exactCause(prepared: Prepared, prover: Prover, wire: Diagnosis, pick: LogReading['pick']): Promise<Diagnosis> {
  const known = await causeNow(prepared, prover, wire, pick)
  if (pick === 'last') return known
  return (await import('./start-diagnosis.ts')).socketCause(prepared, prover, known)
}

/** The same by what is known already. */
async function causeNow(prepared: Prepared, prover: Prover, wire: Diagnosis, pick: LogReading['pick']): Promise<Diagnosis> {
  const merged =
    mergeDiagnosis(wire, prover.lines(), { ourPaths: experimentPaths(prover.path()), pick, raised: prover.raised(pick) }) ?? wire
  const routed = merged.id === 'no-websocket-route' ? await routeCause(prover, merged) : merged
  const symptoms = ['consumer-exception', 'accept-missing', 'close-after-accept']
  if (!symptoms.includes(routed.id) && !routed.id.startsWith('redis-')) return routed
  const settings = await prover.inspection.get('settings')
  if (settings === undefined || !isRedisLayer(settings.layer_backend)) return routed
  const fact = await redisOfSettings(prepared, settings)
  const [first] = settings.layer_hosts
  return fact?.usable === false ? redisVerdict(fact, first === undefined ? '' : showLayerHost(first), routed.evidence) : routed
}

/** Which of the causes of a 500 it is, by the routes of the application. */
async function routeCause(prover: Prover, merged: Diagnosis): Promise<Diagnosis> {
  const found = await prover.inspection.get('application')
  const path = prover.path()
  if (found === undefined) return merged
  if (!found.websocket)
    return diagnosis(
      'http-only-asgi',
      'The ASGI application has no WebSocket part',
      [...seen(merged), 'It handles no scope of the type websocket'],
      'Wrap it: ProtocolTypeRouter({"http": …, "websocket": …}).',
    )
  if (servesPath(found.routes, path)) {
    return diagnosis(
      'consumer-exception',
      'The consumer raises an exception before it accepts',
      [...seen(merged), `A route serves ${path}`],
      "Correct the consumer; the server's log has the traceback with file and line.",
    )
  }
  const routes = found.routes.map(({ route }) => route)
  return {
    ...merged,
    title: `No WebSocket route fits ${path}`,
    evidence: [...merged.evidence, `The application's WebSocket routes: ${routes.length === 0 ? 'none' : routes.join('   ')}`],
    remedy: { ...merged.remedy, text: 'Make path and route agree (--path); no slash at the start of the pattern.' },
  }
}

function seen({ evidence }: Diagnosis): [string, ...string[]] {
  const [first = '', ...rest] = evidence
  return [first, ...rest]
}

function shownEnvironment({ checkout, environment }: Prepared): string {
  return environment.label.startsWith('VIRTUAL_ENV')
    ? shown(checkout.project, environment.python.replace(/[\\/](?:bin|Scripts)[\\/][^\\/]+$/, ''))
    : environment.label
}

/** The channel layer that serves, and why it is that one. */
async function channelsOf(prepared: Prepared, prover: Prover): Promise<ReadySummary['channels']> {
  const { layer, checkout } = prepared
  const redis = await prepared.redis()
  const settings = await prover.inspection.get('settings')
  const backend = settings?.layer_backend ?? undefined
  // settings may name the variable and go their own way: what they say is what serves
  const heeded = backend === undefined || (layer.layer === 'redis' ? isRedisLayer(backend) : isInMemory(backend))
  if (layer.layer === 'redis' && heeded) return { layer: 'redis', text: `Redis${versionOf(redis)} at ${redis.where}`, note: layer.why }
  if (layer.layer === 'memory' && heeded) return { layer: 'memory', text: 'in memory', note: usableNote(redis) ?? layer.why }
  if (backend === undefined)
    return {
      layer: 'settings',
      text: settings === undefined ? 'as the settings say' : 'none',
      note: settings === undefined ? undefined : 'the settings have no CHANNEL_LAYERS',
    }
  const note =
    layer.layer === 'settings' ? 'from the settings' : `from the settings, whatever ${checkout.layerVariable ?? 'the variable'} says`
  if (isInMemory(backend)) return { layer: 'settings', text: 'in memory', note }
  const [host] = settings?.layer_hosts ?? []
  return {
    layer: 'settings',
    text: `${backend.split('.').at(-1) ?? backend}${host === undefined ? '' : ` at ${showLayerHost(host)}`}`,
    note,
  }
}

function usableNote(redis: RedisNow): string | undefined {
  return redis.fact?.usable === true ? `Redis${versionOf(redis)} is at ${redis.where}: --channel-layer redis uses it` : undefined
}

function versionOf({ fact }: RedisNow): string {
  return fact?.version === undefined ? '' : ` ${fact.version}`
}

/**
 * Says what of the database is not as the code wants it, once that is known: it
 * is no reason to hold the banner back. Never throws.
 */
export async function tellDatabase({ checkout, environment, report, signal }: Prepared, prover: Prover): Promise<void> {
  const command = `${shown(checkout.project, environment.python)} ${shown(checkout.project, join(checkout.project.backend, 'manage.py'))} migrate`
  const database = await prover.inspection.get('database')
  const pending = database?.state === 'ready' ? ((await prover.inspection.get('migrations'))?.pending ?? []) : []
  if (signal.aborted) return
  if (database?.state === 'empty') report({ event: 'warning', id: 'migrations-pending', text: `The database has no tables: ${command}` })
  if (pending.length > 0) {
    const count = pending.length === 1 ? '1 migration is' : `${pending.length} migrations are`
    report({
      event: 'warning',
      id: 'migrations-pending',
      text: `${count} not applied (${pending.slice(0, 3).join(', ')}${pending.length > 3 ? ' …' : ''}): ${command}`,
    })
  }
}
