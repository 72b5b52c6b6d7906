import { launching, proving, type Option, optIn, optOut } from './option.ts'

const beside = { about: 'how long the socket is held open, in milliseconds' }

/** How its backend is started, proven and ended. */
export const launchKeys = {
  setup: {
    ...optIn(launching),
    about: 'make what a fresh checkout lacks, after listing it: environment, packages, .env, folders, tables, a user',
  },
  watch: {
    ...optOut(launching),
    about: 'keep a socket open after ready, and say when it dies',
    no: 'do not keep a socket open after ready',
  },
  parentWatch: {
    ...optOut(launching),
    about: 'stop when the process that started the launcher is gone',
    no: 'go on when the process that started this is gone',
  },
  observer: {
    ...optOut(launching),
    look: true,
    about: 'put the observer around the application, which tells what becomes of each WebSocket',
    no: 'run the application without the observer around it: no broadcast proof, less exact causes',
  },
  hold: {
    takes: 'milliseconds',
    flag: '<ms>',
    at: proving,
    default: 2000,
    about: "how long a socket is held that answers no ping, gets no broadcast and isn't seen to wait for messages, in milliseconds",
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
    about: 'how long the server may take to end before it is killed, in milliseconds',
  },
  env: { takes: 'own', default: {}, about: 'environment variables of the backend, over those of the shell' },
  envDefaults: {
    takes: 'own',
    default: {},
    about: 'the same, where the shell has none of the name: what start --setup writes for settings that load no .env',
  },
  dependsOn: { takes: 'names', default: [], about: 'services that must be ready before the backend starts' },
} as const satisfies Readonly<Record<string, Option>>
