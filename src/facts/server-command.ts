import { places, readOptions, untoldPlace, type ToldCommand } from '../servers/options.ts'
import { allServers, servers, type ServerCommand } from '../servers/known.ts'
import type { Server } from '../servers/server.ts'
import { readInvocation, wsgiCommandOf } from './server-invocation.ts'

/** The package that election-dev puts before an application to watch it: the application's own name isn't on the command line then. */
const observer = 'election_dev_inside'

const nothing = {
  ...untoldPlace,
  application: undefined,
  workers: undefined,
  workerClass: undefined,
  websocketTimeout: undefined,
  ws: undefined,
  wsMaxSize: undefined,
  reload: false,
  noAsgi: false,
  tls: false,
} as const satisfies ToldCommand

/**
 * What a process's arguments say of the server that it is; undefined where it
 * is none. Places that they don't name are the server's own defaults; what a
 * configuration file or the environment may say is left undefined.
 */
export function readServerCommand(argv: readonly string[]): ServerCommand | undefined {
  const title = readTitle(argv)
  if (title !== undefined) return title
  const invocation = readInvocation(argv)
  if (invocation === undefined) return undefined
  const { table, read }: Server = servers[invocation.program]
  const options = readOptions(invocation.args, table)
  const told = { ...nothing, program: invocation.program, application: applicationOf(options.positionals), ...read(options, places) }
  const wsgi = wsgiCommandOf(argv)
  return wsgi === undefined ? told : { ...told, noAsgi: true, tls: wsgi === 'runsslserver' }
}

/** The folders that the server is told to find its application in, as they are written: uvicorn's --app-dir, gunicorn's --chdir and --pythonpath. */
export function namedFolders(argv: readonly string[]): readonly string[] {
  const invocation = readInvocation(argv)
  if (invocation === undefined) return []
  const { table, folders }: Server = servers[invocation.program]
  return folders?.(readOptions(invocation.args, table)) ?? []
}

function readTitle([written = '']: readonly string[]): ServerCommand | undefined {
  for (const { name, title } of allServers) {
    const match = title?.exec(written)
    if (match) return { ...nothing, program: name, application: applicationOf([match[1] ?? '']) }
  }
  return undefined
}

/** `package.module:callable`, unless it is the observer of election-dev. */
function applicationOf(positionals: readonly string[]): string | undefined {
  const named =
    positionals.find((text) => /^[\w.]+:[\w.]+(?:\(.*\))?$/.test(text)) ?? positionals.find((text) => /^\w+(?:\.\w+)+$/.test(text))
  return named?.startsWith(`${observer}:`) === true ? undefined : named
}
