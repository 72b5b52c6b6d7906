import { devTools, toolServing } from '../dev-tools/known.ts'
import { readOptions, wholeNumber, type OptionTable } from '../servers/options.ts'
import type { ServerCommand } from '../servers/known.ts'
import { otherWsgi } from '../servers/wsgi.ts'
import { portFlag } from './dev-address.ts'
import type { ScriptCommand } from './old-scripts-session.ts'
import { readServerCommand } from './server-command.ts'
import { isPython, nameOf, wsgiCommandOf } from './server-invocation.ts'

/** What a command of a script is there for. */
export type ScriptRole =
  /** `host` and `port` only where the command names them; a default is no word of the writer's. */
  | {
      readonly kind: 'backend'
      readonly server: ServerCommand
      readonly host: string | undefined
      readonly port: number | undefined
      /** The port is a variable that the platform fills in. */
      readonly openPort: boolean
      readonly settings: string | undefined
    }
  /** A server that knows WSGI alone. */
  | { readonly kind: 'wsgi-only'; readonly program: string; readonly host: string | undefined; readonly port: number | undefined }
  | { readonly kind: 'frontend'; readonly script: string; readonly folder: string | undefined; readonly port: number | undefined }
  /** A dev server that is called by its own name. */
  | { readonly kind: 'dev-server'; readonly argv: readonly string[]; readonly port: number | undefined }
  | { readonly kind: 'service'; readonly name: string }
  /** Ends processes by their name. */
  | { readonly kind: 'kill' }
  | { readonly kind: 'other' }

/** Judges a command by its words. */
export function roleOf({ argv }: ScriptCommand): ScriptRole {
  const words = argv.map((word) => word.replaceAll('\u{1}', ''))
  const [program = ''] = words
  const name = nameOf(program)
    .toLowerCase()
    .replace(/\.(?:cmd|ps1|bat)$/, '')
  const server = readServerCommand(words)
  if (server !== undefined && wsgiCommandOf(words) === undefined) return backendOf(server, words)
  if (/^(?:taskkill|stop-process|spps|pkill|killall)$/.test(name)) return { kind: 'kill' }
  const isModule = isPython(program) && words[1] === '-m'
  const called = isModule ? (words[2] ?? '') : name.replace(/\.py$/, '')
  return wsgiOf(called, words) ?? frontendOf(name, words) ?? serviceOf(called, words, words.slice(isModule ? 3 : 1)) ?? { kind: 'other' }
}

function backendOf(server: ServerCommand, words: readonly string[]): ScriptRole {
  const { host, port } = server
  // a port or a host that no word has is the server's default
  const names = (text: string): boolean =>
    words.some((word) => new RegExp(String.raw`(?:^|[^\d.])${text.replaceAll('.', String.raw`\.`)}(?:$|[^\d.])`).test(word))
  const namesHost = host !== undefined && (names(host) || words.some((word) => /^(?:0|\[?::1?\]?)?:\d+$/.test(word) || word === host))
  return {
    kind: 'backend',
    server,
    host: namesHost ? host : undefined,
    port: port !== undefined && names(String(port)) ? port : undefined,
    openPort: words.some((word) => /[$%]/.test(word)),
    settings: settingsOf(words),
  }
}

function settingsOf(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => /^--settings(?:=|$)/.test(word))
  const named = at === -1 ? undefined : (/^--settings=(.+)$/.exec(words[at] ?? '')?.[1] ?? words[at + 1])
  return named !== undefined && /^[\w.]+$/.test(named) ? named : undefined
}

function wsgiOf(called: string, words: readonly string[]): ScriptRole | undefined {
  const program = otherWsgi.get(called) ?? wsgiCommandOf(words)
  if (program === undefined) return undefined
  const place = words
    .map((word) => /^(?:--(?:listen|http|http-socket|port)=?)?(?:(\*|[\w.]+|\[[^\]]*\])?:)?(\d{2,5})$/.exec(word))
    .find((match) => match !== null)
  const host = place?.[1]
  return { kind: 'wsgi-only', program, host: host === '*' ? '0.0.0.0' : host, port: wholeNumber(place?.[2]) }
}

const managers = new Set(['npm', 'yarn', 'pnpm', 'bun'])
const managerOptions: OptionTable = { valued: '--prefix --cwd --dir -C', flags: '', abbreviates: false, others: 'flag' }
const devScript = /^(?:dev|start|serve|develop|watch)(?:[:-].*)?$/

function frontendOf(name: string, words: readonly string[]): ScriptRole | undefined {
  const rest = words.slice(1)
  if (managers.has(name)) {
    // what follows -- is the script's own
    const own = rest.filter((word) => word !== '--')
    const { value, positionals } = readOptions(own, managerOptions)
    const [first = '', second = ''] = positionals
    const script = first === 'run' || first === 'run-script' ? second : first
    return devScript.test(script) ? { kind: 'frontend', script, folder: value('--prefix') || undefined, port: portFlag(rest) } : undefined
  }
  const bare = name === 'npx' || name === 'bunx' ? rest.filter((word, index) => index > 0 || !word.startsWith('-')) : words
  const [tool = '', ...args] = name === 'node' ? [/([\w-]+)\.[cm]?js$/.exec(rest[0] ?? '')?.[1] ?? '', ...rest.slice(1)] : bare
  const serves = toolServing(devTools, nameOf(tool).replace(/\.cmd$/, ''), args)
  return serves && { kind: 'dev-server', argv: words, port: portFlag(args, serves.launch?.portFlags) }
}

/** What goes on beside the backend, and how it is called: a program, or a command of manage.py. */
const services: readonly (readonly [string, RegExp])[] = [
  ['redis', /^(?:redis-server|valkey-server|memurai) /],
  [
    'worker',
    /^(?:dramatiq|huey_consumer|arq|rq worker) |^manage\.py (?:rqworker|qcluster|process_tasks|run_huey|runworker|rundramatiq|db_worker) /,
  ],
  ['scheduler', /^manage\.py rqscheduler /],
  ['mail', /^(?:mailhog|mailpit|maildev) /],
  ['flower', /^flower /],
  ['minio', /^minio /],
  ['tailwind', /^manage\.py tailwind /],
]

function serviceOf(called: string, words: readonly string[], rest: readonly string[]): ScriptRole | undefined {
  const manage = words.findIndex((word) => /(?:^|[\\/])manage\.py$/.test(word))
  const managed = manage === -1 ? '' : `manage.py ${words.slice(manage + 1).join(' ')} `
  const own = `${called} ${rest.join(' ')} `
  const celery = called === 'celery' ? rest.find((word) => /^(?:worker|beat|flower)$/.test(word)) : undefined
  const name = celery ?? services.find(([, pattern]) => pattern.test(own) || pattern.test(managed))?.[0]
  return name === undefined ? undefined : { kind: 'service', name }
}
