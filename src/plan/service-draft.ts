import type { Config } from '../config/config.ts'
import type { ReadyConfig, ServiceConfig } from '../config/stack-schema.ts'
import { usageError } from '../errors.ts'
import type { ProcfileEntry, ProcfileFact } from '../facts/procfile.ts'
import type { ProgramRequest } from '../facts/programs.ts'
import type { PythonEnvironment } from '../facts/python.ts'
import { serverIn, type BackendServer, type OwnProject } from './backend-place.ts'
import { readCommand, type CommandContext } from './command-words.ts'
import { serviceEnvironment } from './service-environment.ts'
import { orderNodes, type GraphNode } from './service-graph.ts'
import type { ServicePlan } from './service.ts'
import { pathsOf } from '../host/paths.ts'
import { typed } from '../host/shell.ts'

/** All that decides which services there are. */
export interface ServiceInputs {
  readonly config: Pick<Config, 'services' | 'only' | 'dependsOn' | 'managedRedis' | 'source'>
  /** The folder of the run. */
  readonly root: string
  readonly procfile: ProcfileFact
  readonly project: OwnProject
  /** The backend's environment, without what is for its server alone. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly python: Pick<PythonEnvironment, 'python' | 'isVirtual'>
  readonly platform: NodeJS.Platform
}

/** A command whose program is still to be found. */
export interface CommandDraft extends ProgramRequest {
  readonly args: readonly string[]
  readonly shown: string
}

/** A service before its program is found. */
export interface ServiceDraft extends GraphNode {
  readonly command: CommandDraft
  /** A command that shows that it is ready. */
  readonly readyCommand: CommandDraft | undefined
  /** All that is known of the plan already. */
  readonly rest: Omit<ServicePlan, 'name' | 'file' | 'args' | 'cwd' | 'env' | 'shown' | 'dependsOn'>
  /** Asked for by name: what keeps it from running is an error, and not a warning. */
  readonly isAskedFor: boolean
}

/** A sentence for people, with an id where it is a warning. */
interface StackWarning {
  readonly id: string
  readonly text: string
}

/** The services of a run, in an order in which each comes after what it depends on. */
export interface StackDraft {
  readonly drafts: readonly ServiceDraft[]
  readonly wantsBackend: boolean
  readonly wantsFrontend: boolean
  /** A managed Redis is started, before everything else. */
  readonly wantsRedis: boolean
  readonly warnings: readonly StackWarning[]
  readonly notes: readonly string[]
}

const defaultReadyMs = 60_000
const defaultStopMs = 5000
/** foreman's first port, and the step from one process type to the next (ddollar.github.io/foreman). */
const foreman = { port: 5000, step: 100 }

/**
 * Reads the services of configuration and Procfile. The Procfile's `web`, what
 * else in it starts this project's own server, `backend`, `frontend` and
 * `release` aren't services: the launcher has these places itself. A service of
 * the configuration is run as it is written. Pure. Throws LauncherError
 * (`service-…`, exit 2) for what can't be.
 */
export function draftServices(inputs: ServiceInputs): StackDraft {
  const { config } = inputs
  const warnings: StackWarning[] = []
  const notes: string[] = []
  refuseNames(inputs)
  const configured = Object.entries(config.services).map(([name, service]) => draftConfigured(name, service, inputs))
  const found = draftProcfile(inputs, warnings, notes)
  const redis: GraphNode[] = config.managedRedis ? [{ name: 'redis', dependsOn: [], source: 'managedRedis' }] : []
  const own: readonly GraphNode[] = [
    ...redis,
    { name: 'backend', dependsOn: [...names(redis), ...config.dependsOn], source: '' },
    { name: 'frontend', dependsOn: [], source: 'frontend' },
  ]
  const services = [...configured, ...found].map((draft) => ({ ...draft, dependsOn: [...names(redis), ...draft.dependsOn] }))
  const ordered = orderNodes<GraphNode | ServiceDraft>([...own, ...services], config.only, config.source('only'))
  const drafts = ordered.filter((node) => 'command' in node)
  const wanted = new Set(names(ordered))
  const needed = new Set([...config.only, ...config.dependsOn, ...ordered.flatMap(({ dependsOn }) => dependsOn)])
  return {
    drafts: drafts.map((draft) => ({ ...draft, isAskedFor: draft.isAskedFor || needed.has(draft.name) })),
    wantsBackend: wanted.has('backend'),
    wantsFrontend: wanted.has('frontend'),
    wantsRedis: config.managedRedis && wanted.has('redis'),
    warnings,
    notes,
  }
}

const names = (nodes: readonly GraphNode[]): string[] => nodes.map(({ name }) => name)

function refuseNames({ config }: ServiceInputs): void {
  for (const name of ['backend', 'frontend', ...(config.managedRedis ? ['redis'] : [])]) {
    if (!Object.hasOwn(config.services, name)) continue
    const [what, hint] =
      name === 'redis'
        ? ['managedRedis starts one of that name', 'Take managedRedis out, or call the service otherwise.']
        : [
            `the launcher has its own ${name}`,
            `Describe that one by the keys of the configuration (${keysOf(name)}), or choose another name.`,
          ]
    throw usageError('service-name-taken', `services.${name}: ${what}`, { hint })
  }
}

const keysOf = (name: string): string => (name === 'backend' ? 'server, env, dependsOn …' : 'frontend.command, frontend.env …')

function draftConfigured(name: string, service: ServiceConfig, inputs: ServiceInputs): ServiceDraft {
  const { root, platform } = inputs
  const source = `services.${name}`
  const cwd = pathsOf(platform).resolve(root, service.cwd ?? '.')
  const env = { ...serviceEnvironment(inputs.env, inputs.python, platform), ...service.env }
  const ready = service.ready ?? {}
  const { command: readyCommand } = ready
  checkPattern(ready, source)
  return {
    name,
    source,
    dependsOn: service.dependsOn ?? [],
    command: commandOf(service.command, `${source}.command`, { cwd, env }, inputs),
    readyCommand: readyCommand === undefined ? undefined : commandOf(readyCommand, `${source}.ready.command`, { cwd, env }, inputs),
    rest: restOf(service),
    isAskedFor: true,
  }
}

function restOf({ ready = {}, restart = 'on-failure', stopTimeout }: Partial<ServiceConfig>): ServiceDraft['rest'] {
  const { timeout, command: _, ...others } = ready
  return {
    kind: 'service',
    ready: Object.keys(others).length === 0 ? undefined : others,
    readyTimeoutMs: timeout ?? defaultReadyMs,
    restart,
    stopTimeoutMs: stopTimeout ?? defaultStopMs,
    url: ready.http ?? ready.websocket,
  }
}

/** Why a command can't be run. */
interface Refused {
  readonly reason: string
  readonly hint: string
}

/** Where a command is run. */
type Place = Pick<ProgramRequest, 'cwd' | 'env'>

/** A command that is run without a shell; `takesShell` says what becomes of one that takes it. */
function readDraft(
  text: string,
  place: Place,
  how: Omit<CommandContext, 'env'>,
  takesShell: (what: string) => CommandDraft | Refused,
): CommandDraft | Refused {
  const reading = readCommand(text, { ...how, env: place.env })
  if (reading.kind === 'shell') return takesShell(reading.what)
  if (reading.kind === 'invalid') return { reason: reading.reason, hint: `It is: ${text}` }
  const [program, ...args] = reading.words
  return { cwd: place.cwd, env: { ...place.env, ...reading.assignments }, program, args, shown: text }
}

/** A command of the configuration. No shell is ever put in between: one that is wanted is written there. */
function commandOf(command: string | readonly string[], source: string, place: Place, { platform }: ServiceInputs): CommandDraft {
  const found = typeof command === 'string' ? ofText(command, place, platform) : ofWords(command, place, platform)
  if ('reason' in found) throw usageError('service-command', `${source}: ${found.reason}`, { hint: found.hint })
  return found
}

function ofText(command: string, place: Place, platform: NodeJS.Platform): CommandDraft | Refused {
  const words = platform === 'win32' ? '["cmd", "/d", "/c", "file.bat"]' : `["sh", "-c", ${JSON.stringify(command)}]`
  return readDraft(command, place, { platform, globs: 'literal' }, (what) => ({
    reason: `${what} takes a shell, and services are run without one`,
    hint: `Ask for the shell:  "command": ${words}\nor put what doesn't belong to the command elsewhere: "cwd", "env", "dependsOn", a service of its own.`,
  }))
}

function ofWords(command: readonly string[], place: Place, platform: NodeJS.Platform): CommandDraft | Refused {
  const [program = '', ...args] = command
  if (program !== '') return { ...place, program, args, shown: typed(command, platform) }
  return { reason: 'its first word, the program, is empty', hint: 'Write the program first: ["celery", "-A", "core", "worker"].' }
}

function checkPattern({ log }: ReadyConfig, source: string): void {
  if (log === undefined) return
  try {
    void new RegExp(log)
  } catch (error) {
    throw usageError('service-log-pattern', `${source}.ready.log is no regular expression`, {
      evidence: [error instanceof Error ? error.message : String(error)],
      hint: 'Put a backslash before signs that are meant as they are: \\( \\[ \\. \\+',
    })
  }
}

function draftProcfile(inputs: ServiceInputs, warnings: StackWarning[], notes: string[]): ServiceDraft[] {
  const { procfile, config } = inputs
  if (procfile.kind === 'absent') return []
  if (procfile.kind === 'unreadable') {
    throw usageError('procfile-unreadable', `The Procfile ${procfile.path} can't be read: ${procfile.reason}`, {
      hint: 'Correct "procfile" in the configuration (or --procfile), or leave it out with --no-procfile.',
    })
  }
  for (const { line, problem } of procfile.problems) warnings.push({ id: 'procfile-line', text: `${procfile.shown}:${line} ${problem}` })
  return procfile.entries.flatMap((entry, index) => {
    const at = `${procfile.shown}:${entry.line} ${entry.name}`
    const place = { cwd: procfile.folder, env: { ...serviceEnvironment(inputs.env, inputs.python, inputs.platform) } }
    const server = serverIn(entry.command, inputs.project, { env: place.env, platform: inputs.platform, globs: 'literal' })
    const why = notAService(entry, server, config)
    if (server?.speaksWebSocket === false) warnings.push(wsgiWarning(at, server))
    if (why !== undefined) {
      notes.push(`${at} isn't run: ${why}`)
      return []
    }
    const isAskedFor = config.only.includes(entry.name)
    const command = procfileCommand(entry, index, place, inputs)
    if (!('reason' in command))
      return [{ name: entry.name, source: at, dependsOn: [], command, readyCommand: undefined, rest: restOf({}), isAskedFor }]
    if (isAskedFor) throw usageError('service-command', `${at}: ${command.reason}`, { hint: command.hint })
    warnings.push({ id: 'service-command', text: `${at} isn't run: ${command.reason}` })
    return []
  })
}

function notAService({ name }: ProcfileEntry, server: BackendServer | undefined, config: ServiceInputs['config']): string | undefined {
  if (name === 'release') return 'it belongs to a deployment'
  if (name === 'web') return "the launcher runs the backend's server itself"
  if (name === 'backend' || name === 'frontend') return `the launcher runs the ${name} itself`
  if (server !== undefined) return `${server.program} is the backend's server, which the launcher runs itself`
  const isTaken = Object.hasOwn(config.services, name) || (name === 'redis' && config.managedRedis)
  return isTaken ? 'the configuration has a service of that name' : undefined
}

function wsgiWarning(at: string, { shown, program }: BackendServer): StackWarning {
  const text = `${at} runs ${shown}: ${program === 'runserver' ? 'runserver without the daphne app' : 'a WSGI server'} can't speak WebSocket, so it fails wherever this Procfile is run; an ASGI server can: daphne -b 0.0.0.0 -p $PORT core.asgi:application`
  return { id: 'wsgi-server-in-procfile', text }
}

/**
 * A Procfile's commands go through a shell by definition (foreman: `sh -c`).
 * One that needs none is run without: its signals reach it, and Windows can run
 * it. `PORT` is what foreman would give.
 */
function procfileCommand(
  { name, command }: ProcfileEntry,
  index: number,
  place: Place,
  { platform }: ServiceInputs,
): CommandDraft | Refused {
  const base = Number(place.env['PORT'] ?? '')
  const port = String((Number.isInteger(base) && base > 0 ? base : foreman.port) + index * foreman.step)
  const given = { cwd: place.cwd, env: { ...place.env, PORT: port } }
  return readDraft(command, given, { platform, globs: 'shell' }, (what) =>
    platform === 'win32'
      ? {
          reason: `${what} takes a POSIX shell, which Windows doesn't have`,
          hint: `Describe it in the configuration, a command without a shell:  "services": { ${JSON.stringify(name)}: { "command": [ … ] } }`,
        }
      : { ...given, program: '/bin/sh', args: ['-c', command], shown: command },
  )
}
