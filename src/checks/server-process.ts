import type { ServerProcess } from '../facts/server-process.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { commandLine, isOwn, listenerOf, named, pythonOf, type Evidence } from './evidence.ts'

const shownUp = (server: ServerProcess): string => `${named(server)}: \`${commandLine(server)}\``

/** What the process that listens is, where its state or its command line says what is wrong. Pure. */
export function judgeListener(evidence: Evidence, whatWireSaw: readonly string[]): Diagnosis[] {
  const server = listenerOf(evidence)
  if (server === undefined) return []
  if (server.state === 'stopped') {
    return [
      diagnosis(
        'server-suspended',
        `The server on port ${evidence.wire.endpoint.port} is stopped (Ctrl+Z)`,
        [`The process state of ${shownUp(server)} is T: stopped`, ...whatWireSaw],
        'Run fg in its terminal, or continue it.',
        { commands: [['kill', '-CONT', String(server.pid)]], automatic: 'ask' },
      ),
    ]
  }
  return judgeCommand(evidence, server, whatWireSaw)
}

function judgeCommand(evidence: Evidence, server: ServerProcess, seen: readonly string[]): Diagnosis[] {
  const { command } = server
  if (command === undefined) return []
  const application = evidence.checkout?.project.application ?? 'core.asgi:application'
  const asgi = {
    commands: [
      ['election-dev', 'start'],
      [pythonOf(evidence), '-m', 'daphne', application],
    ],
    automatic: 'yes' as const,
  }
  const namesWsgi = /wsgi/i.test(command.application ?? '')
  if (command.program === 'gunicorn') {
    const worker = command.workerClass ?? 'sync'
    if (/uvicorn|asgi|hypercorn|daphne/i.test(worker)) return []
    return namesWsgi || !/asgi/i.test(command.application ?? '')
      ? [wsgi(server, seen, asgi)]
      : [
          diagnosis(
            'asgi-app-under-wsgi-server',
            'The ASGI application is run by a WSGI worker of gunicorn',
            [shownUp(server), `Its worker class is ${worker}, which speaks WSGI`, ...seen],
            'Add -k uvicorn.workers.UvicornWorker, or use daphne.',
            { ...asgi, commands: [...asgi.commands, ['gunicorn', '-k', 'uvicorn.workers.UvicornWorker', application]] },
          ),
        ]
  }
  if (command.program === 'runserver') return judgeRunserver(evidence, server, seen, asgi)
  if (namesWsgi) {
    return [
      diagnosis(
        'asgi-app-wrong',
        `${command.program} was given the WSGI application: ${command.application ?? ''}`,
        [shownUp(server), ...seen],
        `Give it ${application}.`,
        asgi,
      ),
    ]
  }
  if (command.ws === 'none') {
    return [
      diagnosis(
        'ws-library-missing',
        'uvicorn was told to run without WebSocket',
        [`${shownUp(server)} has --ws none`, ...seen],
        'Drop --ws none.',
        asgi,
      ),
    ]
  }
  const packages = evidence.choice !== undefined && 'environment' in evidence.choice ? evidence.choice.environment.packages : undefined
  if (
    command.program === 'uvicorn' &&
    server.project === 'this' &&
    packages?.has('uvicorn') === true &&
    !packages.has('websockets') &&
    !packages.has('wsproto')
  ) {
    return [
      diagnosis(
        'ws-library-missing',
        'uvicorn runs without a WebSocket library',
        [shownUp(server), 'Its environment has neither websockets nor wsproto', ...seen],
        "Install one into the backend's environment.",
        { commands: [[pythonOf(evidence), '-m', 'pip', 'install', 'uvicorn[standard]']], automatic: 'yes' },
      ),
    ]
  }
  return []
}

function wsgi(server: ServerProcess, seen: readonly string[], options: Parameters<typeof diagnosis>[4]): Diagnosis {
  return diagnosis(
    'wsgi-server-on-port',
    "A WSGI server answers: it can't speak WebSocket",
    [shownUp(server), ...seen],
    'Run the ASGI application with daphne.',
    options,
  )
}

function judgeRunserver(
  evidence: Evidence,
  server: ServerProcess,
  seen: readonly string[],
  options: Parameters<typeof diagnosis>[4],
): Diagnosis[] {
  if (server.project !== 'this') return []
  const settings = evidence.examination?.get('settings')
  const without = settings === undefined ? evidence.checkout?.project.hasDaphneApp === false : settings.daphne_app === 'absent'
  if (server.command?.noAsgi === true) return [wsgi(server, ['It was started with --noasgi', ...seen], options)]
  return without ? [wsgi(server, ['"daphne" is not in INSTALLED_APPS, so runserver speaks WSGI', ...seen], options)] : []
}

/** Limits on the command line that end or refuse sound sockets. */
export function judgeLimits(evidence: Evidence): Diagnosis[] {
  const server = listenerOf(evidence)
  const seconds = server?.command?.websocketTimeout
  const found: Diagnosis[] = []
  if (server !== undefined && seconds !== undefined && seconds > 0) {
    found.push(
      diagnosis(
        'server-websocket-timeout',
        `The server ends every WebSocket after ${seconds} s`,
        [`${shownUp(server)} has --websocket_timeout ${seconds}`],
        'Start daphne without --websocket_timeout.',
        { commands: [['election-dev', 'start']], automatic: 'yes' },
      ),
    )
  }
  const bytes = server?.command?.wsMaxSize
  // a page's message is seldom under 64 KB at its biggest; uvicorn's own limit is 16 MB
  if (server !== undefined && bytes !== undefined && bytes < 65_536) {
    found.push(
      diagnosis(
        'message-too-big',
        `The server refuses messages over ${bytes} bytes`,
        [`${shownUp(server)} has --ws-max-size ${bytes}: a longer message ends the socket with 1009`],
        'Raise --ws-max-size.',
        { automatic: 'ask' },
      ),
    )
  }
  return found
}

/** True where the server's working folder is neither the backend's, nor above it (`--app-dir backend`), nor below it: another checkout, or a copy beside it. */
export function runsElsewhere({ project, cwd, argv }: ServerProcess, backend: string): boolean {
  if (project === 'other') return true
  if (cwd === undefined || argv.some((word) => word.startsWith(backend))) return false
  return cwd !== backend && !backend.startsWith(`${cwd}/`) && !cwd.startsWith(`${backend}/`)
}

/** An earlier run of the project holds the port: what it serves isn't what is on disk. */
export function judgeStale(evidence: Evidence, seen: readonly string[]): Diagnosis[] {
  const server = listenerOf(evidence)
  const { newerThanServer, checkout } = evidence
  if (server?.command === undefined) return []
  const elsewhere = checkout !== undefined && runsElsewhere(server, checkout.project.backend)
  if (!elsewhere && newerThanServer.length === 0) return []
  const why = elsewhere
    ? `It runs in ${server.cwd ?? 'another folder'}, not in ${checkout.project.backend}`
    : `It was started before ${newerThanServer.slice(0, 3).join(', ')} ${newerThanServer.length === 1 ? 'was' : 'were'} changed, and has no --reload`
  return [
    diagnosis(
      'stale-server-old-code',
      'An older server holds the port and serves old code',
      [shownUp(server), why, ...seen],
      `Stop PID ${server.pid}, and start again.`,
      {
        commands: [
          ['kill', String(server.pid)],
          ['election-dev', 'start'],
        ],
        automatic: 'ask',
      },
    ),
  ]
}

/** True for a server that was told an application of another name than this project's: a copy of the checkout would have the same. */
export function isStranger({ checkout }: Pick<Evidence, 'checkout'>, { command }: ServerProcess): boolean {
  const [theirs, ours] = [command?.application, checkout?.project.application].map((name) => name?.split(/[.:]/)[0])
  return theirs !== undefined && ours !== undefined && theirs !== ours
}

/** Another program holds the port that the URL names. */
export function judgeForeign(evidence: Evidence, seen: readonly string[]): Diagnosis[] {
  const server = listenerOf(evidence)
  const { port } = evidence.wire.endpoint
  if (server === undefined || isOwn(server) || server.project === 'unknown') return []
  return [
    diagnosis(
      'port-in-use',
      `Another program holds port ${port}: ${named(server)}`,
      [shownUp(server), ...seen],
      `Stop PID ${server.pid}, or use another port for the backend.`,
      {
        commands: [
          ['kill', String(server.pid)],
          ['election-dev', 'start', '--port', String(port + 1)],
        ],
        automatic: 'ask',
      },
    ),
  ]
}

/** The project's server is up, only not where the URL leads. */
export function judgeElsewhere(evidence: Evidence, seen: readonly string[]): Diagnosis[] {
  const { wire, servers } = evidence
  const { port, host } = wire.endpoint
  const here = servers.ofProject.find(({ listens }) => listens.some((at) => at.port === port))
  if (here !== undefined) {
    const addresses = here.listens.filter((at) => at.port === port).map(({ address }) => address)
    const good = bracket(addresses[0])
    return [
      diagnosis(
        'ipv6-localhost',
        `${host} is not the address that the backend listens on: ${addresses.join(', ')}`,
        [`${shownUp(here)} listens on ${addresses.join(', ')} port ${port}`, ...seen],
        `Use ${good} in the URL, or bind the other address too.`,
        {
          commands: [['election-dev', 'verify', `${wire.endpoint.secure ? 'wss' : 'ws'}://${good}:${port}${wire.endpoint.path}`]],
          automatic: 'ask',
        },
      ),
    ]
  }
  const listening = servers.ofProject.find(({ listens }) => listens.length > 0)
  const at = listening?.listens[0]
  if (listening !== undefined && at !== undefined) {
    return [
      diagnosis(
        'wrong-frontend-port',
        `The URL names port ${port}, and the backend listens on ${at.port}`,
        [`${shownUp(listening)} listens on port ${at.port}`, ...whereWritten(evidence), ...seen],
        `Correct the WebSocket URL (VITE_WS_URL or the like) to port ${at.port}.`,
        { commands: [['election-dev', 'start', '--port', String(port)]], automatic: 'yes' },
      ),
    ]
  }
  const socket = servers.ofProject.find(({ unixSockets, listens }) => unixSockets.length > 0 && listens.length === 0)
  if (socket === undefined) return []
  return [
    diagnosis(
      'unix-socket',
      `The server listens on a UNIX socket only: ${socket.unixSockets[0] ?? ''}`,
      [`${shownUp(socket)} listens on ${socket.unixSockets.join(', ')}`, ...seen],
      `Add -b 127.0.0.1 -p ${port}, or put a proxy in front of it.`,
      { commands: [['election-dev', 'start', '--port', String(port)]], automatic: 'yes' },
    ),
  ]
}

/** Where the frontend names the port: in a source, or in a variable that its bundler hands on. */
function whereWritten({ frontend, wire }: Evidence): string[] {
  const { port } = wire.endpoint
  const url = frontend?.urls.find((written) => written.port === port)
  if (url !== undefined) return [`frontend/${url.file}:${url.line} names port ${port}: ${url.text}`]
  const variable = frontend?.variables.find(({ value }) => URL.canParse(value) && new URL(value).port === String(port))
  return variable === undefined ? [] : [`frontend/${variable.file}:${variable.line} names port ${port}: ${variable.name}=${variable.value}`]
}

/** The frontend's own server answers: where the page's source says so, and where the backend is. */
export function withBackend(evidence: Evidence, found: Diagnosis): Diagnosis {
  const { port } = evidence.wire.endpoint
  const backend = evidence.servers.ofProject.find(({ listens }) => listens.length > 0)
  const at = backend?.listens[0]
  const known = backend === undefined || at === undefined || at.port === port ? [] : [`${shownUp(backend)} listens on port ${at.port}`]
  const text = known.length === 0 ? found.remedy.text : `Correct the WebSocket URL (VITE_WS_URL or the like) to port ${at?.port ?? '?'}.`
  return { ...found, evidence: [...found.evidence, ...known, ...whereWritten(evidence)], remedy: { ...found.remedy, text } }
}

/** Who listens at which of the addresses of the name. */
export function withListeners({ servers, wire }: Evidence, found: Diagnosis): Diagnosis {
  const { port } = wire.endpoint
  const who = servers.onPorts.flatMap((server) => {
    const addresses = server.listens.filter((at) => at.port === port).map(({ address }) => address)
    return addresses.length === 0 ? [] : [`${shownUp(server)} listens on ${addresses.join(', ')}`]
  })
  return { ...found, evidence: [...found.evidence, ...who] }
}

const bracket = (address: string | undefined): string => (address?.includes(':') === true ? `[${address}]` : (address ?? '127.0.0.1'))

/** The user may not bind a port so low: why nothing listens there. */
export function judgePermission({ wire, privilegedBelow, isRoot }: Evidence): Diagnosis[] {
  const { port } = wire.endpoint
  if (isRoot || privilegedBelow === undefined || port >= privilegedBelow) return []
  return [
    diagnosis(
      'bad-port-permission',
      `This user may not bind port ${port}`,
      [`Ports below ${privilegedBelow} are for root alone on this machine`, `Nothing listens on port ${port}`],
      'Use a port above 1023.',
      { commands: [['election-dev', 'start', '--port', '8000']], automatic: 'yes' },
    ),
  ]
}
