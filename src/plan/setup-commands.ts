import { posix, win32, type PlatformPath } from 'node:path'
import { interpreterOf } from '../facts/python.ts'
import type { SetupAction, SetupFacts } from './setup.ts'

/** A command of the setup: as a person would type it in the checkout, and as it is run. */
export interface SetupCommand {
  readonly shown: string
  readonly action: SetupAction
}

/** What decides about the interpreter and how its commands are written. */
type CommandFacts = Pick<SetupFacts, 'root' | 'backend' | 'platform' | 'python' | 'requirements' | 'hasUv'>

/** The path rules of the platform that the plan is for, which isn't the one that a test runs on. */
export function pathsOf(platform: NodeJS.Platform): PlatformPath {
  return platform === 'win32' ? win32 : posix
}

/** The environment's interpreter after the setup. */
export function setupInterpreter(facts: Pick<SetupFacts, 'python' | 'backend' | 'platform'>): string {
  const { python } = facts
  if (python.kind === 'ready' || python.kind === 'packages-missing') return python.environment.python
  const folder = python.kind === 'venv-broken' ? python.folder : pathsOf(facts.platform).join(facts.backend, 'venv')
  return interpreterOf(folder, facts.platform)
}

/** A path as it is typed in the checkout: relative where it lies in there, quoted where a shell would split it. */
export function typed({ root, platform }: Pick<SetupFacts, 'root' | 'platform'>, path: string): string {
  const short = pathsOf(platform).relative(root, path)
  const plain = short === '' ? '.' : short.startsWith('..') ? path : short
  if (/^[\w./\\:+@-]+$/.test(plain)) return plain
  return platform === 'win32' ? `"${plain}"` : `'${plain.replaceAll("'", String.raw`'\''`)}'`
}

/** The tool that keeps the project's environment by itself; undefined where the environment is ours to make. */
function managerOf({ requirements }: Pick<SetupFacts, 'requirements'>): 'uv' | 'poetry' | 'pipenv' | undefined {
  const kind = requirements?.kind
  return kind === 'uv' || kind === 'poetry' || kind === 'pipenv' ? kind : undefined
}

/** True where the tool of the project makes the environment, so that no other is to be made. */
export function toolMakesEnvironment(facts: Pick<SetupFacts, 'requirements'>): boolean {
  return managerOf(facts) !== undefined
}

/** Makes the environment anew; what is broken is cleared away first. */
export function environmentCommand(facts: CommandFacts, folder: string, clear: boolean): SetupCommand {
  const { hasUv, backend, platform, python } = facts
  const cleared = clear ? ['--clear'] : []
  if (hasUv) {
    return {
      shown: ['uv venv', ...cleared, typed(facts, folder)].join(' '),
      action: { kind: 'command', file: 'uv', args: ['venv', ...cleared, folder], cwd: backend, makes: folder },
    }
  }
  const base = ('base' in python ? python.base : undefined) ?? (platform === 'win32' ? 'py' : 'python3')
  return {
    shown: [pathsOf(platform).basename(base), '-m venv', ...cleared, typed(facts, folder)].join(' '),
    action: { kind: 'command', file: base, args: ['-m', 'venv', ...cleared, folder], cwd: backend, makes: folder },
  }
}

/** Gives an environment the pip that it was made without: by uv, or where its making was cut short. */
export function pipCommand(facts: CommandFacts): SetupCommand | undefined {
  const { python, hasUv, backend } = facts
  if (hasUv || managerOf(facts) !== undefined || !('environment' in python) || python.environment.packages.has('pip')) return undefined
  const { python: file } = python.environment
  return {
    shown: `${typed(facts, file)} -m ensurepip --upgrade`,
    action: { kind: 'command', file, args: ['-m', 'ensurepip', '--upgrade'], cwd: backend },
  }
}

/** Installs what the project asks for, with the tool that it uses. */
export function installCommand(facts: CommandFacts): SetupCommand {
  const { requirements, hasUv, backend, platform } = facts
  const path = pathsOf(platform)
  const manager = managerOf(facts)
  if (requirements !== undefined && manager !== undefined) {
    const args = manager === 'uv' ? ['sync'] : manager === 'poetry' ? ['install'] : ['install', '--dev']
    const cwd = path.dirname(requirements.file)
    return { shown: inFolder(facts, cwd, [manager, ...args].join(' ')), action: { kind: 'command', file: manager, args, cwd } }
  }
  const file = setupInterpreter(facts)
  const { args, shown, cwd } = whatToInstall(facts, backend)
  if (hasUv) {
    return {
      shown: `uv pip install --python ${typed(facts, file)} ${shown}`,
      action: { kind: 'command', file: 'uv', args: ['pip', 'install', '--python', file, ...args], cwd },
    }
  }
  return {
    shown: `${typed(facts, file)} -m pip install ${shown}`,
    action: { kind: 'command', file, args: ['-m', 'pip', 'install', '--disable-pip-version-check', ...args], cwd },
  }
}

function whatToInstall(facts: CommandFacts, backend: string): { args: readonly string[]; shown: string; cwd: string } {
  const { requirements, hasUv, platform } = facts
  if (requirements === undefined) return { args: ['django', 'channels', 'daphne'], shown: 'django channels daphne', cwd: backend }
  const { file, kind } = requirements
  // uv reads the dependencies alone; pip has to install the project itself, which not every project can be
  if (kind !== 'pyproject' || hasUv) return { args: ['-r', file], shown: `-r ${typed(facts, file)}`, cwd: backend }
  const folder = pathsOf(platform).dirname(file)
  return { args: ['-e', folder], shown: `-e ${typed(facts, folder)}`, cwd: folder }
}

/** A command of manage.py, by the environment that there will be then. */
export function manageCommand(facts: CommandFacts, args: readonly string[]): SetupCommand {
  const { python, requirements, backend, platform } = facts
  const path = pathsOf(platform)
  const manager = managerOf(facts)
  const file = setupInterpreter(facts)
  const action: SetupAction = { kind: 'command', file, args: ['manage.py', ...args], cwd: backend }
  const words = args.filter((word) => word !== '--no-input').join(' ')
  if (requirements !== undefined && manager !== undefined && !('environment' in python)) {
    // where the tool will keep the environment is its own secret
    const folder = path.dirname(requirements.file)
    const manage = typed({ root: folder, platform }, path.join(backend, 'manage.py'))
    return { shown: inFolder(facts, folder, `${manager} run python ${manage} ${words}`), action }
  }
  return { shown: `${typed(facts, file)} ${typed(facts, path.join(backend, 'manage.py'))} ${words}`, action }
}

function inFolder(facts: CommandFacts, folder: string, command: string): string {
  const where = typed(facts, folder)
  return where === '.' ? command : `cd ${where} && ${command}`
}
