import { isLocal } from '../facts/frontend-wiring.ts'
import type { FrontendReading } from '../facts/frontend-reading.ts'
import type { DevProxy } from '../facts/dev-proxy.ts'
import { matches } from '../host/bounded-match.ts'
import type { MappedVariable } from './frontend-env.ts'

/** Which way the page's WebSocket goes, and what tells. */
export interface SocketWay {
  /** `dev-server`: through the dev server's own port; `backend`: straight to it; `unknown`: nothing that is written tells. */
  readonly way: 'dev-server' | 'backend' | 'unknown'
  /** Where that is written, relative to the frontend's folder; undefined where nothing is written. */
  readonly source: string | undefined
}

/**
 * Tells whether the page opens its WebSocket through its dev server: a source
 * opens it at the page's own host, or a URL names the dev server's port. A proxy
 * entry for the path alone tells it where no source names the backend itself. Pure.
 */
export function socketWay(
  { urls, proxies, values, ports, pageSocket }: FrontendReading,
  mapped: readonly MappedVariable[],
  { frontendPort, port, path }: { readonly frontendPort: number | undefined; readonly port: number; readonly path: string },
): SocketWay {
  if (pageSocket !== undefined) return { way: 'dev-server', source: `${pageSocket.file}:${pageSocket.line}` }
  const written = [
    ...urls.map(({ scheme, host, port, file, line }) => ({ scheme, host, port, source: `${file}:${line}` })),
    ...values.flatMap(({ name, value, file, line }) => {
      const now = mapped.find((variable) => variable.name === name)?.value ?? value
      if (!/^wss?:\/\//i.test(now) || !URL.canParse(now)) return []
      const url = new URL(now)
      return [{ scheme: url.protocol.slice(0, -1), host: url.hostname, port: Number(url.port), source: `${file}:${line}` }]
    }),
  ].filter(({ scheme, host }) => /^wss?$/.test(scheme) && isLocal(host))
  const own = written.find(({ port }) => port === frontendPort)
  if (own !== undefined) return { way: 'dev-server', source: own.source }
  const direct = written.find((url) => url.port === port)
  if (direct !== undefined) return { way: 'backend', source: direct.source }
  const set = mapped.find(({ value }) => /^wss?:/.test(value))
  if (set !== undefined) return { way: 'backend', source: set.source }
  const made = ports.find((place) => place.port === port)
  if (made !== undefined) return { way: 'backend', source: `${made.file}:${made.line}` }
  const proxy = proxyFor(proxies, path)
  if (proxy === undefined || written.length > 0) return { way: 'unknown', source: undefined }
  return { way: 'dev-server', source: `${proxy.file}:${proxy.line}` }
}

/** The entry that takes a path: by its beginning, or by a pattern where it begins with ^ (https://vite.dev/config/server-options#server-proxy). */
function proxyFor(proxies: readonly DevProxy[], path: string): DevProxy | undefined {
  return proxies.find(({ context }) => {
    if (!context.startsWith('^')) return path.startsWith(context.replace(/\/?\*+$/, ''))
    return matches(context, path) === true
  })
}
