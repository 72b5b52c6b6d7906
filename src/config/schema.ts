import * as v from 'valibot'
import { pageChangeSchema, pageLoginSchema, pageSchema } from './page-schema.ts'
import {
  environmentSchema,
  filled,
  frontendSchema,
  milliseconds,
  names,
  optional,
  portNumber,
  readySchema,
  serviceSchema,
  servicesSchema,
  text,
  whole,
} from './stack-schema.ts'

/** The servers that the launcher can run, in the order of preference. Never a WSGI server. */
const serverNames = ['daphne', 'uvicorn', 'hypercorn', 'runserver'] as const
export type ServerName = (typeof serverNames)[number]

const channelLayerChoices = ['auto', 'memory', 'redis'] as const
export type ChannelLayerChoice = (typeof channelLayerChoices)[number]

const flag = (description: string) => optional(v.boolean(), description)

/** How to log in over HTTP where no token is given and none can be minted. The password comes from ELECTION_DEV_PASSWORD alone. */
const login = v.strictObject({
  path: v.pipe(v.string(), v.startsWith('/'), v.description('Path of the login request, such as /api/auth/login/')),
  username: v.pipe(v.string(), v.nonEmpty(), v.description('Who logs in')),
  usernameField: text('Name of the field that takes the user name; default username'),
  passwordField: text('Name of the field that takes the password; default password'),
  tokenField: text('Name of the field of the answer that holds the token; default: access, token, access_token, key, jwt'),
})

/** A message that a page may send and that makes the application broadcast: what is sent at one instance must reach a socket at another. */
const broadcast = v.strictObject({
  send: v.pipe(
    v.record(v.string(), v.unknown()),
    v.description('What is sent over the WebSocket; {marker} in a text of it is replaced by a random word'),
  ),
  expect: optional(
    v.record(v.string(), v.unknown()),
    'What the message that arrives must contain; default: the marker, or any message where there is none',
  ),
})

/** Every key of the configuration file. Each flag has its key here, under the same name in camelCase. */
export const configSchema = v.strictObject({
  $schema: text('Where the JSON Schema of this file is'),
  backend: text('Folder that holds manage.py'),
  settings: text('Settings module, such as core.settings'),
  application: optional(
    v.pipe(v.string(), v.regex(/^[\w.]+:[\w.]+$/, 'module:attribute, such as core.asgi:application')),
    'ASGI application, such as core.asgi:application',
  ),
  python: text('Python interpreter of the backend, its environment, or what --setup makes that with'),
  server: optional(v.picklist(serverNames), 'ASGI server'),
  host: text('Address that the server binds to; default 127.0.0.1'),
  port: optional(portNumber, 'Port that the server binds to; default 8000'),
  strictPort: flag('Fail where the port is held, instead of taking the next free one'),
  path: optional(v.pipe(v.string(), v.startsWith('/')), 'Path of the WebSocket; default /ws/election-updates/'),
  origin: text('Origin that the browser will send, such as http://localhost:3000; none: the client sends none'),
  token: text('Token for the WebSocket; ELECTION_DEV_TOKEN is the better place'),
  tokenIn: optional(
    v.picklist(['query', 'header', 'cookie', 'subprotocol']),
    'Where the token goes; default: where the sources read one, else query',
  ),
  tokenName: text(
    'Name of the query parameter, header or cookie that takes the token, or of the subprotocol before it; default token, or Authorization',
  ),
  user: text('User of the project that stands for the page, by name; default: the one that the setup made, else one of the database'),
  subprotocols: names('Subprotocols that the page offers'),
  login: optional(login, 'Login request that gives a token; the password is ELECTION_DEV_PASSWORD'),
  ping: optional(
    v.union([v.literal(false), v.record(v.string(), v.unknown())]),
    'Message that the application answers with a pong; false: send none; default {"type":"ping"}',
  ),
  broadcast: optional(broadcast, 'A message that makes the application broadcast, for verify with several URLs'),
  channelLayer: optional(v.picklist(channelLayerChoices), 'Channel layer; auto asks the environment and .env'),
  channelLayerVariable: optional(
    v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/, 'the name of an environment variable')),
    'Variable that the settings read to choose Redis; default USE_REDIS_FOR_CHANNELS',
  ),
  strict: flag('Fail where Redis is wanted and not usable, instead of going on in memory'),
  envFile: text('The .env file that the settings read'),
  setup: flag('Make what a fresh checkout lacks: environment, packages, .env, folders, tables, a user'),
  watch: flag('Keep a socket open after ready and say when it dies; default true'),
  parentWatch: flag('Stop when the process that started the launcher is gone; default true'),
  observer: flag('Put the observer around the application, which tells what becomes of each WebSocket; default true'),
  hold: milliseconds('How long verify holds the socket open, in milliseconds; default 2000'),
  startTimeout: milliseconds('How long the server may take to listen, in milliseconds; default 60000'),
  stopTimeout: milliseconds('How long the server may take to end before it is killed, in milliseconds; default 5000'),
  env: optional(environmentSchema, 'Environment variables of the backend, over those of the launcher'),
  envDefaults: optional(environmentSchema, 'The same, where the launcher has none of the name; start --setup writes them'),
  dependsOn: names('Services that must be ready before the backend starts'),
  frontend: optional(v.union([v.literal(false), frontendSchema]), 'The dev server of the page; false: none is started'),
  services: optional(servicesSchema, 'Further processes, by their names'),
  procfile: optional(
    v.union([v.literal(false), filled]),
    'A Procfile, whose processes are services; default: Procfile where it is there; false: none is read',
  ),
  managed: flag('Start the Redis and the PostgreSQL that the settings name where they are not there, end them with the run'),
  managedRedis: flag('Start a Redis of its own on a free port, use it as the channel layer, end it with the run'),
  only: names('Start these services alone, and what they depend on'),
  instances: optional(whole(1, 64), 'How many backends to start, each on a port of its own; default 1'),
  install: flag('Install packages where they are missing: of the backend, into its environment, and of the frontend'),
  page: optional(pageSchema, 'How the page is looked at in a browser'),
  browser: flag(
    'Look at the page in a headless browser: true: at once, false: never; default: where its sources, configuration or ports changed',
  ),
  screenshot: text('File that a picture of the page goes to'),
  open: flag('Open the page in the browser once all is proven'),
  reload: flag('Restart the backend when its Python changes'),
  restart: flag('Start the backend again when it crashes; default true'),
  takeover: flag('End earlier servers of this project on the ports of backend and page'),
  keys: flag('Take keys on a terminal (r, v, d, o, l, q); default true'),
  logFile: text('File that the output of all services goes to, as well'),
  logFileSize: optional(whole(1024, 10_000_000_000), 'How large the log file may grow before it is rotated, in bytes; default 10000000'),
  logFileCount: optional(whole(0, 100), 'How many rotated log files are kept; default 3'),
  logOnly: names('Print the output of these services alone; the log file has all'),
  timestamps: flag('Begin each line of output with the time'),
  json: flag('Print JSON on standard output'),
  verbose: flag('Say what was looked at and why it was chosen'),
})

/** The configuration as a file, flags or the environment give it: every key may be absent. */
export type PartialConfig = v.InferOutput<typeof configSchema>
export type ConfigKey = Exclude<keyof PartialConfig, '$schema'>
export type LoginRequest = v.InferOutput<typeof login>
export type BroadcastMessage = v.InferOutput<typeof broadcast>

/** One thing that is wrong with a configuration: which key, what it holds, what is allowed. */
export interface ConfigProblem {
  readonly key: string
  readonly problem: string
}

/** Checks a value against the schema; gives the typed configuration, or every problem that it has. */
export function checkConfig(input: unknown): { config: PartialConfig } | { problems: readonly ConfigProblem[] } {
  // an object to valibot, and none to anybody else
  if (Array.isArray(input)) return { problems: [{ key: '', problem: 'is a list; allowed: an object' }] }
  const result = v.safeParse(configSchema, input)
  if (result.success) return { config: result.output }
  return { problems: result.issues.map((issue) => describe(issue)) }
}

function describe(issue: v.BaseIssue<unknown>): ConfigProblem {
  const key = v.getDotPath(issue) ?? ''
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return { key, problem: `is not a key; allowed here: ${Object.keys(entriesAt(key)).join(', ')}` }
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined') return { key, problem: 'is missing' }
  // what is wrong with a token is said without the token
  const received = key === 'token' ? 'something else' : issue.received
  return { key, problem: `is ${received}; allowed: ${allowed(issue)}` }
}

/** The keys that are allowed where a key stands. */
function entriesAt(key: string): object {
  const [first, , third] = key.split('.')
  if (!key.includes('.')) return configSchema.entries
  if (first === 'login') return login.entries
  if (first === 'broadcast') return broadcast.entries
  if (first === 'frontend') return frontendSchema.entries
  if (first === 'page')
    return key.startsWith('page.login')
      ? pageLoginSchema.entries
      : key.startsWith('page.change')
        ? pageChangeSchema.entries
        : pageSchema.entries
  return third === 'ready' && key.split('.').length > 3 ? readySchema.entries : serviceSchema.entries
}

/** What a key takes, in words. */
function allowed(issue: v.BaseIssue<unknown>): string {
  switch (issue.type) {
    case 'regex':
    case 'integer':
    case 'min_value':
    case 'max_value':
      return issue.message
    case 'non_empty':
      return 'a text that is not empty'
    case 'starts_with':
      return 'a text that begins with /'
    default:
      return (issue.expected ?? 'another value').replace('Object', 'an object').replaceAll(' | ', ', ').replaceAll(/[()]/g, '')
  }
}
