import { setTimeout as delay } from 'node:timers/promises'
import type { ExaminationOf } from '../facts/examination.ts'
import type { Inspection } from '../facts/inspection.ts'
import { plainPaths, servesPath } from '../facts/routes.ts'
import { isInMemory, isRedisLayer } from '../facts/redis-now.ts'
import { usualPath } from '../facts/project.ts'
import type { LoggedException } from '../checks/traceback.ts'
import { connectAddress, type BringUp } from '../run/bring-up.ts'
import { handshakeSince, type Observer } from '../run/observer.ts'
import { originOf, shownUrl, type Endpoint } from '../verify/endpoint.ts'
import { logIn } from '../verify/login.ts'
import { prove, type Proof, type ProofOptions } from '../verify/prove.ts'
import { shapeOf } from '../verify/token.ts'
import type { Prepared } from './start-prepare.ts'
import { raisedSince, redisOfSettings, withBroadcast } from './start-observed.ts'
import { bracketed } from '../host/tcp.ts'

/** How long the project's own interpreter is waited for once the server listens, in milliseconds. */
const patienceMs = 10_000

/** How the token was come by. */
export type TokenSource = 'given' | 'login' | 'minted' | 'none'

/** Proves the WebSocket of a backend that listens, and again whenever it is asked. */
export interface Prover {
  /** Without the token. */
  readonly url: string
  readonly port: number
  readonly inspection: Inspection
  readonly tokenSource: () => TokenSource
  /** Why there is no token, in a sentence, where there is none. */
  readonly tokenNote: () => string | undefined
  readonly first: () => Promise<Proof>
  /** `holdMs`: how long the socket must live at least, whatever its pong says. */
  readonly again: (holdMs: number) => Promise<Proof>
  /** The path that is proven. */
  readonly path: () => string
  /** What is proven, with its token: never to be printed. */
  readonly endpoint: () => Endpoint
  /** The proof before, where there was one. */
  readonly last: () => Proof | undefined
  /** What the server has logged since the last proof began. */
  readonly lines: () => readonly string[]
  /** What the observer saw leave the application on our own sockets since then: the first handshake's, or the last of all. */
  readonly raised: (pick: 'first' | 'last') => LoggedException | undefined
  /** What is around the application, where something is. */
  readonly observer: Observer | undefined
}

/** What a proof is made with. */
interface Credentials {
  readonly token: string | undefined
  readonly cookie: string | undefined
  readonly source: TokenSource
  readonly note: string | undefined
}

/** Makes the prover of a run; nothing is tried before `first`. `origin`: of the frontend of this run, where there is one. */
export function startProof(
  prepared: Prepared,
  looking: Inspection,
  up: Extract<BringUp, { kind: 'listening' }>,
  origin: string | undefined,
): Prover {
  const { config, checkout } = prepared
  const inspection = impatient(looking)
  const address = connectAddress(config.host)
  const base = new URL(`ws://${bracketed(address)}:${up.port}`)
  let path = config.path ?? usualPath
  let last: Proof | undefined
  let mark = 0
  let observedMark = 0
  // asked each time: its first word comes through a pipe, and may be read after the port was seen to listen
  const observing = () =>
    prepared.plan.observed === 'application' && up.server.observer?.observes() === true ? up.server.observer : undefined
  let credentials: Credentials = { token: undefined, cookie: undefined, source: 'none', note: undefined }

  const endpoint = (): Endpoint => ({
    url: new URL(path, base),
    origin: originOf(config.origin, origin ?? checkout.project.frontendOrigin ?? `http://${base.host}`),
    token: credentials.token,
    tokenIn: config.tokenIn,
    tokenName: config.tokenName,
    cookie: credentials.cookie,
    subprotocols: config.subprotocols,
    ping: config.ping,
    nonce: observing()?.nonce,
  })
  const raised = (pick: 'first' | 'last') => {
    const observer = observing()
    return observer === undefined ? undefined : raisedSince(observer, observedMark, path, pick)
  }
  const attempt = async (options: ProofOptions): Promise<Proof> => {
    mark = up.server.lineCount()
    const observer = observing()
    const begun = (observedMark = observer?.mark() ?? 0)
    last = await prove(endpoint(), {
      tokenIsOurs: credentials.source === 'minted',
      ours: true,
      ...(last === undefined ? {} : { earlier: last }),
      ...(observer === undefined ? {} : { observed: () => handshakeSince(observer, begun, path) }),
      ...options,
    })
    if (observer !== undefined) last = await withBroadcast(prepared, inspection, observer, endpoint(), last, raised)
    return last
  }
  return {
    get url() {
      return shownUrl(new URL(path, base))
    },
    port: up.port,
    inspection,
    tokenSource: () => credentials.source,
    tokenNote: () => credentials.note,
    path: () => path,
    endpoint,
    last: () => last,
    lines: () => up.server.linesSince(mark),
    raised,
    get observer() {
      return observing()
    },
    first: async () => {
      const [routes, found] = await Promise.all([
        config.path === undefined && !checkout.project.hasUsualRoute ? inspection.get('application') : undefined,
        credentialsFor(prepared, inspection, base),
      ])
      path = config.path ?? pathOf(routes)
      credentials = found
      return attempt({
        holdMs: config.hold,
        pongIsEnough: () => layerIsSound(prepared, inspection),
        mayExperiment: async () => (await inspection.get('database'))?.state !== 'empty',
      })
    },
    again: async (holdMs) => {
      // a token of ours that ran out is no news about the backend
      const stale = credentials.source !== 'given' && shapeOf(credentials.token, Date.now()).kind === 'expired'
      if (stale) credentials = await credentialsFor(prepared, impatient(prepared.inspect(up.server)), base)
      return attempt({ holdMs: Math.max(config.hold, holdMs) })
    },
  }
}

/** The path to prove: the usual one where it is served or nothing else is known, else the first plain route. */
export function pathOf(routes: ExaminationOf<'application'> | undefined): string {
  if (routes === undefined || servesPath(routes.routes, usualPath)) return usualPath
  return plainPaths(routes.routes)[0] ?? usualPath
}

async function credentialsFor(prepared: Prepared, inspection: Inspection, base: URL): Promise<Credentials> {
  const { host, config } = prepared
  const none = { token: undefined, cookie: undefined }
  if (config.token !== undefined) return { ...none, token: config.token, source: 'given', note: undefined }
  if (config.login !== undefined) {
    const backend = new URL(base.href.replace(/^ws/, 'http'))
    const answer = await logIn(host, backend, config.login, 5000)
    if (answer.result === 'token') return { ...none, token: answer.token, source: 'login', note: undefined }
    if (answer.result === 'cookie') return { ...none, cookie: answer.cookie, source: 'login', note: undefined }
    return { ...none, source: 'none', note: `The login gave no token: ${answer.reason}` }
  }
  const minted = await inspection.get('token')
  if (typeof minted?.token === 'string') return { ...none, token: minted.token, source: 'minted', note: undefined }
  return { ...none, source: 'none', note: await whyNone(inspection, minted) }
}

async function whyNone(inspection: Inspection, minted: ExaminationOf<'token'> | undefined): Promise<string | undefined> {
  if (typeof minted?.why === 'string') return `No token could be minted: ${minted.why}`
  const users = await inspection.get('users')
  if (typeof users?.model === 'string' && users.active === 0)
    return 'No token could be minted: the database has no active user (election-dev start --setup makes one)'
  const error = inspection.errorOf('settings') ?? inspection.errorOf('setup') ?? inspection.errorOf('users') ?? inspection.errorOf('token')
  return error === undefined ? undefined : `No token could be minted: ${error.type}: ${error.message}`
}

/**
 * Whether a pong is proof enough: a layer that keeps everything in the process
 * can't fail later, and a Redis that was probed won't. With any other one an
 * exception may still come on daphne's 1 s tick, so the socket has to be held.
 */
async function layerIsSound(prepared: Prepared, inspection: Inspection): Promise<boolean> {
  const { layer } = prepared
  if (layer.layer === 'memory' && layer.environment !== undefined && !(await settingsDisagree(inspection))) return true
  if (layer.layer === 'redis') return (await prepared.redis()).fact?.usable === true
  const settings = await inspection.get('settings')
  if (settings === undefined) return false
  if (isInMemory(settings.layer_backend)) return true
  if (!isRedisLayer(settings.layer_backend)) return (settings.layer_backend ?? undefined) === undefined
  return (await redisOfSettings(prepared, settings))?.usable === true
}

/** A project that names the variable and doesn't heed it: what its settings say counts. */
async function settingsDisagree(inspection: Inspection): Promise<boolean> {
  const settings = await inspection.get('settings')
  return settings !== undefined && isRedisLayer(settings.layer_backend)
}

/** The same look, whose facts are waited for no longer than `patienceMs`: settings that hang hold nothing else up. */
function impatient(inspection: Inspection): Inspection {
  return { ...inspection, get: (name) => within(inspection.get(name)) }
}

async function within<T>(promise: Promise<T>): Promise<T | undefined> {
  const over = new AbortController()
  const late = delay(patienceMs, undefined, { signal: over.signal }).catch(() => undefined)
  const result = await Promise.race([promise, late])
  over.abort()
  return result
}
