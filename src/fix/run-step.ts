import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Action, Step } from './step.ts'
import { errorMessage, LauncherError } from '../errors.ts'
import type { DotenvReader } from '../facts/dotenv.ts'
import type { Way } from '../facts/manage-py.ts'
import { isEntry, isFile, isFolder, readBytes } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { processTable, treeOf } from '../host/process-table.ts'
import type { Backup } from '../run/backup.ts'
import { rowOf, send } from '../host/process-table.ts'
import { pathFrom } from '../host/paths.ts'
import { inShell, typedInOrder } from '../host/shell.ts'
import { CommandFailed, runCommand } from '../run/command.ts'
import { askRun, unansweredWords } from '../run/control-client.ts'
import { writeDotenv } from '../run/dotenv-write.ts'
import { fillSecrets } from './fill-secrets.ts'
import { installError } from './install-failed.ts'
import { createRow, createUser, type MadeUser } from './make-rows.ts'
import type { Evidence } from '../checks/evidence.ts'
import { checksFailed, checksIn } from '../facts/system-checks.ts'
import { runOf } from '../facts/run-state.ts'
import { parseProblem } from '../facts/python-syntax.ts'
import { redisNow, redisProtocol } from '../facts/redis-now.ts'
import { withoutOurs } from '../host/secret-names.ts'
import type { CommandAction } from '../plan/install.ts'
import { managedWay } from '../plan/way.ts'

/** What steps are done with. */
export interface StepContext {
  readonly backup: Backup
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder of the checkout, and that of manage.py. */
  readonly root: string
  readonly backend: string
  /** How what manage.py runs comes to the project. */
  readonly way: Way
  /** The interpreter of the project, which has to be able to read what is written. */
  readonly python: string | undefined
  /** Its version, where it is there already. */
  readonly version: string | undefined
  readonly reader: DotenvReader
  readonly give: Host['give']
  readonly onLine: (line: string) => void
  readonly signal: AbortSignal
  /** Whether Redis still reads its data. */
  readonly redisLoads: () => Promise<boolean>
}

/** What the steps for a project as it was seen are done with. */
export function stepContext(
  host: Host,
  { checkout, choice }: Pick<Evidence, 'checkout' | 'choice'>,
  run: Pick<StepContext, 'backup' | 'onLine' | 'signal'>,
): StepContext {
  const env = withoutOurs(host.env)
  return {
    ...run,
    give: host.give,
    // manage.py needs the settings that the project names; an active environment is none of this one's business
    env: checkout === undefined ? env : { ...env, DJANGO_SETTINGS_MODULE: checkout.project.settingsModule },
    root: checkout?.project.root ?? host.cwd,
    backend: checkout?.project.backend ?? host.cwd,
    way: managedWay(checkout?.project.preamble ?? 'none'),
    python: choice?.environment?.python,
    version: choice?.environment?.version,
    reader: checkout?.project.dotenvReader ?? 'decouple',
    redisLoads: async () => {
      if (checkout === undefined) return false
      const { fact } = await redisNow(checkout.redis, redisProtocol(choice?.environment?.packages))
      return fact?.usable === false && fact.id === 'redis-loading'
    },
  }
}

/** Deadlines, in milliseconds: an installation over a slow line takes minutes. */
const limits = { command: 15 * 60_000, end: 10_000, redis: 60_000, restart: 180_000 }
/** How often what takes its time is looked at, in milliseconds. */
const lookEveryMs = 50

/** A step that failed: what it was to fix isn't fixed by trying it once more. */
export class StepFailed extends LauncherError {
  constructor(error: LauncherError) {
    super(error.code, error.message, error)
  }
}

/** Does one step. Throws StepFailed where it fails; the backup knows what it has changed by then. A hand-over is the caller's. */
export async function runStep(host: Host, step: Step, context: StepContext): Promise<MadeUser | undefined> {
  try {
    if (step.action.kind === 'create-user') return await createUser(host, context)
    await act(host, step, context)
    return undefined
  } catch (error) {
    const known = error instanceof LauncherError
    throw new StepFailed(known ? error : new LauncherError(step.id, `${step.shown} failed: ${errorMessage(error)}`, { cause: error }))
  }
}

async function act(host: Host, step: Step, context: StepContext): Promise<void> {
  const { action } = step
  const { backup } = context
  switch (action.kind) {
    case 'command':
      return command(host, step, action, context)
    case 'edit':
      return edit(action, context)
    case 'make-folder':
      return makeFolders(action.path, backup)
    case 'copy': {
      const bytes = await readBytes(action.from)
      const after = action.fresh ? Buffer.from(fillSecrets(bytes.toString(), context.reader, action.values)) : bytes
      await backup.creating(action.to, after)
      return writeDotenv(action.to, undefined, after)
    }
    case 'rename':
      return backup.move(action.from, action.to)
    case 'remove':
      return (await isEntry(action.path)) ? backup.move(action.path, undefined) : undefined
    case 'signal':
      return signal(host, action, context.signal)
    case 'restart':
      return restart(host, action.server)
    case 'wait':
      return untilRedisIsThere(host, context)
    case 'create-row':
      return createRow(host, context, action.row)
    case 'create-user':
    case 'hand-over':
      return undefined
  }
}

async function command(host: Host, { id, shown }: Step, action: CommandAction, context: StepContext): Promise<void> {
  const { argv, cwd, adds, changes } = action
  const { backup } = context
  const [file, ...args] = argv
  const there = adds === undefined ? undefined : await readdir(adds).catch(() => undefined)
  const makes = there === undefined ? (action.makes ?? adds) : action.makes
  if (makes !== undefined) {
    if (await isEntry(makes)) await backup.move(makes, undefined)
    await backup.making(makes)
  } else if (there !== undefined) await backup.ran(shown)
  else if (changes === undefined) await backup.ran(shown)
  else for (const file of changes) await ((await isFile(file)) ? backup.changing(file) : backup.creating(file))
  const launch = { id, shown, file, args, cwd, deadlineMs: limits.command }
  try {
    await runCommand(host, makes === undefined ? launch : { ...launch, makes }, context)
    if (changes !== undefined) await backup.settle()
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    if (action.installs !== undefined)
      throw await installError(error, action, { root: context.root, python: context.version, platform: host.platform })
    throw refusedByChecks(error, shown, context.python) ?? (await failedImport(error, shown, context)) ?? error
  } finally {
    if (adds !== undefined && there !== undefined) await keepAdded(adds, there, backup)
  }
}

/** Remembers what a command has added to a folder in which so much was there. */
async function keepAdded(folder: string, there: readonly string[], backup: Backup): Promise<void> {
  // one that is gone has nothing to take back, and hides no failure of the command
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name)
    if (!there.includes(name) && (await isFile(path))) await backup.creating(path, await readBytes(path))
  }
}

/** A command that couldn't import what the code asks for: what it was to make isn't what is missing. */
async function failedImport(error: CommandFailed, shown: string, { root, backend }: StepContext): Promise<LauncherError | undefined> {
  const last = error.lines.findLast((line) => line.trim() !== '') ?? ''
  const module = /^ModuleNotFoundError: No module named '([\w.]+)'/.exec(last)?.[1]
  const [top = ''] = module?.split('.') ?? []
  // a module of its own is the project's to look for
  if (module === undefined || (await isEntry(join(backend, top))) || (await isFile(join(backend, `${top}.py`)))) return undefined
  const [, file = '', line = ''] = /^\s*File "(.+)", line (\d+)/.exec(error.lines.findLast((each) => /^\s*File "/.test(each)) ?? '') ?? []
  const where = file === '' ? [] : [`${pathFrom(root, file)}:${line} imports it`]
  return new LauncherError('missing-dep', `A module that the code imports isn't installed: ${module}`, {
    evidence: [`${shown}: ${last}`, ...where],
    hint: 'What would install it, if the project requires it:',
    commands: [['election-dev', 'doctor']],
    cause: error,
  })
}

/** Django refuses any command of a project whose checks fail: which they are, its last lines alone don't say. */
function refusedByChecks(error: CommandFailed, shown: string, python = 'python'): LauncherError | undefined {
  const failed = checksFailed(checksIn(error.lines))
  if (failed === undefined) return undefined
  const { title, remedy, wantsPillow } = failed
  const evidence = [`${shown} refused to run`, ...failed.evidence]
  return wantsPillow
    ? new LauncherError('missing-dep', title, {
        evidence,
        hint: 'Install Pillow.',
        commands: [[python, '-m', 'pip', 'install', 'Pillow']],
        cause: error,
      })
    : new LauncherError('system-check-failed', title, { evidence, hint: remedy, cause: error })
}

async function edit(step: Extract<Action, { kind: 'edit' }>, { backup, python, env, give }: StepContext): Promise<void> {
  const after = Buffer.from(step.after)
  const problem = step.language === 'python' ? await parseProblem(python, step.after, env) : undefined
  if (problem !== undefined)
    throw new LauncherError('fix-failed', 'The edited file would no longer be valid Python: it is left as it is', { evidence: [problem] })
  if (step.before === undefined) {
    await backup.creating(step.file, after)
    await writeDotenv(step.file, undefined, after)
  } else {
    await backup.changing(step.file, after)
    await writeDotenv(step.file, Buffer.from(step.before), after)
  }
  if (step.gives !== undefined) give(step.gives)
}

/** Makes the folder and those above it; each is told, the highest first, so that all can be taken back. */
async function makeFolders(path: string, backup: Backup): Promise<void> {
  if (await isFolder(path)) return
  await makeFolders(dirname(path), backup)
  await mkdir(path)
  await backup.madeFolder(path)
}

/** Sends a signal to a process that is still the one that was meant, and to what it started; waits for the end that it asks for. */
async function signal(host: Host, step: Extract<Action, { kind: 'signal' }>, stop: AbortSignal): Promise<void> {
  const rows = await processTable(host)
  const leader = rows?.find((row) => row.pid === step.pid && !row.zombie)
  if (rows === undefined || leader === undefined) return
  if (step.startedAt === undefined || leader.started !== step.startedAt)
    throw new LauncherError('fix-failed', `PID ${step.pid} is now another process: nothing was sent to it`)
  const tree = new Set(treeOf(rows, step.pid))
  const members = rows.filter(({ pid }) => tree.has(pid))
  if (step.signal === 'SIGCONT') {
    for (const { pid } of members) send(pid, 'SIGCONT')
    return
  }
  ask(step.pid)
  // a stopped one takes no signal before it goes on
  send(step.pid, 'SIGCONT')
  const deadline = host.now() + limits.end
  let asked = false
  for (;;) {
    const now = (await processTable(host)) ?? []
    const left = members.filter((member) => rowOf(now, member) !== undefined)
    if (left.length === 0) return
    // what its parent has left behind
    if (!asked && !left.some(({ pid }) => pid === step.pid)) {
      for (const { pid } of left) ask(pid)
      asked = true
    }
    if (host.now() > deadline || stop.aborted)
      throw new LauncherError('fix-failed', `PID ${left[0]?.pid ?? step.pid} did not end on SIGTERM`, {
        hint: typedInOrder(inShell(['kill', '-9', String(left[0]?.pid ?? step.pid)], host.platform), host.platform),
      })
    await delay(lookEveryMs)
  }
}

function ask(pid: number): void {
  if (!send(pid, 'SIGTERM')) throw new LauncherError('fix-failed', `PID ${pid} belongs to another user`)
}

async function restart(host: Host, server: number): Promise<void> {
  const run = await runOf(host, server)
  // it has ended meanwhile, or starts it again already
  if (run === undefined) return
  const outcome = await askRun(run, 'restart', { deadlineMs: limits.restart, service: 'backend' })
  if (outcome.kind !== 'answer')
    throw new LauncherError('fix-failed', `election-dev start (PID ${run.launcher.pid}) ${unansweredWords(outcome, limits.restart)}`, {
      hint: 'election-dev stop ends it in any case.',
    })
}

async function untilRedisIsThere(host: Host, { redisLoads, signal: stop }: StepContext): Promise<void> {
  const deadline = host.now() + limits.redis
  while (await redisLoads()) {
    if (stop.aborted || host.now() > deadline)
      throw new LauncherError('fix-failed', `Redis is still reading its data after ${limits.redis / 1000} s`)
    await delay(lookEveryMs * 4)
  }
}
