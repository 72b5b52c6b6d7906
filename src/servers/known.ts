import type { ToldCommand } from './options.ts'
import type { Deploy, Launch, Server } from './server.ts'
import * as list from './servers.ts'

/** The servers by their names. */
export const servers = { ...list }

type Listed = (typeof servers)[keyof typeof servers]
/** The servers that can run a Django project, by the command that runs them. */
export type ServerProgram = keyof typeof servers
/** The servers that the launcher can run. Never a WSGI server. */
export type ServerName = Extract<Listed, { launch: unknown }>['name']
/** Those that are also taken without being asked for, and that a container can run. */
export type DeployedServer = Extract<Listed, { deploy: unknown }>['name']

/** One that is run here. */
export type Launched = Server & { readonly launch: Launch }

/** What a server's command line says. */
export interface ServerCommand extends ToldCommand {
  readonly program: ServerProgram
}

const inOrder = Object.values(list).toSorted((a, b) => a.preference - b.preference)

/** All of them, in the order of preference. */
export const allServers: readonly (Server & { readonly name: ServerProgram })[] = inOrder
export const launchedServers: readonly (Launched & { readonly name: ServerName })[] = inOrder.flatMap((server) =>
  'launch' in server ? [server] : [],
)
export const deployedServers: readonly (Server & { readonly name: DeployedServer; readonly deploy: Deploy })[] = inOrder.flatMap(
  (server) => ('deploy' in server ? [server] : []),
)
/** Those that are programs, and no commands of manage.py. */
export const serverPrograms = allServers.filter(({ command }) => command === undefined)

/** What is installed where nothing is there that could serve. */
export const preferred = servers.daphne

/** Names as a part of a regular expression. */
export const anyOf = (some: readonly Server[]): string => some.map(({ name }) => name).join('|')

const asgiWorker = new RegExp(`asgi|${anyOf(deployedServers)}`, 'i')

/** The worker class, where a server is called so that it speaks WSGI by it. */
export function wsgiWorkerOf({ program, workerClass }: Pick<ServerCommand, 'program' | 'workerClass'>): string | undefined {
  const { worker }: Server = servers[program]
  const named = workerClass ?? worker?.usual
  return worker === undefined || named === undefined || asgiWorker.test(named) ? undefined : named
}

/** The server whose header it is. */
export function serverSaying(header: string): Server | undefined {
  return allServers.find((server) => new RegExp(`^(?:${server.header})`, 'i').test(header))
}
