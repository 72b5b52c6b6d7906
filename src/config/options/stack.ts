import { commands, launching, type Option, optIn, optOut } from './option.ts'

/** What runs beside the backend, how all of it is shown, and how a command is told. */
export const stackKeys = {
  frontend: {
    takes: 'own',
    flag: '<folder>',
    at: ['start', 'smoke'],
    look: true,
    unset: 'frontend, or where a package.json has a dev script',
    about:
      "the page's dev server: its folder or {folder, script, command, port, env}; false: none. In env, {http}, {ws}, {websocket}, {host} and {port} are the backend’s address",
    no: 'start no frontend',
    said: {
      start: { about: "the frontend's folder" },
      smoke: { flag: '[folder]', unset: '', about: 'also start the frontend' },
    },
  },
  services: { takes: 'own', default: {}, about: 'other processes by name: {command, cwd, env, ready, dependsOn, restart, stopTimeout}' },
  procfile: {
    takes: 'own',
    flag: '<file>',
    at: ['start'],
    unset: 'Procfile if there is one',
    about: 'a Procfile, whose processes become services; false: read none',
    no: 'read no Procfile',
  },
  managed: {
    ...optIn(['start', 'smoke']),
    look: true,
    about: "start the Redis and PostgreSQL that the settings name, if they aren't running",
  },
  managedRedis: {
    ...optIn(['start', 'smoke']),
    look: true,
    about: 'start a separate Redis on a free port and use it as the channel layer',
  },
  only: {
    takes: 'names',
    flag: '<services>',
    at: ['start', 'smoke'],
    default: [],
    unset: 'all',
    about: 'start only these and what they depend on: backend,frontend,worker',
  },
  instances: {
    takes: { least: 1, most: 64 },
    flag: '<n>',
    at: ['start', 'smoke'],
    default: 1,
    about: 'start n backends, each on its own port; needs the Redis layer',
  },
  install: {
    ...optIn(['start', 'smoke']),
    about: "install missing packages: the backend's, into its environment, and the frontend's",
  },
  page: {
    takes: 'own',
    about: 'how to check the page in a browser: {url, hosts, cookies, storage, login, expect, change}',
  },
  browser: {
    takes: 'truth',
    flag: '',
    at: ['start', 'smoke', 'verify'],
    unset: 'if its sources, configuration or ports changed',
    about: 'check the page in a headless browser at once; false: never',
    no: 'never check the page in a browser',
    said: {
      verify: { unset: '', about: 'also check the page in a headless browser: is its own WebSocket open?' },
      smoke: { unset: 'if a frontend is started and there is a browser' },
    },
  },
  screenshot: {
    takes: 'text',
    flag: '<file>',
    at: ['start', 'smoke', 'verify'],
    about: 'write a screenshot of the page to this file',
    said: { smoke: { unset: 'on failure, beside the JUnit file' } },
  },
  open: { ...optIn(['start']), about: 'open the page in the browser once all is proven' },
  reload: { ...optIn(launching), about: 'restart the backend when its Python changes, and prove its WebSocket again' },
  restart: {
    ...optOut(launching),
    about: 'restart the backend when it crashes',
    no: 'end when the backend crashes, instead of restarting it',
  },
  takeover: { ...optIn(launching), about: "end this project's earlier servers on the ports of backend and page" },
  keys: { ...optOut(['start']), about: 'respond to keys on a terminal', no: 'ignore keys on the terminal' },
  logFile: { takes: 'text', flag: '<file>', at: ['start'], about: 'also write the output of all services to this file; rotated' },
  logFileSize: {
    takes: { least: 1024, most: 10_000_000_000 },
    default: 10_000_000,
    about: 'how large the log file may grow before it is rotated, in bytes',
  },
  logFileCount: { takes: { least: 0, most: 100 }, default: 3, about: 'how many rotated log files to keep' },
  logOnly: {
    takes: 'names',
    flag: '<services>',
    at: ['start'],
    default: [],
    unset: 'all',
    about: 'print only the output of these services; the log file has all',
  },
  timestamps: { ...optIn(['start', 'logs']), about: 'begin each line of output with the time' },
  json: { ...optIn(commands), telling: true, about: 'print JSON on standard output, and nothing else there' },
  verbose: { ...optIn(commands), telling: true, about: 'say what was examined and why it was chosen' },
} as const satisfies Readonly<Record<string, Option>>
