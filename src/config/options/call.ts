import { keys, type ValueOf } from './keys.ts'
import { commands, type CommandName, type Option } from './option.ts'

/** Options of the command line that are no keys: they say what one call is about. */
export const callOptions = {
  cwd: { takes: 'text', flag: '<folder>', at: commands, unset: 'the working folder', about: 'the folder of the project' },
  detach: {
    takes: 'truth',
    flag: '',
    at: ['start'],
    about: 'run in the background once the WebSocket was tried: status, logs, restart and stop go on from there',
  },
  follow: { takes: 'truth', flag: '', letter: 'f', at: ['logs'], about: 'print what comes, until the run ends' },
  lines: {
    takes: 'number',
    flag: '<lines>',
    letter: 'n',
    at: ['logs'],
    default: 200,
    about: 'how many lines of before',
  },
  pid: {
    takes: 'number',
    flag: '<pid>',
    at: ['logs', 'restart', 'stop'],
    about: 'the run of this launcher, where there are several',
  },
  all: { takes: 'truth', flag: '', at: ['stop'], about: 'end all runs of this folder' },
  url: {
    takes: 'repeated',
    flag: '<url>',
    at: ['verify', 'doctor'],
    about: 'the WebSocket that the page opens; given again: further instances',
    said: { verify: { about: 'the WebSocket; given again: further instances, between which broadcasts must cross' } },
  },
  send: {
    takes: 'text',
    flag: '<json>',
    at: ['verify'],
    about: 'several URLs: the message that makes the application broadcast; {marker} in it becomes a random word',
  },
  expect: {
    takes: 'text',
    flag: '<json>',
    at: ['verify'],
    unset: 'the marker, else any message',
    about: 'what the message that arrives must contain',
  },
  count: { takes: 'number', flag: '<n>', at: ['verify'], default: 1, about: 'how often it is sent at each instance' },
  two: {
    takes: 'truth',
    flag: '',
    at: ['verify'],
    about: 'with --browser: open two windows, and see a change in one arrive in the other ("page.change" of the configuration)',
  },
  reporter: {
    takes: 'repeated',
    flag: '<kind>',
    at: ['smoke'],
    about: 'text, json, junit or github, or KIND=FILE; may be given more than once',
  },
  timeout: {
    takes: 'milliseconds',
    flag: '<ms>',
    at: ['smoke'],
    default: 120_000,
    about: 'how long the whole may take, start and end included, in milliseconds',
  },
  list: { takes: 'truth', flag: '', at: ['doctor'], about: 'list the checks' },
  fix: { takes: 'truth', flag: '', at: ['doctor'], about: 'fix the cause: by itself where that is safe, after asking where it is not' },
  undo: {
    takes: 'truth',
    flag: '',
    at: ['doctor'],
    about:
      'list what the newest of doctor --fix, start --setup and init changed or made (files, an environment), and take it back after asking',
  },
  write: { takes: 'truth', flag: '', at: ['env'], about: 'write it' },
  replaceScripts: {
    takes: 'truth',
    flag: '',
    at: ['init'],
    about: 'also make each script that started or stopped the project one line that calls election-dev',
  },
  ci: { takes: { words: ['github', 'gitlab', 'none'] }, flag: '<kind>', at: ['init'], default: 'none', about: 'CI job to write as well' },
  out: {
    takes: 'text',
    flag: '<folder>',
    at: ['export'],
    unset: 'deploy/compose, deploy/kubernetes; a Procfile in the checkout',
    about: 'where it is written',
  },
  proxy: {
    takes: { words: ['nginx', 'caddy', 'traefik'] },
    flag: '<name>',
    at: ['export'],
    default: 'nginx',
    about: 'compose: what stands in front',
  },
  replicas: { takes: 'number', flag: '<n>', at: ['export'], default: 2, about: 'how many instances' },
  host: { takes: 'text', flag: '<name>', at: ['export'], default: 'election.example.org', about: 'kubernetes: host name of the Ingress' },
  image: { takes: 'text', flag: '<name>', at: ['export'], unset: "the folder's, and -backend", about: "name of the backend's image" },
  dryRun: {
    takes: 'truth',
    flag: '',
    at: ['init', 'export'],
    about: 'show what would be written, and write nothing; init: status 1 where there is something to do',
  },
  yes: {
    takes: 'truth',
    flag: '',
    at: ['doctor', 'init', 'export'],
    about: 'take every question for answered with yes: what was shown is written',
    said: { doctor: { about: 'with --fix or --undo: take every question for answered with yes' } },
  },
} as const satisfies Readonly<Record<string, Option>>

type TakenAt<Rows, Command> = {
  readonly [
    Key in keyof Rows as Rows[Key] extends { readonly at: readonly (infer Name)[] } ? (Command extends Name ? Key : never) : never
  ]?: Rows[Key] extends { readonly takes: infer Kind } ? ValueOf<Kind> : never
}

/** What the command line gives to a command. */
export type OptionsOf<Command extends CommandName> = TakenAt<typeof keys, Command> & TakenAt<typeof callOptions, Command>

const rows: readonly (readonly [string, Option])[] = [...Object.entries(keys), ...Object.entries(callOptions)]

/** The options that a command takes, as they are told there; none for what is no command with options. */
export function optionsAt(name: string): readonly (readonly [string, Option])[] {
  const command = commands.find((each) => each === name)
  return rows.flatMap(([key, row]): (readonly [string, Option])[] => {
    if (command === undefined || row.at?.includes(command) !== true) return []
    const { words, ...saying } = row.said?.[command] ?? {}
    return [[key, { ...row, ...saying, ...(words === undefined ? {} : { takes: { words } }) }]]
  })
}
