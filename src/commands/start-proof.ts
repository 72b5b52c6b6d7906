import { setTimeout as delay } from 'node:timers/promises'
import type { Beside } from '../checks/beside.ts'
import type { Judged } from '../checks/diagnosis.ts'
import type { Judgement } from '../checks/judgement.ts'
import { exceptionsIn } from '../checks/traceback.ts'
import type { ExaminationOf } from '../facts/examination.ts'
import { lookServed, type LookRequest } from '../facts/examine.ts'
import type { Inspection } from '../facts/inspection.ts'
import { reachedAll } from '../facts/observed.ts'
import { usualPath } from '../facts/project.ts'
import type { SocketClose, Spoken } from '../facts/wire.ts'
import type { Own } from '../look/gather.ts'
import { placed, unidentified } from '../look/identity.ts'
import { socketsOf } from '../look/sockets.ts'
import { endpointAt } from '../look/target.ts'
import type { RunningServer } from '../run/server.ts'
import { closedSince, handshakeSince, isIdleSince, raisedSince, strangerSince, userSince } from '../look/outcome.ts'
import type { Observer } from '../run/observer.ts'
import { openSecond, proveBroadcast, withBroadcast, type Broadcast } from '../verify/broadcast.ts'
import type { HeldSocket } from '../verify/held-socket.ts'
import { shownUrl } from '../host/urls.ts'
import { requestOf, type Endpoint } from '../verify/endpoint.ts'
import type { Handshake } from '../verify/handshake.ts'
import { prove, untried, type Proof, type ProofOptions } from '../verify/prove.ts'
import { shapeOf } from '../verify/token.ts'
import { credentialsFor, impatient } from './start-credentials.ts'
import { endingLayer, layerIsSound } from './start-hold.ts'
import type { Prepared } from './start-prepare.ts'
import { within } from '../host/race-stop.ts'

/** Proves the WebSocket of a backend that listens, and again whenever it is asked. */
export type Prover = ReturnType<typeof startProof>

/** How long the traceback of a socket that has just died is waited for, in milliseconds: it comes through a pipe, the close over TCP. */
const logMs = 300

/** How long the second socket may outlive the first, in milliseconds, and still have met the same end. */
const companyMs = 100

/** A session or a token of ours is good for an hour (borrowed.py): it is made anew before, after so many milliseconds. */
const freshMs = 50 * 60_000

/** A backend that listens. */
export interface Listening {
  readonly server: RunningServer
  readonly port: number
  /** False where this machine doesn't tell whose socket it is. */
  readonly isProven: boolean
}

/** What goes with a handshake; a ping is asked for once it is open. */
const said = ({ subprotocols, offeredAt, greeting }: Spoken) => ({ subprotocols, offeredAt, greeting })

/** Makes the prover of a run; nothing is tried before `first`. `origin`: of the frontend of this run, where there is one. */
export function startProof(prepared: Prepared, looking: Inspection, up: Listening, origin: string | undefined) {
  const { config, checkout } = prepared
  const inspection = impatient(looking)
  let path = config.path ?? usualPath
  let settings: ExaminationOf<'settings'> | undefined
  let origins: ExaminationOf<'origins'> | undefined
  const socketsSeenBy = (look: Inspection) =>
    socketsOf(
      config,
      checkout.project.root,
      () => look.get('application'),
      () => look.get('pings'),
    )
  const sockets = socketsSeenBy(inspection)
  /** Parameters of the path that nothing has told: a row that is made while the run waits for one tells them. */
  let madeUp: readonly string[] = []
  let spoken: Pick<Endpoint, 'subprotocols' | 'offeredAt' | 'greeting'> = { subprotocols: config.subprotocols }
  let beside: Promise<readonly Beside[]> | undefined
  let isCrowded = false
  let last: Proof | undefined
  let mark = 0
  let observedMark = 0
  // asked each time: its first word comes through a pipe, and may be read after the port was seen to listen
  const observing = () =>
    prepared.plan.observed === 'application' && up.server.observer?.observes() === true ? up.server.observer : undefined
  let credentials = unidentified
  let identifiedAt = 0
  let place: Awaited<ReturnType<typeof placed>> | undefined

  const endpoint = (): Endpoint => ({
    ...endpointAt(config, checkout.project, up.port, path, origin, settings, origins?.allowed),
    ...spoken,
    ...credentials,
    ...place,
    nonce: observing()?.nonce,
  })
  /** The path as it is asked for: the token may be a part of it. */
  const asked = () => new URL(requestOf(endpoint()).url).pathname
  /** What is seen of the server since the last proof began. */
  const own = ({ facts, broadcast }: Pick<Proof, 'facts' | 'broadcast'>): Own => {
    const observer = observing()
    const open = facts.handshake?.result === 'open'
    const raised = observer === undefined ? undefined : raisedSince(observer, observedMark, asked(), open)
    return { logged: up.server.linesSince(mark), launched: { raised, broadcast } }
  }
  const attempt = async ({ mayExperiment, pongIsEnough, ...options }: ProofOptions): Promise<Proof> => {
    mark = up.server.lineCount()
    const observer = observing()
    const begun = (observedMark = observer?.mark() ?? 0)
    // opened while the first one waits for its pong
    let second: Promise<Handshake> | undefined
    let broadcast: Promise<Broadcast> | undefined
    const sent = (socket: HeldSocket, to: Promise<Handshake>, through: Observer) =>
      (broadcast ??= to.then((handshake) => proveBroadcast(socket, handshake, through)))
    const alone: ProofOptions = {
      ours: true,
      spoken: () => sockets.pingSoon(path),
      ...(last === undefined ? {} : { earlier: last }),
      ...(observer === undefined
        ? {}
        : {
            observed: () => handshakeSince(observer, begun, asked()),
            closedBy: () => closedSince(observer, begun, asked()),
          }),
      // a pong, or a broadcast, says nothing of what the application has yet to do: the observer does
      ...(observer === undefined || pongIsEnough === undefined
        ? {}
        : { pongIsEnough: async () => (await isIdleSince(observer, begun, asked(), config.hold)) && (await pongIsEnough()) }),
      ...(mayExperiment === undefined ? {} : { mayExperiment }),
      ...options,
    }
    const opened = () => {
      if (observer === undefined) return
      second = openSecond(endpoint())
      options.opened?.()
    }
    const settled = async (socket: HeldSocket) => {
      if (observer === undefined || second === undefined) return false
      const { fact, socket: left } = await sent(socket, second, observer)
      if (left !== socket) return false
      // nothing can be sent through an application without a layer: that it is done is asked next
      return fact === undefined || reachedAll(fact)
    }
    let proof = await prove(endpoint(), { ...alone, opened, settled })
    const { session } = proof.facts
    const company = session?.close === undefined ? undefined : await second
    // it may be an application that keeps one socket a user, and ends the one before
    if (company?.socket !== undefined) await within(companyMs, company.socket.closed)
    const isByOurs = company?.socket?.hasClosed === false || (beside !== undefined && session?.closedBy !== undefined)
    const proveAlone = async (more: Partial<ProofOptions> = {}) => {
      await Promise.all([second?.then(({ socket }) => socket?.close()), beside])
      second = broadcast = undefined
      return prove(endpoint(), { ...alone, opened: () => {}, ...more })
    }
    if (isByOurs) proof = await proveAlone()
    const withTwo = async (observer: Observer) => withBroadcast(proof, second, (socket, to) => sent(socket, to, observer))
    let reached = observer === undefined ? proof : await withTwo(observer)
    // ended while the second one lives on: by that, where it keeps one socket a user, or by what becomes of every one;
    // and a server may end the socket of what has raised as late as on its next tick, as daphne does (server.py, application_checker)
    const hasLeft = reached.socket !== proof.socket
    if (hasLeft || (reached.state === 'proven' && observer !== undefined && raisedSince(observer, begun, asked(), true) !== undefined)) {
      await reached.socket?.close()
      reached = await proveAlone({ pongIsEnough: async () => Promise.resolve(false) })
    }
    const tried = observer === undefined ? reached : { ...reached, user: userSince(observer, begun, asked()) }
    const ending = isSound(tried) ? await endingLayer(inspection) : undefined
    if (isSound(tried) && ending === undefined) return (last = tried)
    const { proofWithCause } = await import('./start-cause.ts')
    const seen = { main: endpoint(), proof: tried, own: () => own(tried), ending }
    return (last = await proofWithCause(prepared, seen, mayExperiment))
  }
  /** The other WebSockets; of an application that has but one, nothing more is asked. */
  const others = async (): Promise<readonly Beside[]> => {
    const application = await inspection.get('application')
    if (config.path !== undefined || application === undefined || (application.routes.length < 2 && application.unread !== true)) return []
    const { proveBeside } = await import('../look/beside.ts')
    isCrowded = true
    const observer = observing()
    const all = await proveBeside(endpoint(), sockets, { holdMs: config.hold, observer, isObserved: observer !== undefined })
    // one that has ended by now may be theirs
    isCrowded = last?.socket?.hasClosed !== false
    return all
  }
  return {
    /** Without the token. */
    get url() {
      return shownUrl(endpoint().url)
    },
    port: up.port,
    inspection,
    /** As whom it is proven. */
    identity: () => credentials.identity,
    /** The cause behind a proven socket that has died, as far as it shows at once. `silent`: it was cut by us, for want of a sign of life. */
    dead: async (close: SocketClose, silent: boolean): Promise<Judged | undefined> => {
      const { seenCause } = await import('./start-cause.ts')
      const base = last?.facts ?? untried(endpoint(), { ours: true })
      const observer = silent ? undefined : observing()
      const closedBy = observer && (await closedSince(observer, observedMark, asked()))
      const session = { heldMs: close.afterMs, close, messages: close.messagesBefore, pong: undefined, second: undefined, silent, closedBy }
      const proof = { state: 'failed', facts: { ...base, session } } as const
      const deadline = performance.now() + (silent ? 0 : logMs)
      while (!isTold(own(proof)) && performance.now() < deadline) await delay(10)
      return seenCause(prepared, { proof, own: () => own(proof) })
    },
    /** What is proven, with its token: never to be printed. */
    endpoint,
    /** What the doctor would say of the proof before, as the serving process sees the project. Nothing where there was none. */
    judgement: async (): Promise<Judgement | undefined> => {
      const [proof, observer] = [last, observing()]
      if (proof === undefined) return undefined
      const served = observer === undefined ? undefined : (request: LookRequest) => lookServed(prepared.host, observer, request)
      const { judgeLaunched } = await import('./start-cause.ts')
      return judgeLaunched(prepared, { main: endpoint(), proof, own: () => own(proof), lookServed: served, ...(beside && { beside }) })
    },
    /** Nothing was asked of the others yet. */
    isAlone: () => beside === undefined,
    /** Whether sockets of ours beside it may still have ended the first one. */
    isCrowded: () => isCrowded,
    /** What became of the other WebSockets of the application; asks for it where that wasn't done. */
    beside: async (): Promise<readonly Beside[]> => await (beside ??= others()),
    /** The proof before, where there was one. */
    last: () => last,
    /** What is around the application, where something is. */
    get observer() {
      return observing()
    },
    first: async (): Promise<Proof> => {
      settings = await inspection.get('settings')
      origins = await inspection.get('origins')
      const { hasUsualRoute, wantsSubprotocol } = checkout.project
      const isUsual = path === usualPath && (config.path !== undefined || hasUsualRoute) && !wantsSubprotocol
      const isKnown = isUsual && (await inspection.get('pings'))?.greeted !== true
      const [known, found] = await Promise.all([
        isKnown ? [] : sockets.paths(),
        credentialsFor(prepared, up.server, inspection, endpoint()),
      ])
      const chosen = known.find((socket) => socket.path !== undefined)
      path = config.path ?? chosen?.path ?? usualPath
      if (!isKnown) spoken = said(await sockets.spokenAt(path))
      credentials = found
      identifiedAt = prepared.host.now()
      const [seen, before] = [observing(), observing()?.mark() ?? 0]
      place = await placed(config, endpoint(), inspection, () => seen !== undefined && strangerSince(seen, before, asked()))
      const options: ProofOptions = {
        holdMs: config.hold,
        pongIsEnough: () => layerIsSound(prepared, inspection),
        mayExperiment: async () => (await inspection.get('database'))?.state !== 'empty',
      }
      // with an observer nothing that these do is taken for the first one's
      const proof = await attempt({
        ...options,
        opened: () => {
          // where nothing of the routes is known yet, the look at them would take the server from its first socket
          if (!isKnown) beside = others()
        },
      })
      if (isKnown) return proof
      beside ??= others()
      madeUp = config.path === undefined ? (chosen?.madeUp ?? []) : []
      const better = proof.state === 'proven' || madeUp.length === 0 ? undefined : (await beside).find(({ state }) => state === 'connected')
      if (better === undefined) return proof
      // nobody can know what the first one's path wants, and there is one that works
      const left: Beside = {
        path,
        state: 'not-proven',
        why: `${madeUp.join(' and ')} in its path made up: ${proof.diagnosis?.title ?? ''}`,
      }
      beside = beside.then((all) => [left, ...all.filter((each) => each !== better)])
      path = better.path
      madeUp = []
      spoken = said(await sockets.spokenAt(path))
      return attempt(options)
    },
    /** `holdMs`: how long the socket must live at least, whatever its pong says. */
    again: async (holdMs: number): Promise<Proof> => {
      isCrowded = false
      if (madeUp.length > 0 && last?.diagnosis?.id === 'row-missing') {
        const [now] = await socketsSeenBy(impatient(await prepared.inspect(up.server))).paths()
        path = now?.path ?? path
        madeUp = now?.madeUp ?? madeUp
      }
      // what was ours and ran out is no news about the backend
      const isOld = prepared.host.now() - identifiedAt > freshMs || shapeOf(credentials.token, Date.now()).kind === 'expired'
      if (isOld && credentials.identity.source !== 'given') {
        credentials = await credentialsFor(prepared, up.server, impatient(await prepared.inspect(up.server)), endpoint())
        identifiedAt = prepared.host.now()
      }
      return attempt({ holdMs: Math.max(config.hold, holdMs) })
    },
  }
}

function isTold({ logged, launched }: Own): boolean {
  return launched.raised !== undefined || exceptionsIn(logged).length > 0
}

function isSound({ state, broadcast }: Proof): boolean {
  return state === 'proven' && (broadcast === undefined || reachedAll(broadcast))
}
