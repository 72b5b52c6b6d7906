import { wsgiCommandOf } from '../facts/server-invocation.ts'
import type { ServerProcess } from '../facts/server-process.ts'
import { wsgiCommands } from '../servers/wsgi.ts'
import type { Server } from '../servers/server.ts'
import { servers, wsgiWorkerOf } from '../servers/known.ts'
import { inItsPlace, withoutLibrary, wsgiServer, wsgiWorker } from './common-causes.ts'
import { diagnosis, orElse, withSeen, type Commands, type Diagnosis } from './diagnosis.ts'
import { commandLine, isOwn, listenerOf, named, pythonOf, type Evidence } from './evidence.ts'

/** `daphne (PID 4711): `its command line``. */
export const shownUp = (server: ServerProcess): string => `${named(server)}: \`${commandLine(server)}\``

/** What the process that listens is, where its state or its command line says what is wrong. Pure. */
export function judgeListener(evidence: Evidence, whatWireSaw: readonly string[]): Diagnosis | undefined {
  const server = listenerOf(evidence)
  if (server === undefined) return undefined
  if (server.state === 'stopped') {
    return diagnosis(
      'server-suspended',
      `The server on port ${evidence.wire.endpoint.port} is stopped (Ctrl+Z)`,
      [`The process state of ${shownUp(server)} is T: stopped`, ...whatWireSaw],
      'Run fg in its terminal, or continue it.',
      [['kill', '-CONT', ...(server.stopped ?? [server.pid]).map(String)]],
    )
  }
  return judgeCommand(evidence, server, whatWireSaw)
}

/** `start`, in the place of the server of this project that has the port, where one has it. */
export function anew(evidence: Pick<Evidence, 'wire' | 'servers'>): Commands {
  return isOwn(listenerOf(evidence)) ? inItsPlace(evidence.wire.endpoint) : [['election-dev', 'start']]
}

/** A WSGI server behind what is wrong with the scheme or the certificate: with these right, it would speak no WebSocket either. */
export function wsgiBehind(evidence: Evidence, named: Diagnosis): Diagnosis | undefined {
  const found = judgeListener(evidence, named.evidence)
  return found?.id === 'wsgi-server-on-port' ? found : undefined
}

function judgeCommand(evidence: Evidence, server: ServerProcess, seen: readonly string[]): Diagnosis | undefined {
  const { command } = server
  if (command === undefined) return undefined
  const application = evidence.checkout?.project.application ?? 'core.asgi:application'
  const asgi = inItsPlace(evidence.wire.endpoint)
  const namesWsgi = /wsgi/i.test(command.application ?? '')
  const program: Server = servers[command.program]
  if (program.worker !== undefined) {
    const worker = wsgiWorkerOf(command)
    if (worker === undefined) return undefined
    return namesWsgi || !/asgi/i.test(command.application ?? '')
      ? wsgiServer([shownUp(server), ...seen], asgi)
      : wsgiWorker(program, [shownUp(server), `Its worker class is ${worker}, which speaks WSGI`, ...seen], asgi)
  }
  if (command.program === 'runserver') return judgeRunserver(evidence, server, seen, asgi)
  if (namesWsgi) {
    return diagnosis(
      'asgi-app-wrong',
      `${command.program} was given the WSGI application: ${command.application ?? ''}`,
      [shownUp(server), ...seen],
      `Give it ${application}.`,
      asgi,
    )
  }
  if (command.ws === 'none') {
    return diagnosis(
      'ws-library-missing',
      `${program.name} was told to run without WebSocket`,
      [`${shownUp(server)} has --ws none`, ...seen],
      'Drop --ws none.',
      asgi,
    )
  }
  const packages = evidence.choice?.environment?.packages
  if (
    program.libraries !== undefined &&
    server.project === 'this' &&
    packages?.has(program.name) === true &&
    !program.libraries.names.some((name) => packages.has(name))
  ) {
    const lack = `Its environment has neither ${program.libraries.names.join(' nor ')}`
    const commands = [[pythonOf(evidence), '-m', 'pip', 'install', program.install]]
    return withoutLibrary(program, [shownUp(server), lack, ...seen], "Install one into the backend's environment.", commands)
  }
  return undefined
}

function judgeRunserver(evidence: Evidence, server: ServerProcess, seen: readonly string[], commands: Commands): Diagnosis | undefined {
  if (server.project !== 'this') return undefined
  const settings = evidence.examination?.get('settings')
  const without = settings === undefined ? evidence.checkout?.project.hasDaphneApp === false : settings.daphne_app === 'absent'
  const command = wsgiCommandOf(server.argv)
  const told = command === undefined ? 'It was started with --noasgi' : `${command} ${wsgiCommands[command] ?? ''}`
  if (server.command?.noAsgi === true) return wsgiServer([shownUp(server), told, ...seen], commands)
  return without
    ? wsgiServer([shownUp(server), '"daphne" is not in INSTALLED_APPS, so runserver speaks WSGI', ...seen], commands)
    : undefined
}

/** A limit of the command line that ends sound sockets. */
export function judgeLifetime(evidence: Evidence): Diagnosis | undefined {
  const server = listenerOf(evidence)
  const seconds = server?.command?.websocketTimeout
  if (server === undefined || seconds === undefined || seconds <= 0) return undefined
  return diagnosis(
    'server-websocket-timeout',
    `The server ends every WebSocket after ${seconds} s`,
    [`${shownUp(server)} has --websocket_timeout ${seconds}`],
    'Start daphne without --websocket_timeout.',
    inItsPlace(evidence.wire.endpoint),
  )
}

/** A limit of the command line that refuses messages of an ordinary size. */
export function judgeMessageSize(evidence: Evidence): Diagnosis | undefined {
  const server = listenerOf(evidence)
  const bytes = server?.command?.wsMaxSize
  // a page's message is seldom under 64 KB at its biggest; uvicorn's own limit is 16 MB
  if (server === undefined || bytes === undefined || bytes >= 65_536) return undefined
  return diagnosis(
    'message-too-big',
    `The server refuses messages over ${bytes} bytes`,
    [`${shownUp(server)} has --ws-max-size ${bytes}: a longer message ends the socket with 1009`],
    'Raise --ws-max-size.',
    inItsPlace(evidence.wire.endpoint),
  )
}

/** A message that ended the socket, with the limit that it met. */
export function withMessageSize(evidence: Evidence, named: Diagnosis): Diagnosis | undefined {
  const limit = judgeMessageSize(evidence)
  return limit && withSeen(named, ...limit.evidence)
}

/** True where the server runs in another folder: a copy of the checkout, or another project. */
export const runsElsewhere = ({ project }: ServerProcess): boolean => project === 'other' || project === 'copy'

/** An earlier run of the project holds the port: what it serves isn't what is on disk. */
export function judgeStale(evidence: Evidence, seen: readonly string[]): Diagnosis | undefined {
  const server = listenerOf(evidence)
  const { newerThanServer, checkout } = evidence
  if (server?.command === undefined) return undefined
  const elsewhere = checkout !== undefined && runsElsewhere(server)
  if (!elsewhere && newerThanServer.length === 0) return undefined
  const why = elsewhere
    ? `It runs in ${server.cwd ?? 'another folder'}, not in ${checkout.project.backend}`
    : `It was started before ${newerThanServer.slice(0, 3).join(', ')} ${newerThanServer.length === 1 ? 'was' : 'were'} changed, and has no --reload`
  return diagnosis(
    'stale-server-old-code',
    'An older server holds the port and serves old code',
    [shownUp(server), why, ...seen],
    `Stop PID ${server.pid}, and start again.`,
    [
      ['kill', String(server.pid)],
      ['election-dev', 'start'],
    ],
  )
}

/** What is wrong with a server of this project that holds the port, as far as its process alone tells. Pure. */
export function judgeHeld(evidence: Evidence): Diagnosis | undefined {
  const server = listenerOf(evidence)
  const { checkout } = evidence
  if (server?.command === undefined || checkout === undefined) return undefined
  const elsewhere = runsElsewhere(server)
  if (elsewhere && isStranger(evidence, server)) return undefined
  return (elsewhere ? undefined : judgeListener(evidence, [])) ?? judgeStale(evidence, [])
}

/** A run of `start` that is up, and whose backend isn't: what ended that. Pure. */
export function judgeWaiting({ waiting }: Evidence): Diagnosis | undefined {
  if (waiting === undefined) return undefined
  const { launcher, id, title, remedy } = waiting
  return diagnosis(id, title, [`election-dev start (PID ${launcher}) runs, but its backend has ended: it waits to restart it`], remedy)
}

/** True for a server of another project, which a copy of the checkout isn't: that has most of its files, and an application of the same name. */
export function isStranger({ checkout }: Pick<Evidence, 'checkout'>, { command, project }: ServerProcess): boolean {
  if (project === 'other') return true
  const [theirs, ours] = [command?.application, checkout?.project.application].map((name) => name?.split(/[.:]/)[0])
  return theirs !== undefined && ours !== undefined && theirs !== ours
}

/** Another program holds the port that the URL names. */
export function judgeForeign(evidence: Evidence, seen: readonly string[]): Diagnosis | undefined {
  const server = listenerOf(evidence)
  const { port } = evidence.wire.endpoint
  if (server === undefined || isOwn(server) || server.project === 'unknown') return undefined
  const isAsked = evidence.isOfProject !== true
  const moved = diagnosis(
    'port-in-use',
    `Another program holds port ${port}: ${named(server)}`,
    [shownUp(server), ...(isAsked ? [] : ['Nothing shows that it belongs to this project']), ...seen],
    isAsked ? `Use another port for the backend, or stop PID ${server.pid}.` : 'Use another port for the backend.',
    [['election-dev', 'start', '--port', String(port + 1)]],
  )
  // who has named no URL has not meant this program
  if (!isAsked) return moved
  return orElse(moved, [
    ['kill', String(server.pid)],
    ['election-dev', 'start', '--port', String(port)],
  ])
}

/** The consumer ended the interpreter that it was played in: whoever starts a new process (a reloader, gunicorn) hides it from the wire. */
export function judgeCrashed({ examination, wire }: Evidence, seen: readonly string[]): Diagnosis | undefined {
  if (examination?.how !== 'crashed' || examination.stage !== 'consumer' || wire.session?.close === undefined) return undefined
  return diagnosis(
    'server-crashes',
    'The consumer ends the process that serves it',
    ["Played in the backend's own interpreter: it ended that one too, without an exception", ...seen],
    'Run it under python -X faulthandler, which shows the line, and fix the crash.',
  )
}
