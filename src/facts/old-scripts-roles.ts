import type { ScriptCommand } from './old-scripts-session.ts'
import { readServerCommand } from './server-command.ts'
import { isPython, nameOf } from './server-invocation.ts'
import { wholeNumber } from './server-options.ts'
import type { ServerCommand } from './server-process.ts'

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
  if (server !== undefined) return backendOf(server, words)
  if (/^(?:taskkill|stop-process|spps|pkill|killall)$/.test(name)) return { kind: 'kill' }
  return wsgiOf(name, words) ?? frontendOf(name, words) ?? serviceOf(name, words) ?? { kind: 'other' }
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

/** waitress (docs.pylonsproject.org/projects/waitress, runner), uWSGI (uwsgi-docs, Options), mod_wsgi-express, Werkzeug through django-extensions. */
function wsgiOf(name: string, words: readonly string[]): ScriptRole | undefined {
  const module = isPython(words[0] ?? '') && words[1] === '-m' ? (words[2] ?? '') : undefined
  const program =
    module === 'waitress' || name === 'waitress-serve' ? 'waitress' : name === 'uwsgi' || name === 'mod_wsgi-express' ? name : undefined
  const plus = words.includes('runserver_plus') ? 'runserver_plus' : undefined
  if (program === undefined && plus === undefined) return undefined
  const place = words
    .map((word) => /^(?:--(?:listen|http|http-socket|port)=?)?(?:(\*|[\w.]+|\[[^\]]*\])?:)?(\d{2,5})$/.exec(word))
    .find((match) => match !== null)
  const host = place?.[1]
  return { kind: 'wsgi-only', program: program ?? plus ?? '', host: host === '*' ? '0.0.0.0' : host, port: wholeNumber(place?.[2]) }
}

const managers = new Set(['npm', 'yarn', 'pnpm', 'bun'])
const devScript = /^(?:dev|start|serve|develop|watch)(?:[:-].*)?$/
/** Dev servers, and the words that start them. */
const devServers: Readonly<Record<string, RegExp>> = {
  vite: /^(?!(?:build|preview|optimize)\b)/,
  next: /^dev\b/,
  nuxt: /^dev\b/,
  nuxi: /^dev\b/,
  ng: /^serve\b/,
  astro: /^dev\b/,
  'react-scripts': /^start\b/,
  'vue-cli-service': /^serve\b/,
  parcel: /^(?!build\b)/,
}

function frontendOf(name: string, words: readonly string[]): ScriptRole | undefined {
  const rest = words.slice(1)
  if (managers.has(name)) {
    const folderAt = rest.findIndex((word) => /^(?:--prefix|--cwd|--dir|-C)$/.test(word))
    const folder =
      folderAt === -1
        ? /^--(?:prefix|cwd|dir)=(.+)$/.exec(rest.find((word) => /^--(?:prefix|cwd|dir)=/.test(word)) ?? '')?.[1]
        : rest[folderAt + 1]
    const bare = rest.filter((word, index) => !word.startsWith('-') && index !== folderAt + (folderAt === -1 ? 0 : 1))
    const named = folderAt === -1 ? rest.filter((word) => !word.startsWith('-')) : bare
    const [first = '', second = ''] = named
    const script = first === 'run' || first === 'run-script' ? second : first
    return devScript.test(script) ? { kind: 'frontend', script, folder, port: portOf(rest) } : undefined
  }
  const bare = name === 'npx' || name === 'bunx' ? rest.filter((word, index) => index > 0 || !word.startsWith('-')) : words
  const own = name === 'node' ? [/([\w-]+)\.[cm]?js$/.exec(rest[0] ?? '')?.[1] ?? '', ...rest.slice(1)] : bare
  const tool = nameOf(own[0] ?? '').replace(/\.cmd$/, '')
  const pattern = Object.hasOwn(devServers, tool) ? devServers[tool] : undefined
  return pattern?.test(own.slice(1).join(' ')) === true ? { kind: 'dev-server', argv: words, port: portOf(own) } : undefined
}

function portOf(words: readonly string[]): number | undefined {
  const at = words.findIndex((word) => /^(?:--port|-p)(?:=|$)/.test(word))
  if (at === -1) return undefined
  return wholeNumber(/=(\d+)$/.exec(words[at] ?? '')?.[1] ?? words[at + 1])
}

/** Commands of manage.py that go on, and what they are called. */
const managed: Readonly<Record<string, string>> = {
  rqworker: 'worker',
  rqscheduler: 'scheduler',
  qcluster: 'worker',
  process_tasks: 'worker',
  run_huey: 'worker',
  runworker: 'worker',
  rundramatiq: 'worker',
  db_worker: 'worker',
  tailwind: 'tailwind',
}
const programs: Readonly<Record<string, string>> = {
  'redis-server': 'redis',
  'valkey-server': 'redis',
  memurai: 'redis',
  dramatiq: 'worker',
  huey_consumer: 'worker',
  arq: 'worker',
  mailhog: 'mail',
  mailpit: 'mail',
  maildev: 'mail',
  flower: 'flower',
  minio: 'minio',
}

function serviceOf(name: string, words: readonly string[]): ScriptRole | undefined {
  const module = isPython(words[0] ?? '') && words[1] === '-m'
  const program = module ? (words[2] ?? '') : name.replace(/\.py$/, '')
  const rest = words.slice(module ? 3 : 1)
  if (program === 'celery') {
    const kind = rest.find((word) => /^(?:worker|beat|flower)$/.test(word))
    return kind === undefined ? undefined : { kind: 'service', name: kind }
  }
  if (program === 'rq' && rest[0] === 'worker') return { kind: 'service', name: 'worker' }
  if (Object.hasOwn(programs, program)) return { kind: 'service', name: programs[program] ?? program }
  const manage = words.findIndex((word) => /(?:^|[\\/])manage\.py$/.test(word))
  const command = manage === -1 ? undefined : words[manage + 1]
  if (command === undefined || !Object.hasOwn(managed, command)) return undefined
  return { kind: 'service', name: managed[command] ?? command }
}
