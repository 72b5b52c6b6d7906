import { wsgiCommands } from '../servers/wsgi.ts'
import { allServers, serverPrograms, type ServerProgram } from '../servers/known.ts'

/** Which server a command line starts, and with what. */
export interface Invocation {
  readonly program: ServerProgram
  readonly args: readonly string[]
  /** The manage.py, as it is written there. */
  readonly managePy: string | undefined
}

/** The command of a WSGI server of manage.py that stands on a command line. */
export function wsgiCommandOf(argv: readonly string[]): string | undefined {
  return argv.find((word) => Object.hasOwn(wsgiCommands, word))
}

/** The manage.py of a command line, whatever its command is: one that listens is a server of that project. */
export function managePyOf(argv: readonly string[]): string | undefined {
  return isPython(argv[0] ?? '') ? argv.slice(1).find((word) => nameOf(word) === 'manage.py') : undefined
}

/** What runs another Python program within its own process; its own options come first. */
const carriers = new Set(['coverage', 'debugpy', 'pydevd', 'pdb', 'cProfile', 'viztracer', 'memray', 'scalene', 'pyinstrument'])

/** The server that a command line starts, or undefined. What only starts another process (a shell, `uv run`) is no server: its child is. */
export function readInvocation(argv: readonly string[]): Invocation | undefined {
  const [program = '', ...args] = argv
  if (!isPython(program)) return ofScript(program, args)
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ''
    const module = /^-[A-Za-z]*?m(.*)$/.exec(arg)
    if (/^-[XW]$/.test(arg) || arg === '--check-hash-based-pycs') index += 1
    else if (/^-[XW]./.test(arg)) continue
    else if (/^-[A-Za-z]*c/.test(arg)) return undefined
    else if (module !== null) {
      const name = module[1] === '' ? args[++index] : module[1]
      return ofModule(name ?? '', args.slice(index + 1))
    } else if (!arg.startsWith('-')) return ofScript(arg, args.slice(index + 1))
  }
  return undefined
}

/** True for `python`, `/usr/bin/python3.11`, `C:\venv\Scripts\python.exe`, `py`, and macOS's `Python`. */
export function isPython(program: string): boolean {
  return /^(?:python|pypy|py)[\d.]*[a-z]?$/i.test(nameOf(program))
}

/** The last part of a path of either kind, without `.exe`. */
export function nameOf(program: string): string {
  return (program.split(/[/\\]/).at(-1) ?? '').replace(/\.exe$/i, '')
}

function ofModule(module: string, args: readonly string[]): Invocation | undefined {
  const name = module.split('.')[0] ?? ''
  const server = serverOf(name)
  if (server !== undefined) return { program: server, args, managePy: undefined }
  const command = commandOf(args)
  if (command !== undefined) return { program: command, args: args.slice(1), managePy: undefined }
  return carriers.has(name) ? carried(args) : undefined
}

/** The server that is a command of manage.py. */
const commandOf = ([word = '']: readonly string[]): ServerProgram | undefined => allServers.find(({ command }) => command?.test(word))?.name

function ofScript(script: string, args: readonly string[]): Invocation | undefined {
  const name = nameOf(script).replace(/(?:-script)?\.pyw?$/, '')
  const server = serverOf(name)
  if (server !== undefined) return { program: server, args, managePy: undefined }
  // Django takes nothing but the first argument for the command's name
  const command = commandOf(args)
  if (command !== undefined && (name === 'django-admin' || script.endsWith('.py') || name === 'manage')) {
    return { program: command, args: args.slice(1), managePy: name === 'django-admin' ? undefined : script }
  }
  return carriers.has(name) ? carried(args) : undefined
}

function carried(args: readonly string[]): Invocation | undefined {
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ''
    const rest = args.slice(index + 1)
    const found = arg === '-m' ? ofModule(rest[0] ?? '', rest.slice(1)) : arg.startsWith('-') ? undefined : ofScript(arg, rest)
    if (found !== undefined) return found
  }
  return undefined
}

/** The server whose program or module has the name. */
export function serverOf(name: string): ServerProgram | undefined {
  return serverPrograms.find((server) => server.name === name)?.name
}

/** Whether a server has written over its arguments. */
export function isTitle(written: string): boolean {
  return allServers.some(({ name, title }) => title !== undefined && written.startsWith(`${name}: `))
}
