import { upgradeWords } from '../dev-tools/of-each.ts'

/** How a proxy is told to carry WebSockets, in its own words. */
interface ProxyWords {
  /** Fits its process's name, and its `Server` header. */
  readonly pattern: RegExp
  readonly name: string
  /** It passes the upgrade on. */
  readonly upgrade: string
  /** An idle socket lives. */
  readonly idle: string
  /** The path stays as it is. */
  readonly path: string
  /** The Host of the page comes through. */
  readonly host: string
}

const nginx: ProxyWords = {
  pattern: /^(?:nginx|openresty)\b/i,
  name: 'nginx',
  upgrade: 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";',
  idle: 'a longer proxy_read_timeout (3600s)',
  path: 'no slash and no path after the port in proxy_pass',
  host: 'proxy_set_header Host $http_host;',
}

/** Those whose words differ. Caddy and Traefik carry WebSockets by themselves, without a limit. */
const proxies: readonly ProxyWords[] = [
  nginx,
  {
    pattern: /^haproxy\b/i,
    name: 'HAProxy',
    upgrade: 'mode http, and nothing that removes the headers Upgrade and Connection.',
    idle: '`timeout tunnel 1h` in defaults or in the backend: without it `timeout client` and `timeout server` end an idle socket',
    path: 'no http-request set-path or replace-path for this path',
    host: 'no http-request set-header Host.',
  },
  {
    pattern: /^(?:apache|httpd)/i,
    name: 'Apache',
    upgrade:
      '`ProxyPass "/ws/" "http://127.0.0.1:8000/ws/" upgrade=websocket` above the ProxyPass of "/", since the first match wins (before 2.4.47: mod_proxy_wstunnel and ws://).',
    idle: "timeout=3600 after the WebSocket's ProxyPass (an idle socket is ended by the longer of Timeout and ProxyTimeout)",
    path: 'the same path on both sides of ProxyPass, with a last slash on both or on neither',
    host: 'ProxyPreserveHost On.',
  },
]

/**
 * What to tell the proxy that calls itself by one of these names; nginx, which is
 * the usual one, where none is known, and the dev server, which may be one. Pure.
 */
export function proxyWords(kind: 'upgrade' | 'idle' | 'path' | 'host', names: readonly (string | undefined)[]): string {
  const found = proxies.find(({ pattern }) => names.some((name) => name !== undefined && pattern.test(name)))
  const { name, [kind]: words } = found ?? nginx
  return `${name}: ${words}${found === undefined && kind === 'upgrade' ? ` ${upgradeWords} on the proxy entry.` : ''}`
}
