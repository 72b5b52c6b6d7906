import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readText } from '../host/files.ts'
import { flagsOf } from '../config/flags.ts'
import type { OptionsOf } from '../config/options/call.ts'
import type { Config } from '../config/config.ts'
import { resolveConfig } from '../config/resolve.ts'
import { ExitCode } from '../errors.ts'
import { readRuns, type FactOfRun } from '../facts/run-state.ts'
import { isSound } from '../facts/run-status.ts'
import { deferred } from '../host/deferred.ts'
import { launchBackground } from '../host/background-process.ts'
import type { Host } from '../host/host.ts'
import { exists } from '../host/process-table.ts'
import { nodeHost } from '../host/node-host.ts'
import { exitStatusOf, hangUp, onStopRequest, type StopReason } from '../host/stop-signals.ts'
import { schemaVersion } from '../report/start-json.ts'
import { statusText, type RunLook } from '../report/status.ts'
import { styleFor } from '../report/style.ts'
import { makeHome } from '../run/home.ts'
import { endRun } from '../run/run-end.ts'
import { newRunId } from '../run/run-state.ts'
import { takeTurn } from '../run/turn.ts'
import { lookAt } from './run-choice.ts'

/**
 * `start --detach`: the same start in a session of its own. Shows what it says
 * until its banner is out, then lets it go on alone. Exit status 0 where the
 * WebSocket is proven, 1 where the start fails (nothing is left then) or where
 * it is up without a proof, 130 and so on where this is stopped before.
 */
export async function detach(options: OptionsOf<'start'>): Promise<number> {
  const host = nodeHost({ cwd: options.cwd })
  const config = await resolveConfig(host, flagsOf(options))
  const folder = await makeHome(host.cwd, 'logs')
  // two at once would both find that nothing runs
  const endTurn = await takeTurn(host, folder, (pid) => {
    if (!config.json) host.terminal.err(`  Another start of this folder is at it (PID ${pid}): waiting for it`)
  })
  try {
    return await startOne(host, config, folder)
  } finally {
    await endTurn()
  }
}

async function startOne(host: Host, config: Config, folder: string): Promise<number> {
  for (const fact of await readRuns(host, host.cwd)) {
    if (fact.kind !== 'alive' || !fact.run.background) continue
    if (!config.takeover) {
      const look = await settled(fact)
      if (look !== undefined) return tellRunning(host, look, config.json)
      continue
    }
    const say = (text: string) => host.terminal.err(`  ${text}`)
    say(`Ending the run in the background (PID ${fact.run.launcher.pid}, since ${new Date(fact.run.startedAt).toLocaleTimeString('sv')})`)
    await endRun(host, host.cwd, fact, say)
  }
  const id = newRunId()
  const errors = join(folder, `${id}.err`)
  const status = await launch(host, id, errors, config.json)
  // what the launcher itself could not say otherwise: nearly always nothing
  if ((await stat(errors).catch(() => undefined))?.size === 0) await rm(errors, { force: true }).catch(() => undefined)
  return status
}

async function launch(host: Host, id: string, errors: string, json: boolean): Promise<number> {
  const file = await open(errors, 'ax', 0o600)
  let reason: StopReason | undefined
  const ready = deferred<{ readonly proven: boolean }>()
  let end: number | undefined
  const { terminal } = host
  const launcher = launchBackground({ id, color: terminal.color, columns: terminal.columns }, file.fd, (message) => {
    if (message.kind === 'out') terminal.out(message.line)
    else if (message.kind === 'err') terminal.err(message.line)
    else if (message.kind === 'json') terminal.json(JSON.parse(message.text))
    else if (message.kind === 'end') end = message.status
    else ready.resolve(message)
  })
  await file.close()
  const takeAway = onStopRequest(
    (why, count) => {
      reason ??= why
      if (count > 2) launcher.kill()
      else launcher.stop()
    },
    { watchParent: false },
  )
  const first = await Promise.race([ready.promise, launcher.exited])
  takeAway()
  if (first !== null && typeof first === 'object' && reason === undefined) {
    const { proven } = first
    launcher.release()
    const words = proven ? 'Running in the background' : 'Running in the background, its WebSocket is not proven'
    if (json) terminal.json({ schemaVersion, event: 'detached', id, pid: launcher.pid ?? null, proven })
    else terminal.out(`  ${words}: election-dev status · logs -f · stop`)
    return proven ? ExitCode.ok : ExitCode.finding
  }
  const status = await launcher.exited
  if (end === undefined && reason === undefined) {
    const text = ((await readText(errors)) ?? '').trim()
    terminal.err(host.secrets.mask(text === '' ? `The start in the background ended (${status ?? 'by a signal'}) without a word` : text))
  }
  hangUp(reason)
  return reason === undefined ? (end ?? status ?? ExitCode.finding) || ExitCode.finding : exitStatusOf[reason]
}

/** How long another start may take until it says how it stands, and how often it is asked, in milliseconds. */
const [settleMs, askMs] = [60_000, 150]

/** How a run stands once it doesn't only start any more; undefined where it has ended instead. */
async function settled(fact: FactOfRun<'alive'>): Promise<RunLook | undefined> {
  const end = Date.now() + settleMs
  for (;;) {
    const look = await lookAt(fact)
    const { services, websocket } = look.status
    if (look.unanswered !== undefined && !exists(fact.run.launcher.pid)) return undefined
    const starts = websocket === null || services.some(({ state }) => state === 'starting' || state === 'waiting')
    if (!starts || look.unanswered !== undefined || Date.now() > end) return look
    await delay(askMs)
  }
}

function tellRunning(host: Host, look: RunLook, json: boolean): number {
  const { run } = look
  const sound = isSound(look.status)
  const { terminal } = host
  if (json) {
    terminal.json({ schemaVersion, event: 'already-running', id: run.id, pid: run.launcher.pid, proven: sound })
  } else {
    for (const line of statusText(look, styleFor(host), Date.now())) terminal.out(line)
    terminal.out('  It runs already: election-dev logs -f · restart · stop; start --detach --takeover replaces it')
  }
  return sound ? ExitCode.ok : ExitCode.finding
}
