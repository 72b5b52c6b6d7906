import { keys, type ValueOf } from './keys.ts'
import { commands, type CommandName, type Option } from './option.ts'

/** Options of the command line that are no keys: they say what one call is about. */
export const callOptions = {
  cwd: { takes: 'text', flag: '<folder>', at: commands, unset: 'the working folder', about: "the project's folder" },
  detach: {
    takes: 'truth',
    flag: '',
    at: ['start'],
    about: 'run in the background once the WebSocket has been tested: then use status, logs, restart and stop',
  },
  follow: { takes: 'truth', flag: '', letter: 'f', at: ['logs'], about: 'print new lines until the run ends' },
  lines: {
    takes: 'number',
    flag: '<lines>',
    letter: 'n',
    at: ['logs'],
    default: 200,
    about: 'how many earlier lines',
  },
  pid: {
    takes: 'number',
    flag: '<pid>',
    at: ['logs', 'restart', 'stop'],
    about: 'the run of this launcher, if there are several',
  },
  all: { takes: 'truth', flag: '', at: ['stop'], about: 'end all runs of this folder' },
  url: {
    takes: 'repeated',
    flag: '<url>',
    at: ['verify', 'doctor'],
    about: 'the WebSocket that the page opens; repeat it for more instances',
    said: { verify: { about: 'the WebSocket; repeat it for more instances, between which broadcasts must cross' } },
  },
  send: {
    takes: 'text',
    flag: '<json>',
    at: ['verify'],
    about: 'with several URLs: the message that makes the application broadcast; {marker} becomes a random word',
  },
  expect: {
    takes: 'text',
    flag: '<json>',
    at: ['verify'],
    unset: 'the marker, else any message',
    about: 'what the received message must contain',
  },
  count: { takes: 'number', flag: '<n>', at: ['verify'], default: 1, about: 'how often it is sent to each instance' },
  two: {
    takes: 'truth',
    flag: '',
    at: ['verify'],
    about: 'with --browser: open two windows and check that a change in one arrives in the other ("page.change" in the configuration)',
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
    about: 'how long everything may take, start and end included, in milliseconds',
  },
  list: { takes: 'truth', flag: '', at: ['doctor'], about: 'list the checks' },
  fix: { takes: 'truth', flag: '', at: ['doctor'], about: 'fix the cause: without asking if that is safe, else after asking' },
  undo: {
    takes: 'truth',
    flag: '',
    at: ['doctor'],
    about: 'list what the last doctor --fix, start --setup or init changed or created (files, an environment), and undo it after asking',
  },
  write: { takes: 'truth', flag: '', at: ['env'], about: 'write it' },
  replaceScripts: {
    takes: 'truth',
    flag: '',
    at: ['init'],
    about: 'also reduce each script that started or stopped the project to one line that calls election-dev',
  },
  ci: { takes: { words: ['github', 'gitlab', 'none'] }, flag: '<kind>', at: ['init'], default: 'none', about: 'also write this CI job' },
  out: {
    takes: 'text',
    flag: '<folder>',
    at: ['export'],
    unset: 'deploy/compose, deploy/kubernetes; a Procfile in the checkout',
    about: 'where to write it',
  },
  proxy: {
    takes: { words: ['nginx', 'caddy', 'traefik'] },
    flag: '<name>',
    at: ['export'],
    default: 'nginx',
    about: 'compose: the proxy in front',
  },
  replicas: { takes: 'number', flag: '<n>', at: ['export'], default: 2, about: 'how many instances' },
  host: { takes: 'text', flag: '<name>', at: ['export'], default: 'election.example.org', about: 'kubernetes: host name of the Ingress' },
  image: { takes: 'text', flag: '<name>', at: ['export'], unset: "the folder's, and -backend", about: "name of the backend's image" },
  dryRun: {
    takes: 'truth',
    flag: '',
    at: ['init', 'export'],
    about: 'show what would be written, and write nothing; init: status 1 if there is something to do',
  },
  yes: {
    takes: 'truth',
    flag: '',
    at: ['doctor', 'init', 'export'],
    about: 'answer every question with yes: what was shown is written',
    said: { doctor: { about: 'with --fix or --undo: answer every question with yes' } },
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
