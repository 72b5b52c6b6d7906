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
import { prove } from '../verify/prove.ts'
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

/** Proves every other WebSocket of the application than `main`, all at once. Never throws. */
export async function proveBeside(main: Endpoint, sockets: Pick<Sockets, 'paths' | 'spokenAt'>, options: BesideOptions): Promise<Beside[]> {
  const others = othersOf(await sockets.paths(), main.url)
  return Promise.all(
    others.map((socket, index) => (index < most ? proveOne(main, socket, sockets, options) : untold(socket, 'one of very many'))),
  )
}

/** All but the one that is proven already, whatever path of it that was. */
function othersOf(all: readonly SocketPath[], { pathname }: URL): SocketPath[] {
  const isMain = ({ path }: SocketPath) => path !== undefined && encodeURI(path) === pathname
  return all.some(isMain)
    ? all.filter((socket) => !isMain(socket))
    : all.filter(({ route }) => route !== undefined && serves(route, decodeURI(pathname)) !== true)
}

async function proveOne(
  main: Endpoint,
  socket: SocketPath,
  { spokenAt }: Pick<Sockets, 'spokenAt'>,
  { holdMs, observer, isObserved }: BesideOptions,
): Promise<Beside> {
  const { path, route, madeUp } = socket
  if (path === undefined) return untold(socket, 'no path could be made for it')
  if (madeUp.length > 0 && route?.looks_up === true) return untold(socket, `${named(socket)}, and the consumer asks for a row`)
  if (madeUp.length > 0 && !isObserved) return untold(socket, `${named(socket)}: a run of start tries it`)
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
  if (proof.diagnosis === undefined) return { path, state: 'connected' }
  const isOpen = proof.facts.handshake?.result === 'open'
  const raised = observer === undefined ? undefined : raisedSince(observer, mark, asked, isOpen)
  if (madeUp.length > 0) return untold(socket, `${named(socket)}, and ${outcomeOf(proof.facts, raised?.text)}`)
  // it may be our own other sockets that it doesn't want beside this one
  const refusal = proof.facts.observed?.refused ?? proof.facts.session?.closedBy
  if (raised === undefined && refusal?.by === 'application')
    return untold(socket, `beside the first one ${outcomeOf(proof.facts, undefined)}`)
  const { root } = judge({ ...evidenceOfWire(proof.facts), launched: { raised } })
  return besideOf(path, proof.facts, root ?? proof.diagnosis)
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
