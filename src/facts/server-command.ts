import { readInvocation, wsgiCommandOf } from './server-invocation.ts'
import {
  readBind,
  readEndpoint,
  readOptions,
  untoldPlace,
  wholeNumber,
  type OptionTable,
  type Place,
  type ReadOptions,
} from './server-options.ts'
import type { ServerCommand, ServerProgram } from './server-process.ts'
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

/** What a program's options say of the server that it is. */
interface ServerReader {
  readonly table: OptionTable
  readonly read: (options: ReadOptions) => Partial<ServerCommand>
  /** Folders that it is told to find its application in, as they are written. */
  readonly folders?: (options: ReadOptions) => readonly string[]
}

const readers: Readonly<Record<ServerProgram, ServerReader>> = {
  daphne: { table: daphneTable, read: readDaphne },
  uvicorn: { table: uvicornTable, read: readUvicorn, folders: ({ values }) => values('--app-dir') },
  hypercorn: { table: hypercornTable, read: (options) => readBound(options, options.values('--bind')) },
  gunicorn: {
    table: gunicornTable,
    read: (options) => readBound(options, options.values('--bind').flatMap(listed)),
    folders: ({ values }) => [...values('--chdir'), ...values('--pythonpath').flatMap(listed)],
  },
  runserver: { table: runserverTable, read: readRunserver, folders: ({ values }) => values('--pythonpath') },
}

const listed = (texts: string): string[] => texts.split(',')

/**
 * What a process's arguments say of the server that it is; undefined where it
 * is none. Places that they don't name are the server's own defaults; what a
 * configuration file or the environment may say is left undefined.
 */
export function readServerCommand(argv: readonly string[]): ServerCommand | undefined {
  const title = gunicornTitle(argv)
  if (title !== undefined) return title
  const invocation = readInvocation(argv)
  if (invocation === undefined) return undefined
  const { table, read } = readers[invocation.program]
  const options = readOptions(invocation.args, table)
  const told = { ...nothing, program: invocation.program, application: applicationOf(options.positionals), ...read(options) }
  const wsgi = wsgiCommandOf(argv)
  return wsgi === undefined ? told : { ...told, noAsgi: true, tls: wsgi === 'runsslserver' }
}

/** The folders that the server is told to find its application in, as they are written: uvicorn's --app-dir, gunicorn's --chdir and --pythonpath. */
export function namedFolders(argv: readonly string[]): readonly string[] {
  const invocation = readInvocation(argv)
  if (invocation === undefined) return []
  const { table, folders } = readers[invocation.program]
  return folders?.(readOptions(invocation.args, table)) ?? []
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

function readDaphne(options: ReadOptions): Partial<ServerCommand> {
  const endpoints = options.values('--endpoint').map((endpoint) => readEndpoint(endpoint))
  const [bind, port, unix] = [options.value('--bind'), options.number('--port'), options.value('--unix-socket')]
  const told = unix !== undefined || options.has('--fd') || endpoints.length > 0
  const timeout = options.number('--websocket_timeout')
  const place: Place =
    bind !== undefined || port !== undefined || !told
      ? { host: (bind ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port: port ?? 8000, unixSocket: unix }
      : { ...placeAmong(endpoints), ...(unix === undefined ? {} : { unixSocket: unix }) }
  return {
    ...place,
    websocketTimeout: timeout === undefined || timeout < 0 ? undefined : timeout,
    tls: endpoints.some(({ tls }) => tls),
  }
}

function readUvicorn(options: ReadOptions): Partial<ServerCommand> {
  const elsewhere = options.has('--uds') || options.has('--fd')
  return {
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

/** hypercorn and gunicorn. A configuration file may name a place where the command line doesn't. */
function readBound(options: ReadOptions, binds: readonly string[]): Partial<ServerCommand> {
  const untold = options.has('--config') ? untoldPlace : readBind('127.0.0.1:8000')
  return {
    ...(binds.length === 0 ? untold : placeAmong(binds.map((bind) => readBind(bind)))),
    workers: options.number('--workers'),
    workerClass: options.value('--worker-class'),
    reload: options.has('--reload'),
    tls: options.has('--certfile') || options.has('--keyfile'),
  }
}

/** The first TCP place of several, and the first socket. */
function placeAmong(places: readonly Place[]): Place {
  const { host, port } = places.find((place) => place.port !== undefined) ?? untoldPlace
  return { host, port, unixSocket: places.find(({ unixSocket }) => unixSocket !== undefined)?.unixSocket }
}

function readRunserver(options: ReadOptions): Partial<ServerCommand> {
  const loopback = options.has('--ipv6') ? '::1' : '127.0.0.1'
  const place = /^(?:(.+):)?(\d+)$/.exec(options.positionals[0] ?? '')
  const host = place?.[1]?.replace(/^\[|\]$/g, '') ?? loopback
  return {
    application: undefined,
    // Django's own documentation writes 0:8000 for every address
    host: host === '0' ? '0.0.0.0' : host,
    port: wholeNumber(place?.[2]) ?? 8000,
    reload: !options.has('--noreload'),
    noAsgi: options.has('--noasgi'),
  }
}
