import { deployedServers, launchedServers } from '../../servers/known.ts'
import { launching, proving, type Option, optIn } from './option.ts'

const project = ['start', 'verify', 'smoke', 'doctor', 'env', 'export'] as const
const layer = [...launching, 'env'] as const
const port = { about: "the backend's port" }
const host = { about: "the backend's address" }

/** How a project is looked at, and by whom. */
export const projectKeys = {
  backend: { takes: 'text', flag: '<folder>', at: [...project, 'init'], look: true, unset: 'found', about: 'folder that holds manage.py' },
  settings: {
    takes: 'text',
    flag: '<module>',
    at: [...project, 'init'],
    look: true,
    unset: 'from manage.py',
    about: 'settings module, such as core.settings',
    said: { init: { flag: '[module]', unset: '', about: 'also let the settings choose the channel layer' } },
  },
  application: {
    takes: { pattern: /^[\w.]+:[\w.]+$/, allowed: 'module:attribute, such as core.asgi:application' },
    flag: '<name>',
    at: [...project, 'init'],
    look: true,
    unset: 'from the settings',
    about: 'ASGI application, such as core.asgi:application',
  },
  python: {
    takes: 'text',
    flag: '<file>',
    at: project,
    look: true,
    unset: 'found',
    about: "the backend's interpreter or environment, or the interpreter --setup makes it with",
  },
  server: {
    takes: { words: launchedServers.map(({ name }) => name) },
    flag: '<name>',
    at: [...launching, 'export'],
    look: true,
    unset: 'the first installed',
    about: 'ASGI server',
    said: { export: { unset: 'as the requirements say', words: deployedServers.map(({ name }) => name) } },
  },
  host: {
    takes: 'text',
    flag: '<address>',
    at: proving,
    look: true,
    default: '127.0.0.1',
    about: 'address to bind; 0.0.0.0 opens it to the network',
    said: { verify: host, doctor: host },
  },
  port: {
    takes: 'port',
    flag: '<port>',
    at: proving,
    look: true,
    default: 8000,
    about: 'port to bind; the next free one if it is in use',
    said: { verify: port, doctor: port },
  },
  strictPort: { ...optIn(launching), about: 'fail if the port is in use' },
  path: {
    takes: { pattern: /^\//, allowed: 'a text that begins with /' },
    flag: '<path>',
    at: project,
    look: true,
    unset: '/ws/election-updates/, else what the routes say',
    about: 'path of the WebSocket',
  },
  origin: {
    takes: 'text',
    flag: '<origin>',
    at: project,
    look: true,
    unset: "the dev server's",
    about: 'Origin that the browser will send, such as http://localhost:3000; none: no browser, so none is sent',
  },
  token: {
    takes: 'text',
    look: true,
    about: 'token for the WebSocket; better in ELECTION_DEV_TOKEN. There is no flag, since ps would show it',
  },
  tokenIn: {
    takes: { words: ['query', 'header', 'cookie', 'subprotocol'] },
    flag: '<place>',
    at: project,
    look: true,
    default: 'query',
    unset: 'where the sources read one, else query',
    about: 'where the token goes; a route with a parameter token takes it in its path',
  },
  tokenName: {
    takes: 'text',
    flag: '<name>',
    at: project,
    look: true,
    unset: 'what the sources read, else token, or Authorization',
    about: 'name of the query parameter, header or cookie with the token, or of the subprotocol before it',
  },
  user: {
    takes: 'text',
    flag: '<name>',
    at: project,
    look: true,
    unset: "--setup's, else one from the database",
    about: 'user of the project to connect as',
  },
  subprotocols: {
    takes: 'repeated',
    flag: '<name>',
    name: 'subprotocol',
    at: project,
    look: true,
    default: [],
    unset: 'those that the consumer, its library or the page name',
    about: 'subprotocol that the page offers; repeatable',
  },
  login: {
    takes: 'own',
    about:
      'login request that gives a token or a session: {path, username, usernameField, passwordField, tokenField}; the password is ELECTION_DEV_PASSWORD',
  },
  ping: {
    takes: 'own',
    at: project,
    look: true,
    default: { type: 'ping' },
    about:
      "message that the application answers with a pong; unless configured, it is sent only if the consumer's source answers it or the page's source sends it; false: none",
    no: 'send the application no {"type":"ping"}',
  },
  broadcast: {
    takes: 'own',
    about: '{send, expect}: a message that makes the application broadcast, for verify with several URLs',
  },
  channelLayer: {
    takes: { words: ['auto', 'memory', 'redis'] },
    flag: '<layer>',
    at: layer,
    look: true,
    default: 'auto',
    about: 'memory, redis, or auto: as the environment and .env say',
  },
  channelLayerVariable: {
    takes: { pattern: /^[A-Za-z_]\w*$/, allowed: 'the name of an environment variable' },
    flag: '<name>',
    at: [...layer, 'export'],
    look: true,
    default: 'USE_REDIS_FOR_CHANNELS',
    about: 'variable that the settings read to choose Redis',
  },
  strict: { ...optIn(layer), about: 'fail if Redis is wanted but not usable, instead of using memory' },
  envFile: { takes: 'text', flag: '<file>', at: project, look: true, unset: 'found', about: 'the .env that the settings read' },
} as const satisfies Readonly<Record<string, Option>>
