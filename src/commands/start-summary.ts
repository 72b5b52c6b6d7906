import type { Diagnosis } from '../checks/diagnosis.ts'
import { showLayerHost } from '../facts/layer-redis.ts'
import { shown } from '../facts/project.ts'
import { isInMemory, isRedisLayer, type RedisNow } from '../facts/redis-now.ts'
import type { ReadySummary, SocketState } from '../report/run-event.ts'
import { fixLine } from '../report/words.ts'
import type { Server } from '../servers/server.ts'
import { servers } from '../servers/known.ts'
import { unreadChoice } from '../look/files.ts'
import type { Proof } from '../verify/prove.ts'
import type { Listening, Prover } from './start-proof.ts'
import type { Prepared } from './start-prepare.ts'
import type { StartExtras } from './start.ts'
import { within } from '../host/race-stop.ts'
import { httpUrl } from '../verify/endpoint.ts'
import { version } from '../version.ts'

/** How long the application's other WebSockets are waited for once the first was tried, in milliseconds. */
const besideMs = 100

/** The dot for a proof. */
export function stateOf(proof: Proof): SocketState {
  const { facts, diagnosis } = proof
  if (diagnosis === undefined) {
    const { handshake, session } = facts
    return {
      dot: 'green',
      handshakeMs: handshake?.elapsedMs ?? 0,
      pongMs: session?.pong?.result === 'pong' ? session.pong.elapsedMs : undefined,
      heldMs: session?.heldMs ?? 0,
      broadcast: proof.broadcast,
      user: proof.user,
    }
  }
  const { state } = proof
  return state === 'wants-token' || state === 'refused' ? { dot: 'yellow', state, diagnosis } : { dot: 'red', diagnosis }
}

/** What the banner says. */
export async function summaryOf(
  prepared: Prepared,
  prover: Prover,
  up: Listening,
  first: Proof,
  extras: StartExtras,
): Promise<ReadySummary> {
  const { host, config, environment, server } = prepared
  const url = new URL('/', httpUrl(prover.endpoint().url))
  const notes: string[] = []
  // a socket that bore our nonce was served by the process that we started
  const isSeen = prover.observer?.since(0).some((event) => event.event === 'opened' && event.probe) === true
  if (!up.isProven && !isSeen)
    notes.push(`This machine doesn't tell whose socket listens on port ${up.port}; the server that was started is alive`)
  const { account, note } = prover.identity()
  if (first.state === 'wants-token' && note !== undefined) notes.push(note)
  if (first.user !== undefined && account === 'found')
    notes.push(`${first.user} is an account of this project's database: --user NAME takes another one`)
  const { shown: shownServer = server.name }: Server = servers[server.name]
  return {
    version,
    readyMs: host.now() - (extras.since ?? 0),
    websocket: { url: prover.url, state: stateOf(first) },
    // begun with the first one, they have mostly settled by now
    // what has not begun yet is not waited for
    beside: prover.isAlone() ? undefined : await within(besideMs, prover.beside()),
    backend: {
      url: url.href,
      server: shownServer,
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

/** Says that a `.env` which isn't read would have chosen the channel layer, once the banner is out. Never throws. */
export async function tellUnread(prepared: Prepared, said: ReadonlySet<string>): Promise<void> {
  const { host, config, checkout } = prepared
  tell(prepared, [await unreadChoice(host, config, checkout)], said)
}

/**
 * Says what the doctor would find that keeps no socket from working, once the
 * banner is out: it is no reason to hold that back. Never throws.
 */
export async function tellFindings(prepared: Prepared, prover: Prover, isUp: boolean, said: ReadonlySet<string>): Promise<void> {
  const { root, notes = [] } = (await prover.judgement()) ?? {}
  // why it isn't up has been said
  tell(prepared, isUp ? [root, ...notes] : notes, said)
}

/** Of what the run has `said` already nothing is said again. */
function tell({ report, signal }: Prepared, found: readonly (Diagnosis | undefined)[], said: ReadonlySet<string>): void {
  for (const cause of found) {
    if (signal.aborted || cause === undefined || said.has(cause.id)) continue
    const { id, title, evidence, remedy } = cause
    report({ event: 'warning', id, text: `${title}. ${(evidence[0] ?? '').replaceAll(/\s+/g, ' ')}. ${fixLine(remedy)}` })
  }
}
