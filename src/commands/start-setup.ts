import { judgeLog } from '../checks/server-log.ts'
import type { Config } from '../config/config.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import { readCheckout, type Checkout } from '../facts/checkout.ts'
import { parseDotenv } from '../facts/dotenv.ts'
import { examine } from '../facts/examine.ts'
import type { Project } from '../facts/project.ts'
import { onPath } from '../facts/tools.ts'
import { isFolder, readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { choosePython, missingPackages } from '../plan/environment.ts'
import { withoutOurs } from '../host/secret-names.ts'
import { setupInterpreter } from '../plan/setup-commands.ts'
import { planSetup, type SetupFacts, type SetupStep } from '../plan/setup.ts'
import type { StartReport } from '../report/start-report.ts'
import { runSetupStep } from '../run/setup.ts'
import { join } from 'node:path'

/** How long a look at the project may take before its setup, in milliseconds. */
const inspectMs = 60_000

/** What the setup works with. */
export interface SetupRun {
  readonly host: Host
  readonly config: Config
  readonly report: StartReport
  readonly signal: AbortSignal
}

/** Gathers what decides about the setup. `look`: also by the project's own interpreter, which takes half a second. */
export async function gatherSetup({ host, config, signal }: SetupRun, checkout: Checkout, look: boolean): Promise<SetupFacts> {
  const { project, requirements, dotenv } = checkout
  const python = choosePython(checkout.python, checkout.requirements?.names)
  const names = requirements?.names ?? []
  const missing = missingPackages(names, python)
  const base = {
    root: project.root,
    backend: project.backend,
    platform: host.platform,
    python,
    requirements,
    missingPackages: missing,
    hasUv: (await onPath(host, 'uv')) !== undefined,
    dotenv: { path: project.dotenv, present: dotenv.kind !== 'absent', example: project.dotenvExample },
  }
  if (python.kind !== 'ready' || !look) {
    return { ...base, missingFolders: await missingLogFolders(project), inspected: undefined, needsDotenv: true, settingsError: undefined }
  }
  const env = { ...withoutOurs(host.env), DJANGO_SETTINGS_MODULE: project.settingsModule }
  const first = await lookAt(host, python.environment.python, project.backend, env, signal)
  const needsDotenv = first.settings === undefined && dotenv.kind === 'absent' && project.dotenvExample !== undefined
  // with the example's values in its environment, a project without .env can be looked at before anything is written
  const seen = needsDotenv
    ? await lookAt(host, python.environment.python, project.backend, { ...(await exampleValues(checkout)), ...env }, signal)
    : first
  if (config.verbose && seen.settings === undefined) host.terminal.err(`  the settings can't be imported: ${seen.error ?? 'no answer'}`)
  if (seen.settings === undefined) return { ...base, missingFolders: [], inspected: undefined, needsDotenv, settingsError: seen.error }
  const pending = seen.pending.length > 0
  return {
    ...base,
    missingFolders: seen.folders,
    needsDotenv,
    settingsError: undefined,
    inspected: { database: seen.database === 'ready' && pending ? 'pending' : seen.database, activeUsers: seen.activeUsers },
  }
}

/** Folders of log files that the text of the settings names and that aren't there: a forecast. */
export async function missingLogFolders({ backend, logFolders }: Project): Promise<string[]> {
  const folders = logFolders.map((folder) => join(backend, folder))
  const there = await Promise.all(folders.map((folder) => isFolder(folder)))
  return folders.filter((_, index) => there[index] === false)
}

async function exampleValues(checkout: Checkout): Promise<Record<string, string>> {
  const text = (await readText(checkout.project.dotenvExample ?? '')) ?? ''
  const entries = parseDotenv(text, checkout.project.dotenvReader ?? 'decouple')
  // an empty SECRET_KEY in the example is filled at the copy; Django refuses an empty one
  return Object.fromEntries(entries.map(({ key, value }) => [key, value === '' && /SECRET_KEY/.test(key) ? 'to-be-made' : value]))
}

interface Look {
  readonly settings: object | undefined
  readonly folders: readonly string[]
  readonly database: 'none' | 'empty' | 'ready' | 'unknown'
  readonly activeUsers: number | 'no-model' | undefined
  readonly pending: readonly string[]
  readonly error: string | undefined
}

async function lookAt(
  host: Host,
  python: string,
  backend: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Look> {
  const seen = await examine(host, {
    tell: ['settings', 'folders', 'database', 'users', 'migrations'],
    python,
    backend,
    env,
    settingsModule: env['DJANGO_SETTINGS_MODULE'] ?? '',
    application: undefined,
    deadlineMs: inspectMs,
    signal,
  }).ended
  const state = seen.get('database')?.state
  const users = seen.get('users')
  const error = seen.errorOf('settings') ?? seen.errorOf('setup')
  return {
    settings: seen.get('settings'),
    folders: seen.get('folders')?.missing.map(({ folder }) => folder) ?? [],
    database: state === 'none' || state === 'empty' || state === 'ready' ? state : 'unknown',
    activeUsers: users?.model === null ? 'no-model' : users?.active,
    pending: seen.get('migrations')?.pending ?? [],
    error: error === undefined ? undefined : `${error.type}: ${error.message}`,
  }
}

/**
 * Sees to it that the checkout can run. Says what is missing; with `--setup`, or
 * yes at the prompt, makes it. Gives the checkout as it is then. Throws
 * LauncherError `setup-needed` where something is missing and nothing was asked for.
 */
export async function ensureSetup(run: SetupRun, checkout: Checkout, steps: readonly SetupStep[]): Promise<Checkout> {
  const { config, report } = run
  if (steps.length === 0) return checkout
  if (!config.setup && !(await agreed(run, steps))) {
    throw new LauncherError('setup-needed', "This checkout isn't ready to run", {
      evidence: steps.map(({ title, shown }, index) => `${index + 1}. ${title}:  ${shown}`),
      hint: 'election-dev start --setup   does all of it, in this order.',
      exitCode: ExitCode.finding,
    })
  }
  if (config.setup) report.setupList(steps)
  return work(run, checkout, steps)
}

async function agreed({ host, config, report, signal }: SetupRun, steps: readonly SetupStep[]): Promise<boolean> {
  if (!host.terminal.interactive || config.json) return false
  report.setupList(steps)
  const { createInterface } = await import('node:readline')
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await new Promise<string | undefined>((resolve) => {
      prompt.question('  Make all of it now? [Y/n] ', resolve)
      // the end of the input is no yes, and neither is a request to stop
      prompt.once('close', () => resolve(undefined))
      signal.addEventListener('abort', () => resolve(undefined), { once: true })
      // the line editor takes Ctrl+C for itself: it goes to where every other one goes
      prompt.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    })
    return answer !== undefined && /^(?:y(?:es)?)?$/i.test(answer.trim())
  } finally {
    prompt.close()
  }
}

/** Works through the steps. What was forecast is planned again once the packages are there and the settings can be looked at. */
async function work(run: SetupRun, checkout: Checkout, steps: readonly SetupStep[]): Promise<Checkout> {
  const done = new Set<string>()
  let current = checkout
  let waiting = [...steps]
  while (waiting.length > 0) {
    const [step] = waiting
    if (step === undefined || run.signal.aborted) break
    if (!step.certain) {
      const facts = await gatherSetup(run, current, true)
      if (facts.inspected === undefined && facts.python.kind === 'ready') throw settingsFail(current, facts)
      const planned = planSetup(facts).filter(({ shown }) => !done.has(shown))
      waiting = planned.map((entry) => ({ ...entry, certain: true }))
      if (waiting.length === 0) break
      continue
    }
    run.report.setupStep(step)
    const facts = await gatherSetup(run, current, false)
    const user = await runSetupStep(run.host, step, {
      backend: current.project.backend,
      python: setupInterpreter(facts),
      env: { ...withoutOurs(run.host.env), DJANGO_SETTINGS_MODULE: current.project.settingsModule },
      reader: current.project.dotenvReader ?? 'decouple',
      onLine: (line) => run.report.setupLine(line),
      signal: run.signal,
    })
    if (user !== undefined) run.report.setupUser(user)
    done.add(step.shown)
    waiting.shift()
    current = await readCheckout(run.host, run.config)
  }
  return current
}

/** All is there that can be made, and the settings still can't be imported: what they say is the cause. */
function settingsFail({ project }: Checkout, { settingsError }: SetupFacts): LauncherError {
  const evidence = settingsError ?? `${project.settingsModule} gave no answer`
  const found = judgeLog([evidence])
  return new LauncherError(found?.id ?? 'settings-import-failed', `The settings ${project.settingsModule} can't be imported`, {
    evidence: [evidence],
    hint: found?.remedy.text ?? 'Correct the settings, and run this command again.',
  })
}
