import { toolConfiguredBy } from '../dev-tools/known.ts'
import { ofEach } from '../dev-tools/of-each.ts'
import { closingOf, entriesOf, lineOf, literalOf, withoutComments, type SourcePlace } from './script-text.ts'

/** An entry of a dev server's proxy: what it takes, and where it hands it on to. */
export interface DevProxy extends SourcePlace {
  /** As it is written: `/ws`, or a pattern such as `^/ws/.*`; `/` for all requests. */
  readonly context: string
  /** Undefined where it is no plain text. */
  readonly target: string | undefined
  /** Whether `ws` stands there as true or false; undefined where it doesn't stand there. */
  readonly ws: boolean | undefined
  /** The path is changed on its way. */
  readonly rewrites: boolean
}

/** What a configuration says of its dev server. */
export interface DevConfig {
  readonly proxies: DevProxy[]
  /** Undefined where none is written, and `unread` where it is no plain number. */
  readonly port: number | 'unread' | undefined
  /** It serves by https, or a plugin sets that. */
  readonly secure: boolean
  /** Path of the page, where that is written. */
  readonly base?: string | undefined
}

const section = new RegExp(String.raw`\b(?:${ofEach(({ config }) => config?.section).join('|')})\s*[:=]\s*\{`)
const plugins = ofEach(({ config }) => config?.secure)

/** What a configuration says of its dev server, in its own section: Vite's `server`, webpack's and Vue CLI's `devServer`. */
export function readDevConfig(file: string, source: string): DevConfig {
  const text = withoutComments(source)
  const server = braceAfter(text, section)
  const entries = server === undefined ? [] : entriesOf(text, server)
  const valueOf = (name: string) => entries.find(({ key }) => key === name)?.value
  const https = valueOf('https')
  const secure =
    (https !== undefined && !/^(?:false|undefined|null)$/.test(https)) ||
    /['"`](?:https|spdy)['"`]/.test(valueOf('server') ?? '') ||
    plugins.some((plugin) => plugin.test(text))
  const key = toolConfiguredBy(file)?.config?.base
  const base = key === undefined ? undefined : new RegExp(String.raw`\b${key}\s*:\s*(['"\`])(\/[\w\-./]*)\1`).exec(text)?.[2]
  const isShort = server !== undefined && /[{,]\s*port\s*[,}]/.test(text.slice(server, closingOf(text, server)))
  const written = valueOf('port') ?? (isShort ? 'port' : undefined)
  const port = written === undefined ? undefined : (numberOf(written, text) ?? 'unread')
  const own = entries.find(({ key, value }) => key === 'proxy' && value.startsWith('{'))?.valueAt
  // `server: { proxy }` names an object that was written above
  const open = own ?? (server === undefined ? braceAfter(text, /\bproxy\s*[:=]\s*\{/) : braceAfter(text, /\bproxy\w*\s*=\s*\{/))
  return { proxies: open === undefined ? [] : proxiesIn(file, text, open), port, secure, base }
}

/** A number, the one that stands in for a variable (`Number(process.env.PORT) || 3000`), or a constant's in `text`. */
function numberOf(written: string, text: string): number | undefined {
  const [, plain, standIn] = /^(\d+)$|(?:\|\||\?\?)\s*['"`]?(\d{2,5})\b['"`)]*(?:,\s*10\s*\))?$/.exec(written) ?? []
  const digits = plain ?? standIn
  if (digits !== undefined) return Number(digits)
  if (!/^\w+$/.test(written)) return undefined
  const [, value] = new RegExp(String.raw`\b(?:const|let|var)\s+${written}\s*(?::\s*number\s*)?=\s*([^\n;]+)`).exec(text) ?? []
  return value === undefined ? undefined : numberOf(value.trim(), '')
}

/** The proxy's entries in one of the files that may have some. */
export function proxiesOf(file: string, text: string): readonly DevProxy[] {
  if (file === 'package.json') return readManifestProxy(file, text)
  return toolConfiguredBy(file) === undefined ? readSetupProxy(file, text) : readDevConfig(file, text).proxies
}

/** create-react-app's "proxy" in package.json (https://create-react-app.dev/docs/proxying-api-requests-in-development). */
export function readManifestProxy(file: string, manifest: string): DevProxy[] {
  const match = /^\s*\{/.exec(manifest)
  const proxy = match === null ? undefined : entriesOf(manifest, manifest.indexOf('{')).find(({ key }) => key === 'proxy')
  if (proxy === undefined) return []
  if (proxy.value.startsWith('{')) return proxiesIn(file, manifest, proxy.valueAt)
  return [{ file, line: lineOf(manifest, proxy.at), context: '/', target: literalOf(proxy.value), ws: undefined, rewrites: false }]
}

/** create-react-app's src/setupProxy.js: `app.use('/ws', createProxyMiddleware({ … }))` and its older forms. */
export function readSetupProxy(file: string, source: string): DevProxy[] {
  const text = withoutComments(source)
  return [...text.matchAll(/\b(?:createProxyMiddleware|proxy)\s*\(/g)].flatMap((match) => {
    const open = match.index + match[0].length - 1
    const end = closingOf(text, open)
    const brace = text.indexOf('{', open)
    const options = brace < 0 || brace >= end ? undefined : brace
    const before = /\.use\(\s*((?:\[[^\]]*\]|['"`][^'"`]*['"`]))\s*,\s*$/.exec(text.slice(0, match.index))?.[1]
    const within = text.slice(open + 1, options ?? end)
    const filter = options === undefined ? undefined : entriesOf(text, options).find(({ key }) => key === 'pathFilter')?.value
    const contexts = [before, within, filter].map((written) => stringsIn(written ?? '')).find((found) => found.length > 0) ?? ['/']
    const line = lineOf(text, match.index)
    if (options === undefined) return []
    return contexts.map((context) => ({ file, line, context, ...optionsAt(text, options) }))
  })
}

function proxiesIn(file: string, text: string, open: number): DevProxy[] {
  return entriesOf(text, open).map(({ key, value, at, valueAt }) => ({
    file,
    line: lineOf(text, at),
    context: key,
    ...(value.startsWith('{') ? optionsAt(text, valueAt) : { target: literalOf(value), ws: undefined, rewrites: false }),
  }))
}

function optionsAt(text: string, open: number): Pick<DevProxy, 'target' | 'ws' | 'rewrites'> {
  const entries = entriesOf(text, open)
  const value = (name: string): string | undefined => entries.find(({ key }) => key === name)?.value
  const ws = value('ws')
  return {
    target: literalOf(value('target') ?? ''),
    ws: ws === 'true' ? true : ws === 'false' ? false : undefined,
    // also as a method: `rewrite(path) { … }`
    rewrites: /\b(?:rewrite|pathRewrite)\s*[:(]/.test(text.slice(open, closingOf(text, open))),
  }
}

function braceAfter(text: string, pattern: RegExp): number | undefined {
  const match = pattern.exec(text)
  return match === null ? undefined : match.index + match[0].length - 1
}

function stringsIn(text: string): string[] {
  return [...text.matchAll(/['"`]([^'"`]*)['"`]/g)].map((match) => match[1] ?? '')
}
