import type { ServerProgram } from './server-process.ts'

/** Which server a command line starts, and with what. */
export interface Invocation {
  readonly program: ServerProgram
  readonly args: readonly string[]
  /** The manage.py, as it is written there. */
  readonly managePy: string | undefined
}

/** The command of django-extensions that serves by Werkzeug, which knows WSGI alone. */
export const plus = 'runserver_plus'

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
  if (isRunserver(args)) return { program: 'runserver', args: args.slice(1), managePy: undefined }
  return carriers.has(name) ? carried(args) : undefined
}

/** Django's own command, or that of django-extensions, which serves by Werkzeug. */
const isRunserver = ([command = '']: readonly string[]) => command === 'runserver' || command === plus

function ofScript(script: string, args: readonly string[]): Invocation | undefined {
  const name = nameOf(script).replace(/(?:-script)?\.pyw?$/, '')
  const server = serverOf(name)
  if (server !== undefined) return { program: server, args, managePy: undefined }
  // Django takes nothing but the first argument for the command's name
  if (isRunserver(args) && (name === 'django-admin' || script.endsWith('.py') || name === 'manage')) {
    return { program: 'runserver', args: args.slice(1), managePy: name === 'django-admin' ? undefined : script }
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
  return (['daphne', 'uvicorn', 'hypercorn', 'gunicorn'] as const).find((server) => server === name)
}
