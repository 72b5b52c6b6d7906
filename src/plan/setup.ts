import type { Requirements } from '../facts/requirements.ts'
import type { PythonChoice } from './environment.ts'
import { environmentCommand, installCommand, manageCommand, pathsOf, pipCommand, toolMakesEnvironment, typed } from './setup-commands.ts'

/** What a step does when it is run. */
export type SetupAction =
  | {
      readonly kind: 'command'
      readonly file: string
      readonly args: readonly string[]
      readonly cwd: string
      /** The folder that it makes, which a run that was cut short must not leave half-made. */ readonly makes?: string
    }
  | { readonly kind: 'copy-dotenv'; readonly from: string; readonly to: string }
  | { readonly kind: 'make-folder'; readonly folder: string }
  | { readonly kind: 'create-user' }

/** One thing that a fresh checkout lacks, and the command that mends it. */
export interface SetupStep {
  readonly id: 'venv-missing' | 'venv-broken' | 'missing-dep' | 'env-not-loaded' | 'log-dir-missing' | 'migrations-pending' | 'user-missing'
  readonly title: string
  /** The command as a person would type it in the checkout. */
  readonly shown: string
  readonly evidence: string
  readonly action: SetupAction
  /** False for what can only be forecast, because the settings can't be imported yet. */
  readonly certain: boolean
}

/** What decides about the steps. Paths are absolute. */
export interface SetupFacts {
  readonly root: string
  readonly backend: string
  readonly platform: NodeJS.Platform
  readonly python: PythonChoice
  readonly requirements: Requirements | undefined
  /** Normalised names of requirements that aren't installed. */
  readonly missingPackages: readonly string[]
  readonly hasUv: boolean
  readonly dotenv: { readonly path: string; readonly present: boolean; readonly example: string | undefined }
  /** Folders of log files that LOGGING names: seen by inspect, or forecast from the text of the settings. */
  readonly missingFolders: readonly string[]
  /** Undefined where the settings could not be imported yet. */
  readonly inspected:
    | { readonly database: 'none' | 'empty' | 'ready' | 'pending' | 'unknown'; readonly activeUsers: number | 'no-model' | undefined }
    | undefined
  /** The settings can't be imported for want of the `.env`. */
  readonly needsDotenv: boolean
  /** Why the settings could not be imported, where they were tried. */
  readonly settingsError: string | undefined
}

/**
 * What is missing, in the order in which it has to be made. Pure; an empty list
 * where nothing is. What can't be known before the packages are there is
 * forecast, and marked so.
 */
export function planSetup(facts: SetupFacts): SetupStep[] {
  return [...environmentSteps(facts), ...dotenvSteps(facts), ...folderSteps(facts), ...databaseSteps(facts)]
}

/**
 * The steps without which the backend can't start at all, so that `start` stops
 * and says them. A newer migration, a requirement of an environment that can
 * serve, or a user is no reason to refuse; nor are tables, unless its WebSocket
 * was seen to need them (`needsTables`). Pure.
 */
export function gatingSteps(
  steps: readonly SetupStep[],
  facts: Pick<SetupFacts, 'python' | 'inspected'>,
  options: { needsTables: boolean },
): SetupStep[] {
  const gate = steps.some(({ id }) => {
    if (id === 'missing-dep') return facts.python.kind !== 'ready'
    if (id === 'migrations-pending') return options.needsTables && facts.inspected?.database === 'empty'
    return id !== 'user-missing'
  })
  return gate ? [...steps] : []
}

function environmentSteps(facts: SetupFacts): SetupStep[] {
  const { python, requirements, backend } = facts
  const steps: SetupStep[] = []
  if ((python.kind === 'venv-missing' || python.kind === 'venv-broken') && !toolMakesEnvironment(facts)) {
    const broken = python.kind === 'venv-broken'
    steps.push({
      id: python.kind,
      title: broken ? 'a Python environment that runs' : 'a Python environment',
      ...environmentCommand(facts, broken ? python.folder : pathsOf(facts.platform).join(backend, 'venv'), broken),
      evidence: broken ? `${python.label}: ${python.reason}` : 'there is no .venv, venv or env beside manage.py or above it',
      certain: true,
    })
  }
  const lacks = facts.missingPackages
  if (python.kind === 'ready' && lacks.length === 0) return steps
  const pip = pipCommand(facts)
  if (pip !== undefined)
    steps.push({ id: 'missing-dep', title: 'pip in the environment', ...pip, evidence: 'the environment has no pip', certain: true })
  const few = lacks.slice(0, 5).join(', ')
  steps.push({
    id: 'missing-dep',
    title:
      requirements === undefined ? 'the packages that a Channels project needs' : `the packages of ${relativeTo(facts, requirements.file)}`,
    ...installCommand(facts),
    evidence:
      lacks.length > 0
        ? `not installed: ${few}${lacks.length > 5 ? ` and ${lacks.length - 5} more` : ''}`
        : python.kind === 'packages-missing'
          ? `not installed: ${python.missing.join(', ')}`
          : 'the environment is to be made',
    certain: true,
  })
  return steps
}

function dotenvSteps(facts: SetupFacts): SetupStep[] {
  const { dotenv, needsDotenv, platform } = facts
  if (dotenv.present || dotenv.example === undefined || !needsDotenv) return []
  const to = relativeTo(facts, dotenv.path)
  return [
    {
      id: 'env-not-loaded',
      title: to,
      shown: `${platform === 'win32' ? 'copy' : 'cp'} ${typed(facts, dotenv.example)} ${typed(facts, dotenv.path)}`,
      evidence: `${to} isn't there, ${relativeTo(facts, dotenv.example)} is`,
      action: { kind: 'copy-dotenv', from: dotenv.example, to: dotenv.path },
      certain: true,
    },
  ]
}

function folderSteps(facts: SetupFacts): SetupStep[] {
  return facts.missingFolders.map((folder) => ({
    id: 'log-dir-missing',
    title: `the folder ${relativeTo(facts, folder)}`,
    shown: `${facts.platform === 'win32' ? 'mkdir' : 'mkdir -p'} ${typed(facts, folder)}`,
    evidence: 'LOGGING writes a file there',
    action: { kind: 'make-folder', folder },
    certain: facts.inspected !== undefined,
  }))
}

function databaseSteps(facts: SetupFacts): SetupStep[] {
  const { inspected } = facts
  const steps: SetupStep[] = []
  const database = inspected?.database ?? 'empty'
  const certain = inspected !== undefined
  if (database === 'empty' || database === 'pending') {
    steps.push({
      id: 'migrations-pending',
      title: database === 'pending' ? 'the newest database tables' : 'the database tables',
      ...manageCommand(facts, ['migrate', '--no-input']),
      evidence: !certain
        ? 'looked at once the packages are there'
        : database === 'pending'
          ? 'migrations are not applied'
          : 'the database has no tables',
      certain,
    })
  }
  const users = inspected?.activeUsers
  const noUsers = users === undefined ? database === 'empty' : users === 0
  if (noUsers && database !== 'none') {
    steps.push({
      id: 'user-missing',
      title: 'a user to log in as',
      shown: manageCommand(facts, ['createsuperuser']).shown,
      evidence: certain ? 'the database has no active user' : 'looked at once the packages are there',
      action: { kind: 'create-user' },
      certain,
    })
  }
  return steps
}

function relativeTo({ root, platform }: SetupFacts, path: string): string {
  const short = pathsOf(platform).relative(root, path)
  return short === '' ? '.' : short.startsWith('..') ? path : short
}
