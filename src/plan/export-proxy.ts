import { backendPort, drainSeconds, frontendPort, headOf } from './export.ts'

/** Where a proxy listens and what it hands on to. */
export interface ProxyPlaces {
  /** As nginx's `listen` has it: `80`, `127.0.0.1:8080`. */
  readonly listen: string
  /** The server of names that knows all addresses of the backend: Docker's own is 127.0.0.11. */
  readonly resolver: string
  /** Host and port of the backend. Its name may stand for several addresses. */
  readonly backend: string
  /** Host and port of the frontend's files, and the paths that are the backend's; undefined: all of them are. */
  readonly frontend: { readonly address: string; readonly backendPaths: readonly string[] } | undefined
}

/** The places of a compose set-up. */
export function composePlaces(backendPaths: readonly string[] | undefined): ProxyPlaces {
  return {
    listen: '80',
    resolver: '127.0.0.11',
    backend: `backend:${backendPort}`,
    frontend: backendPaths === undefined ? undefined : { address: `frontend:${frontendPort}`, backendPaths },
  }
}

/** How long a socket may be silent, in seconds: nginx's own 60 would end one that waits for news. */
export const silentSeconds = 3600

/**
 * A server of nginx, for `http { … }`. The backend stands in a variable: only
 * then does nginx ask for its addresses again, so that it finds replicas that
 * came later, and goes through all of them in turn
 * (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass).
 */
export function nginxConf(places: ProxyPlaces, command: string): string {
  const toBackend = `proxy_pass http://$backend;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header Host $http_host;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_read_timeout ${silentSeconds}s;
    proxy_send_timeout ${silentSeconds}s;
    proxy_connect_timeout 5s;`
  const locations =
    places.frontend === undefined
      ? location('/', toBackend)
      : places.frontend.backendPaths.map((path) => location(path, toBackend)).join('') +
        location('/', `proxy_pass http://$frontend;\n    proxy_set_header Host $http_host;`)
  return `${headOf(command)}map $http_upgrade $connection_upgrade {
  default upgrade;
  '' '';
}
server {
  listen ${places.listen};
  # names are asked for again after this time: a replica that came is used, one that went is not
  resolver ${places.resolver} valid=5s;
  client_max_body_size 20m;
  set $backend ${places.backend};
${places.frontend === undefined ? '' : `  set $frontend ${places.frontend.address};\n`}${locations}}
`
}

const location = (path: string, body: string): string => `  location ${path} {\n    ${body}\n  }\n`

/** The same as a Caddyfile. Caddy hands an upgrade on by itself. */
export function caddyfile(places: ProxyPlaces, command: string): string {
  const [host = '', port = ''] = places.backend.split(':')
  const toBackend = (indent: string) =>
    [
      'reverse_proxy {',
      '\tdynamic a {',
      `\t\tname ${host}`,
      `\t\tport ${port}`,
      '\t\trefresh 5s',
      `\t\tresolvers ${places.resolver}`,
      '\t}',
      '\tlb_policy round_robin',
      '\tlb_try_duration 5s',
      '}',
    ]
      .map((line) => indent + line)
      .join('\n')
  const head = `${headOf(command)}{\n\tadmin off\n\tgrace_period ${drainSeconds}s\n}\n\n`
  if (places.frontend === undefined) return `${head}:${places.listen} {\n${toBackend('\t')}\n}\n`
  const paths = places.frontend.backendPaths.map((path) => `${path}*`).join(' ')
  return `${head}:${places.listen} {
\t@backend path ${paths}
\thandle @backend {
${toBackend('\t\t')}
\t}
\thandle {
\t\treverse_proxy ${places.frontend.address}
\t}
}
`
}
