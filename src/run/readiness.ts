import { createHash, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { askDatabase } from '../facts/database-answer.ts'
import { describeListener, listenersOn, portOwner } from '../facts/listener.ts'
import { servedPage } from '../facts/served-page.ts'
import { probeNow } from '../facts/redis-now.ts'
import { nameOf } from '../facts/server-invocation.ts'
import { matches } from '../host/bounded-match.ts'
import type { Host } from '../host/host.ts'
import { httpRequest } from '../host/http.ts'
import { connectOnce } from '../host/tcp.ts'
import type { ServicePlan } from '../plan/service.ts'
import { launchServer } from './server.ts'
import { withoutEscapes } from '../host/escape-codes.ts'
import { raceStop } from '../host/race-stop.ts'

/** The process that is waited for. */
export interface ReadyTarget {
  readonly pid: number | undefined
  /** Calls back for every line of its output from now on; gives the function that ends it. */
  readonly listen: (callback: (line: string) => void) => () => void
  /** Aborted when the process has ended, or nobody waits any more. */
  readonly over: AbortSignal
}

/**
 * `over`: the process ended, or nobody waits any more. `why`: a sentence on what
 * was seen last. `lost`: another program has the port. `isProven`: false where
 * this machine doesn't tell whose socket it is.
 */
export type ReadyOutcome =
  | { readonly kind: 'ready'; readonly isProven?: boolean }
  | { readonly kind: 'over' }
  | { readonly kind: 'late' | 'lost'; readonly why: string }

/** How soon a service is looked at again, at first and at last, in milliseconds: most are there at once, some take a minute. */
const lookEveryMs = { first: 20, last: 250, growth: 1.25 }
/** How long one look may take, in milliseconds. */
const lookMs = 2000
/** How much of a line a `ready.log` is held against: an expression that goes back and forth takes time with the length. */
const longestMatched = 2000
/** How long a readiness command may take before it is ended, in milliseconds. */
const commandMs = 10_000
/** RFC 6455, section 1.3. */
const webSocketGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** Their containers listen by a process that isn't below them. */
const containerEngines = new Set(['docker', 'podman', 'nerdctl', 'docker-compose', 'podman-compose'])

/** `true`, or what is still missing. */
type Look = true | string

/**
 * Waits until the service shows that it is ready, for `readyTimeoutMs` at most.
 * An answer on a port of this machine counts only where the service's own
 * processes listen there, as far as this machine tells. Never throws.
 */
export async function untilReady(
  host: Host,
  plan: Pick<ServicePlan, 'ready' | 'readyTimeoutMs' | 'cwd' | 'env' | 'file'>,
  target: ReadyTarget,
): Promise<ReadyOutcome> {
  const { ready } = plan
  if (target.over.aborted) return { kind: 'over' }
  if (ready === undefined) return { kind: 'ready' }
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), plan.readyTimeoutMs)
  let missing = 'nothing of it was seen'
  const signal = AbortSignal.any([target.over, deadline.signal])
  const wait = async (): Promise<ReadyOutcome> => {
    if (ready.log !== undefined && byAddress(ready) === undefined) return untilLine(ready.log, target, signal)
    const look = lookAt(host, plan, target, signal)
    for (let pause: number = lookEveryMs.first; !signal.aborted; pause = Math.min(pause * lookEveryMs.growth, lookEveryMs.last)) {
      const seen = await look()
      if (seen === true) return { kind: 'ready' }
      missing = seen
      await delay(pause, undefined, { signal }).catch(() => undefined)
    }
    return { kind: 'over' }
  }
  const waiting = wait()
  const outcome = (await raceStop(waiting, signal)) ?? { kind: 'over' as const }
  clearTimeout(timer)
  const last = missing
  // a command that was asked is ended first: nothing of ours outlives the answer
  if (ready.command !== undefined) await waiting
  if (outcome.kind !== 'over' || target.over.aborted) return target.over.aborted ? { kind: 'over' } : outcome
  const seconds = plan.readyTimeoutMs / 1000
  const what = ready.log !== undefined && byAddress(ready) === undefined ? `no line of its output fits /${ready.log}/` : last
  return { kind: 'late', why: `it was not ready within ${seconds} s: ${what}` }
}

const byAddress = ({ port, http, websocket, redis, database, page }: NonNullable<ServicePlan['ready']>) =>
  redis ?? database ?? port ?? http ?? websocket ?? page

/** So many lines may take the expression to its limit: each holds the launcher up for a moment. */
const mostLate = 5

async function untilLine(pattern: string, target: ReadyTarget, signal: AbortSignal): Promise<ReadyOutcome> {
  let late = 0
  return new Promise((resolve) => {
    const quit = target.listen((line) => {
      const fits = matches(pattern, withoutEscapes(line).slice(0, longestMatched))
      if (fits === undefined) late++
      if (fits !== true && late < mostLate) return
      quit()
      resolve(
        fits === true
          ? { kind: 'ready' }
          : { kind: 'late', why: `/${pattern}/ takes too long to be matched against its lines: ready.log wants a simpler one` },
      )
    })
    signal.addEventListener('abort', quit, { once: true })
  })
}

/** One look at the service, of the kind that the plan asks for. */
function lookAt(host: Host, plan: Parameters<typeof untilReady>[1], target: ReadyTarget, signal: AbortSignal): () => Promise<Look> {
  const { redis, database, port, http, websocket, page, command = [] } = plan.ready ?? {}
  const owner: Owner = { host, pid: target.pid, isEngine: containerEngines.has(nameOf(plan.file)), wasOpen: undefined }
  if (redis !== undefined) {
    return async () => {
      const fact = await probeNow(redis, 2)
      return fact.usable || (fact.evidence[0] ?? fact.id)
    }
  }
  if (database !== undefined) {
    return async () => {
      const answer = await askDatabase(database.kind, database.port, database)
      owner.wasOpen ??= answer !== 'nothing'
      if (answer === 'up') return isOurs(database.port, owner)
      return answer === 'starting' ? 'it is starting up' : `no database answers on port ${database.port}`
    }
  }
  if (port !== undefined) return async () => lookAtPort(port, owner)
  if (http !== undefined) return async () => lookAtPage(new URL(http), owner)
  if (page !== undefined) {
    let looks = 0
    return async () => {
      const found = await servedPage(host, target.pid, page, page.port === undefined || looks++ % 4 === 3)
      return typeof found === 'string' ? found : true
    }
  }
  if (websocket !== undefined) return async () => lookAtSocket(websocket, owner)
  return async () => lookByCommand(host, { command, cwd: plan.cwd, env: plan.env }, signal)
}

interface Owner {
  readonly host: Host
  readonly pid: number | undefined
  readonly isEngine: boolean
  /** A port was open at the first look already, before a container could be there. */
  wasOpen: boolean | undefined
}

async function lookAtPort(port: number, owner: Owner): Promise<Look> {
  const facts = await Promise.all(['127.0.0.1', '::1'].map((address) => connectOnce(address, port, lookMs)))
  const isOpen = facts.some(({ result }) => result === 'open')
  owner.wasOpen ??= isOpen
  return isOpen ? isOurs(port, owner) : `nothing accepts connections on port ${port}`
}

/** Whether the service itself listens on the port of this machine. */
async function isOurs(port: number, owner: Owner): Promise<Look> {
  if (owner.pid === undefined || (owner.isEngine && owner.wasOpen === false)) return true
  const whose = await portOwner(owner.host, port, owner.pid)
  if (whose === 'ours' || whose === 'unknown') return true
  if (whose === 'nobody') return `nothing listens on port ${port}`
  const [listener] = await listenersOn(owner.host, port)
  return `port ${port} is held by ${describeListener(listener)}, which is no process of this service`
}

async function isOursAt(url: URL, owner: Owner): Promise<Look> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isHere = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  const secure = url.protocol === 'https:'
  return isHere ? isOurs(url.port === '' ? (secure ? 443 : 80) : Number(url.port), owner) : true
}

async function lookAtPage(url: URL, owner: Owner): Promise<Look> {
  const fact = await httpRequest(url, { deadlineMs: lookMs })
  owner.wasOpen ??= fact.result === 'answer'
  if (fact.result === 'silent') return `${url.href} gave no answer within ${lookMs / 1000} s`
  if (fact.result === 'broken') return `${url.href}: ${fact.code}`
  return fact.status < 400 ? isOursAt(url, owner) : `${url.href} answered ${fact.status}`
}

async function lookAtSocket(address: string, owner: Owner): Promise<Look> {
  const url = new URL(address.replace(/^ws/, 'http'))
  const key = randomBytes(16).toString('base64')
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    Origin: url.origin,
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': key,
  }
  const fact = await httpRequest(url, { deadlineMs: lookMs, headers })
  owner.wasOpen ??= fact.result === 'answer'
  if (fact.result === 'silent') return `${address} gave no answer to a handshake within ${lookMs / 1000} s`
  if (fact.result === 'broken') return `${address}: ${fact.code}`
  const accept = createHash('sha1').update(`${key}${webSocketGuid}`).digest('base64')
  if (fact.status !== 101) return `${address} answered the handshake with ${fact.status}`
  if (fact.headers['sec-websocket-accept'] !== accept) return `${address} answered 101 with a wrong Sec-WebSocket-Accept`
  return isOursAt(url, owner)
}

/** Runs the command to its end; its whole tree is ended at its deadline, or when nobody waits any more. */
async function lookByCommand(
  host: Host,
  { command, cwd, env }: { command: readonly string[] } & Pick<ServicePlan, 'cwd' | 'env'>,
  signal: AbortSignal,
): Promise<Look> {
  const [file = '', ...args] = command
  const running = launchServer(host, { file, args, cwd, env }, () => {})
  const over = AbortSignal.any([signal, AbortSignal.timeout(commandMs)])
  const exit = await raceStop(running.exited, over)
  await running.stop(500)
  if (exit === undefined) return `${file} took longer than ${commandMs / 1000} s`
  if (exit.exitCode === 0) return true
  const last = running.lastLines().at(-1)
  const how = exit.spawnError ?? `ended with ${exit.exitCode ?? exit.signal ?? 'a signal'}`
  return `${file} ${how}${last === undefined ? '' : `: ${last}`}`
}
