import { join } from 'node:path'
import { readText } from '../host/files.ts'
import { isRecord, recordOf, textsOf } from '../host/json.ts'
import { runToEnd } from '../host/processes.ts'
import type { DevProxy } from './dev-proxy.ts'
import { lineOf, withoutComments } from './script-text.ts'

/** What Vite itself makes of its configuration, evaluated in the environment that its dev server has. */
export interface ViteAnswer {
  readonly port: number
  /** It ends where the port is held, and takes no other one. */
  readonly strictPort: boolean
  readonly scheme: 'http' | 'https'
  /** Path of the page, with a slash at both ends. */
  readonly base: string
  readonly proxies: readonly DevProxy[]
  /** The variables that the page gets (`import.meta.env`), by their names. They may hold what is to be shown to nobody. */
  readonly env: Readonly<Record<string, string>>
  /** The configuration's file, relative to the frontend's folder; the folder's name for it where there is none. */
  readonly file: string
}

/** The answer, or why there is none; `missing`: a package that it needs isn't there. */
export type AskedVite =
  { readonly kind: 'answer'; readonly answer: ViteAnswer } | { readonly kind: 'none'; readonly why: string; readonly missing: boolean }

/** How long Vite may take to tell, in milliseconds: it takes some 200. */
const askMs = 5000

/**
 * Runs in the frontend's folder, so that `vite` is the project's own copy. The
 * answer goes to descriptor 3: configurations print. Plugins keep timers and
 * sockets, so it ends by itself; not at once, since Vite 5 and 6 take their
 * bundled copy of the configuration away without waiting for it.
 */
const question = `
import { writeSync } from 'node:fs'
setTimeout(() => process.exit(3), ${askMs}).unref()
const inline = JSON.parse(process.argv[1])
const { resolveConfig } = await import('vite')
const { server, base, env, configFile } = await resolveConfig({ ...inline, logLevel: 'silent' }, 'serve', 'development')
const text = (target) =>
  typeof target === 'string' || target instanceof URL ? String(target)
  : target?.port === undefined ? undefined : 'http://' + (target.host ?? target.hostname ?? 'localhost') + ':' + target.port
const proxies = Object.entries(server.proxy ?? {}).map(([context, given]) => {
  const options = typeof given === 'string' ? { target: given } : given
  const target = text(options.target)
  const ws = options.ws ?? (/^wss?:/.test(target ?? '') ? true : undefined)
  return { context, target, ws, rewrites: typeof options.rewrite === 'function' }
})
const answer = { port: server.port, strictPort: server.strictPort === true, https: Boolean(server.https), base, env, configFile, proxies }
writeSync(3, JSON.stringify(answer))
setTimeout(() => process.exit(0), 100).unref()
`

/**
 * Asks the Vite of a frontend what it would serve (https://vite.dev/guide/api-javascript.html#resolveconfig).
 * `args`: of its command line. `env`: what the dev server has. Never throws; 5 s at most.
 */
export async function askVite(
  folder: string,
  context: {
    readonly args: readonly string[]
    readonly env: Readonly<Record<string, string | undefined>>
    readonly node: string
    readonly signal?: AbortSignal
  },
): Promise<AskedVite> {
  const { args, env, node, signal } = context
  const words = ['--input-type=module', '--eval', question, JSON.stringify(inlineOf(args))]
  const { outcome, answer, stderr } = await runToEnd(node, words, {
    cwd: folder,
    env,
    deadlineMs: askMs,
    now: true,
    answers: true,
    ...(signal === undefined ? {} : { signal }),
  })
  const told = recordOf(answer)
  if (typeof told['base'] !== 'string') {
    const missing = missingModule.test(stderr)
    const error = /^\s*(?:\w*Error\b.*|.*\bERROR\b.*)$/m.exec(stderr)?.[0].trim()
    return {
      kind: 'none',
      why: outcome === 'timeout' ? `Vite did not tell within ${askMs / 1000} s` : (error ?? 'Vite does not tell'),
      missing,
    }
  }
  return { kind: 'answer', answer: await answerOf(folder, told, told['base']) }
}

/** How Node says that a package isn't there, or not the whole of it; a module of the page's own is another matter. */
export const missingModule = /Cannot find (?:package '|module '(?:[^'./\\:][^':]*'|[^']*[\\/]node_modules[\\/]))/

/** What Vite's own command line makes of its words (https://vite.dev/guide/cli). */
function inlineOf(args: readonly string[]): Record<string, unknown> {
  const value = (...names: readonly string[]): string | undefined => {
    const joined = args.find((word) => names.some((name) => word.startsWith(`${name}=`)))
    const at = args.findIndex((word) => names.includes(word))
    const next = at < 0 ? undefined : args[at + 1]
    return joined?.slice(joined.indexOf('=') + 1) ?? (next?.startsWith('-') === true ? undefined : next)
  }
  const [first = '', second] = args
  const root = /^(?:dev|serve)$/.test(first) ? second : first
  const port = Number(value('--port') ?? Number.NaN)
  const named = {
    root: root === undefined || root === '' || root.startsWith('-') ? undefined : root,
    base: value('--base'),
    mode: value('--mode', '-m'),
    configFile: value('--config', '-c'),
    configLoader: value('--configLoader'),
  }
  const server = { ...(Number.isInteger(port) ? { port } : {}), ...(args.includes('--strictPort') ? { strictPort: true } : {}) }
  return { ...Object.fromEntries(Object.entries(named).filter(([, given]) => given !== undefined)), server }
}

async function answerOf(folder: string, told: Readonly<Record<string, unknown>>, base: string): Promise<ViteAnswer> {
  const { port, strictPort, https, env, configFile, proxies } = told
  const path = typeof configFile === 'string' ? configFile : join(folder, 'package.json')
  const file = path.startsWith(folder) ? path.slice(folder.length + 1).replaceAll('\\', '/') : path
  const text = withoutComments((await readText(path)) ?? '')
  return {
    // before Vite 6 the default stands nowhere in the answer
    port: typeof port === 'number' ? port : 5173,
    strictPort: strictPort === true,
    scheme: https === true ? 'https' : 'http',
    base: base.endsWith('/') ? base : `${base}/`,
    proxies: (Array.isArray(proxies) ? proxies : []).filter(isRecord).map(({ context, target, ws, rewrites }) => ({
      file,
      line: lineOfEntry(text, String(context)),
      context: String(context),
      target: typeof target === 'string' ? target : undefined,
      ws: typeof ws === 'boolean' ? ws : undefined,
      rewrites: rewrites === true,
    })),
    env: textsOf(env),
    file,
  }
}

/** Where an entry of the proxy is written; one that is put together stands where the proxy is given. */
function lineOfEntry(text: string, context: string): number {
  const written = [`'${context}'`, `"${context}"`, `\`${context}\``].map((quoted) => text.indexOf(quoted)).filter((at) => at >= 0)
  return lineOf(text, Math.min(...written, ...(written.length === 0 ? [Math.max(0, text.search(/\bproxy\b/))] : [])))
}
