/** Facts made by hand for the rules of the doctor: of a project in order, but for what a row says. */
import type { Evidence } from '../../src/checks/evidence.ts'
import type { Checkout } from '../../src/facts/checkout.ts'
import type { Examination, ExaminationFact, ExaminationName, ExaminationOf, Raised } from '../../src/facts/examination.ts'
import type { RedisNow } from '../../src/facts/redis-now.ts'
import type { RedisRefusal } from '../../src/facts/redis-refusal.ts'
import type { ServerProcess } from '../../src/facts/server-process.ts'
import type { HandshakeFact, SessionFact, WireFacts } from '../../src/facts/wire.ts'

const open: HandshakeFact = { result: 'open', elapsedMs: 4, subprotocol: '' }

/** An HTTP answer to the upgrade. */
export const refused = (status: number, reason = ''): HandshakeFact => ({
  result: 'refused',
  status,
  reason,
  headers: {},
  body: '',
  elapsedMs: 9,
})

const lived: SessionFact = { heldMs: 2000, close: undefined, messages: 1, pong: { result: 'pong', elapsedMs: 1 }, second: undefined }

/** A socket that was open and ended with this code. */
export function ended(code: number): SessionFact {
  const close = { code, reason: '', afterMs: 700, messagesBefore: 1 }
  return { ...lived, heldMs: 700, close, pong: { result: 'closed', close } }
}

/** The wire of a WebSocket that works. */
export function wireOf(more: Partial<WireFacts> = {}): WireFacts {
  return {
    endpoint: {
      url: 'ws://127.0.0.1:8000/ws/election-updates/',
      path: '/ws/election-updates/',
      port: 8000,
      host: '127.0.0.1',
      secure: false,
      origin: 'http://localhost:3000',
      urlBytes: 40,
      tokenAt: 'in the query, as token',
      isPlaced: true,
      offersSubprotocol: false,
    },
    ours: false,
    token: { kind: 'none' },
    nameError: undefined,
    tcp: [{ address: '127.0.0.1', family: 4, result: 'open', code: undefined, elapsedMs: 1 }],
    http: { result: 'answer', status: 404, reason: '', server: 'daphne', headers: {}, body: '', elapsedMs: 5 },
    handshake: open,
    session: lived,
    experiments: {},
    ...more,
  }
}

/** A wire whose upgrade got 500, on the path and on any other. */
export const serverError = wireOf({ handshake: refused(500), session: undefined, experiments: { unknownPath: refused(500) } })
/** A wire whose upgrade got 403 with an Origin that is accepted. */
export const refusal = wireOf({
  handshake: refused(403),
  session: undefined,
  token: { kind: 'current' },
  experiments: { unknownPath: refused(500) },
})

export const raisedOf = (type: string, message: string, more: Partial<Raised> = {}): Raised => ({
  type,
  message,
  file: 'updates/consumers.py',
  line: 6,
  frames: [{ file: 'updates/consumers.py', line: 6, function: 'connect', own: true }],
  causes: [],
  ...more,
})

export function settingsOf(more: Partial<ExaminationOf<'settings'>> = {}): ExaminationOf<'settings'> {
  return {
    fact: 'settings',
    module: 'core.settings',
    django: '5.2',
    debug: true,
    allowed_hosts: ['localhost', '127.0.0.1'],
    asgi_application: 'core.asgi.application',
    wsgi_application: undefined,
    daphne_app: 'absent',
    layers_set: true,
    layer_backend: 'channels.layers.InMemoryChannelLayer',
    layer_hosts: [],
    secret: undefined,
    values: [],
    ...more,
  }
}

/** The settings of a project whose layer is Redis on 6379. */
export const onRedis = (more: Partial<ExaminationOf<'settings'>> = {}): ExaminationOf<'settings'> =>
  settingsOf({
    layer_backend: 'channels_redis.core.RedisChannelLayer',
    layer_hosts: [{ host: '127.0.0.1', port: 6379, db: 0, tls: false, password: false }],
    ...more,
  })

export function playedOf(more: Partial<ExaminationOf<'consumer'>> = {}): ExaminationOf<'consumer'> {
  return {
    fact: 'consumer',
    outcome: 'accepted',
    after_ms: 2,
    offered: [],
    later: 'open',
    later_after: 'ping',
    pong: true,
    messages: 2,
    frames: [],
    consumer: 'Updates',
    groups: ['updates'],
    handlers: ['connect', 'receive_json'],
    ...more,
  }
}

type Told = Exclude<ExaminationFact, { fact: 'error' }>

/** An examination that told these facts; those of a project in order stand in for what isn't among them. */
export function examinationOf(
  facts: readonly Told[] = [],
  { errors = [], how = 'ended' }: { errors?: readonly ExaminationOf<'error'>[]; how?: Examination['how'] } = {},
): Examination {
  const usual: readonly Told[] = [
    settingsOf(),
    {
      fact: 'application',
      kind: 'router',
      websocket: true,
      middleware: [],
      routes: [{ route: 'ws/election-updates/', consumer: 'Updates', is_class: false }],
    },
    { fact: 'database', state: 'ready', engine: 'django.db.backends.sqlite3', name: 'db.sqlite3' },
    { fact: 'migrations', pending: [], unmade: [] },
    playedOf(),
    { fact: 'broadcasts', sends: [], adds: [], handlers: [] },
    { fact: 'checks', failed: [] },
  ]
  const known = [...facts, ...usual]
  const isNamed = <Name extends ExaminationName>(fact: Told | undefined, name: Name): fact is Told & ExaminationOf<Name> =>
    fact?.fact === name
  return {
    get: (name) => {
      const fact = known.find((candidate) => candidate.fact === name)
      return isNamed(fact, name) ? fact : undefined
    },
    errorOf: (stage) => errors.find((error) => error.stage === stage),
    how,
    stage: undefined,
    elapsedMs: 900,
    output: [],
  }
}

/** An exception of a stage. */
export const errorOf = (stage: string, type: string, message: string): ExaminationOf<'error'> => ({
  fact: 'error',
  stage,
  ...raisedOf(type, message),
})

export function serverOf(pid: number, port: number, more: Partial<ServerProcess> = {}): ServerProcess {
  return {
    pid,
    parent: 1,
    argv: ['python', '-m', 'daphne', '-p', String(port), 'core.asgi:application'],
    cwd: '/home/me/election/backend',
    executable: '/usr/bin/python3',
    state: 'running',
    startedAt: 0,
    command: commandOf(),
    listens: [{ address: '127.0.0.1', port }],
    unixSockets: [],
    project: 'this',
    env: {},
    logs: [],
    ...more,
  }
}

export function commandOf(more: Partial<NonNullable<ServerProcess['command']>> = {}): NonNullable<ServerProcess['command']> {
  return {
    program: 'daphne',
    application: 'core.asgi:application',
    host: '127.0.0.1',
    port: 8000,
    unixSocket: undefined,
    workers: undefined,
    workerClass: undefined,
    websocketTimeout: undefined,
    ws: undefined,
    wsMaxSize: undefined,
    reload: false,
    noAsgi: false,
    tls: false,
    ...more,
  }
}

/** Redis as a probe found it. */
export const redisOf = (id?: RedisRefusal, evidence = ['127.0.0.1:6379 said so'], more: Partial<RedisNow> = {}): RedisNow => ({
  where: '127.0.0.1:6379',
  source: 'REDIS_PORT in backend/.env:3',
  hasPassword: false,
  fact: id === undefined ? { usable: true, product: 'redis', elapsedMs: 3 } : { usable: false, id, evidence, elapsedMs: 3 },
  malformed: undefined,
  ...more,
})

/** A checkout that asks for Redis in its `.env`. */
export const checkout: Checkout = {
  project: {
    root: '/home/me/election',
    backend: '/home/me/election/backend',
    settingsModule: 'core.settings',
    settingsSource: 'manage.py',
    settingsFiles: ['/home/me/election/backend/core/settings.py'],
    application: 'core.asgi:application',
    applicationSource: 'settings',
    applicationThere: 'core.asgi:application',
    variables: new Set(['USE_REDIS_FOR_CHANNELS', 'REDIS_PORT']),
    dotenvReader: 'decouple',
    dotenv: '/home/me/election/backend/.env',
    dotenvExample: undefined,
    preamble: 'none',
    hasDaphneApp: false,
    logFolders: [],
    hasUsualRoute: true,
    wantsSubprotocol: false,
    frontendOrigin: undefined,
  },
  python: { candidates: [], named: false },
  requirements: undefined,
  dotenv: { kind: 'absent', path: '/home/me/election/backend/.env' },
  layerVariable: 'USE_REDIS_FOR_CHANNELS',
  wish: { kind: 'set', redis: true, source: 'backend/.env:2' },
  redis: { kind: 'endpoint', endpoint: { host: '127.0.0.1', port: 6379, db: 0, tls: false, source: 'backend/.env:3' } },
}

/** Evidence of a project in order that has just been proven, but for these. */
export function evidenceOf(more: Partial<Evidence> = {}): Evidence {
  const server = serverOf(4711, 8000)
  return {
    wire: wireOf(),
    direct: undefined,
    others: [],
    checkout: undefined,
    choice: undefined,
    pathPython: undefined,
    deadShebang: undefined,
    dotenv: undefined,
    env: {},
    servers: { onPorts: [server], ofProject: [server], source: '/proc', problem: undefined },
    examination: examinationOf(),
    secretKeys: undefined,
    otherKeys: [],
    servingEnvironment: undefined,
    settingsLines: [],
    redis: undefined,
    redisOfFile: undefined,
    holders: [],
    frontend: undefined,
    logged: [],
    ourPaths: [],
    newerThanServer: [],
    ownModules: new Set(),
    brokenLine: undefined,
    newerPython: undefined,
    privilegedBelow: 1024,
    isRoot: false,
    problems: {},
    ...more,
  }
}
