import type { Evidence } from '../checks/evidence.ts'
import { shownValue } from '../host/secrets.ts'
import { LauncherError } from '../errors.ts'
import type { Checkout } from '../facts/checkout.ts'
import { dotenvSource } from '../facts/dotenv-survey.ts'
import type { Examination } from '../facts/examination.ts'
import { leftOutWords } from '../facts/platform-packages.ts'
import { noInterpreter, unavailable } from '../facts/base-python.ts'
import { relativeTo, type Place } from '../plan/install.ts'
import { leftBehind } from '../plan/channels-support.ts'
import { missingCause, missingPackages, type PythonChoice } from '../plan/environment.ts'
import { lostModule } from '../plan/own-module.ts'
import { unlikeExample, wantedVariables } from '../plan/variables.ts'
import { createUser, migrate } from './planners/database.ts'
import { makeFolders, placeDotenv, placeModule } from './planners/dotenv.ts'
import { giveVariables } from './planners/variables.ts'
import { installPackage, makeEnvironment, replaceEnvironment } from './planners/environment.ts'
import { isNoFix, type Fix, type NoFix, type Step, type FixFacts } from './step.ts'
import { stepsOf } from './steps.ts'

/** What a checkout shows before anything of it serves. */
export interface SetupSeen extends Pick<Evidence, 'dotenv' | 'examination'> {
  readonly checkout: Checkout
  readonly choice: PythonChoice
  readonly facts: FixFacts
  /** Folders of log files that LOGGING names: seen from inside, or forecast from the text of the settings. */
  readonly missingFolders: readonly string[]
  /** Undefined where the settings could not be imported yet. */
  readonly inspected:
    | {
        readonly database: 'none' | 'empty' | 'ready' | 'pending' | 'unreachable' | 'unknown'
        readonly activeUsers: number | 'no-model' | undefined
        readonly elsewhere?: string | undefined
      }
    | undefined
  /** The settings can't be imported for want of the `.env`. */
  readonly needsDotenv: boolean
  /** The look that could not import them; undefined where they can be, or nobody has looked. */
  readonly failed?: Examination | undefined
}

/**
 * What is missing, in the order in which it has to be made: the fixes of the
 * causes that stand. Empty where nothing does. What can't be known before the
 * packages are there is forecast, and marked so. Throws LauncherError where no
 * environment can be made.
 */
export function planSetup(seen: SetupSeen): Step[] {
  return [...environmentSteps(seen), ...dotenvSteps(seen), ...folderSteps(seen), ...databaseSteps(seen)]
}

/**
 * The steps without which the backend can't start at all, so that `start` stops
 * and says them. A newer migration, a requirement of an environment that can
 * serve, or a user is no reason to refuse; nor are tables, unless its WebSocket
 * was seen to need them (`needsTables`). Pure.
 */
export function gatingSteps(
  steps: readonly Step[],
  { choice, inspected }: Pick<SetupSeen, 'choice' | 'inspected'>,
  options: { needsTables: boolean },
): Step[] {
  const gate = steps.some(({ id }) => {
    if (id === 'missing-dep') return choice.kind !== 'ready'
    if (id === 'migrations-pending') return options.needsTables && inspected?.database === 'empty'
    return id !== 'user-missing'
  })
  return gate ? [...steps] : []
}

const ofPackages: ReadonlySet<string> = new Set([
  'venv-missing',
  'venv-broken',
  'foreign-environment',
  'python-not-available',
  'missing-dep',
  'daphne-missing',
])

/** What `--install` does without another question; the rest of a setup is `--setup`'s. */
export function isOfPackages({ id }: Pick<Step, 'id'>): boolean {
  return ofPackages.has(id)
}

const placeOf = ({ checkout, facts }: SetupSeen): Place => ({ root: checkout.project.root, platform: facts.platform })

function steps(seen: SetupSeen, id: string, plan: Fix | NoFix, evidence: string, certain = true): Step[] {
  return isNoFix(plan) ? [] : stepsOf(plan, { id, title: id, evidence, automatic: 'ask' }, placeOf(seen), certain)
}

function environmentSteps(seen: SetupSeen): Step[] {
  const { checkout, choice, facts } = seen
  const lacks = missingPackages(checkout.requirements?.names ?? [], choice)
  const behind = leftBehind(choice, checkout.requirements)
  if (choice.kind === 'python-broken' || (choice.kind === 'ready' && lacks.length === 0 && behind === undefined)) return []
  const planner = choice.kind === 'venv-missing' ? makeEnvironment : choice.kind === 'venv-broken' ? replaceEnvironment : installPackage
  // what no project does without is installed where this one doesn't ask for it; a file whose names can't be read may ask for all but the server
  const isSilent = (checkout.requirements?.names ?? []).length > 0 || missingCause(choice) === 'daphne-missing'
  // under a condition that excludes this Python it is the project's to change
  const excluded = new Set(checkout.requirements?.lines?.flatMap(({ name, marker }) => (marker === undefined ? [] : [name])))
  const canAdd = choice.kind === 'packages-missing' && !choice.missing.some((name) => excluded.has(name))
  const essential = canAdd && lacks.length === 0 && isSilent ? choice.missing : []
  const commands = essential.length === 0 ? [] : [['python', '-m', 'pip', 'install', ...essential]]
  const id = lacks.length === 0 && behind === undefined ? missingCause(choice) : 'missing-dep'
  const plan = planner(seen, facts, { id, commands })
  if (isNoFix(plan)) throw cannot(choice, plan, facts.platform)
  const missing = choice.kind === 'packages-missing' && lacks.length === 0 ? choice.missing : lacks
  const old = `channels ${choice.environment?.packages.get('channels') ?? ''} is installed, and the project asks for ${behind?.spec ?? ''}`
  const lack = missing.length === 0 ? (behind === undefined ? 'the environment is to be made' : old) : `not installed: ${listed(missing)}`
  const left = leftOutWords(checkout.requirements, (path) => relativeTo(placeOf(seen), path))
  const why = [`${lack}${withoutManager(seen)}`, ...left].join('; ')
  return steps(seen, id, plan, why).map((step) =>
    step.action.kind !== 'command' || step.action.makes === undefined
      ? step
      : choice.kind === 'venv-broken'
        ? { ...step, id: choice.kind, evidence: `${choice.label}: ${choice.reason}${wantedWord(choice)}` }
        : { ...step, id: missingCause(choice), evidence: `${noneThere(checkout)}${wantedWord(choice)}` },
  )
}

/** That it is done without the tool of the project's lock, which isn't here. */
function withoutManager({ checkout, facts }: Pick<SetupSeen, 'checkout' | 'facts'>): string {
  const kind = checkout.requirements?.kind ?? ''
  return facts.hasManager === false ? `; ${kind} isn't on the PATH: what the project asks for by name is installed, as far as it goes` : ''
}

/** Why it is made with another interpreter than `python3`. */
function wantedWord(choice: PythonChoice): string {
  const word = choice.kind === 'venv-missing' || choice.kind === 'venv-broken' ? choice.other?.word : undefined
  return word === undefined ? '' : `; ${word.source} names Python ${word.spec}`
}

function noneThere({ python }: Checkout): string {
  const foreign = python.candidates.flatMap((each) => (each.state === 'foreign' ? [`; ${each.label} is one of ${each.system}`] : []))
  return `there is no .venv, venv or env beside manage.py or above it${foreign.join('')}`
}

function cannot(choice: PythonChoice, { noFix }: NoFix, platform: NodeJS.Platform): LauncherError {
  const { other } = choice.kind === 'venv-missing' || choice.kind === 'venv-broken' ? choice : {}
  if (other?.kind === 'none') {
    const { title, evidence, hint } = unavailable(other)
    return new LauncherError('python-not-available', title, { evidence, hint })
  }
  if (choice.kind === 'venv-missing' || choice.kind === 'venv-broken') {
    const { seen, hint } = noInterpreter(platform)
    return new LauncherError(choice.kind, 'There is no Python to make an environment with', {
      evidence: [`There is no uv and ${seen}`],
      hint,
    })
  }
  return new LauncherError('missing-dep', "The project's requirements can't be installed", { evidence: [noFix] })
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`
}

function dotenvSteps(seen: SetupSeen): Step[] {
  const wanting = { ...seen, examination: seen.failed }
  const lost = lostModule(seen.failed)
  if (lost !== undefined) {
    const plan = placeModule(wanting, seen.facts, { id: 'own-module-missing', commands: [] })
    return steps(seen, 'own-module-missing', plan, `${lost.file} imports ${lost.module}, which isn't there`)
  }
  const wanted = wantedVariables(wanting, seen.facts)
  if (wanted !== undefined) {
    const names = wanted.asked.map(({ name }) => name)
    const chosen = wanted.placed.flatMap(({ variable, why }) => (why === undefined ? [] : [`; ${variable.name}: ${why}`]))
    const why = `the settings need ${listed(names)}, which ${names.length === 1 ? 'is' : 'are'} not set${chosen.join('')}`
    const plan = giveVariables(wanting, seen.facts, { id: 'env-variables-missing', commands: [] })
    return steps(seen, 'env-variables-missing', plan, why)
  }
  if (!seen.needsDotenv) return []
  const plan = placeDotenv(wanting, seen.facts, { id: 'env-not-loaded', commands: [] })
  // whether an example says what the settings need shows once they can be imported
  const isForecast =
    seen.inspected === undefined && seen.failed === undefined && dotenvSource(seen.dotenv ?? { others: [] })?.kind === 'example'
  const unlike = [...(unlikeExample(wanting, seen.facts) ?? [])].flatMap(([name, value]) =>
    typeof value === 'string' ? [`${name}=${shownValue(name, value)}`] : [],
  )
  const said = unlike.length === 0 ? '' : `; other than its example has it: ${unlike.join(', ')}`
  return steps(seen, 'env-not-loaded', plan, `${seen.dotenv?.shown ?? '.env'} isn't there${said}`, !isForecast)
}

function folderSteps(seen: SetupSeen): Step[] {
  const { missingFolders, facts, inspected } = seen
  const plan = makeFolders(seen, facts, { id: 'log-dir-missing', commands: [['mkdir', ...missingFolders]] })
  return missingFolders.length === 0 ? [] : steps(seen, 'log-dir-missing', plan, 'LOGGING writes a file there', inspected !== undefined)
}

const later = 'looked at once the settings can be imported'

function databaseSteps(seen: SetupSeen): Step[] {
  const { inspected, facts } = seen
  const database = inspected?.database ?? 'empty'
  // nothing can be made in it; whether the WebSocket needs it the launch will show
  if (database === 'unreachable') return []
  const certain = inspected !== undefined
  const users = inspected?.activeUsers
  const why = database === 'pending' ? 'migrations are not applied' : 'the database has no tables'
  const noUsers = users === undefined ? database === 'empty' : users === 0
  const of = (id: string, planner: typeof migrate, evidence: string) =>
    steps(seen, id, planner(seen, facts, { id, commands: [] }), certain ? evidence : later, certain).map((step) => ({
      ...step,
      elsewhere: inspected?.elsewhere,
    }))
  return [
    ...(database === 'empty' || database === 'pending' ? of('migrations-pending', migrate, why) : []),
    ...(noUsers && database !== 'none' ? of('user-missing', createUser, 'the database has no active user') : []),
  ]
}
