import type { HandshakeFact } from '../verify/handshake.ts'
import type { WireFacts } from '../verify/wire-facts.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import type { Refused } from './wire.ts'

/** The cause behind an HTTP answer other than 101. */
export function judgeRefusal(facts: WireFacts, refused: Refused): Diagnosis {
  const { status } = refused
  if (status >= 300 && status < 400) return redirected(refused)
  if (status === 400) return badRequest(facts, refused)
  if (status === 401 || status === 407) return unauthorised(facts, refused)
  if (status === 403) return forbidden(facts, refused)
  if (status === 414 || status === 431) return tooLong(facts, refused)
  if (status === 502 || status === 503 || status === 504) return badGateway(refused)
  if (status >= 500) return serverError(facts, refused)
  return notASocket(facts, refused)
}

/** `403 Access denied` as a sentence's end; what a handshake said, for evidence. */
export function said(fact: HandshakeFact): string {
  if (fact.result === 'open') return '101'
  if (fact.result === 'refused') return `${fact.status}${fact.reason === '' ? '' : ` ${fact.reason}`}`
  if (fact.result === 'silent') return `no answer within ${seconds(fact.elapsedMs)}`
  return `${fact.code} after ${seconds(fact.elapsedMs)}`
}

/** Milliseconds as people read them: `0.8 s`, `12 ms`. */
export function seconds(ms: number): string {
  return ms < 100 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

function answer({ status, reason, headers }: Refused): string {
  const server = headers['server']
  return `The upgrade got \`${status}${reason === '' ? '' : ` ${reason}`}\`${server === undefined ? ' without a Server header' : ` from \`Server: ${server}\``}`
}

function redirected(refused: Refused): Diagnosis {
  const to = refused.headers['location'] ?? '(no Location)'
  return diagnosis('proxy-redirects', 'The upgrade is answered with a redirect, which no WebSocket client follows', [`${answer(refused)}, Location: ${to.replace(/\?.*$/, '')}`], 'Use the URL that it redirects to, or leave /ws/ out of the redirect.')
}

function badRequest({ http }: WireFacts, refused: Refused): Diagnosis {
  if (/unsupported upgrade request/i.test(refused.body)) {
    return diagnosis('ws-library-missing', 'uvicorn runs without a WebSocket library', [`${answer(refused)}, body \`Unsupported upgrade request.\``], "Install one into the backend's environment, or drop --ws none.", {
      commands: [['python', '-m', 'pip', 'install', 'uvicorn[standard]']],
      automatic: 'yes',
    })
  }
  if (http?.result === 'answer' && http.status === 400) return allowedHosts(refused, `GET / is ${http.status} as well`)
  return diagnosis('proxy-strips-upgrade', 'The server says that the upgrade is a bad request: something in between changes it', [answer(refused)], 'Let the proxy speak HTTP/1.1 and pass Upgrade and Connection on.')
}

function allowedHosts(refused: Refused, more: string): Diagnosis {
  return diagnosis('allowed-hosts', "ALLOWED_HOSTS lacks the host that the URL uses", [answer(refused), more], 'Add the bare host name to ALLOWED_HOSTS, such as localhost,127.0.0.1,[::1].', { automatic: 'ask' })
}

function unauthorised(facts: WireFacts, refused: Refused): Diagnosis {
  const challenge = refused.headers['www-authenticate']
  if (challenge !== undefined) {
    return diagnosis('proxy-auth', 'A proxy asks for its own password before it lets the upgrade through', [`${answer(refused)}, WWW-Authenticate: ${challenge.split(' ')[0] ?? ''}`], 'Leave /ws/ out of basic auth.')
  }
  return tokenCause(facts, answer(refused))
}

function forbidden(facts: WireFacts, refused: Refused): Diagnosis {
  const { experiments, endpoint, http } = facts
  const { unknownPath, ownOrigin } = experiments
  const first = answer(refused)
  if (unknownPath === undefined || unknownPath.result !== 'refused' || unknownPath.status !== 403) {
    const other = unknownPath === undefined ? '' : `An unknown path with the same Origin got ${said(unknownPath)}: the Origin is accepted`
    return tokenCause(facts, first, other)
  }
  if (http?.result === 'answer' && http.status === 400) return allowedHosts(refused, 'An unknown path is 403 too, and GET / is 400')
  const same = `An unknown path got ${said(unknownPath)} as well: it is refused before the routes are asked`
  if (ownOrigin?.result === 'refused' && ownOrigin.status === 403) {
    // no Origin is good enough: what refuses stands outside the router and isn't about the Origin
    return tokenCause(facts, first, `${same}, with the backend's own Origin too`)
  }
  if (endpoint.origin === undefined) {
    return diagnosis('origin-missing', 'The client sends no Origin, and the backend wants one', [first, same, 'No Origin was sent'], 'Send the Origin that the page has, as every browser does.', {
      commands: [['election-dev', 'verify', '--origin', 'http://localhost:3000']],
      automatic: 'yes',
    })
  }
  const own = ownOrigin === undefined ? [] : [`The backend's own Origin got ${said(ownOrigin)}`]
  return diagnosis('origin-rejected', `The backend refuses the Origin ${endpoint.origin}`, [first, same, ...own], `Add ${hostOfOrigin(endpoint.origin)} to ALLOWED_HOSTS${endpoint.origin === 'null' ? '; null means a page from file://: serve it over http' : ''}.`, { automatic: 'ask' })
}

function hostOfOrigin(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).hostname : "the page's host"
}

/** The Origin is accepted, so it is the token, or the consumer's own word. */
function tokenCause({ token }: WireFacts, ...seen: readonly string[]): Diagnosis {
  const [first = '', ...rest] = seen.filter((line) => line !== '')
  switch (token.kind) {
    case 'none':
      return diagnosis('token-missing', 'The backend speaks WebSocket and wants a token; none was sent', [first, ...rest, 'No token was sent'], 'Give one: ELECTION_DEV_TOKEN in the environment, or "login" in election-dev.config.json with ELECTION_DEV_PASSWORD.')
    case 'expired':
      return diagnosis('token-expired', `The token expired ${seconds(token.secondsAgo * 1000)} ago`, [first, ...rest, `Its exp lies ${token.secondsAgo} s in the past`], 'Log in again, or refresh the token.')
    case 'malformed':
      return diagnosis('token-malformed', "The token isn't a bare JSON Web Token", [first, ...rest, `The token: ${token.problem}`], 'Send the bare token: no Bearer, no quotes.')
    case 'not-yet':
      return diagnosis('clock-skew', "The token isn't valid yet: the clocks differ", [first, ...rest, `Its ${token.claim} lies ${token.secondsAhead} s in the future`], 'Set the clock of the machine that made it, or of this one.')
    default:
      return diagnosis('token-rejected', 'The backend refuses the token', [first, ...rest, token.kind === 'opaque' ? 'The token is no JSON Web Token: only the backend can read it' : 'The token is well formed and has not expired'], 'Log in again on this backend: another SECRET_KEY signed it, or its user is gone or inactive.')
  }
}

function tooLong({ endpoint }: WireFacts, refused: Refused): Diagnosis {
  return diagnosis('url-too-long', `The URL with its token is too long for the server: ${endpoint.urlBytes} bytes`, [answer(refused)], 'Put less into the token, or send it in the first message.')
}

function badGateway(refused: Refused): Diagnosis {
  return diagnosis('server-not-running', 'The proxy answers, and the backend behind it does not', [answer(refused)], 'Start the backend, or correct the port that the proxy leads to.', { commands: [['election-dev', 'start']], automatic: 'yes' })
}

function serverError(facts: WireFacts, refused: Refused): Diagnosis {
  const { endpoint, http, experiments } = facts
  const { otherSlash, withoutToken } = experiments
  const first = answer(refused)
  if (/^gunicorn/i.test(refused.headers['server'] ?? '')) {
    return diagnosis('asgi-app-under-wsgi-server', 'The ASGI application is run by a WSGI worker of gunicorn', [first], 'Add -k uvicorn.workers.UvicornWorker, or use daphne.', { commands: [['python', '-m', 'daphne', 'core.asgi:application']], automatic: 'yes' })
  }
  if (otherSlash?.result === 'open' || (otherSlash?.result === 'refused' && otherSlash.status === 403)) {
    const verb = endpoint.path.endsWith('/') ? 'has a slash too many' : 'lacks its last slash'
    return diagnosis('trailing-slash-missing', `The path ${endpoint.path} ${verb}`, [first, `The same path ${endpoint.path.endsWith('/') ? 'without' : 'with'} the slash got ${said(otherSlash)}`], `Use ${endpoint.path.endsWith('/') ? endpoint.path.slice(0, -1) : `${endpoint.path}/`} in the URL.`, { automatic: 'yes' })
  }
  if (http?.result === 'answer' && http.status >= 500) {
    return diagnosis('asgi-app-wrong', 'Every page and every socket is an error: the server was given something that is no working ASGI application', [first, `GET / got ${http.status} as well`], "Run the project's ASGI application, not its WSGI one; the server's log has the traceback.", { commands: [['python', '-m', 'daphne', 'core.asgi:application']], automatic: 'yes' })
  }
  if (withoutToken?.result === 'refused' && withoutToken.status === 403) {
    return diagnosis('consumer-exception', 'The consumer raises an exception before it accepts', [first, `Without the token the same path got ${said(withoutToken)}: there is a consumer, and it breaks with the token`], "Correct the consumer; the server's log has the traceback with file and line.")
  }
  return diagnosis('no-websocket-route', `No WebSocket route fits ${endpoint.path}, or its consumer raises before it accepts`, [first, ...(otherSlash === undefined ? [] : [`The path with the other ending got ${said(otherSlash)} too`])], "Make path and route agree; the server's log says which of the two it is.")
}

/** 404, 200 and the rest: an ASGI server never says these to an upgrade, so nothing here speaks WebSocket on this path. */
function notASocket(facts: WireFacts, refused: Refused): Diagnosis {
  const { endpoint, http } = facts
  const first = answer(refused)
  const server = refused.headers['server'] ?? (http?.result === 'answer' ? http.server : undefined) ?? ''
  if (/^(?:WSGIServer|gunicorn|waitress|werkzeug|uWSGI)/i.test(server)) {
    return diagnosis('wsgi-server-on-port', "A WSGI server answers: it can't speak WebSocket", [first], 'Run the ASGI application with daphne.', { commands: [['election-dev', 'start'], ['python', '-m', 'daphne', 'core.asgi:application']], automatic: 'yes' })
  }
  if (/^(?:nginx|caddy|apache|traefik|haproxy|envoy|openresty)/i.test(server)) {
    return diagnosis('proxy-strips-upgrade', `The proxy (${server}) does not pass the upgrade on`, [first], 'nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";')
  }
  const page = `${refused.body}${http?.result === 'answer' ? http.body : ''}`
  if (/\/@vite\/client|<div id="(?:root|app)">|vite/i.test(page)) {
    return diagnosis('wrong-frontend-port', `Port ${endpoint.port} is the frontend's dev server, not the backend`, [first, "The answer is the frontend's page"], 'Correct the WebSocket URL (VITE_WS_URL or the like) to the port of the backend.', { automatic: 'yes' })
  }
  return diagnosis('port-in-use', `Another program answers on port ${endpoint.port}${server === '' ? '' : ` (${server})`}`, [first], 'End that program, or use another port for the backend.', { commands: [['election-dev', 'start', '--port', String(endpoint.port + 1)]], automatic: 'ask' })
}
