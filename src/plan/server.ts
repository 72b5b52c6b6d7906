import type { ServerName } from '../config/schema.ts'
import type { Packages } from '../facts/packages.ts'
import { bracketed } from '../host/tcp.ts'

/** What decides about the server. */
export interface ServerFacts {
  readonly packages: Packages
  /** The `daphne` app is in INSTALLED_APPS, which makes runserver ASGI-capable; Channels 2 and 3 have a runserver of their own. */
  readonly hasDaphneApp: boolean
  /** `--server`, where the user named one. */
  readonly wanted: ServerName | undefined
}

export type ServerChoice =
  | { readonly kind: 'server'; readonly name: ServerName; readonly version: string; readonly why: string }
  | {
      readonly kind: 'none'
      readonly id: 'daphne-missing' | 'ws-library-missing'
      readonly reason: string
      readonly install: readonly string[]
    }

/** The WebSocket implementations that uvicorn can use (https://www.uvicorn.org/settings/#implementation). */
const uvicornLibraries = ['websockets', 'wsproto'] as const

/**
 * daphne when it is importable, else uvicorn (only with a WebSocket library),
 * or hypercorn. A server that the user named is taken, or refused with what it
 * lacks; never replaced.
 */
export function chooseServer(facts: ServerFacts): ServerChoice {
  const order: readonly ServerName[] = facts.wanted === undefined ? ['daphne', 'uvicorn', 'hypercorn'] : [facts.wanted]
  let refused: ServerChoice | undefined
  for (const name of order) {
    const choice = assess(name, facts)
    if (choice.kind === 'server') return choice
    // uvicorn without a WebSocket library says more than "no daphne"
    refused = refused === undefined || choice.id === 'ws-library-missing' ? choice : refused
  }
  return refused ?? assess('daphne', facts)
}

function assess(name: ServerName, { packages, hasDaphneApp, wanted }: ServerFacts): ServerChoice {
  const why = wanted === undefined ? 'installed' : 'asked for'
  const version = packages.get(name === 'runserver' ? 'daphne' : name)
  if (name === 'runserver') {
    const channels = /^[23]\./.exec(packages.get('channels') ?? '')?.[0]
    const reason = hasDaphneApp ? 'the daphne app is in INSTALLED_APPS' : `Channels ${channels?.[0] ?? ''} has it`
    if (version !== undefined && (hasDaphneApp || channels !== undefined)) return { kind: 'server', name, version, why: reason }
    return missing('daphne-missing', 'runserver speaks WebSocket only with "daphne" installed and first in INSTALLED_APPS', ['daphne'])
  }
  if (version === undefined) return missing('daphne-missing', `${name} is not installed`, [name === 'uvicorn' ? 'uvicorn[standard]' : name])
  if (name === 'daphne' && Number.parseInt(version, 10) < firstMajor.daphneModule)
    return missing('daphne-missing', `daphne ${version} can't be run by \`python -m daphne\`, which came with 3.0`, ['daphne~=3.0'])
  if (name === 'uvicorn' && !uvicornLibraries.some((library) => packages.has(library))) {
    const reason = `uvicorn ${version} has no WebSocket library: neither websockets nor wsproto is installed`
    return missing('ws-library-missing', reason, ['uvicorn[standard]'])
  }
  return { kind: 'server', name, version, why }
}

function missing(id: 'daphne-missing' | 'ws-library-missing', reason: string, install: readonly string[]): ServerChoice {
  return { kind: 'none', id, reason, install }
}

/** What the command line of a server is made of. */
export interface ServerCommand {
  readonly name: ServerName
  /** Its installed version: older ones lack some of the flags. */
  readonly version: string
  readonly application: string
  readonly host: string
  readonly port: number
  readonly color: boolean
}

/** The first minor version of 0 that knows a flag as it is used here, by the servers' own `--help` and sources. */
const firstMinor = {
  /** `--timeout-graceful-shutdown`. */
  uvicornGraceful: 22,
  /** `--workers 0`, in the process itself; before it, 1 was that (0.13), or a child of it (0.14). */
  hypercornInProcess: 15,
  /** From here until then, the application is imported by its parent and served by a child, spawned, which has no path and no pipe of its parent's. */
  hypercornInChild: 14,
} as const

/** The first major version that can be used here. */
const firstMajor = {
  /** `python -m daphne` (its `__main__.py`). */
  daphneModule: 3,
} as const

/** Whether a version has what came with 0.`minor`. */
function since(version: string, minor: number): boolean {
  const [, major = '1', own = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return Number(major) > 0 || Number(own) >= minor
}

/** Whether a child of the process that is launched serves, out of reach of what is around the application. Pure. */
export function servesFromChild({ name, version }: Pick<ServerCommand, 'name' | 'version'>): boolean {
  return name === 'hypercorn' && since(version, firstMinor.hypercornInChild) && !since(version, firstMinor.hypercornInProcess)
}

/**
 * Arguments for the interpreter: `-m daphne -b 127.0.0.1 -p 8000 core.asgi:application`.
 * No shell, no activation, no reloader: a reloader stays alive with nothing listening.
 */
export function serverArguments({ name, version, application, host, port, color }: ServerCommand): string[] {
  const uvicornColors = color ? '--use-colors' : '--no-use-colors'
  const graceful = since(version, firstMinor.uvicornGraceful) ? ['--timeout-graceful-shutdown', '2'] : []
  const workers = since(version, firstMinor.hypercornInProcess) ? '0' : '1'
  switch (name) {
    case 'daphne':
      return ['-m', 'daphne', '-b', host, '-p', String(port), application]
    case 'uvicorn':
      // a browser holds its socket open, and uvicorn waits for it without end by default (uvicorn #1972)
      return ['-m', 'uvicorn', '--host', host, '--port', String(port), ...graceful, uvicornColors, application]
    case 'hypercorn':
      // 0 workers: served by the process itself, without a parent that would hide a crash
      return ['-m', 'hypercorn', '--bind', `${bracketed(host)}:${port}`, '--workers', workers, '--graceful-timeout', '2', application]
    case 'runserver':
      return ['manage.py', 'runserver', '--noreload', color ? '--force-color' : '--no-color', `${bracketed(host)}:${port}`]
  }
}
