import type { Packages } from '../facts/packages.ts'
import type { LaunchRequest } from '../servers/server.ts'
import { deployedServers, preferred, servers, type Launched, type ServerName } from '../servers/known.ts'

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

/**
 * The first of the servers that is importable and can speak WebSocket. A server
 * that the user named is taken, or refused with what it lacks; never replaced.
 */
export function chooseServer(facts: ServerFacts): ServerChoice {
  const order: readonly ServerName[] = facts.wanted === undefined ? deployedServers.map(({ name }) => name) : [facts.wanted]
  let refused: ServerChoice | undefined
  for (const name of order) {
    const choice = assess(name, facts)
    if (choice.kind === 'server') return choice
    // a server without a WebSocket library says more than "no daphne"
    refused = refused === undefined || choice.id === 'ws-library-missing' ? choice : refused
  }
  return refused ?? assess(preferred.name, facts)
}

function assess(name: ServerName, facts: ServerFacts): ServerChoice {
  const { packages, wanted } = facts
  const { distribution = name, install, libraries, launch }: Launched = servers[name]
  const { needs, moduleSince = 0 } = launch
  const version = packages.get(distribution)
  const why = needs === undefined ? (wanted === undefined ? 'installed' : 'asked for') : needs.met(facts)
  if (version === undefined || why === undefined) return missing('daphne-missing', needs?.said ?? `${name} is not installed`, [install])
  if (Number.parseInt(version, 10) < moduleSince) {
    const reason = `${name} ${version} can't be run by \`python -m ${name}\`, which came with ${moduleSince}.0`
    return missing('daphne-missing', reason, [`${distribution}~=${moduleSince}.0`])
  }
  if (libraries !== undefined && !libraries.names.some((library) => packages.has(library))) {
    const reason = `${name} ${version} has no WebSocket library: neither ${libraries.names.join(' nor ')} is installed`
    return missing('ws-library-missing', reason, [install])
  }
  return { kind: 'server', name, version, why }
}

function missing(id: 'daphne-missing' | 'ws-library-missing', reason: string, install: readonly string[]): ServerChoice {
  return { kind: 'none', id, reason, install }
}

type ServerCommand = LaunchRequest & { readonly name: ServerName }

/** Whether a child of the process that is launched serves, out of reach of what is around the application. Pure. */
export function servesFromChild({ name, version }: Pick<ServerCommand, 'name' | 'version'>): boolean {
  const { launch }: Launched = servers[name]
  return launch.servesFromChild?.(version) === true
}

/** Arguments for the interpreter: `-m daphne -b 127.0.0.1 -p 8000 core.asgi:application`. No shell, no activation. */
export function serverArguments({ name, ...request }: ServerCommand): string[] {
  const { command, launch }: Launched = servers[name]
  return [command === undefined ? '-m' : 'manage.py', name, ...launch.args(request)]
}
