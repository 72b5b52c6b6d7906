import type { WireFacts } from '../verify/wire-facts.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { said, seconds } from './wire-refusal.ts'
import type { Unanswered } from './wire.ts'

/** daphne resets a socket that the application neither accepts nor closes after about 5 s, sometimes 4.4 s. */
const acceptLimitMs = 3500
/** Where daphne's parser gives up on a request line, roughly, in bytes. */
const longUrlBytes = 8000

/** The cause behind a handshake that got no HTTP answer. */
export function judgeSilence(facts: WireFacts, handshake: Unanswered): Diagnosis {
  const { endpoint, experiments, http } = facts
  const first = `The handshake: ${said(handshake)}`
  return (
    judgeScheme(facts, handshake, first) ??
    judgeSubprotocol(handshake, first) ??
    judgeForeign(facts, handshake, first) ??
    judgeLength(facts, first) ??
    (http?.result === 'answer' && experiments.httpAfter?.result === 'answer' ? judgeNoAccept(facts, handshake, first) : undefined) ??
    (http?.result === 'answer' && experiments.httpAfter?.result === 'silent'
      ? diagnosis('sync-consumer-blocks', 'The handshake stops the whole server: something in the consumer blocks', [first, `GET / got ${http.status} before it and no answer after it`], 'Await the blocking call, or wrap it in sync_to_async.')
      : undefined) ??
    diagnosis('server-suspended', `The server on port ${endpoint.port} accepts connections and answers nothing`, [first, 'GET / gets no answer either'], 'Continue the process (fg, or kill -CONT PID), or start it again.', { automatic: 'ask' })
  )
}

function judgeScheme({ endpoint, experiments }: WireFacts, handshake: Unanswered, first: string): Diagnosis | undefined {
  const { tls, otherScheme } = experiments
  if (endpoint.secure) {
    if (tls?.result === 'tls' && handshake.result === 'broken') {
      return diagnosis('tls-untrusted', `The certificate of ${endpoint.host} isn't trusted`, [`${first} (${handshake.message})`, `TLS without verification works${tls.problem === undefined ? '' : `: ${tls.problem}`}`], 'Trust the certificate (mkcert), or use ws:// in development.')
    }
    if (tls?.result === 'tls') return undefined
    const plain = otherScheme === undefined ? [] : [`ws:// on the same port got ${said(otherScheme)}`]
    return diagnosis('wss-vs-ws', `wss:// is used, and port ${endpoint.port} doesn't speak TLS`, [first, ...plain], 'Use ws:// in development.', { automatic: 'yes' })
  }
  if (tls?.result === 'tls') {
    return diagnosis('wss-vs-ws', `ws:// is used, and port ${endpoint.port} speaks TLS`, [first, 'A TLS handshake on the same port works'], 'Use wss://, or run the server without TLS in development.', { automatic: 'yes' })
  }
  return undefined
}

function judgeSubprotocol(handshake: Unanswered, first: string): Diagnosis | undefined {
  if (handshake.result !== 'broken' || !/subprotocol/i.test(handshake.message)) return undefined
  return diagnosis('subprotocol-mismatch', 'Server and client do not agree on a subprotocol', [first, handshake.message], 'Let the consumer accept(subprotocol=…) with one that the page offers.')
}

/** Bytes that aren't HTTP, to the handshake and to a plain request: Redis, a database, anything. */
function judgeForeign({ endpoint, http, experiments }: WireFacts, handshake: Unanswered, first: string): Diagnosis | undefined {
  const notHttp = http?.result === 'broken'
  if (notHttp && (handshake.result === 'broken' || handshake.elapsedMs > 0)) {
    return diagnosis('port-in-use', `Another program holds port ${endpoint.port}: it doesn't speak HTTP`, [first, `GET / broke: ${http.code}`], 'End that program, or use another port for the backend.', { commands: [['election-dev', 'start', '--port', String(endpoint.port + 1)]], automatic: 'ask' })
  }
  const onPath = experiments.httpOnPath
  if (handshake.result !== 'silent' || onPath?.result !== 'answer' || http?.result !== 'answer') return undefined
  if (onPath.status === 200 && /\/@vite\/client|<div id="(?:root|app)">/i.test(onPath.body)) {
    return diagnosis('wrong-frontend-port', `Port ${endpoint.port} is the frontend's dev server, not the backend`, [first, "GET on the WebSocket's path gives the frontend's page"], 'Correct the WebSocket URL (VITE_WS_URL or the like) to the port of the backend.', { automatic: 'yes' })
  }
  if (/\/@vite\/client/i.test(http.body)) {
    return diagnosis('proxy-strips-upgrade', "Vite's proxy does not pass the upgrade on", [first, `GET on the path is passed on (${onPath.status}); GET / is Vite's page`], 'Set ws: true on the proxy entry in vite.config.')
  }
  return undefined
}

function judgeLength({ endpoint, http }: WireFacts, first: string): Diagnosis | undefined {
  if (endpoint.urlBytes < longUrlBytes || http?.result !== 'answer') return undefined
  return diagnosis('url-too-long', `The URL with its token is too long for the server: ${endpoint.urlBytes} bytes`, [first, `GET / got ${http.status}`], 'Put less into the token, or send it in the first message.')
}

function judgeNoAccept({ http }: WireFacts, handshake: Unanswered, first: string): Diagnosis | undefined {
  if (handshake.elapsedMs < acceptLimitMs) {
    return diagnosis('server-crashes', 'The connection broke during the handshake', [first], "The server's log tells more.")
  }
  const page = http?.result === 'answer' ? `GET / got ${http.status} meanwhile` : ''
  return diagnosis('accept-missing', `connect() neither accepts nor closes within ${seconds(handshake.elapsedMs)}`, [first, page], 'Call await self.accept() in connect(), and do slow work after it.')
}
