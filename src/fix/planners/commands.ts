import type { Evidence } from '../../checks/evidence.ts'
import { freshEnvironment } from '../../plan/fresh-environment.ts'
import { interpreterOf } from '../../facts/environments.ts'
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
  /** Where a new environment is made. */
  readonly fresh: string
  readonly python: PythonChoice
  readonly requirements: Requirements | undefined
  readonly hasUv: boolean
  /** Whether the tool of the project's lock is on the PATH; undefined where nobody has looked. */
  readonly hasManager?: boolean | undefined
}

/** The same from the evidence; undefined where there is no project. */
export function commandFacts(
  { checkout, choice }: Pick<Evidence, 'checkout' | 'choice'>,
  { platform, hasUv, hasManager }: Pick<FixFacts, 'platform' | 'hasUv' | 'hasManager'>,
): CommandFacts | undefined {
  if (checkout === undefined || choice === undefined) return undefined
  const { root, backend } = checkout.project
  const fresh = freshEnvironment(checkout)
  return { root, backend, fresh, platform, python: choice, requirements: checkout.requirements, hasUv, hasManager }
}

/** The environment's interpreter once there is one. */
function interpreterAfter({ python, fresh, platform }: CommandFacts): string {
  if (python.environment !== undefined) return python.environment.python
  const folder = python.kind === 'venv-broken' ? python.folder : fresh
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

/** The tools that keep a project's environment by themselves: how each installs what its lock has, and adds one package to it. */
const managers = {
  uv: { install: ['sync'], add: ['add'] },
  poetry: { install: ['install'], add: ['add'] },
  pdm: { install: ['sync'], add: ['add'] },
  pipenv: { install: ['install', '--dev'], add: ['install'] },
} as const

type Manager = keyof typeof managers

/** The tool that keeps the project's environment by itself; undefined where the environment is ours to make. */
export function managerOf({
  requirements,
  hasUv,
  hasManager,
}: Pick<CommandFacts, 'requirements' | 'hasUv' | 'hasManager'>): Manager | undefined {
  const kind = requirements?.kind
  if (kind !== 'uv' && kind !== 'poetry' && kind !== 'pdm' && kind !== 'pipenv') return undefined
  // without its tool, pip can install what is asked for by name
  const lines = requirements?.lines ?? []
  const isKnown = lines.length > 0 && lines.every(({ isElsewhere }) => isElsewhere === undefined)
  return (kind === 'uv' ? hasUv : hasManager !== false) || !isKnown ? kind : undefined
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
    const words = ['uv', 'venv', ...(base === undefined ? [] : ['--python', base]), ...options] as const
    return { ...common, argv: [...words, folder], shown: [...words.map((word) => quoted(word, platform)), typed(facts, folder)].join(' ') }
  }
  const file = base ?? python.base ?? (platform === 'win32' ? 'py' : 'python3')
  return {
    ...common,
    argv: [file, '-m', 'venv', ...options, folder],
    // `python3` by its name; one that was chosen by where it is, since its name may be another's
    shown: [
      base === undefined ? pathsOf(platform).basename(file) : quoted(base, platform),
      '-m venv',
      ...options,
      typed(facts, folder),
    ].join(' '),
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
  const { file, kind, lines = [], development = [], folder = path.dirname(file) } = requirements
  const what = `the packages of ${relativeTo(facts, file)}`
  const installs = [...lines, ...development]
  if (manager !== undefined) return { ...managerCommand(facts, manager, managers[manager].install, folder), what, installs }
  // it knows of sources that aren't an index
  if (hasUv && kind === 'pyproject' && development.length === 0)
    return { ...packagesCommand(facts, ['-r', file], ['-r', typed(facts, file)]), cwd: backend, what, installs, files: [file] }
  if (kind === 'requirements')
    return { ...packagesCommand(facts, ['-r', file], ['-r', typed(facts, file)]), cwd: backend, what, installs, files: [file] }
  // what it asks for by itself: to install the project as well, it has to be one that can be built
  if (installs.length > 0) {
    const specs = installs.map(({ spec }) => spec)
    return {
      ...packagesCommand(
        facts,
        specs,
        specs.map((spec) => quoted(spec, platform)),
      ),
      what,
      installs,
    }
  }
  return { ...packagesCommand(facts, ['-e', folder], ['-e', typed(facts, folder)]), cwd: folder, what }
}

function managerCommand(facts: CommandFacts, manager: Manager, args: readonly string[], folder: string): CommandAction {
  const words = [manager, ...args].map((word) => quoted(word, facts.platform))
  return { kind: 'command', argv: [manager, ...args], cwd: folder, shown: inFolder(facts, folder, words.join(' ')) }
}

/** Adds packages to what the project asks for, by the tool that keeps its environment; undefined where none does. */
export function addCommand(facts: CommandFacts, specs: readonly string[]): CommandAction | undefined {
  const { requirements, platform, python } = facts
  const manager = managerOf(facts)
  if (manager === undefined || requirements === undefined) return undefined
  // one that was made by hand beside it is none of the tool's
  const { label, python: file } = python.environment ?? { label: '', python: '' }
  if (!label.startsWith(`${manager} (`) && !/[\\/]\.venv[\\/](?:bin|Scripts)[\\/][^\\/]+$/.test(file)) return undefined
  const folder = requirements.folder ?? pathsOf(platform).dirname(requirements.file)
  return managerCommand(facts, manager, [...managers[manager].add, ...specs], folder)
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
    const folder = requirements.folder ?? path.dirname(requirements.file)
    const manage = typed({ root: folder, platform }, path.join(backend, 'manage.py'))
    return { ...command, shown: inFolder(facts, folder, `${manager} run python ${manage} ${words}`) }
  }
  return { ...command, shown: `${typed(facts, file)} ${typed(facts, path.join(backend, 'manage.py'))} ${words}` }
}

function inFolder(facts: CommandFacts, folder: string, command: string): string {
  const where = typed(facts, folder)
  return where === '.' ? command : `cd ${where} && ${command}`
}
