import { isUnsaid, type WireFacts } from '../facts/wire.ts'
import { serverSaying } from '../servers/known.ts'
import { whyClosed } from './common-causes.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { at } from './wire-inside.ts'
import { tokenCause, tokenUnsaid } from './wire-token.ts'
import { loginCodes, said, seconds } from './wire-words.ts'

/** The cause behind a socket that was open and died; undefined while it lives. */
export function judgeSession(facts: WireFacts): Diagnosis | undefined {
  const { session, http, endpoint, greeting } = facts
  if (greeting !== undefined && isUnsaid(greeting)) return tokenUnsaid(facts, greeting)
  if (session?.close === undefined) return undefined
  const { close, second, pong, pingBy, closedBy } = session
  if (session.silent === true) {
    return diagnosis(
      'server-suspended',
      'The server does not answer any more',
      [`A ping frame on the open socket at ${endpoint.url} got no answer`],
      'Continue the process (fg, or kill -CONT PID), or start it again.',
      [],
      'ask',
    )
  }
  const messages = `${close.messagesBefore} message${close.messagesBefore === 1 ? '' : 's'} had come before`
  if (close.broken !== undefined) {
    return diagnosis(
      'stream-broken',
      'What comes over the open socket is not the WebSocket protocol',
      [`101, and after ${seconds(close.afterMs)} came data that is no frame: ${close.broken}`, messages],
      'See what stands between page and backend: it answers the upgrade, then writes its own text or changes what it passes on.',
    )
  }
  const first = `101, and the socket ended after ${seconds(close.afterMs)} ${close.code === 1006 ? 'without a close frame' : `with ${close.code}`}${close.reason === '' ? '' : ` (${close.reason})`}`
  // the word of the observer, which is around the application: a server that ends a socket has no line there
  const place = closedBy?.place
  const line = place === undefined ? undefined : `${closedBy?.class ?? 'The application'} closes it at ${at(place)}, in ${place.function}`
  if (greeting?.isSent === true && loginCodes.has(close.code)) return tokenCause(facts, first, ...(line === undefined ? [] : [line]))
  if (close.code >= 4000 && close.code <= 4999) {
    return diagnosis(
      'close-after-accept',
      `The application accepts and then closes with its own code ${close.code}`,
      [first, ...(line === undefined ? [] : [line]), messages],
      whyClosed(close.code, undefined),
    )
  }
  if (close.code === 1009) {
    return diagnosis('message-too-big', "A message is longer than the server's limit", [first], 'Raise --ws-max-size.')
  }
  if (second?.handshake.result === 'broken' && (second.handshake.code === 'ECONNREFUSED' || second.listens === false)) {
    return diagnosis(
      'server-crashes',
      'The server ends when a socket is open',
      [
        first,
        `The next handshake: ${said(second.handshake)}`,
        ...(second.listens === false ? ['Then nothing listened any more: ECONNREFUSED'] : []),
      ],
      'Its last lines say more; run it under python -X faulthandler.',
    )
  }
  // RFC 6455, section 7.4.1, and the registry of close codes: going away, service restart
  if (close.code === 1001 || close.code === 1012) {
    return diagnosis('server-not-running', 'The server is shutting down', [first], 'Start the backend.', [['election-dev', 'start']])
  }
  if (second?.handshake.result === 'open' && second.close === undefined && pingBy !== undefined && pong?.result !== 'pong') {
    return diagnosis(
      'consumer-exception',
      'The consumer fails on a message that it does not know',
      [first, `A second socket at ${endpoint.path} that was sent nothing stayed open: {"type":"ping"} makes it fail`],
      'Let the consumer answer {"type":"ping"} with {"type":"pong"}, or at least ignore it; or set "ping": false in the configuration.',
    )
  }
  if (place !== undefined && line !== undefined) {
    return diagnosis(
      'close-after-accept',
      'The application accepts and then closes the socket',
      [first, line, messages],
      whyClosed(close.code, `${at(place)}, in ${place.function}`),
    )
  }
  const server = http?.result === 'answer' ? (http.server ?? '') : ''
  const by = serverSaying(server)
  const isSound = close.code === 1000
  if (isSound && by?.exceptionCode !== close.code) {
    return diagnosis(
      'close-after-accept',
      'The application accepts and then closes the socket',
      [first, messages, "1000 is the application's own close, or daphne's --websocket_timeout"],
      whyClosed(close.code, undefined),
    )
  }
  const hint = isSound ? [`${by?.name ?? ''} closes with 1000 after an exception, as after the application's own close()`] : []
  return diagnosis(
    'consumer-exception',
    'The consumer raises an exception after it accepted',
    [first, messages, ...hint, 'From outside, a channel layer exception (a Redis that is too old, or gone) looks the same'],
    "The server's log has the traceback, with file and line: correct what raises there.",
  )
}
