import type { Config } from '../config/config.ts'
import { keys } from '../config/options/keys.ts'
import { isLocal } from '../facts/frontend-wiring.ts'
import { usualPath } from '../facts/project.ts'
import { bracketed } from '../host/tcp.ts'

/** Where the backend really is, and where the project takes it to be. */
export interface BackendAddress {
  /** The address that it binds. */
  readonly host: string
  readonly port: number
  /** The port that the project's files name: the wanted one. */
  readonly wantedPort: number
  /** Of the WebSocket. */
  readonly path: string
}

/**
 * The backend of a run, and the port that the files of its page name: the one that was to be had; where a flag alone
 * wants that, the one of a run without it.
 */
export function backendAddress({ host, port: wanted, path = usualPath, source }: AddressConfig, port: number): BackendAddress {
  return { host, port, wantedPort: port === wanted && source('port') === '--port' ? keys.port.default : wanted, path }
}

type AddressConfig = Pick<Config, 'host' | 'port' | 'path' | 'source'>

/**
 * The host that a page of this machine reaches the backend at. Over loopback it
 * is the page's own, localhost: to a browser 127.0.0.1 is another site, which
 * gets no cookie with SameSite=Lax. The port was free on both families.
 */
export function pageHost({ host }: Pick<BackendAddress, 'host'>): string {
  return isLocal(host) || host === '::' ? 'localhost' : bracketed(host)
}

/** What a text that names a backend's address comes to. */
export type Readdressed =
  /** It names no local address with the wanted port: not the backend, or another machine's. */
  | { readonly kind: 'other' }
  /** It names where the backend is. */
  | { readonly kind: 'right' }
  | { readonly kind: 'moved'; readonly text: string }

/** A URL, or `localhost:8000` alone. */
const address = /^((?:wss?|https?):\/\/)?([^\s/?#@]*@)?(\[[0-9a-f:]+\]|[\w.-]+):(\d{1,5})(?=[/?#]|$)/i

/** Puts the backend's real address into a text that names the wanted one; scheme, path and query stay as they are. Pure. */
export function readdress(text: string, backend: BackendAddress): Readdressed {
  const match = address.exec(text)
  const [, , , host = '', port] = match ?? []
  if (match === null || !isLocal(host)) return { kind: 'other' }
  const stays = reaches(host, backend.host)
  if (Number(port) === backend.port && stays) return { kind: 'right' }
  if (Number(port) !== backend.wantedPort) return { kind: 'other' }
  return { kind: 'moved', text: atBackend(text, backend) ?? text }
}

/** The same of an address on this machine whatever its port is; undefined where it is none. Pure. */
export function atBackend(text: string, backend: BackendAddress): string | undefined {
  const [whole, scheme = '', login = '', host = ''] = address.exec(text) ?? []
  if (whole === undefined || !isLocal(host)) return undefined
  return `${scheme}${login}${reaches(host, backend.host) ? host : pageHost(backend)}:${backend.port}${text.slice(whole.length)}`
}

/** Whether a local host leads to a server that binds `bound`. */
function reaches(host: string, bound: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (bare === bound || bound === '::') return true
  if (bare === 'localhost') return isLocal(bound)
  if (bare === '::1') return bound === 'localhost'
  return bound === '0.0.0.0' || (bare === '127.0.0.1' && bound === 'localhost') || (bare === '0.0.0.0' && bound === '127.0.0.1')
}
