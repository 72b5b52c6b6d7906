import { dirname, isAbsolute } from 'node:path'
import { realPath } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { preambleVariable, type Way } from './manage-py.ts'
import { readSitePackages, type Packages } from './packages.ts'
import type { ServerProcess, ServersFact } from './server-process.ts'

/** The environment that a server runs in, where it is another one than the project's. */
export interface ServingEnvironment {
  readonly pid: number
  /** Path of the interpreter as its command line has it. */
  readonly python: string
  readonly packages: Packages
}

/** The server of the checkout that is looked at: the one on the port, else the first that runs at all. */
export function servingOf({ ofProject }: ServersFact, port: number): ServerProcess | undefined {
  return ofProject.find(({ listens }) => listens.some((at) => at.port === port)) ?? ofProject[0]
}

/**
 * The host as the server sees it: what its environment says of the names, and
 * not what the doctor's shell says. The same host where the two agree, or where
 * nothing is known of the server's.
 */
export function asServer(host: Host, server: ServerProcess | undefined, names: readonly string[]): Host {
  const { env } = server ?? {}
  if (env === undefined || names.every((name) => host.env[name] === env[name])) return host
  return { ...host, env: { ...host.env, ...Object.fromEntries(names.map((name) => [name, env[name]])) } }
}

/** How a server that runs has come to its project; undefined: none runs. */
export function wayOf(server: ServerProcess | undefined): Way | undefined {
  if (server === undefined) return undefined
  if (server.command?.program === 'runserver') return 'runserver'
  return server.env?.[preambleVariable] === undefined ? 'asgi' : 'manage'
}

/** `module:attribute` that a server in the backend's folder serves; undefined where its command line doesn't tell it in a way that can be imported. */
export function servedApplication(server: ServerProcess | undefined, backend: string): string | undefined {
  const application = server?.command?.application
  const isHere = server?.cwd === backend && server.listens.length > 0
  // a factory makes the application, and a WSGI application is judged by the command line
  if (!isHere || application === undefined || server?.argv.includes('--factory') === true || /wsgi/i.test(application)) return undefined
  return /^[\w.]+:\w+$/.test(application) ? application : undefined
}

/** The environment that a server was started with, by its command line; undefined where that is the project's own, or can't be told. Never throws. */
export async function servingEnvironment(
  host: Host,
  server: ServerProcess | undefined,
  own: string | undefined,
): Promise<ServingEnvironment | undefined> {
  const python = server?.argv[0]
  if (server === undefined || python === undefined || own === undefined || !isAbsolute(python)) return undefined
  const folder = dirname(dirname(python))
  if ((await realPath(folder)) === (await realPath(dirname(dirname(own))))) return undefined
  const read = await readSitePackages(folder, host.platform)
  // more packages than the folder shows: nobody can say what is missing
  return read?.complete === true ? { pid: server.pid, python, packages: read.packages } : undefined
}
