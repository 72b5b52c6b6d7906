import type { IdsOfFamily } from '../vocabulary.ts'
import { withCode, type Page } from './page.ts'

/** The URL that the page uses, and TLS. */
export const urlPages: Readonly<Record<IdsOfFamily<'url'>, Page>> = {
  'wrong-frontend-port': {
    what: "The page connects its WebSocket to a port where the backend is not: nobody is there, or it is the frontend's own dev server. The backend itself is fine, on another port.",
    tells: [
      'The port of the URL is refused, while a server of this project listens on another one.',
      "Or the port is Vite's: GET on /ws/… there gives the page itself with 200, and the upgrade is never answered, not even with an error.",
      'If the dev server passes GET on /ws/… to the backend but not the upgrade, it is `proxy-strips-upgrade`.',
    ],
    mend: [
      withCode(
        "Correct the URL in the frontend's .env and restart its dev server: Vite reads .env only at the start, and only names that begin with VITE_ reach the page.",
        'VITE_WS_URL=ws://127.0.0.1:8000/ws/election-updates/',
      ),
      'Or start the backend on the port that the page has.',
      'Look for URLs that are written out in the code (`new WebSocket("ws://…")`): those win over any .env.',
    ],
    commands: [['election-dev', 'start', '--port', '8000']],
    background:
      "A URL built from `window.location.host` is right in production, where one host serves both, and wrong in development, where the page comes from Vite's port. Vite keeps upgrades that it does not know open without a word, since they might belong to its own hot reload.",
  },
  'ipv6-localhost': {
    what: 'The name localhost has two addresses, ::1 (IPv6) and 127.0.0.1 (IPv4). The page tries one of them and the server listens on the other, or another program has the one that the page tries. It may work in one browser and fail in the next.',
    tells: [
      'One address is refused, as in `ECONNREFUSED ::1:8000`, and the other gives 101.',
      'Or ::1 is held by another program, often Docker or a second dev server, which answers in its own way.',
      'If both are refused, it is `server-not-running`.',
    ],
    mend: [
      "Write 127.0.0.1 instead of localhost in the WebSocket URL, in Vite's proxy target, and in what the frontend calls the API.",
      'Or let the server listen on IPv6: `daphne -b ::` takes both families on Linux and macOS.',
      'Where another program holds ::1, stop it or change the port.',
    ],
    commands: [
      ['election-dev', 'start', '--host', '127.0.0.1'],
      ['ss', '-ltnp'],
    ],
    background:
      "Node from version 17 on no longer puts IPv4 first when it looks a name up, so Vite's proxy may go to ::1. Browsers try both addresses and take the first that connects, which a foreign program on ::1 does as well. Daphne binds 127.0.0.1 unless it is told otherwise.",
  },
  'wss-vs-ws': {
    what: "The page uses wss:// (encrypted) on a port that speaks plain HTTP, or ws:// on one that speaks TLS. The two sides don't understand a byte of each other, and the browser only says 1006.",
    tells: [
      'wss:// on a plain port: daphne never answers, so it hangs. uvicorn and hypercorn answer the TLS greeting in plain text, which a client reports as `WRONG_VERSION_NUMBER` or `EPROTO`. ws:// on the same port gets an answer.',
      "ws:// on a TLS port: closed without a byte (`socket hang up`), or nginx's page `The plain HTTP request was sent to HTTPS port`. A TLS handshake on the same port works.",
      'If TLS works and only the certificate is refused, it is `tls-untrusted`.',
    ],
    mend: [
      "In development use `ws://` with an `http://` page. A page from https:// may open only wss://, so serve the page over http as well, or let Vite's dev server proxy /ws.",
      withCode('Let the page derive the scheme:', 'const scheme = location.protocol === "https:" ? "wss" : "ws"'),
      'Or give the server TLS (uvicorn `--ssl-keyfile`, `--ssl-certfile`); or drop these options where ws:// is meant.',
    ],
    commands: [],
    background:
      'Daphne waits for the end of an HTTP request line that never comes, because the TLS greeting is binary. Browsers block ws:// from an https:// page as mixed content before anything is sent; localhost is excepted in most of them, 192.168.… is not.',
  },
  'tls-untrusted': {
    what: "The server speaks TLS, and its certificate isn't one the client trusts: it is self-signed, has expired or names another host. A page would offer a warning to click through; a WebSocket fails without any, and the browser says 1006.",
    tells: [
      'Without a look at the certificate the handshake gets 101; with it the error is `DEPTH_ZERO_SELF_SIGNED_CERT`, `self-signed certificate`, `CERT_HAS_EXPIRED` or `ERR_TLS_CERT_ALTNAME_INVALID`.',
      'The console of the browser has `net::ERR_CERT_AUTHORITY_INVALID` beside the failed WebSocket.',
    ],
    mend: [
      'In development use `ws://`: nothing leaves the machine.',
      'Or make a certificate that your machine trusts with mkcert, and start the server with the two files that it writes.',
      'For a quick look, open https://127.0.0.1:8000/ in the same browser and accept the warning; the exception then holds for wss:// too.',
    ],
    commands: [
      ['mkcert', '-install'],
      ['mkcert', 'localhost', '127.0.0.1', '::1'],
    ],
    background:
      'A browser has no place to ask about the certificate of a background connection, so it refuses. Node has a trust store of its own and ignores the one that mkcert fills unless NODE_EXTRA_CA_CERTS names the root: a probe may fail where the browser works.',
  },
  'url-too-long': {
    what: 'The URL with the token in it is longer than the server reads. The connection breaks before Django sees anything; the browser says 1006, and often only for users with many roles or permissions, since their tokens are longer.',
    tells: [
      'Daphne closes without a byte (`socket hang up`) at about 16 KB of request line. Other servers and proxies may say 414 or 431; nginx has a limit of 8 KB for a line.',
      'The same path with a short token gets an answer: 101 or 403.',
      'The Authorization header of the REST calls may still fit, so login and pages work.',
    ],
    mend: [
      'Put less into the token: an id, not whole lists of permissions.',
      'Or send the token in the first message after the socket opened, and let the consumer close with 4001 when it does not come.',
      'Behind nginx, `large_client_header_buffers 4 16k;` raises its limit; the one of daphne is fixed.',
    ],
    commands: [],
    background:
      "A browser can't set headers on a WebSocket, which is why tokens travel in the query. The HTTP parser of Twisted, on which daphne stands, drops a line of more than 16384 bytes by closing the connection.",
  },
  'trailing-slash-missing': {
    what: 'The path in the URL and the one in the route differ by the slash at the end. For pages Django mends that with a redirect; for WebSockets nobody does, and the socket fails with 1006.',
    tells: [
      "The upgrade is 500, and the log says `No route found for path 'ws/election-updates'.` without the slash.",
      'The same URL with the slash (or without it, where it has one too many) gets 101 or 403.',
      'If neither form is found, it is `no-websocket-route`.',
    ],
    mend: [
      withCode(
        "Put the slash into the page's URL, before the question mark:",
        'new WebSocket(`ws://127.0.0.1:8000/ws/election-updates/?token=${token}`)',
      ),
      withCode('Or let the route take both:', 're_path(r"^ws/election-updates/?$", ElectionUpdatesConsumer.as_asgi())'),
    ],
    commands: [],
    background:
      'APPEND_SLASH is done by CommonMiddleware, which Channels does not run for WebSockets, and a WebSocket client would not follow a redirect anyway. The log shows the path without its first slash, because Channels strips that one before it matches.',
  },
}
