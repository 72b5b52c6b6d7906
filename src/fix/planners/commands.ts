import type { Evidence } from '../../checks/evidence.ts'
import { interpreterOf } from '../../facts/python.ts'
import { pathsOf } from '../../host/paths.ts'
import type { Requirements } from '../../facts/requirements.ts'
import type { PythonChoice } from '../../plan/environment.ts'
import type { CommandAction, FixFacts } from '../step.ts'

/** Where a command is typed. */
export interface Place {
  readonly root: string
  readonly platform: NodeJS.Platform
}

/** What decides about the interpreter and how its commands are written. */
export interface CommandFacts extends Place {
  readonly backend: string
  readonly python: PythonChoice
  readonly requirements: Requirements | undefined
  readonly hasUv: boolean
}

/** The same from the evidence; undefined where there is no project. */
export function commandFacts(
  { checkout, choice }: Pick<Evidence, 'checkout' | 'choice'>,
  { platform, hasUv }: Pick<FixFacts, 'platform' | 'hasUv'>,
): CommandFacts | undefined {
  if (checkout === undefined || choice === undefined) return undefined
  const { root, backend } = checkout.project
  return { root, backend, platform, python: choice, requirements: checkout.requirements, hasUv }
}

/** The environment's interpreter once there is one. */
function interpreterAfter({ python, backend, platform }: CommandFacts): string {
  if (python.environment !== undefined) return python.environment.python
  const folder = python.kind === 'venv-broken' ? python.folder : pathsOf(platform).join(backend, 'venv')
  return interpreterOf(folder, platform)
}

/** A path relative to the checkout where it lies in there. */
export function relativeTo({ root, platform }: Place, path: string): string {
  const short = pathsOf(platform).relative(root, path)
  return short === '' ? '.' : short.startsWith('..') ? path : short
}

/** A path as it is typed in the checkout. */
export function typed(place: Place, path: string): string {
  return quoted(relativeTo(place, path), place.platform)
}

/** A word as it is typed: quoted where a shell would split it. */
export function quoted(word: string, platform: NodeJS.Platform): string {
  if (/^[\w./\\:+@=-]+$/.test(word)) return word
  return platform === 'win32' ? `"${word}"` : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** The tool that keeps the project's environment by itself; undefined where the environment is ours to make. */
export function managerOf({ requirements }: Pick<CommandFacts, 'requirements'>): 'uv' | 'poetry' | 'pipenv' | undefined {
  const kind = requirements?.kind
  return kind === 'uv' || kind === 'poetry' || kind === 'pipenv' ? kind : undefined
}

/** Makes the environment anew, with the interpreter `base` where one is named; what is there is cleared away first. */
export function environmentCommand(facts: CommandFacts, folder: string, base?: string): CommandAction {
  const { hasUv, backend, platform, python } = facts
  const isAnew = python.kind !== 'venv-missing'
  const options = isAnew ? ['--clear'] : []
  const common = {
    kind: 'command' as const,
    cwd: backend,
    makes: folder,
    what: isAnew ? 'a Python environment that runs' : 'a Python environment',
  }
  if (hasUv) {
    const words = ['uv', 'venv', ...(base === undefined ? [] : ['--python', base]), ...options]
    return { ...common, argv: ['uv', ...words.slice(1), folder], shown: [...words, typed(facts, folder)].join(' ') }
  }
  const file = base ?? python.base ?? (platform === 'win32' ? 'py' : 'python3')
  return {
    ...common,
    argv: [file, '-m', 'venv', ...options, folder],
    shown: [pathsOf(platform).basename(file), '-m venv', ...options, typed(facts, folder)].join(' '),
  }
}

/** Gives an environment the pip that it was made without: by uv, or where its making was cut short. */
export function pipCommands(facts: CommandFacts): CommandAction[] {
  const { python, hasUv, backend } = facts
  if (hasUv || managerOf(facts) !== undefined || python.environment?.packages.has('pip') !== false) return []
  const { python: file } = python.environment
  return [
    {
      kind: 'command',
      argv: [file, '-m', 'ensurepip', '--upgrade'],
      cwd: backend,
      shown: `${typed(facts, file)} -m ensurepip --upgrade`,
      what: 'pip in the environment',
    },
  ]
}

/** Installs what the project asks for, with the tool that it uses. */
export function installCommand(facts: CommandFacts): CommandAction {
  const { requirements, hasUv, backend, platform } = facts
  const path = pathsOf(platform)
  const manager = managerOf(facts)
  if (requirements === undefined) {
    const names = ['django', 'channels', 'daphne']
    return { ...packagesCommand(facts, names, names), what: 'the packages that a Channels project needs' }
  }
  const { file, kind } = requirements
  const what = `the packages of ${relativeTo(facts, file)}`
  const folder = path.dirname(file)
  if (manager !== undefined) {
    const args = manager === 'uv' ? ['sync'] : manager === 'poetry' ? ['install'] : ['install', '--dev']
    const shown = inFolder(facts, folder, [manager, ...args].join(' '))
    return { kind: 'command', argv: [manager, ...args], cwd: folder, shown, what }
  }
  // uv reads the dependencies alone; pip has to install the project itself, which not every project can be
  if (kind !== 'pyproject' || hasUv) return { ...packagesCommand(facts, ['-r', file], ['-r', typed(facts, file)]), cwd: backend, what }
  return { ...packagesCommand(facts, ['-e', folder], ['-e', typed(facts, folder)]), cwd: folder, what }
}

/** Installs packages into the environment; `shown` are the same words as they are typed. */
export function packagesCommand(facts: CommandFacts, words: readonly string[], shown: readonly string[]): CommandAction {
  const file = interpreterAfter(facts)
  const common = { kind: 'command' as const, cwd: facts.backend }
  if (facts.hasUv)
    return {
      ...common,
      argv: ['uv', 'pip', 'install', '--python', file, ...words],
      shown: `uv pip install --python ${typed(facts, file)} ${shown.join(' ')}`,
    }
  return {
    ...common,
    argv: [file, '-m', 'pip', 'install', '--disable-pip-version-check', ...words],
    shown: `${typed(facts, file)} -m pip install ${shown.join(' ')}`,
  }
}

/** A command of manage.py, by the environment that there will be then. */
export function manageCommand(facts: CommandFacts, args: readonly string[]): CommandAction {
  const { python, requirements, backend, platform } = facts
  const path = pathsOf(platform)
  const manager = managerOf(facts)
  const file = interpreterAfter(facts)
  const words = args.filter((word) => word !== '--no-input').join(' ')
  const command = { kind: 'command' as const, argv: [file, 'manage.py', ...args] as const, cwd: backend }
  if (requirements !== undefined && manager !== undefined && python.environment === undefined) {
    // where the tool will keep the environment is its own secret
    const folder = path.dirname(requirements.file)
    const manage = typed({ root: folder, platform }, path.join(backend, 'manage.py'))
    return { ...command, shown: inFolder(facts, folder, `${manager} run python ${manage} ${words}`) }
  }
  return { ...command, shown: `${typed(facts, file)} ${typed(facts, path.join(backend, 'manage.py'))} ${words}` }
}

function inFolder(facts: CommandFacts, folder: string, command: string): string {
  const where = typed(facts, folder)
  return where === '.' ? command : `cd ${where} && ${command}`
}
