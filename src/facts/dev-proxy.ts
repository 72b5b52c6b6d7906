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

interface ViteConfig {
  readonly proxies: DevProxy[]
  readonly port: number | undefined
  /** `server.https`, or a plugin that sets it (https://vite.dev/config/server-options#server-https). */
  readonly secure: boolean
}

/** What a Vite configuration says of its dev server (https://vite.dev/config/server-options). */
export function readViteConfig(file: string, source: string): ViteConfig {
  const text = withoutComments(source)
  const server = braceAfter(text, /\bserver\s*[:=]\s*\{/)
  const entries = server === undefined ? [] : entriesOf(text, server)
  const valueOf = (name: string) => entries.find(({ key }) => key === name)?.value
  const https = valueOf('https')
  const secure = (https !== undefined && !/^(?:false|undefined|null)$/.test(https)) || /\b(?:basicSsl|mkcert)\s*\(/.test(text)
  const own = entries.find(({ key, value }) => key === 'proxy' && value.startsWith('{'))?.valueAt
  // `server: { proxy }` names an object that was written above
  const open = own ?? (server === undefined ? braceAfter(text, /\bproxy\s*[:=]\s*\{/) : braceAfter(text, /\bproxy\w*\s*=\s*\{/))
  return { proxies: open === undefined ? [] : proxiesIn(file, text, open), port: numberOf(valueOf('port') ?? ''), secure }
}

/** A number, or the one that stands in for a variable: `Number(process.env.PORT) || 3000`. */
function numberOf(written: string): number | undefined {
  const digits = /^(\d+)$|(?:\|\||\?\?)\s*['"`]?(\d{2,5})\b['"`)]*(?:,\s*10\s*\))?$/.exec(written)
  const text = digits?.[1] ?? digits?.[2]
  return text === undefined ? undefined : Number(text)
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
