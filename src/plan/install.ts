import { freshEnvironment } from './fresh-environment.ts'
import { bareNeeds, type PythonChoice } from './environment.ts'
import type { Checkout } from '../facts/checkout.ts'
import type { Examination } from '../facts/examination.ts'
import { interpreterOf } from '../facts/environments.ts'
import { requiredName } from '../facts/packages.ts'
import type { RequirementLine } from '../facts/requirement-lines.ts'
import type { Installers } from '../facts/programs.ts'
import { managerNamed, type Manager, type Requirements } from '../facts/requirements.ts'
import { pathsOf } from '../host/paths.ts'

/** A command that is run to its end, without a shell. */
export interface CommandAction {
  readonly kind: 'command'
  readonly argv: readonly [string, ...string[]]
  readonly cwd: string
  /** As a person types it in the checkout: one command, or two where it has to be in another folder. */
  readonly typed: readonly (readonly string[])[]
  /** What there is once it has run: `the database tables`. */
  readonly what?: string
  /** A folder that it makes, which a run that was cut short must not leave half-made. One that is there goes into the backup before. */
  readonly makes?: string
  /** A folder that it adds files to, and makes where there is none: what is in it stays. */
  readonly adds?: string
  /** Files that it changes, which are kept before. */
  readonly changes?: readonly string[]
  /** What it is to install, with where the project asks for it. */
  readonly installs?: readonly RequirementLine[]
  /** The files that it reads for that. */
  readonly files?: readonly string[]
}

/** Where a command is typed. */
export interface Place {
  readonly root: string
  readonly platform: NodeJS.Platform
}

/** What decides about the interpreter and how its commands are written. */
export interface CommandFacts extends Place, Installers {
  readonly backend: string
  /** Where a new environment is made. */
  readonly fresh: string
  readonly python: PythonChoice
  readonly requirements: Requirements | undefined
  /** What opens the database has to be run beside manage.py. */
  readonly isBound?: boolean
}

/** Whether another folder has another database: a file with a relative name is made where the command runs, and the server runs beside manage.py. Pure. */
export function isFolderBound({
  checkout,
  examination,
}: {
  readonly checkout: Checkout | undefined
  readonly examination: Pick<Examination, 'get'> | undefined
}): boolean {
  return examination?.get('database')?.relative === true && checkout?.project.backend !== checkout?.project.root
}

/** The same of a checkout that was looked at; undefined where there is none. */
export function commandFacts(
  {
    checkout,
    choice,
    examination,
  }: {
    readonly checkout: Checkout | undefined
    readonly choice: PythonChoice | undefined
    readonly examination?: Pick<Examination, 'get'> | undefined
  },
  { platform, hasUv, hasManager }: Pick<CommandFacts, 'platform' | 'hasUv' | 'hasManager'>,
): CommandFacts | undefined {
  if (checkout === undefined || choice === undefined) return undefined
  const { root, backend } = checkout.project
  const fresh = freshEnvironment(checkout)
  const isBound = isFolderBound({ checkout, examination })
  return { root, backend, fresh, platform, python: choice, requirements: checkout.requirements, hasUv, hasManager, isBound }
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

/** What only a program needs to be told. */
const untyped: ReadonlySet<string> = new Set(['--disable-pip-version-check', '--no-input'])

/** A command with its words as they are typed in the checkout: paths from there. */
function command(facts: Place, argv: CommandAction['argv'], cwd: string): CommandAction {
  const { isAbsolute } = pathsOf(facts.platform)
  const words = argv.filter((word) => !untyped.has(word)).map((word) => (isAbsolute(word) ? relativeTo(facts, word) : word))
  return { kind: 'command', argv, cwd, typed: [words] }
}

/** How a tool is called that keeps a project's environment by itself. */
interface ManagerWords {
  /** Installs what its lock has. */
  readonly install: readonly string[]
  /** Adds packages to what the project asks for. */
  readonly add: readonly string[]
  /** Brings newer releases of what is in the lock, whoever asks for it; undefined where it writes each into what the project asks for, as pipenv does. */
  readonly upgrade?: (names: readonly string[]) => readonly string[]
}

const managers: Readonly<Record<Manager, ManagerWords>> = {
  uv: { install: ['sync'], add: ['add'], upgrade: (names) => ['sync', ...names.flatMap((name) => ['--upgrade-package', name])] },
  poetry: { install: ['install'], add: ['add'], upgrade: (names) => ['update', ...names] },
  pdm: { install: ['sync'], add: ['add'], upgrade: (names) => ['update', ...names] },
  pipenv: { install: ['install', '--dev'], add: ['install'] },
}

/** The tool that keeps the project's environment by itself; undefined where the environment is ours to make. */
export function managerOf({
  requirements,
  hasUv,
  hasManager,
}: Pick<CommandFacts, 'requirements' | 'hasUv' | 'hasManager'>): Manager | undefined {
  const kind = managerNamed(requirements)
  // without its tool, pip can install what is asked for by name
  const lines = requirements?.lines ?? []
  const isKnown = lines.length > 0 && lines.every(({ isElsewhere, words }) => isElsewhere === undefined || words !== undefined)
  return (kind === 'uv' ? hasUv : hasManager !== false) || !isKnown ? kind : undefined
}

/** Makes the environment anew, with the interpreter `base` where one is named; what is there is cleared away first. */
export function environmentCommand(facts: CommandFacts, folder: string, base?: string): CommandAction {
  const { hasUv, backend, platform, python } = facts
  const isAnew = python.kind !== 'venv-missing'
  const options = [...(isAnew ? ['--clear'] : []), folder]
  const made = { makes: folder, what: isAnew ? 'a Python environment that runs' : 'a Python environment' }
  if (hasUv) return { ...command(facts, ['uv', 'venv', ...(base === undefined ? [] : ['--python', base]), ...options], backend), ...made }
  const file = base ?? python.base ?? (platform === 'win32' ? 'py' : 'python3')
  const making = command(facts, [file, '-m', 'venv', ...options], backend)
  if (base !== undefined || platform === 'win32') return { ...making, ...made }
  // `python3` by its name; one that was chosen by where it is, since its name may be another's
  const [[, ...rest] = []] = making.typed
  return { ...making, ...made, typed: [[pathsOf(platform).basename(file), ...rest]] }
}

/** Gives an environment the pip that it was made without: by uv, or where its making was cut short. */
export function pipCommands(facts: CommandFacts): CommandAction[] {
  const { python, hasUv, backend } = facts
  if (hasUv || managerOf(facts) !== undefined || python.environment?.packages.has('pip') !== false) return []
  return [{ ...command(facts, [python.environment.python, '-m', 'ensurepip', '--upgrade'], backend), what: 'pip in the environment' }]
}

/**
 * What pip is told of what a project asks for: its file; where some of that is
 * for another platform alone, or the file is none that pip reads, the rest of it
 * by name. Empty where nobody but the project's own build knows it. Pure.
 */
export function requirementWords({ file, kind, lines = [], development = [], left = [], words = [], isFileOnly }: Requirements): string[] {
  if (kind === 'requirements' && (left.length === 0 || isFileOnly === true)) return ['-r', file]
  const asked = [...lines, ...development].filter(({ isConstraint }) => isConstraint === undefined)
  return [...words, ...asked.flatMap((line) => line.words ?? [line.spec])]
}

/** Installs what the project asks for, with the tool that it uses. */
export function installCommand(facts: CommandFacts): CommandAction {
  const { requirements, hasUv, platform } = facts
  const manager = managerOf(facts)
  if (requirements === undefined)
    return {
      ...packagesCommand(facts, bareNeeds),
      what: 'what every Channels project needs, since no file here says what this one does',
    }
  const { file, kind, lines = [], development = [], left = [], folder = pathsOf(platform).dirname(file) } = requirements
  const what = `the packages of ${relativeTo(facts, file)}`
  const installs = [...lines, ...development, ...left]
  if (manager !== undefined) return { ...managerCommand(facts, manager, managers[manager].install, folder), what, installs }
  // uv knows of sources that aren't an index
  const isForUv = hasUv && kind === 'pyproject' && development.length === 0 && left.length === 0
  const words = isForUv ? ['-r', file] : requirementWords(requirements)
  if (words.length > 0)
    return { ...packagesCommand(facts, words), what, installs, ...(kind === 'requirements' || isForUv ? { files: [file] } : {}) }
  // what it asks for by itself: to install the project as well, it has to be one that can be built
  return { ...packagesCommand(facts, ['-e', folder]), cwd: folder, what }
}

function managerCommand(facts: CommandFacts, manager: Manager, args: readonly string[], folder: string): CommandAction {
  const made = command(facts, [manager, ...args], folder)
  return { ...made, typed: inFolder(facts, folder, made.typed) }
}

/**
 * Installs packages that the project lacks, or other releases of them: by the
 * tool that keeps its environment, which adds them to what the project asks
 * for, since it takes away what isn't in its lock; else into the environment alone.
 */
export function addCommands(facts: CommandFacts, names: readonly string[]): CommandAction[] {
  const { requirements, platform, python } = facts
  const words = names.map((name) => withOwnBounds(requirements, name))
  const manager = managerOf(facts)
  // a package of the project's own: on an index its name may be a stranger's
  const places = new Map([...(requirements?.lines ?? []), ...(requirements?.development ?? [])].map((line) => [line.name, line.words]))
  const placed = words.flatMap((word) => places.get(requiredName(word)) ?? [])
  if (placed.length > 0) return manager === undefined ? [...pipCommands(facts), packagesCommand(facts, placed)] : [installCommand(facts)]
  // one that was made by hand beside it is none of the tool's
  const { label, python: file } = python.environment ?? { label: '', python: '' }
  const isTools = label.startsWith(`${manager} (`) || /[\\/]\.venv[\\/](?:bin|Scripts)[\\/][^\\/]+$/.test(file)
  const { add, upgrade } = manager === undefined || !isTools ? {} : managers[manager]
  const isUpgrade = words[0] === '--upgrade'
  const args = isUpgrade ? upgrade?.(words.slice(1)) : add && [...add, ...words]
  if (manager === undefined || requirements === undefined || args === undefined)
    return [...pipCommands(facts), packagesCommand(facts, words)]
  const { dirname, join } = pathsOf(platform)
  const { folder = dirname(requirements.file) } = requirements
  const [manifest, lock] = manager === 'pipenv' ? ['Pipfile', 'Pipfile.lock'] : ['pyproject.toml', `${manager}.lock`]
  const changes = [join(folder, manifest), join(dirname(requirements.file), lock)]
  return [{ ...managerCommand(facts, manager, args, folder), changes }]
}

/** An upper bound with what the project itself asks for below it: `redis<8` is `redis>=5.2,<8` where it has `redis>=5.2`. Any other word as it is. Pure. */
export function withOwnBounds(requirements: Requirements | undefined, word: string): string {
  const [, name = '', bound = ''] = /^([\w.-]+)<(\d+)$/.exec(word) ?? []
  const asked = [...(requirements?.lines ?? []), ...(requirements?.development ?? [])].find((line) => line.name === requiredName(name))
  const [, extras = '', clauses = ''] = /^[\w.-]+\s*(\[[^\]]*\])?\s*([^;@]*)/.exec(asked?.spec ?? '') ?? []
  if (bound === '' || asked === undefined) return word
  const kept = clauses
    .split(',')
    .map((clause) => clause.replaceAll(/\s/g, ''))
    .filter((clause) => {
      const [, sign, version = ''] = /^(>=|>|!=)(\d+)/.exec(clause) ?? []
      return sign === '!=' || (sign !== undefined && Number(version) < Number(bound))
    })
  return `${name}${extras}${[...kept, `<${bound}`].join(',')}`
}

/** Installs packages into the environment. */
function packagesCommand(facts: CommandFacts, words: readonly string[]): CommandAction {
  const file = interpreterAfter(facts)
  const made = command(
    facts,
    facts.hasUv
      ? ['uv', 'pip', 'install', '--python', file, ...words]
      : [file, '-m', 'pip', 'install', '--disable-pip-version-check', ...words],
    facts.backend,
  )
  const [[...typed] = []] = made.typed
  return { ...made, typed: [[...typed.slice(0, typed.length - words.length), ...typedPlaces(facts, words)]] }
}

/** What pip is told, as it is typed in the checkout: a folder without a slash would be a name of the index. Pure. */
export function typedPlaces(place: Place, words: readonly string[]): string[] {
  return words.map((word, index) => {
    if (!pathsOf(place.platform).isAbsolute(word)) return word
    const short = relativeTo(place, word)
    return /[/\\]/.test(short) || /^-[rcef]$/.test(words[index - 1] ?? '') ? short : `./${short}`
  })
}

/** A command of manage.py, by the environment that there will be then. */
export function manageCommand(facts: CommandFacts, args: readonly string[]): CommandAction {
  const { python, requirements, backend, platform } = facts
  const path = pathsOf(platform)
  const manager = managerOf(facts)
  const file = interpreterAfter(facts)
  const manage = path.join(backend, 'manage.py')
  const { typed: there } =
    facts.isBound === true
      ? command({ ...facts, root: backend }, [file, 'manage.py', ...args], backend)
      : command(facts, [file, manage, ...args], backend)
  const made = { kind: 'command' as const, argv: [file, 'manage.py', ...args] as const, cwd: backend }
  if (requirements === undefined || manager === undefined || python.environment !== undefined)
    return { ...made, typed: facts.isBound === true ? inFolder(facts, backend, there) : there }
  // where the tool will keep the environment is its own secret
  const folder = requirements.folder ?? path.dirname(requirements.file)
  const { typed: within } = command({ root: folder, platform }, [manager, 'run', 'python', manage, ...args], folder)
  return { ...made, typed: inFolder(facts, folder, within) }
}

function inFolder(facts: CommandFacts, folder: string, commands: CommandAction['typed']): CommandAction['typed'] {
  const where = relativeTo(facts, folder)
  return where === '.' ? commands : [['cd', where], ...commands]
}

/** The packages that a `pip install` or a tool's `add` names, as it names them; none of any other command, and of one that installs a file's. */
export function installedBy(words: readonly string[]): string[] {
  const [program = '', verb] = words
  const adds = (/^(?:uv|poetry|pdm)$/.test(program) && verb === 'add') || (program === 'pipenv' && verb === 'install')
  if (!adds && (!words.includes('pip') || !words.includes('install') || words.includes('-r'))) return []
  const rest = words.slice(adds ? 2 : words.indexOf('install') + 1)
  return rest.filter((word, index) => !word.startsWith('-') && rest[index - 1] !== '--python')
}
