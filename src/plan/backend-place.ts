import type { Project } from '../facts/project.ts'
import { readServerCommand } from '../facts/server-command.ts'
import { nameOf } from '../facts/server-invocation.ts'
import type { Server } from '../servers/server.ts'
import { servers, wsgiWorkerOf, type ServerCommand } from '../servers/known.ts'
import { otherWsgi } from '../servers/wsgi.ts'
import { readCommand, type CommandContext } from './command-words.ts'

/** What of a project tells its own servers from others'. */
export type OwnProject = Pick<Project, 'settingsModule' | 'application' | 'hasDaphneApp'>

/** A server of the project in a command: what it is, and whether it can speak WebSocket. */
export interface BackendServer {
  readonly program: string
  /** Its words, as they stand in the command. */
  readonly shown: string
  readonly speaksWebSocket: boolean
}

/** What only starts the program behind it. */
const carriers = new Set(['exec', 'env', 'nice', 'nohup', 'run', 'poetry', 'pipenv', 'uv', 'pdm', 'hatch', 'dotenv', 'doppler'])
const carrierPrograms = new Set(['ddtrace-run', 'opentelemetry-instrument', 'newrelic-admin', 'run-program', 'honcho'])

/**
 * The server of this project that a command starts, also behind `migrate &&`
 * or `poetry run`; undefined where it starts none, or another project's. Pure.
 */
export function serverIn(command: string, project: OwnProject, context: CommandContext): BackendServer | undefined {
  for (const part of command.split(/&&|\|\||[;|\n]/)) {
    const reading = readCommand(part, { ...context, globs: 'literal' })
    if (reading.kind !== 'words') continue
    const found = serverOfWords(withoutCarriers(reading.words), project)
    if (found !== undefined) return found
  }
  return undefined
}

function withoutCarriers(words: readonly string[]): readonly string[] {
  let rest = words
  while (rest.length > 1) {
    const name = nameOf(rest[0] ?? '')
    const carries = carriers.has(name) || carrierPrograms.has(name) || /^[A-Za-z_]\w*=/.test(rest[0] ?? '')
    if (!carries && !(rest !== words && (rest[0] ?? '').startsWith('-'))) break
    rest = rest.slice(1)
  }
  return rest
}

function serverOfWords(words: readonly string[], project: OwnProject): BackendServer | undefined {
  const shown = words.join(' ')
  const program = nameOf(words[0] ?? '')
  const wsgi = words.find((word) => /^[\w.]+\.wsgi(?::\w+)?$/.test(word))
  if (otherWsgi.has(program)) return isOwn(wsgi, project) ? { program, shown, speaksWebSocket: false } : undefined
  const server = readServerCommand(words)
  if (server === undefined || !isOwn(server.application, project)) return undefined
  return { program: server.program, shown, speaksWebSocket: speaksWebSocket(server, project) }
}

/** Whether a server can speak WebSocket as it is called. */
export function speaksWebSocket(server: ServerCommand, { hasDaphneApp }: Pick<OwnProject, 'hasDaphneApp'>): boolean {
  const { command }: Server = servers[server.program]
  if (command !== undefined) return hasDaphneApp && !server.noAsgi
  return wsgiWorkerOf(server) === undefined && !/(?:^|\.)wsgi(?:[:.]|$)/.test(server.application ?? '')
}

const top = (module: string | undefined) => module?.split(/[.:]/)[0]

/** An application that isn't named (runserver, a configuration file) is taken for this project's. */
function isOwn(application: string | undefined, project: OwnProject): boolean {
  if (application === undefined) return true
  return [top(project.settingsModule), top(project.application)].includes(top(application))
}
