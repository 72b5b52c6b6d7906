import type { Judged } from '../checks/diagnosis.ts'
import type { Inspection } from '../facts/inspection.ts'
import { raceStop } from '../host/race-stop.ts'
import type { ReadySummary, SocketState } from '../report/run-event.ts'
import { bringUp, type BringUp } from '../run/bring-up.ts'
import type { RunningServer } from '../run/server.ts'
import type { Proof } from '../verify/prove.ts'
import type { BackendOptions } from './start-backend.ts'
import type { FixOf, SetupFix } from './start-fixes.ts'
import type { Prepared } from './start-prepare.ts'
import type { Prover } from './start-proof.ts'

/** A backend that listens and whose WebSocket was tried. */
export interface Up {
  /** By the way that has led to it, which need not be the one that was tried first. */
  readonly prepared: Prepared
  readonly server: RunningServer
  readonly prover: Prover
  readonly first: Proof
  readonly state: SocketState
  readonly summary: ReadySummary
}

/** What is missing shows only now: steps that fix it, or without them that the database has no tables. */
export interface NeedsSetup {
  readonly kind: 'needs-setup'
  readonly fix?: SetupFix
  /** It was done while the services of the run were up. */
  readonly isDone?: true
}

/** How one life of the backend came to its end; nothing of it is left then. */
export type LifeEnd =
  /** It was asked to: the run ends, or the backend is to be started again. */
  | { readonly kind: 'stopped' }
  | NeedsSetup
  /** Somebody who waited for it to be ready wants the run to end with this status. */
  | { readonly kind: 'status'; readonly status: number }
  /** It never listened, or ended by itself after `livedMs`. */
  | { readonly kind: 'failed'; readonly diagnosis: Judged<string>; readonly wasUp: boolean; readonly livedMs: number }

/** What one life has, and what happens during it. */
export interface Life extends Pick<BackendOptions, 'name' | 'extras' | 'said' | 'origin'> {
  readonly port: number
  /** Fail where the port is lost. */
  readonly strictPort: boolean
  /** Tables that are missing end this life, for the setup to make them. */
  readonly mayNeedSetup: boolean
  /** How the setup fixes a cause before the run goes on, where it does. */
  readonly fixOf: FixOf
  /** The port is tried for; another follows where it is lost. */
  readonly onLaunch: (server: RunningServer) => void
  readonly onPortLost: (lost: number, next: number) => void
  readonly onListening: (port: number) => void
  /** Its WebSocket was tried; a status that it gives ends the run. */
  readonly onUp: (up: Up) => Promise<number | undefined>
  /** The dot has changed since. */
  readonly onDot: (state: SocketState) => void
}

/** How long the first word of the observer is waited for when its server listens, in milliseconds: it was said before the application was imported. */
const helloMs = 1000

/**
 * One life of a backend: launched, proven, watched until it ends by itself or
 * `prepared.signal` is aborted. All that it started has ended when this resolves.
 */
export async function live(planned: Prepared, life: Life): Promise<LifeEnd> {
  const { host, config, report, signal } = planned
  const began = host.now()
  report({ event: 'phase', text: `starting ${planned.server.name}` })
  // loaded while the server starts: nothing of it is needed before
  const later = import('./start-later.ts')
  let server: RunningServer | undefined
  let inspection: Promise<Inspection> | undefined
  const cancel = async () => (await inspection)?.cancel()
  const launch = async ({ plan, inspect, redis }: Prepared) =>
    bringUp(host, plan, {
      ...life,
      config,
      onLine: (line) => report({ event: 'log', service: life.name, line }),
      onLaunch: (running) => {
        server = running
        life.onLaunch(running)
        void cancel()
        inspection = inspect(running)
        // beside the server's start: the banner tells of it
        void redis()
      },
      signal,
    })
  let prepared = planned
  let up = await launch(prepared)
  let failed: Extract<BringUp, { kind: 'died' }> | undefined
  for (let next = nextOf(prepared, up); next !== undefined; next = nextOf(prepared, up)) {
    if (up.kind === 'died') failed ??= up
    prepared = next
    up = await launch(prepared)
  }
  const { startProof, summaryOf } = await later
  const end = async (how: LifeEnd): Promise<LifeEnd> => {
    void cancel()
    await server?.stop(config.stopTimeout)
    return how
  }
  if (up.kind === 'stopped') return end({ kind: 'stopped' })
  if (up.kind !== 'listening') {
    const diagnosis = await (await import('./start-cause.ts')).endCause(planned, failed ?? up)
    const fix = await life.fixOf(diagnosis)
    if (fix !== undefined) return end({ kind: 'needs-setup', fix })
    return end({ kind: 'failed', diagnosis, wasUp: false, livedMs: host.now() - began })
  }
  life.onListening(up.port)
  const { way } = prepared
  const told = failed === undefined ? undefined : import('./start-cause.ts').then(({ tellWay }) => tellWay(planned, failed, way))
  const origin = await raceStop(life.origin(), signal)
  const looking = await answering(prepared, inspection, up.server)
  const prover = startProof(prepared, looking, up, origin)
  report({ event: 'phase', text: 'proving the WebSocket' })
  const first = await raceStop(prover.first(), signal)
  if (first === undefined) return end({ kind: 'stopped' })
  if (
    life.mayNeedSetup &&
    first.state !== 'proven' &&
    (await looking.get('database'))?.state === 'empty' &&
    !(await isRefusedByRedis(prepared, first))
  )
    return end({ kind: 'needs-setup' })
  const fix = first.state === 'failed' && first.diagnosis !== undefined ? await life.fixOf(first.diagnosis) : undefined
  if (fix !== undefined) return end({ kind: 'needs-setup', fix })
  const summary = await raceStop(summaryOf(prepared, prover, up, first, life.extras), signal)
  if (summary === undefined) {
    first.socket?.terminate()
    return end({ kind: 'stopped' })
  }
  const proven: Up = { prepared, server: up.server, prover, first, state: summary.websocket.state, summary }
  await raceStop(Promise.resolve(told), signal)
  const status = await life.onUp(proven)
  if (status !== undefined) {
    first.socket?.terminate()
    return end({ kind: 'status', status })
  }
  return untilEnd(proven, life, began)
}

/** No table would help: a setup goes on to it by itself, and without one it is what has to be told. */
async function isRefusedByRedis({ config }: Prepared, { diagnosis }: Proof): Promise<boolean> {
  if (config.setup || diagnosis === undefined) return false
  const { causeOf } = await import('../causes/causes.ts')
  return causeOf(diagnosis.id).family === 'redis'
}

/** What to try next, where the import of the project has ended the server. */
function nextOf(prepared: Prepared, up: BringUp): Prepared | undefined {
  const next = up.kind === 'died' && !up.portTaken && (up.exit.exitCode ?? 0) > 0 ? prepared.next(up.lines) : undefined
  return next === undefined ? undefined : { ...prepared, ...next }
}

/** The look under way; where the server's end of the pipes is somebody else's, one beside it. */
async function answering(
  prepared: Prepared,
  inspection: Promise<Inspection> | undefined,
  { observer }: RunningServer,
): Promise<Inspection> {
  const hello = observer === undefined ? true : await observer.first(0, ({ event }) => event === 'hello' || undefined, helloMs)
  if (hello === true && inspection !== undefined) return inspection
  void inspection?.then(({ cancel }) => cancel())
  return prepared.inspect()
}

/** Watches until the server ends by itself or is to stop. */
async function untilEnd({ prepared, server, prover, first, state, summary }: Up, life: Life, began: number): Promise<LifeEnd> {
  const { host, config, signal, report } = prepared
  const { stateOf, tellFindings, tellOthers, tellUnread, watch } = await import('./start-later.ts')
  if (life.said !== undefined) {
    void tellFindings(prepared, prover, state.dot === 'green', life.said)
    void tellUnread(prepared, life.said)
  }
  if (summary.beside === undefined) {
    void raceStop(prover.beside(), signal).then(
      (beside) => beside !== undefined && beside.length > 0 && report({ event: 'routes', url: prover.url, state, beside }),
    )
  }
  const untold = tellOthers(prepared, prover.observer)
  const over = new AbortController()
  const ended = AbortSignal.any([signal, over.signal])
  const watching = config.watch
    ? watch(first.socket, {
        signal: ended,
        shown: state.dot === 'green' ? undefined : state.diagnosis.id,
        prove: prover.again,
        onDead: async (close, silent) => {
          if (prover.isCrowded()) {
            // nothing is said of it before it has been alone
            await prover.beside()
            return 'proven'
          }
          const diagnosis = await prover.dead(close, silent)
          // a socket that ended because the whole run does is no news
          if (!ended.aborted && diagnosis !== undefined) life.onDot({ dot: 'red', diagnosis })
          return diagnosis?.id ?? ''
        },
        onChange: (proof) => life.onDot(stateOf(proof)),
      })
    : first.socket?.close()
  const outcome = await raceStop(server.exited, signal)
  over.abort()
  untold()
  prover.inspection.cancel()
  // at once: a backend that hangs would hold the watcher's last look, and the watcher us
  await Promise.all([server.stop(config.stopTimeout), watching])
  if (outcome === undefined) return { kind: 'stopped' }
  const { endCause } = await import('./start-cause.ts')
  const end = { kind: 'died', exit: outcome, lines: server.lastLines(), port: prover.port, portTaken: false } as const
  const diagnosis = await endCause(prepared, end)
  return { kind: 'failed', diagnosis, wasUp: true, livedMs: host.now() - began }
}
