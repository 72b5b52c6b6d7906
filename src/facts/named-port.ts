import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import { proxiesOf, type DevProxy } from './dev-proxy.ts'
import { toolConfiguredBy } from '../dev-tools/known.ts'
import { findFrontend } from './frontend-app.ts'
import { envValues } from './frontend-variables.ts'
import { isLocal, urlsIn, urlVariables } from './frontend-wiring.ts'
import { boundedText, isDotenv } from './source-texts.ts'

/** A port of this machine that a frontend's configuration takes the backend to have, and where it says so. */
interface NamedPort {
  readonly port: number
  /** Relative to the frontend's folder. */
  readonly file: string
  readonly line: number
}

/** Of a configuration no more is read, in bytes. */
const mostBytes = 128 * 1024

/**
 * The configuration with the port at which the frontend expects the backend, where nobody has said one: a proxy or a
 * variable that names it is right as it is, and the backend goes there. A few files are read. Never throws.
 */
export async function atNamedPort(host: Pick<Host, 'cwd' | 'env'>, config: Config): Promise<Config> {
  if (config.source('port') !== 'default') return config
  const fact = await findFrontend(config, { root: host.cwd, backend: join(host.cwd, 'backend') }, host.env)
  if (fact.kind === 'none') return config
  const { folder, shown, address } = fact.app
  const names = await readdir(folder).catch(() => [])
  const wanted = [...names.filter((name) => toolConfiguredBy(name) !== undefined || isDotenv(name)), 'src/setupProxy.js', 'package.json']
  const texts = await Promise.all(wanted.map(async (file) => ({ file, text: (await boundedText(join(folder, file), mostBytes)) ?? '' })))
  const named = namedPort(texts, address.port)
  if (named === undefined || named.port === config.port) return config
  const place = `${shown === '.' ? '' : `${shown}/`}${named.file}:${named.line}`
  return { ...config, port: named.port, source: (key) => (key === 'port' ? place : config.source(key)) }
}

/** The one port that these files name for the backend; undefined where they name none, or several. `own`: the dev server's. Pure. */
export function namedPort(
  files: readonly { readonly file: string; readonly text: string }[],
  own: number | undefined,
): NamedPort | undefined {
  const all = files.flatMap(({ file, text }): readonly NamedPort[] => {
    if (isDotenv(file))
      return urlVariables(envValues(file, text)).flatMap(({ value, line }) => localPort(value).map((port) => ({ port, file, line })))
    const proxies = proxiesOf(file, text).filter((proxy) => isOfBackend(proxy))
    const written = proxies.flatMap(({ target, line }) =>
      target === undefined ? [] : localPort(target).map((port) => ({ port, file, line })),
    )
    // a target that is put together: every address of this machine that stands in the file may be in it
    const others = proxies.some(({ target }) => target === undefined) ? urlsIn(file, text) : []
    return [...written, ...others.flatMap(({ text: url, line }) => localPort(url).map((port) => ({ port, file, line })))]
  })
  const [first, ...rest] = all.filter(({ port }) => port !== own)
  return rest.every(({ port }) => port === first?.port) ? first : undefined
}

/** Not of a store of files, or of another service that a page may use. */
const isOfBackend = ({ context, ws }: DevProxy): boolean =>
  ws === true || /^\^?\/?(?:$|(?:api|ws|sockets?|graphql|live|realtime|cable)\b)/.test(context)

function localPort(text: string): readonly number[] {
  if (!URL.canParse(text)) return []
  const { hostname, port } = new URL(text)
  // 80 stands for whatever is in front of it
  return isLocal(hostname) && Number(port) >= 1024 ? [Number(port)] : []
}
