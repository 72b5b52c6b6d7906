import type { Beside } from '../checks/beside.ts'
import type { Judged } from '../checks/diagnosis.ts'
import { evidenceOfWire } from '../checks/evidence.ts'
import { judge } from '../checks/judgement.ts'
import { said } from '../checks/wire-words.ts'
import { serves } from '../facts/routes.ts'
import type { WireFacts } from '../facts/wire.ts'
import type { SocketPath } from '../plan/socket-paths.ts'
import type { Observer } from '../run/observer.ts'
import { requestOf, type Endpoint } from '../verify/endpoint.ts'
import { failed } from '../verify/failed.ts'
import { prove, type Proof, type ProofOptions } from '../verify/prove.ts'
import { closedSince, handshakeSince, raisedSince } from './outcome.ts'
import type { Sockets } from './sockets.ts'

/** So many are proven at most: an application may have hundreds. */
const most = 40

/** With what the others are proven. */
export interface BesideOptions {
  /** How long each socket must live, in milliseconds. */
  readonly holdMs: number
  /** What is around the application, where something is and can be asked. */
  readonly observer?: Observer | undefined
  /** Something is around it: what the application raises because of a value that is made up stays out of its log. */
  readonly isObserved: boolean
}

/**
 * Proves a WebSocket, and the others beside it from when it is open, which `others` begins. Where it ends, it is proven
 * again by itself: an application may keep one socket a user, and end the one before. Never throws.
 */
export async function proveFirst(
  endpoint: Endpoint,
  options: Omit<ProofOptions, 'opened'>,
  others: () => Promise<readonly Beside[]> | undefined,
): Promise<Proof> {
  let beside: Promise<readonly Beside[]> | undefined
  const opened = () => {
    beside = others()
  }
  const proof = await prove(endpoint, { ...options, opened })
  if (proof.facts.session?.close === undefined || ((await beside) ?? []).length === 0) return proof
  return prove(endpoint, options)
}

/** Proves every other WebSocket of the application than `main`, all at once. Never throws. */
export async function proveBeside(main: Endpoint, sockets: Pick<Sockets, 'paths' | 'spokenAt'>, options: BesideOptions): Promise<Beside[]> {
  const others = othersOf(await sockets.paths(), main.url)
  const all = await Promise.all(
    others.map(async (socket, index): Promise<Tried> =>
      index < most ? proveOne(main, socket, sockets, options) : { beside: untold(socket, 'one of very many') },
    ),
  )
  // with an observer it is told who has ended one; without, it may have been another one of these
  for (const [index, socket] of options.observer === undefined ? others.entries() : [])
    if (all[index]?.ended === true) all[index] = await proveOne(main, socket, sockets, options)
  return all.map(({ beside }) => beside)
}

/** All but the one that is proven already, whatever path of it that was. */
function othersOf(all: readonly SocketPath[], { pathname }: URL): SocketPath[] {
  const isMain = ({ path }: SocketPath) => path !== undefined && encodeURI(path) === pathname
  return all.some(isMain)
    ? all.filter((socket) => !isMain(socket))
    : all.filter(({ route }) => route !== undefined && serves(route, decodeURI(pathname)) !== true)
}

interface Tried {
  readonly beside: Beside
  /** It was open, and was closed. */
  readonly ended?: boolean
}

async function proveOne(
  main: Endpoint,
  socket: SocketPath,
  { spokenAt }: Pick<Sockets, 'spokenAt'>,
  { holdMs, observer, isObserved }: BesideOptions,
): Promise<Tried> {
  const { path, route, madeUp } = socket
  if (path === undefined) return { beside: untold(socket, 'no path could be made for it') }
  if (madeUp.length > 0 && route?.looks_up === true) return { beside: untold(socket, `${named(socket)}, and the consumer asks for a row`) }
  if (madeUp.length > 0 && !isObserved) return { beside: untold(socket, `${named(socket)}: a run of start tries it`) }
  const url = new URL(main.url)
  url.pathname = path
  const endpoint: Endpoint = { ...main, ...(await spokenAt(path)), url, beside: madeUp.length > 0 ? 'made-up' : 'known' }
  const asked = new URL(requestOf(endpoint).url).pathname
  const mark = observer?.mark() ?? 0
  const proof = await prove(endpoint, {
    holdMs,
    ours: true,
    // these would be errors in the log of an application whose first socket is sound
    mayExperiment: async () => false,
    ...(observer === undefined
      ? {}
      : { observed: () => handshakeSince(observer, mark, asked), closedBy: () => closedSince(observer, mark, asked) }),
  })
  proof.socket?.terminate()
  if (proof.diagnosis === undefined) return { beside: { path, state: 'connected' } }
  const ended = proof.facts.session?.close !== undefined
  const isOpen = proof.facts.handshake?.result === 'open'
  const raised = observer === undefined ? undefined : raisedSince(observer, mark, asked, isOpen)
  if (madeUp.length > 0) return { beside: untold(socket, `${named(socket)}, and ${outcomeOf(proof.facts, raised?.text)}`), ended }
  // it may be our own other sockets that it doesn't want beside this one
  const refusal = proof.facts.observed?.refused ?? proof.facts.session?.closedBy
  if (raised === undefined && refusal?.by === 'application')
    return { beside: untold(socket, `beside the first one ${outcomeOf(proof.facts, undefined)}`) }
  const { root } = judge({ ...evidenceOfWire(proof.facts), launched: { raised } })
  return { beside: besideOf(path, proof.facts, root ?? proof.diagnosis), ended }
}

function besideOf(path: string, facts: WireFacts, diagnosis: Judged): Beside {
  const { state } = failed(facts, diagnosis)
  return { path, state: state === 'wants-token' || state === 'refused' ? state : 'not-connected', diagnosis }
}

function untold({ path, route }: SocketPath, why: string): Beside {
  return { path: path ?? route?.route ?? '', state: 'not-proven', why }
}

/** `code and year in its path are made up`. */
function named({ madeUp }: SocketPath): string {
  return `${madeUp.join(' and ')} in its path ${madeUp.length === 1 ? 'is' : 'are'} made up`
}

/** What the application made of a value that it doesn't know. */
function outcomeOf({ handshake, observed, session }: WireFacts, raised: string | undefined): string {
  if (raised !== undefined) return `the application raised ${raised.slice(0, 200)}`
  const refusal = observed?.refused ?? session?.closedBy
  const code = refusal?.code ?? session?.close?.code
  const place = refusal?.place === undefined ? '' : ` at ${refusal.place.file}:${refusal.place.line}`
  if (code !== undefined) return `the application closed with ${code}${place}`
  return handshake === undefined ? 'it got no answer' : `the application answered ${said(handshake)}`
}
