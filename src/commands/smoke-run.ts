import { setTimeout as delay } from 'node:timers/promises'
import { notLooked } from '../checks/page.ts'
import type { Config } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import { httpRequest } from '../host/http.ts'
import { connectOnce } from '../host/tcp.ts'
import type { ReadySummary } from '../report/run-event.ts'
import { typed } from '../host/shell.ts'
import { runGuarded } from '../run/guarded-command.ts'
import { resultOf } from './smoke-judgement.ts'
import { beginPhase, type SmokeRecord } from '../report/smoke-record.ts'
import type { RunStop } from './smoke-stop.ts'
import { onAbort, raceStop } from '../host/race-stop.ts'
import type { Proving } from './start.ts'

/** How long a connect and a page may take, in milliseconds. */
const limits = { tcp: 2000, http: 5000 }
/** How often a dev server that is still starting is looked at, in milliseconds. */
const frontendEveryMs = 50

/** What the work of a run is done with. */
export interface SmokeRun {
  readonly host: Host
  readonly config: Config
  readonly record: SmokeRecord
  readonly stop: RunStop
  /** How long the command may take to end when it is told to, in milliseconds. */
  readonly stopMs: number
  /** Where the command's standard output goes. */
  readonly output: 'out' | 'err'
  /** Called when all is proven, right before the command is run. */
  readonly beforeCommand: () => void
}

/** Proves the project that has just been started, and runs the command where all of it holds. All that is found goes into the record. */
export async function proveAndRun(run: SmokeRun, summary: ReadySummary, signal: AbortSignal, proving: Proving): Promise<void> {
  const { host, config, record } = run
  const begin = (text: string) => beginPhase(host, record, text)
  record.listeningMs = record.phases.at(-1)?.atMs
  const backend = new URL(summary.backend.url)
  begin(`asking for ${backend.href}`)
  record.tcp = await connectTo(backend)
  record.http = await raceStop(httpRequest(backend, { deadlineMs: limits.http }), signal)
  if (signal.aborted) return
  const { state } = summary.websocket
  if (state.dot === 'green') {
    begin(`holding the WebSocket for ${config.hold} ms`)
    record.proof = await raceStop(proving.again(config.hold), signal)
    record.proof?.socket?.terminate()
  } else {
    const last = proving.last()
    record.proof = last === undefined ? undefined : { ...last, diagnosis: state.diagnosis }
  }
  if (record.wantsFrontend && !signal.aborted) await waitForFrontend(run, signal)
  if (record.wantsPage !== false && !signal.aborted) await lookAtPage(run, signal, proving)
  const holds = resultOf(record, {}).steps.every(({ name, state }) => name === 'command' || state !== 'failed')
  if (!signal.aborted && holds) await runCommand(run, summary, signal)
  if (!signal.aborted) begin('ending what was started')
}

async function connectTo(url: URL): Promise<NonNullable<SmokeRecord['tcp']>> {
  return connectOnce(url.hostname.replace(/^\[|\]$/g, ''), Number(url.port === '' ? '80' : url.port), limits.tcp)
}

/** The dev server may take longer than the backend. */
async function waitForFrontend({ host, record }: SmokeRun, signal: AbortSignal): Promise<void> {
  const began = host.now()
  beginPhase(host, record, 'waiting for the frontend')
  while (record.frontend?.state === 'starting' && !signal.aborted) await delay(frontendEveryMs)
  record.frontendMs = host.now() - began
}

/** The page in a browser; where none is served, that is told. */
async function lookAtPage({ host, record }: SmokeRun, signal: AbortSignal, proving: Proving): Promise<void> {
  const began = host.now()
  beginPhase(host, record, 'looking at the page in a browser')
  await raceStop(proving.look(), signal)
  record.page ??= { url: record.ready?.backend.url ?? '', ...notLooked('no page is known'), sockets: [] }
  record.pageMs = host.now() - began
}

async function runCommand(run: SmokeRun, summary: ReadySummary, signal: AbortSignal): Promise<void> {
  const { host, record, stop, stopMs } = run
  const { command } = record
  if (command === undefined) return
  run.beforeCommand()
  beginPhase(host, record, typed(command.words))
  record.command = { ...command, ran: true }
  const running = runGuarded(host, { words: command.words, cwd: host.cwd, env: commandEnvironment(run, summary), output: run.output })
  const notForced = onAbort(stop.force, running.kill)
  const notStopped = onAbort(signal, () => void running.stop(stopMs))
  const exit = await running.exited
  notStopped()
  await running.stop(stopMs)
  notForced()
  if (signal.aborted) return
  record.commandExit = exit
  const { result } = await connectTo(new URL(summary.backend.url))
  if (result !== 'open') record.afterwards = 'The backend had ended by then'
}

/** What the command gets besides our own environment: addresses, and a token where the user gave one. */
function commandEnvironment({ host, config, record }: SmokeRun, summary: ReadySummary): Readonly<Record<string, string | undefined>> {
  const origin = record.proof?.facts.endpoint.origin
  const page = record.frontend?.url ?? summary.page
  return {
    ...host.env,
    ELECTION_DEV_URL: summary.backend.url,
    ELECTION_DEV_WS_URL: summary.websocket.url,
    ...(origin === undefined ? {} : { ELECTION_DEV_ORIGIN: origin }),
    ...(page === undefined ? {} : { ELECTION_DEV_PAGE_URL: page }),
    ...(config.token === undefined ? {} : { ELECTION_DEV_TOKEN: config.token }),
  }
}
