import type { IdsOfFamily } from '../vocabulary.ts'
import { withCode, type Page } from './page.ts'

/** Origin and host, which the backend checks before the application. */
export const originPages: Readonly<Record<IdsOfFamily<'origin'>, Page>> = {
  'origin-rejected': {
    what: 'The browser tells the backend from which page the socket is opened (the Origin), and the backend does not allow that page. It refuses before it looks at path or token; the browser says 1006, while pages and tools without an Origin may work.',
    tells: [
      'The upgrade is 403, and so is a made-up path: it is refused before the routes are asked. With an accepted Origin a made-up path gives 500.',
      'The same request with an allowed Origin gets 101 or another error.',
      'GET / works. If it is 400, the host is missing as well: see `allowed-hosts`.',
      "Daphne's answer, `403 Access denied` without headers, is byte for byte the one to a bad token.",
    ],
    mend: [
      withCode('Add the host of the page to ALLOWED_HOSTS, without scheme and port:', 'ALLOWED_HOSTS=localhost,127.0.0.1,[::1]'),
      'If asgi.py uses OriginValidator with a list, add the Origin there, with scheme and port: `http://localhost:3000`.',
      'Origin `null` means that the page was opened as a file: serve it over http.',
      'CORS_ALLOWED_ORIGINS and CSRF_TRUSTED_ORIGINS have no effect on WebSockets.',
    ],
    commands: [['election-dev', 'verify', '--origin', 'http://localhost:3000']],
    background:
      "A WebSocket isn't bound by the same-origin policy: any page on the web may open one to your backend, with your cookies. The Origin, which a page can't forge, is what the server has to go by, and AllowedHostsOriginValidator compares its host with ALLOWED_HOSTS.",
  },
  'origin-missing': {
    what: 'The client sends no Origin, and the backend refuses sockets without one. Browsers always send it, so this concerns scripts, command line tools, tests and mobile apps; the page itself may be fine.',
    tells: [
      'The upgrade is 403 without an Origin and 101 with one such as `http://localhost:3000`.',
      'A made-up path is 403 too when no Origin is sent.',
      'If every Origin is refused, it is `origin-rejected`, or a middleware around the router that wants a token.',
    ],
    mend: [
      "Send one: `--origin http://localhost:3000`; `wscat -o http://localhost:3000`; in Node's ws `new WebSocket(url, { origin })`; in Python's websockets `connect(url, origin=…)`.",
      'For an app that has no page, give it a route outside the validator, guarded by its token.',
    ],
    commands: [['election-dev', 'verify', '--origin', 'http://localhost:3000']],
    background:
      'AllowedHostsOriginValidator counts no Origin as a wrong one unless ALLOWED_HOSTS has `*`. A probe without an Origin therefore raises the very fault that it looks for.',
  },
  'allowed-hosts': {
    what: 'Django answers only to host names that ALLOWED_HOSTS lists, and the one in the URL is not among them. Pages get 400 Bad Request; where the list also guards the WebSockets, those fail with 1006.',
    tells: [
      'GET / is 400: with DEBUG a page that says `DisallowedHost … Invalid HTTP_HOST header`, a bare one without.',
      'With AllowedHostsOriginValidator the upgrade is 403 as well, since it uses the same list.',
      'An entry with a scheme, such as `http://localhost:5173`, lets the socket through (101) and still fails every page.',
      'Only through a proxy: the proxy sends another Host than the browser did.',
    ],
    mend: [
      withCode('In .env, bare names, no scheme, no port, no spaces:', 'ALLOWED_HOSTS=localhost,127.0.0.1,[::1]'),
      withCode('In the settings, as a list:', 'ALLOWED_HOSTS = config("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]", cast=Csv())'),
      'nginx: `proxy_set_header Host $http_host;` in the location.',
      'Restart the server.',
    ],
    commands: [['election-dev', 'verify']],
    background:
      'The check keeps strangers from putting their own host into links that Django makes, such as those to reset a password. With DEBUG and an empty list, localhost is allowed; one entry in the list ends that. Without cast=Csv() the value is a string, and each letter of it counts as a host.',
  },
}
