/** Facts for pure rules, made by hand: a healthy project whose socket works, and what a row changes of it. */
import type { Evidence } from '../../src/checks/evidence.ts'
import type { Checkout } from '../../src/facts/checkout.ts'
import { parseDotenv, type DotenvReader } from '../../src/facts/dotenv.ts'
import type { DotenvSurvey } from '../../src/facts/dotenv-survey.ts'
import { factOf, type Examination, type ExaminationFact, type ExaminationOf } from '../../src/facts/examination.ts'
import type { Project } from '../../src/facts/project.ts'
import type { PythonEnvironment } from '../../src/facts/python.ts'
import type { ServerProcess } from '../../src/facts/server-process.ts'
import type { ServerCommand } from '../../src/servers/known.ts'
import type { HandshakeFact, WireFacts } from '../../src/facts/wire.ts'
import type { PythonChoice } from '../../src/plan/environment.ts'

export const root = '/home/ada/election'

/** Facts of an examination in short: those given take the place of the healthy ones, and `null` takes one away. */
export interface Looked {
  readonly facts?: { readonly [Name in Exclude<ExaminationFact['fact'], 'error'>]?: Partial<ExaminationOf<Name>> | null }
  readonly errors?: readonly (Partial<ExaminationOf<'error'>> & Pick<ExaminationOf<'error'>, 'stage' | 'type' | 'message'>)[]
  readonly how?: Examination['how']
  readonly stage?: Examination['stage']
}

const healthy: { readonly [Name in Exclude<ExaminationFact['fact'], 'error'>]?: ExaminationOf<Name> } = {
  start: { fact: 'start', python: '3.11.7', executable: `${root}/backend/venv/bin/python` },
  shadows: { fact: 'shadows', files: [] },
  settings: {
    fact: 'settings',
    module: 'core.settings',
    django: '5.2',
    debug: true,
    allowed_hosts: ['127.0.0.1', 'localhost'],
    asgi_application: 'core.asgi.application',
    wsgi_application: null,
    daphne_app: 'absent',
    layers_set: true,
    layer_backend: 'channels.layers.InMemoryChannelLayer',
    layer_hosts: [],
    secret: 'digest',
    values: [],
  },
  folders: { fact: 'folders', missing: [] },
  application: {
    fact: 'application',
    kind: 'router',
    websocket: true,
    middleware: [],
    routes: [{ route: 'ws/election-updates/', consumer: 'Updates', is_class: false }],
  },
  asgi_setting: { fact: 'asgi_setting', ok: true, value: 'core.asgi.application', message: null, kind: 'router' },
  layer: { fact: 'layer', backend: 'channels.layers.InMemoryChannelLayer' },
  database: {
    fact: 'database',
    state: 'ready',
    engine: 'django.db.backends.sqlite3',
    name: 'db.sqlite3',
    path: `${root}/backend/db.sqlite3`,
    message: null,
  },
  checks: { fact: 'checks', failed: [] },
  migrations: { fact: 'migrations', pending: [], unmade: [] },
  consumer: {
    fact: 'consumer',
    outcome: 'accepted',
    after_ms: 12,
    offered: [],
    messages: 1,
    frames: [],
    groups: ['updates'],
    handlers: ['receive_json'],
    later: 'open',
  },
  broadcasts: { fact: 'broadcasts', sends: [], adds: [], handlers: [] },
}

/** An examination that came to its end. */
export function examinationOf({ facts = {}, errors = [], how = 'ended', stage }: Looked = {}): Examination {
  const base = new Map<string, object>(Object.entries(healthy))
  const known = new Map<string, ExaminationFact>()
  for (const name of new Set([...base.keys(), ...Object.keys(facts)])) {
    const change = new Map<string, object | null>(Object.entries(facts)).get(name)
    if (change !== null) known.set(name, parsed({ fact: name, ...base.get(name), ...change }))
  }
  return {
    get: (name) => {
      const fact = known.get(name)
      return isFact(fact, name) ? fact : undefined
    },
    errorOf: (wanted) => {
      const error = errors.find((candidate) => candidate.stage === wanted)
      if (error === undefined) return undefined
      const fact = parsed({ fact: 'error', file: null, line: null, frames: [], causes: [], ...error })
      return fact.fact === 'error' ? fact : undefined
    },
    how,
    stage,
    elapsedMs: 400,
    output: [],
  }
}

/** A row's fact goes through the schema of the real ones. */
function parsed(fact: object): ExaminationFact {
  const found = factOf(fact)
  if (found === undefined) throw new Error(`no such fact: ${JSON.stringify(fact)}`)
  return found
}

function isFact<Name extends ExaminationFact['fact']>(fact: ExaminationFact | undefined, name: Name): fact is ExaminationOf<Name> {
  return fact?.fact === name
}

/** Distributions of an environment that lacks nothing. */
export const fullPackages = ['pip', 'django', 'channels', 'daphne', 'uvicorn', 'websockets', 'channels-redis', 'python-decouple']

/** An environment of the project with these distributions. */
export function environmentWith(packages: readonly string[] = fullPackages, label = 'backend/venv'): PythonEnvironment {
  const python = label.startsWith('backend/') ? `${root}/${label}/bin/python` : `/usr/bin/${label}`
  return { python, label, version: '3.11.7', isVirtual: true, packages: new Map(packages.map((name) => [name, '4.2.0'])) }
}

/** The project's own environment, complete. */
export const ready = { kind: 'ready', environment: environmentWith(), note: undefined } as const satisfies PythonChoice

/** A checkout of the seed's layout. */
export function checkoutOf(overrides: Partial<Checkout> = {}, project: Partial<Project> = {}): Checkout {
  return {
    project: {
      root,
      backend: `${root}/backend`,
      settingsModule: 'core.settings',
      settingsSource: 'backend/manage.py',
      settingsFiles: [`${root}/backend/core/settings.py`],
      application: 'core.asgi:application',
      applicationSource: 'ASGI_APPLICATION',
      applicationThere: 'core.asgi:application',
      variables: new Set(['SECRET_KEY', 'USE_REDIS_FOR_CHANNELS', 'REDIS_PORT']),
      dotenvReader: 'decouple',
      dotenv: `${root}/backend/.env`,
      dotenvExample: undefined,
      preamble: 'none',
      hasDaphneApp: false,
      logFolders: [],
      hasUsualRoute: true,
      wantsSubprotocol: false,
      frontendOrigin: undefined,
      ...project,
    },
    python: { candidates: [{ state: 'usable', environment: environmentWith() }], named: false },
    requirements: undefined,
    dotenv: { kind: 'absent', path: `${root}/backend/.env` },
    layerVariable: 'USE_REDIS_FOR_CHANNELS',
    wish: { kind: 'none' },
    redis: { kind: 'endpoint', endpoint: { host: '127.0.0.1', port: 6379, db: 0, tls: false, source: 'default' } },
    ...overrides,
  }
}

/** A `.env` with this text, as the survey tells of it; no text: there is none. */
export function dotenvOf(text: string | undefined, overrides: Partial<DotenvSurvey> = {}, reader: DotenvReader = 'decouple'): DotenvSurvey {
  const path = `${root}/backend/.env`
  return {
    fact:
      text === undefined
        ? { kind: 'absent', path }
        : {
            kind: 'present',
            path,
            text,
            bom: text.startsWith('\u{feff}'),
            entries: parseDotenv(text, reader),
            bytes: new TextEncoder().encode(text),
          },
    shown: 'backend/.env',
    others: [],
    reader,
    unread: [],
    sources: { said: [], hasDatabase: false, configuration: { file: `${root}/election-dev.config.json`, text: undefined } },
    ...overrides,
  }
}

/** A file that was meant to be the `.env`, with what stands in it. */
export function unreadOf(shown: string, text: string): DotenvSurvey['unread'][number] {
  return { shown, entries: parseDotenv(text, 'decouple') }
}

const command: ServerCommand = {
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
}

/** A server of the checkout on the port of the URL. */
export function serverOf(overrides: Partial<ServerProcess> = {}, told: Partial<ServerCommand> = {}): ServerProcess {
  return {
    pid: 4711,
    parent: 1,
    argv: [`${root}/backend/venv/bin/python`, '-m', told.program ?? 'daphne', told.application ?? 'core.asgi:application'],
    cwd: `${root}/backend`,
    executable: '/usr/bin/python3.11',
    state: 'running',
    startedAt: 0,
    command: { ...command, ...told },
    listens: [{ address: '127.0.0.1', port: 8000 }],
    unixSockets: [],
    project: 'this',
    env: {},
    logs: [],
    ...overrides,
  }
}

/** What the wire saw, in short. */
export const handshakes = {
  open: { result: 'open', elapsedMs: 4, subprotocol: '' },
  /** daphne's answer where the application raised. */
  error: { result: 'refused', status: 500, reason: 'Internal server error', headers: {}, body: '', elapsedMs: 900 },
  denied: { result: 'refused', status: 403, reason: 'Access denied', headers: {}, body: '', elapsedMs: 9 },
} as const satisfies Readonly<Record<string, HandshakeFact>>

/** A wire on which all went well, or what a row changes of it. */
export function wireOf(overrides: Partial<WireFacts> = {}): WireFacts {
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
    http: { result: 'answer', status: 404, reason: 'Not Found', server: 'daphne', headers: {}, body: '', elapsedMs: 5 },
    handshake: handshakes.open,
    session: { heldMs: 2000, close: undefined, messages: 1, pong: { result: 'pong', elapsedMs: 3 }, second: undefined },
    experiments: {},
    ...overrides,
  }
}

/** Nothing listens at the URL. */
export const nothingListens = wireOf({
  tcp: [{ address: '127.0.0.1', family: 4, result: 'refused', code: 'ECONNREFUSED', elapsedMs: 1 }],
  http: undefined,
  handshake: undefined,
  session: undefined,
})

/** The handshake ends in an error of the server, on the page's path alone. */
export const failing = wireOf({ handshake: handshakes.error, session: undefined, experiments: { unknownPath: handshakes.error } })

/** Evidence of a healthy project whose server runs, and what a row changes of it. */
export function evidenceOf(overrides: Partial<Evidence> = {}): Evidence {
  const server = serverOf()
  return {
    wire: wireOf(),
    direct: undefined,
    others: [],
    checkout: checkoutOf(),
    choice: ready,
    pathPython: undefined,
    deadShebang: undefined,
    dotenv: dotenvOf('SECRET_KEY=x\n'),
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
    ownModules: new Set(['core', 'updates']),
    brokenLine: undefined,
    newerPython: undefined,
    privilegedBelow: 1024,
    isRoot: false,
    problems: {},
    ...overrides,
  }
}

const nobody = { onPorts: [], ofProject: [], source: '/proc', problem: undefined } as const

/** The same where nothing was started. */
export function unstarted(overrides: Partial<Evidence> = {}): Evidence {
  return evidenceOf({ wire: nothingListens, servers: nobody, ...overrides })
}

/** The same where a server of the project lives and listens nowhere. */
export function deaf(server: ServerProcess, overrides: Partial<Evidence> = {}): Evidence {
  return unstarted({ servers: { ...nobody, ofProject: [{ ...server, listens: [] }] }, ...overrides })
}
