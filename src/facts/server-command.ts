import { readInvocation } from './server-invocation.ts'
import { readBind, readEndpoint, readOptions, untoldPlace, wholeNumber, type Place } from './server-options.ts'
import type { ServerCommand } from './server-process.ts'
import { daphneTable, gunicornTable, hypercornTable, runserverTable, uvicornTable } from './server-tables.ts'

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
} as const satisfies Omit<ServerCommand, 'program'>

/**
 * What a process's arguments say of the server that it is; undefined where it
 * is none. Places that they don't name are the server's own defaults; what a
 * configuration file or the environment may say is left undefined.
 */
export function readServerCommand(argv: readonly string[]): ServerCommand | undefined {
  const title = gunicornTitle(argv)
  if (title !== undefined) return title
  const invocation = readInvocation(argv)
  switch (invocation?.program) {
    case 'daphne':
      return readDaphne(invocation.args)
    case 'uvicorn':
      return readUvicorn(invocation.args)
    case 'hypercorn':
      return readHypercorn(invocation.args)
    case 'gunicorn':
      return readGunicorn(invocation.args)
    case 'runserver':
      return readRunserver(invocation.args)
    default:
      return undefined
  }
}

/** The folder that the server is told to find its application in, as it is written: uvicorn's --app-dir, gunicorn's --chdir and --pythonpath. */
export function namedFolders(argv: readonly string[]): string[] {
  const invocation = readInvocation(argv)
  if (invocation === undefined) return []
  const { program, args } = invocation
  if (program === 'uvicorn') return [...readOptions(args, uvicornTable).values('--app-dir')]
  if (program === 'runserver') return [...readOptions(args, runserverTable).values('--pythonpath')]
  if (program !== 'gunicorn') return []
  const options = readOptions(args, gunicornTable)
  return [...options.values('--chdir'), ...options.values('--pythonpath').flatMap((paths) => paths.split(','))]
}

/** With setproctitle installed gunicorn overwrites its arguments: `gunicorn: master [core.wsgi:application]` (gunicorn/util.py, _setproctitle). */
function gunicornTitle(argv: readonly string[]): ServerCommand | undefined {
  const match = /^gunicorn: (?:master|worker|arbiter) \[(.*?)\]?\s*$/.exec(argv[0] ?? '')
  // --name stands there in place of the application, where it is given
  return match === null ? undefined : { ...nothing, program: 'gunicorn', application: applicationOf([match[1] ?? '']) }
}

/** `package.module:callable`, unless it is the observer of election-dev. */
function applicationOf(positionals: readonly string[]): string | undefined {
  const named =
    positionals.find((text) => /^[\w.]+:[\w.]+(?:\(.*\))?$/.test(text)) ?? positionals.find((text) => /^\w+(?:\.\w+)+$/.test(text))
  return named?.startsWith(`${observer}:`) === true ? undefined : named
}

function readDaphne(args: readonly string[]): ServerCommand {
  const options = readOptions(args, daphneTable)
  const endpoints = options.values('--endpoint').map((endpoint) => readEndpoint(endpoint))
  const [bind, port, unix] = [options.value('--bind'), options.number('--port'), options.value('--unix-socket')]
  const told = unix !== undefined || options.has('--fd') || endpoints.length > 0
  const tcp = endpoints.find((endpoint) => endpoint.port !== undefined)
  const timeout = options.number('--websocket_timeout')
  const place: Place =
    bind !== undefined || port !== undefined || !told
      ? { host: (bind ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port: port ?? 8000, unixSocket: unix }
      : {
          host: tcp?.host,
          port: tcp?.port,
          unixSocket: unix ?? endpoints.find(({ unixSocket }) => unixSocket !== undefined)?.unixSocket,
        }
  return {
    ...nothing,
    program: 'daphne',
    application: applicationOf(options.positionals),
    ...place,
    websocketTimeout: timeout === undefined || timeout < 0 ? undefined : timeout,
    tls: endpoints.some(({ tls }) => tls),
  }
}

function readUvicorn(args: readonly string[]): ServerCommand {
  const options = readOptions(args, uvicornTable)
  const elsewhere = options.has('--uds') || options.has('--fd')
  return {
    ...nothing,
    program: 'uvicorn',
    application: applicationOf(options.positionals),
    host: elsewhere ? undefined : (options.value('--host') ?? '127.0.0.1'),
    port: elsewhere ? undefined : (options.number('--port') ?? 8000),
    unixSocket: options.value('--uds'),
    workers: options.number('--workers'),
    ws: options.value('--ws'),
    wsMaxSize: options.number('--ws-max-size'),
    reload: options.has('--reload'),
    tls: options.has('--ssl-keyfile') || options.has('--ssl-certfile'),
  }
}

function readHypercorn(args: readonly string[]): ServerCommand {
  const options = readOptions(args, hypercornTable)
  return {
    ...nothing,
    program: 'hypercorn',
    application: applicationOf(options.positionals),
    ...placeOf(options.values('--bind'), options.has('--config')),
    workers: options.number('--workers'),
    workerClass: options.value('--worker-class'),
    reload: options.has('--reload'),
    tls: options.has('--certfile') || options.has('--keyfile'),
  }
}

function readGunicorn(args: readonly string[]): ServerCommand {
  const options = readOptions(args, gunicornTable)
  return {
    ...nothing,
    program: 'gunicorn',
    application: applicationOf(options.positionals),
    ...placeOf(
      options.values('--bind').flatMap((binds) => binds.split(',')),
      options.has('--config'),
    ),
    workers: options.number('--workers'),
    workerClass: options.value('--worker-class'),
    reload: options.has('--reload'),
    tls: options.has('--certfile') || options.has('--keyfile'),
  }
}

/** The first TCP place of several; a configuration file may name one where the command line doesn't. */
function placeOf(binds: readonly string[], configured: boolean): Place {
  if (binds.length === 0) return configured ? untoldPlace : readBind('127.0.0.1:8000')
  const places = binds.map((bind) => readBind(bind))
  const tcp = places.find(({ port }) => port !== undefined) ?? untoldPlace
  return { ...tcp, unixSocket: places.find(({ unixSocket }) => unixSocket !== undefined)?.unixSocket }
}

function readRunserver(args: readonly string[]): ServerCommand {
  const options = readOptions(args, runserverTable)
  const loopback = options.has('--ipv6') ? '::1' : '127.0.0.1'
  const place = /^(?:(.+):)?(\d+)$/.exec(options.positionals[0] ?? '')
  const host = place?.[1]?.replace(/^\[|\]$/g, '') ?? loopback
  return {
    ...nothing,
    program: 'runserver',
    // Django's own documentation writes 0:8000 for every address
    host: host === '0' ? '0.0.0.0' : host,
    port: wholeNumber(place?.[2]) ?? 8000,
    reload: !options.has('--noreload'),
    noAsgi: options.has('--noasgi'),
  }
}
