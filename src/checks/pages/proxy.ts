import type { IdsOfFamily } from '../vocabulary.ts'
import { withCode, type Page } from './page.ts'

/** What stands between the page and the backend. */
export const proxyPages: Readonly<Record<IdsOfFamily<'proxy'>, Page>> = {
  'proxy-strips-upgrade': {
    what: 'A proxy stands between the page and the backend (nginx, Apache, or the dev server of Vite) and passes the request on as an ordinary page request: what makes it a WebSocket is lost. REST calls through the same proxy work; the socket fails with 1006.',
    tells: [
      'Directly at the backend the upgrade gets 101, through the proxy it does not.',
      "nginx without the headers: the backend's own 404 page, under `Server: nginx`. With HTTP/1.0 to hypercorn: 400.",
      "Vite without `ws: true`: the upgrade is never answered at all, although GET on the same path is passed on and gets the backend's 404.",
      'If the proxy says 502, the backend is down: see `server-not-running`. If the log of the backend has `No route found`, the path was changed: see `proxy-rewrites-path`.',
    ],
    mend: [
      withCode(
        'nginx:',
        'location /ws/ {',
        '    proxy_pass http://127.0.0.1:8000;',
        '    proxy_http_version 1.1;',
        '    proxy_set_header Upgrade $http_upgrade;',
        '    proxy_set_header Connection "upgrade";',
        '    proxy_set_header Host $http_host;',
        '}',
      ),
      withCode('vite.config:', 'server: { proxy: { "/ws": { target: "http://127.0.0.1:8000", ws: true } } }'),
      'Apache 2.4.47 or newer: `ProxyPass /ws/ http://127.0.0.1:8000/ws/ upgrade=websocket`. Older ones need mod_proxy_wstunnel.',
      'Then reload it: `nginx -s reload`, or restart the dev server.',
    ],
    commands: [
      ['nginx', '-t'],
      ['nginx', '-s', 'reload'],
    ],
    background:
      'Upgrade and Connection are hop-by-hop headers: HTTP tells every proxy to remove them unless it handles them itself. So a proxy has to be told. An ASGI server that gets the rest sees a plain GET and lets Django look for a page.',
  },
  'proxy-rewrites-path': {
    what: 'The proxy passes the WebSocket on, but under another path: the /ws prefix is cut off or something is put in front. The backend has no route for what arrives, and the socket fails with 1006.',
    tells: [
      "Directly the upgrade gets 101; through the proxy it is 500, and the log of the backend says `No route found for path 'election-updates/'.` with the prefix gone.",
      'nginx: `proxy_pass` ends in a slash or a path. Vite: the entry has a `rewrite`.',
      'If the path in the log is the one of the URL, the route itself is missing: see `no-websocket-route`.',
    ],
    mend: [
      withCode('nginx: nothing after the port, not even a slash.', 'location /ws/ {', '    proxy_pass http://127.0.0.1:8000;', '}'),
      'Vite: take `rewrite` out of the entry for /ws.',
      'Kubernetes with ingress-nginx: look for the annotation `rewrite-target`.',
    ],
    commands: [['nginx', '-T']],
    background:
      'In nginx, a proxy_pass with any path after the port, a lone slash too, replaces the part that the location matched. `http://127.0.0.1:8000/` and `http://127.0.0.1:8000` therefore mean different things.',
  },
  'proxy-idle-timeout': {
    what: 'The socket opens and works, and a proxy cuts it after a while in which nothing was sent, such as 60 seconds. The page shows a dot that turns red at rest and recovers on its own when it reconnects.',
    tells: [
      'The socket ends with 1006, without a close frame, after the same idle time each time; never when the backend is reached directly.',
      'nginx writes `upstream timed out (110: Connection timed out) while proxying upgraded connection` to its error log.',
      'While messages flow it stays open. A limit that counts from the opening, whatever is sent, is `server-websocket-timeout`.',
    ],
    mend: [
      withCode('nginx: give sockets more time.', 'location /ws/ {', '    proxy_read_timeout 1h;', '    proxy_send_timeout 1h;', '}'),
      'Or send something more often than the limit: a ping of the page every 30 seconds, which the consumer answers.',
      'Cloud load balancers have their own limit (60 seconds is common) in their settings.',
      'In any case, let the page reconnect.',
    ],
    commands: [['nginx', '-T']],
    background:
      'proxy_read_timeout counts the time between two reads from the backend, so anything that the backend sends starts it anew. Daphne sends a WebSocket ping of its own after 20 idle seconds, uvicorn too; hypercorn does so only when it is told to. So a proxy cuts where its limit is shorter than that, or where the server was started without pings.',
  },
  'proxy-redirects': {
    what: "What answers the WebSocket's request is a redirect, to https:// for instance or to a login page. A browser follows redirects for pages, but never for a WebSocket: it fails with 1006.",
    tells: [
      'The upgrade gets 301, 302, 307 or 308 with a `Location` header.',
      'Location with https:// is an HTTPS redirect of the proxy; one with a login path is an access gate in front; one with another host name is a canonical-host rule.',
      "Django's own SECURE_SSL_REDIRECT does not do it: it works for pages only.",
    ],
    mend: [
      'Use the URL that it redirects to: `wss://…` for https://, the right host name otherwise.',
      'Or leave /ws/ out of the redirect: in nginx, give the plain server a `location /ws/` of its own beside `return 301`.',
      'For a login gate, let /ws/ through: the application checks the token itself.',
    ],
    commands: [['election-dev', 'verify', 'wss://HOST/ws/election-updates/']],
    background:
      'The WHATWG rules for WebSockets set the redirect mode of the handshake to error: a token in the query must not travel to another host unasked. Any answer but 101 ends it.',
  },
  'proxy-auth': {
    what: 'A proxy asks for a user name and password (HTTP basic auth) before it lets anything through. The page got through because the browser asked the user; the WebSocket may not, and fails with 1006.',
    tells: [
      'The upgrade gets `401` with a `WWW-Authenticate` header (407 with `Proxy-Authenticate` from a forward proxy). Directly at the backend it is 101 or 403.',
      'An application that refuses a token gives 403 without that header: see `token-rejected`.',
    ],
    mend: [
      withCode(
        'nginx: leave the socket out of it. The application checks its token.',
        'location /ws/ {',
        '    auth_basic off;',
        '    proxy_pass http://127.0.0.1:8000;',
        '}',
      ),
      'With the lines for the upgrade in the same block: see `proxy-strips-upgrade`.',
    ],
    commands: [
      ['nginx', '-t'],
      ['nginx', '-s', 'reload'],
    ],
    background:
      "A browser never opens a password dialogue for a WebSocket, and whether it sends along a password that it has for the page differs from browser to browser. `Authorization` can't be set from a script either.",
  },
}
