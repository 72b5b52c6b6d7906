import type { Config } from '../config/config.ts'
import type { Inspection } from '../facts/inspection.ts'
import { isFree, probePort } from '../facts/port.ts'
import type { FailedStart } from '../facts/startup.ts'
import { onAbort, raceStop, within } from '../host/race-stop.ts'
import type { ReadySummary, SocketState } from '../report/run-event.ts'
import type { Ended } from '../run/life.ts'
import { saysPortTaken } from '../run/listening.ts'
import type { RunningServer } from '../run/server.ts'
import type { Proof } from '../verify/prove.ts'
import { watch } from '../verify/watch.ts'
import type { FixOf, SetupFix } from './start-fixes.ts'
import { tellOthers } from './start-observed.ts'
import type { Prepared } from './start-prepare.ts'
import { startProof, type Listening, type Prover } from './start-proof.ts'
import { stateOf, summaryOf, tellFindings, tellUnread } from './start-summary.ts'
import type { StartExtras } from './start.ts'

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

/** What the first proof of a life goes by. */
interface FirstProof {
  readonly extras: StartExtras
  /** The look from inside that was begun at the launch. */
  readonly inspection: Promise<Inspection> | undefined
  /** Of the frontend, where there is one. */
  readonly origin: Promise<string | undefined>
  /** The same once the dev tool has told it: on a slow machine that takes longer than a proof waits. */
  readonly sureOrigin: (() => Promise<string | undefined>) | undefined
  /** How the setup fixes what shows, where it does before the run goes on: then it makes missing tables, too. */
  readonly fixOf: FixOf | undefined
}

/** How long the first word of the observer is waited for when its server listens, in milliseconds: it was said before the application was imported. */
const helloMs = 1000

/** Proves a backend that listens; undefined where `prepared.signal` is aborted. */
export async function proveFirst(prepared: Prepared, up: Listening, life: FirstProof): Promise<Up | NeedsSetup | undefined> {
  const { config, report, signal } = prepared
  const origin = await raceStop(life.origin, signal)
  const looking = await answering(prepared, life.inspection, up.server)
  let prover = startProof(prepared, looking, up, origin)
  report({ event: 'phase', text: 'proving the WebSocket' })
  let first = await raceStop(prover.first(), signal)
  if (first !== undefined && isOriginRejected(first) && config.origin === undefined) {
    const sure = await raceStop(within(config.startTimeout, life.sureOrigin?.() ?? Promise.resolve(undefined)), signal)
    if (sure !== undefined && sure !== origin) {
      prover = startProof(prepared, looking, up, sure)
      first = await raceStop(prover.first(), signal)
    }
  }
  if (first === undefined) return undefined
  if (
    life.fixOf !== undefined &&
    first.state !== 'proven' &&
    (await looking.get('database'))?.state === 'empty' &&
    !(await isToldOtherwise(prepared, first))
  )
    return { kind: 'needs-setup' }
  const fix =
    first.state !== 'proven' && first.diagnosis !== undefined ? await life.fixOf?.(first.diagnosis, first.facts.endpoint.path) : undefined
  if (fix !== undefined) return { kind: 'needs-setup', fix }
  const summary = await raceStop(summaryOf(prepared, prover, up, first, life.extras), signal)
  if (summary !== undefined) return { prepared, server: up.server, prover, first, state: summary.websocket.state, summary }
  first.socket?.terminate()
  return undefined
}

function isOriginRejected({ facts, diagnosis }: Proof): boolean {
  return facts.observed?.refused?.by === 'origin' || diagnosis?.id === 'origin-rejected'
}

/** No table would help, nor a user in it: a setup goes on to it by itself, and without one it is what has to be told. */
async function isToldOtherwise({ config }: Prepared, { state, diagnosis }: Proof): Promise<boolean> {
  if (config.setup || diagnosis === undefined || state !== 'failed') return false
  const { causeOf } = await import('../causes/causes.ts')
  const { family } = causeOf(diagnosis.id)
  // a consumer may close for want of a table, and hide that behind an except
  return !['database', 'token', 'consumer'].includes(family) || diagnosis.id === 'consumer-exception'
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

/** Watches the socket of a backend that is up, and tells what shows beside it, until `gone` is aborted. `onDot`: the dot has changed. */
export async function watchUp(
  { prepared, prover, first, state, summary }: Up,
  {
    said,
    onDot,
    gone,
  }: { readonly said: ReadonlySet<string> | undefined; readonly onDot: (state: SocketState) => void; readonly gone: AbortSignal },
): Promise<void> {
  const { config, signal, report } = prepared
  if (said !== undefined) {
    void tellFindings(prepared, prover, state.dot === 'green', said)
    void tellUnread(prepared, said)
  }
  if (summary.beside === undefined) {
    void raceStop(prover.beside(), signal).then(
      (beside) => beside !== undefined && beside.length > 0 && report({ event: 'routes', url: prover.url, state, beside }),
    )
  }
  onAbort(gone, tellOthers(prepared, prover.observer))
  onAbort(gone, prover.inspection.cancel)
  if (!config.watch) return first.socket?.close()
  await watch(first.socket, {
    signal: gone,
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
      if (!gone.aborted && diagnosis !== undefined) onDot({ dot: 'red', diagnosis })
      return diagnosis?.id ?? ''
    },
    onChange: (proof) => onDot(stateOf(proof)),
  })
}

/** How the server has ended, or kept from listening. */
export async function endOf(
  { server, exit, outcome, readyMs }: Ended,
  port: number,
  { host, startTimeout }: Pick<Config, 'host' | 'startTimeout'>,
): Promise<FailedStart> {
  const lines = server.lastLines()
  if (outcome.kind === 'late') return { kind: 'silent', lines, port, afterMs: startTimeout }
  const isSaid = readyMs === undefined && saysPortTaken(lines)
  return { kind: 'died', exit, lines, port, portTaken: outcome.kind === 'lost' || (isSaid && !isFree(await probePort(port, host))) }
}
