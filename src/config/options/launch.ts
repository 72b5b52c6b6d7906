import { launching, proving, type Option, optIn, optOut } from './option.ts'

const beside = { about: 'how long to hold the socket open, in milliseconds' }

/** How its backend is started, proven and ended. */
export const launchKeys = {
  setup: {
    ...optIn(launching),
    about: 'create what a fresh checkout lacks, after listing it: environment, packages, .env, folders, tables, a user',
  },
  watch: {
    ...optOut(launching),
    about: 'keep a socket open once ready, and report if it dies',
    no: 'do not keep a socket open once ready',
  },
  parentWatch: {
    ...optOut(launching),
    about: 'stop when the process that started the launcher is gone',
    no: 'keep running when the process that started this is gone',
  },
  observer: {
    ...optOut(launching),
    look: true,
    about: 'wrap the application in the observer, which reports what becomes of each WebSocket',
    no: 'run the application without the observer: no broadcast proof, less exact causes',
  },
  hold: {
    takes: 'milliseconds',
    flag: '<ms>',
    at: proving,
    default: 2000,
    about: "how long to hold a socket that answers no ping, gets no broadcast and isn't seen waiting for messages, in milliseconds",
    said: { verify: beside, doctor: beside },
  },
  startTimeout: {
    takes: 'milliseconds',
    flag: '<ms>',
    at: launching,
    default: 60_000,
    about: 'how long the server may take to listen, in milliseconds',
  },
  stopTimeout: {
    takes: 'milliseconds',
    flag: '<ms>',
    at: launching,
    default: 5000,
    about: 'how long the server may take to stop before it is killed, in milliseconds',
  },
  env: { takes: 'own', default: {}, about: "environment variables for the backend, overriding the shell's" },
  envDefaults: {
    takes: 'own',
    default: {},
    about: "the same, for names the shell doesn't set: what start --setup writes if the settings load no .env",
  },
  dependsOn: { takes: 'names', default: [], about: 'services that must be ready before the backend starts' },
} as const satisfies Readonly<Record<string, Option>>
