import { join } from 'node:path'
import { toolNamed, type ToolName } from '../dev-tools/known.ts'
import { readText } from '../host/files.ts'
import { isRecord, recordOf, textsOf } from '../host/json.ts'
import { runToEnd } from '../host/processes.ts'
import type { DevProxy } from './dev-proxy.ts'
import { lineOf, withoutComments } from './script-text.ts'

/** What a dev tool itself makes of its configuration, evaluated in the environment that its dev server has. */
export interface ToolAnswer {
  readonly port: number | undefined
  /** It ends where the port is held, and takes no other one. */
  readonly strictPort: boolean
  readonly scheme: 'http' | 'https'
  /** Path of the page, with a slash at both ends. */
  readonly base: string
  readonly proxies: readonly DevProxy[]
  /** The variables that the page gets (`import.meta.env`, `process.env`), by their names. They may hold what is to be shown to nobody. */
  readonly env: Readonly<Record<string, string>>
  /** The configuration's file, relative to the frontend's folder; the folder's name for it where there is none. */
  readonly file: string
}

/** The answer, or why there is none; `missing`: a package that it needs isn't there. */
export type AskedTool =
  { readonly kind: 'answer'; readonly answer: ToolAnswer } | { readonly kind: 'none'; readonly why: string; readonly missing: boolean }

/** How long a tool may take to tell, in milliseconds: Vite takes some 200, Vue CLI 500. */
const askMs = 5000

/**
 * Around each question, which runs in the frontend's folder, so that the tool is the
 * project's own copy, and makes an `answer` of `inline` and `args`, its command line.
 * That goes to descriptor 3: configurations print. Plugins keep timers and sockets, so it ends by itself; not at once, since Vite 5
 * and 6 take their bundled copy of the configuration away without waiting for it.
 */
const begin = `
import { existsSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
setTimeout(() => process.exit(3), ${askMs}).unref()
const [inline, args] = process.argv.slice(1).map((text) => JSON.parse(text))
`
const end = `
writeSync(3, JSON.stringify(answer))
setTimeout(() => process.exit(0), 100).unref()
`

/** A tool that tells what it would serve. */
export const tells = (tool: ToolName): boolean => toolNamed(tool)?.question !== undefined

/**
 * Asks the dev tool of a frontend what it would serve, by the question of its record.
 * `args`: of its command line. `env`: what the dev server has. Never throws; 5 s at most.
 */
export async function askTool(
  folder: string,
  context: {
    readonly tool: ToolName
    readonly args: readonly string[]
    readonly env: Readonly<Record<string, string | undefined>>
    readonly node: string
    readonly signal?: AbortSignal
  },
): Promise<AskedTool> {
  const { tool, args, env, node, signal } = context
  const words = [
    '--input-type=module',
    '--eval',
    `${begin}${(await toolNamed(tool)?.question?.())?.question}${end}`,
    JSON.stringify(inlineOf(args)),
    JSON.stringify(args),
  ]
  const { outcome, answer, stderr } = await runToEnd(node, words, {
    cwd: folder,
    env,
    deadlineMs: askMs,
    answers: true,
    ...(signal === undefined ? {} : { signal }),
  })
  const told = recordOf(answer)
  if (typeof told['base'] !== 'string') {
    const missing = missingModule.test(stderr)
    const error = /^[ \t]*(?:\w*Error\b.*|.*\bERROR\b.*)$/m.exec(stderr)?.[0].trim()
    return {
      kind: 'none',
      why: outcome === 'timeout' ? `${tool} did not tell within ${askMs / 1000} s` : (error ?? `${tool} does not tell`),
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

async function answerOf(folder: string, told: Readonly<Record<string, unknown>>, base: string): Promise<ToolAnswer> {
  const { port, strictPort, https, env, configFile, proxies } = told
  const path = typeof configFile === 'string' ? configFile : join(folder, 'package.json')
  const isBelow = path.startsWith(folder) && /[\\/]/.test(path[folder.length] ?? '')
  const file = isBelow ? path.slice(folder.length + 1).replaceAll('\\', '/') : path
  const text = withoutComments((await readText(path)) ?? '')
  return {
    port: typeof port === 'number' ? port : undefined,
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
