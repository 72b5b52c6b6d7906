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
      'dev server of the page, as its folder or as {folder, script, command, port, env}; false: none. In env, {http}, {ws}, {websocket}, {host} and {port} are the backend’s address',
    no: 'start no frontend',
    said: {
      start: { about: 'folder of the frontend' },
      smoke: { flag: '[folder]', unset: '', about: 'start the frontend, too' },
    },
  },
  services: { takes: 'own', default: {}, about: 'further processes by name: {command, cwd, env, ready, dependsOn, restart, stopTimeout}' },
  procfile: {
    takes: 'own',
    flag: '<file>',
    at: ['start'],
    unset: 'Procfile where it is there',
    about: 'a Procfile, whose processes are services; false: none is read',
    no: 'read no Procfile',
  },
  managed: {
    ...optIn(['start', 'smoke']),
    look: true,
    about: 'start the Redis and the PostgreSQL that the settings name, where they are not there',
  },
  managedRedis: {
    ...optIn(['start', 'smoke']),
    look: true,
    about: 'start a Redis of its own on a free port, and use it as the channel layer',
  },
  only: {
    takes: 'names',
    flag: '<services>',
    at: ['start', 'smoke'],
    default: [],
    unset: 'all',
    about: 'start these alone, and what they depend on: backend,frontend,worker',
  },
  instances: {
    takes: { least: 1, most: 64 },
    flag: '<n>',
    at: ['start', 'smoke'],
    default: 1,
    about: 'start n backends, each on a port of its own; needs the Redis layer',
  },
  install: {
    ...optIn(['start', 'smoke']),
    about: 'install packages where they are missing: of the backend, into its environment, and of the frontend',
  },
  page: {
    takes: 'own',
    about: 'how the page is looked at in a browser: {url, hosts, cookies, storage, login, expect, change}',
  },
  browser: {
    takes: 'truth',
    flag: '',
    at: ['start', 'smoke', 'verify'],
    unset: 'where its sources, configuration or ports changed',
    about: 'look at the page in a headless browser at once; false: never',
    no: 'never look at the page in a browser',
    said: {
      verify: { unset: '', about: 'look at the page in a headless browser as well: is its own WebSocket open?' },
      smoke: { unset: 'where a frontend is started and a browser is there' },
    },
  },
  screenshot: {
    takes: 'text',
    flag: '<file>',
    at: ['start', 'smoke', 'verify'],
    about: 'write a picture of the page to this file',
    said: { smoke: { unset: 'where it fails, beside the JUnit file' } },
  },
  open: { ...optIn(['start']), about: 'open the page in the browser once all is proven' },
  reload: { ...optIn(launching), about: 'restart the backend when its Python changes, and prove its WebSocket again' },
  restart: {
    ...optOut(launching),
    about: 'start the backend again when it crashes',
    no: 'end when the backend crashes, instead of starting it again',
  },
  takeover: { ...optIn(launching), about: 'end earlier servers of this project on the ports of backend and page' },
  keys: { ...optOut(['start']), about: 'take keys on a terminal', no: 'take no keys on the terminal' },
  logFile: { takes: 'text', flag: '<file>', at: ['start'], about: 'write the output of all services to this file, too; rotated' },
  logFileSize: {
    takes: { least: 1024, most: 10_000_000_000 },
    default: 10_000_000,
    about: 'how large the log file may grow before it is rotated, in bytes',
  },
  logFileCount: { takes: { least: 0, most: 100 }, default: 3, about: 'how many rotated log files are kept' },
  logOnly: {
    takes: 'names',
    flag: '<services>',
    at: ['start'],
    default: [],
    unset: 'all',
    about: 'print the output of these services alone; the log file has all',
  },
  timestamps: { ...optIn(['start', 'logs']), about: 'begin each line of output with the time' },
  json: { ...optIn(commands), telling: true, about: 'print JSON on standard output, and nothing else there' },
  verbose: { ...optIn(commands), telling: true, about: 'say what was looked at and why it was chosen' },
} as const satisfies Readonly<Record<string, Option>>
