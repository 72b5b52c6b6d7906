import { rm } from 'node:fs/promises'
import { LauncherError } from '../errors.ts'
import { isEntry } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { onAbort } from '../host/race-stop.ts'
import { launchServer } from './server.ts'

/** A command that is run to its end, without a shell. */
export interface Command {
  /** What it is told under where it fails. */
  readonly id: string
  /** As a person types it. */
  readonly shown: string
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The folder that it makes, which a run that was cut short must not leave half-made. */
  readonly makes?: string
  /** Milliseconds; it is ended with all that it started then. */
  readonly deadlineMs: number
}

/** What a command runs in. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onLine: (line: string) => void
  /** Ends it with all that it started. */
  readonly signal: AbortSignal
}

/** A command that has failed, with all that is kept of what it wrote. */
export class CommandFailed extends LauncherError {
  readonly lines: readonly string[]

  constructor(error: LauncherError, lines: readonly string[]) {
    super(error.code, error.message, error)
    this.lines = lines
  }
}

/** How long a command may take to end once it is told to, in milliseconds. */
const stopMs = 2000
/** How many of its last lines are told where it fails. */
const toldLines = 12

/** Runs a command to its end. Throws CommandFailed with its id and its last lines where it fails. */
export async function runCommand(host: Host, command: Command, context: CommandContext): Promise<void> {
  const { makes } = command
  const wasThere = makes !== undefined && (await isEntry(makes))
  // in a group of its own, as a server is: pip and uv start builders, which must not outlive them
  const launch = {
    file: command.file,
    args: command.args,
    cwd: command.cwd,
    env: { ...context.env, PYTHONUNBUFFERED: '1', PIP_NO_INPUT: '1' },
  }
  const running = launchServer(host, launch, (line) => context.onLine(line))
  const stop = () => void running.stop(stopMs)
  const unheard = onAbort(context.signal, stop)
  let late = false
  const timer = setTimeout(() => {
    late = true
    stop()
  }, command.deadlineMs)
  const exit = await running.exited
  clearTimeout(timer)
  unheard()
  // one that has ended by itself may still have left children
  await running.stop(stopMs)
  if (exit.exitCode === 0) return
  // half an environment looks like a whole one to the next run
  if (makes !== undefined && !wasThere) await rm(makes, { recursive: true, force: true }).catch(() => undefined)
  const missing = exit.spawnError?.startsWith('ENOENT') === true
  const how = late
    ? 'did not end in time'
    : exit.spawnError !== undefined
      ? `could not be run (${exit.spawnError})`
      : exit.exitCode === undefined
        ? `was ended by ${exit.signal ?? 'a signal'}`
        : `ended with ${exit.exitCode}`
  const error = new LauncherError(command.id, `${command.shown} ${how}`, {
    evidence: running.lastLines().slice(-toldLines),
    hint: missing
      ? `There is no ${command.file} on the PATH: install it, and run this command again.`
      : `Run it by hand to see more:  ${command.shown}`,
  })
  throw new CommandFailed(error, running.lastLines())
}
