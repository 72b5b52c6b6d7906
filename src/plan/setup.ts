import { basename, dirname, join, relative } from 'node:path'
import type { Requirements } from '../facts/requirements.ts'
import { interpreterOf } from '../facts/python.ts'
import type { PythonChoice } from './environment.ts'

/** What a step does when it is run. */
export type SetupAction =
  | { readonly kind: 'command'; readonly file: string; readonly args: readonly string[]; readonly cwd: string }
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
  readonly inspected: { readonly database: 'none' | 'empty' | 'ready' | 'pending' | 'unknown'; readonly activeUsers: number | undefined } | undefined
  /** The settings can't be imported for want of the `.env`. */
  readonly needsDotenv: boolean
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
 * serve, or a user is no reason to refuse. Pure.
 */
export function gatingSteps(steps: readonly SetupStep[], facts: Pick<SetupFacts, 'python' | 'inspected'>): SetupStep[] {
  const gate = steps.some(({ id }) => {
    if (id === 'missing-dep') return facts.python.kind !== 'ready'
    if (id === 'migrations-pending') return facts.inspected?.database === 'empty'
    return id !== 'user-missing'
  })
  return gate ? [...steps] : []
}

/** The environment's interpreter after the setup. */
export function setupInterpreter(facts: Pick<SetupFacts, 'python' | 'backend' | 'platform'>): string {
  const { python } = facts
  if (python.kind === 'ready' || python.kind === 'packages-missing') return python.environment.python
  return interpreterOf(python.kind === 'venv-broken' ? python.folder : join(facts.backend, 'venv'), facts.platform)
}

function environmentSteps(facts: SetupFacts): SetupStep[] {
  const { python, requirements, hasUv, root, backend } = facts
  const steps: SetupStep[] = []
  const tool = requirements?.kind
  const toolMakesIt = tool === 'uv' || tool === 'poetry' || tool === 'pipenv'
  if ((python.kind === 'venv-missing' || python.kind === 'venv-broken') && !toolMakesIt) {
    const folder = python.kind === 'venv-broken' ? python.folder : join(backend, 'venv')
    const clear = python.kind === 'venv-broken'
    const name = relative(root, folder)
    const base = python.base ?? (facts.platform === 'win32' ? 'py' : 'python3')
    steps.push({
      id: python.kind,
      title: python.kind === 'venv-broken' ? 'a Python environment that runs' : 'a Python environment',
      shown: hasUv ? `uv venv ${clear ? '--clear ' : ''}${name}` : `${basename(base)} -m venv ${clear ? '--clear ' : ''}${name}`,
      evidence: python.kind === 'venv-broken' ? `${python.label}: ${python.reason}` : 'there is no .venv, venv or env beside manage.py or above it',
      action: hasUv
        ? { kind: 'command', file: 'uv', args: ['venv', ...(clear ? ['--clear'] : []), folder], cwd: backend }
        : { kind: 'command', file: base, args: ['-m', 'venv', ...(clear ? ['--clear'] : []), folder], cwd: backend },
      certain: true,
    })
  }
  const lacks = facts.missingPackages
  if (python.kind !== 'ready' || lacks.length > 0) {
    const install = installCommand(facts)
    if (install !== undefined) {
      const few = lacks.slice(0, 5).join(', ')
      steps.push({
        id: 'missing-dep',
        title: requirements === undefined ? 'the packages that a Channels project needs' : `the packages of ${relative(root, requirements.file)}`,
        shown: install.shown,
        evidence: lacks.length === 0 ? 'the environment is to be made' : `not installed: ${few}${lacks.length > 5 ? ` and ${lacks.length - 5} more` : ''}`,
        action: install.action,
        certain: true,
      })
    }
  }
  return steps
}

function installCommand(facts: SetupFacts): { shown: string; action: SetupAction } | undefined {
  const { requirements, hasUv, root, backend } = facts
  const python = setupInterpreter(facts)
  const shownPython = relative(root, python).startsWith('..') ? python : relative(root, python)
  if (requirements?.kind === 'uv') return command(['uv', 'sync'], dirname(requirements.file))
  if (requirements?.kind === 'poetry') return command(['poetry', 'install'], dirname(requirements.file))
  if (requirements?.kind === 'pipenv') return command(['pipenv', 'install', '--dev'], dirname(requirements.file))
  const what =
    requirements === undefined
      ? { args: ['django', 'channels', 'daphne'], shown: 'django channels daphne', cwd: backend }
      : requirements.kind === 'pyproject'
        ? { args: ['-e', dirname(requirements.file)], shown: `-e ${relative(root, dirname(requirements.file)) || '.'}`, cwd: dirname(requirements.file) }
        : { args: ['-r', requirements.file], shown: `-r ${relative(root, requirements.file)}`, cwd: backend }
  if (hasUv) {
    return { shown: `uv pip install --python ${shownPython} ${what.shown}`, action: { kind: 'command', file: 'uv', args: ['pip', 'install', '--python', python, ...what.args], cwd: what.cwd } }
  }
  return {
    shown: `${shownPython} -m pip install ${what.shown}`,
    action: { kind: 'command', file: python, args: ['-m', 'pip', 'install', '--disable-pip-version-check', ...what.args], cwd: what.cwd },
  }
}

function command([file = '', ...args]: readonly string[], cwd: string): { shown: string; action: SetupAction } {
  return { shown: [file, ...args].join(' '), action: { kind: 'command', file, args, cwd } }
}

function dotenvSteps({ dotenv, root, needsDotenv }: SetupFacts): SetupStep[] {
  if (dotenv.present || dotenv.example === undefined || !needsDotenv) return []
  const [from, to] = [relative(root, dotenv.example), relative(root, dotenv.path)]
  return [
    {
      id: 'env-not-loaded',
      title: to,
      shown: `cp ${from} ${to}`,
      evidence: `${to} isn't there, ${from} is`,
      action: { kind: 'copy-dotenv', from: dotenv.example, to: dotenv.path },
      certain: true,
    },
  ]
}

function folderSteps({ missingFolders, root, inspected }: SetupFacts): SetupStep[] {
  return missingFolders.map((folder) => ({
    id: 'log-dir-missing',
    title: `the folder ${relative(root, folder)}`,
    shown: `mkdir -p ${relative(root, folder)}`,
    evidence: 'LOGGING writes a file there',
    action: { kind: 'make-folder', folder },
    certain: inspected !== undefined,
  }))
}

function databaseSteps(facts: SetupFacts): SetupStep[] {
  const { inspected, root, backend } = facts
  const python = setupInterpreter(facts)
  const shownPython = relative(root, python).startsWith('..') ? python : relative(root, python)
  const manage = relative(root, join(backend, 'manage.py'))
  const steps: SetupStep[] = []
  const database = inspected?.database ?? 'empty'
  if (database === 'empty' || database === 'pending') {
    steps.push({
      id: 'migrations-pending',
      title: database === 'pending' ? 'the newest database tables' : 'the database tables',
      shown: `${shownPython} ${manage} migrate`,
      evidence: inspected === undefined ? 'looked at once the packages are there' : database === 'pending' ? 'migrations are not applied' : 'the database has no tables',
      action: { kind: 'command', file: python, args: ['manage.py', 'migrate', '--no-input'], cwd: backend },
      certain: inspected !== undefined,
    })
  }
  const users = inspected?.activeUsers
  const noUsers = users === undefined ? database === 'empty' : users === 0
  if (noUsers && database !== 'none') {
    steps.push({
      id: 'user-missing',
      title: 'a user to log in as',
      shown: `${shownPython} ${manage} createsuperuser`,
      evidence: inspected === undefined ? 'looked at once the packages are there' : 'the database has no active user',
      action: { kind: 'create-user' },
      certain: inspected !== undefined,
    })
  }
  return steps
}
