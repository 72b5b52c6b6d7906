/** The judgement of the wire as a table: facts in, one cause out. */
import { describe, expect, test } from 'vitest'
import { judgeWire } from '../../src/checks/wire.ts'
import type { HttpFact } from '../../src/host/http.ts'
import { unsendable, type HandshakeFact } from '../../src/facts/wire.ts'
import type { SocketClose } from '../../src/facts/wire.ts'
import type { Experiments, SessionFact, ShownEndpoint, WireFacts } from '../../src/facts/wire.ts'

const open: HandshakeFact = { result: 'open', elapsedMs: 4, subprotocol: '' }
const refused = (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): HandshakeFact => ({
  result: 'refused',
  status,
  reason: '',
  headers,
  body,
  elapsedMs: 9,
})
const silent: HandshakeFact = { result: 'silent', elapsedMs: 6500 }
const broken = (code: string, elapsedMs = 3, message = code): HandshakeFact => ({ result: 'broken', code, message, elapsedMs })
const page = (status: number, server?: string, body = ''): HttpFact => ({
  result: 'answer',
  status,
  reason: '',
  server,
  headers: {},
  body,
  elapsedMs: 5,
})
const noPage: HttpFact = { result: 'silent', elapsedMs: 5000 }
const badPage = (code: string): HttpFact => ({ result: 'broken', code, elapsedMs: 2 })

const endpoint: ShownEndpoint = {
  url: 'ws://127.0.0.1:8000/ws/election-updates/',
  path: '/ws/election-updates/',
  port: 8000,
  host: '127.0.0.1',
  secure: false,
  origin: 'http://localhost:3000',
  urlBytes: 40,
  tokenAt: 'in the query, as token',
  isPlaced: true,
  offersSubprotocol: false,
}
const sound: WireFacts = {
  endpoint,
  ours: false,
  token: { kind: 'none' },
  nameError: undefined,
  tcp: [{ address: '127.0.0.1', family: 4, result: 'open', code: undefined, elapsedMs: 1 }],
  http: page(404, 'daphne'),
  handshake: open,
  session: undefined,
  experiments: {},
}
const lived: SessionFact = { heldMs: 2000, close: undefined, messages: 1, pong: { result: 'pong', elapsedMs: 1 }, second: undefined }
const ended = (code: number, more: Partial<SessionFact> = {}): SessionFact => {
  const close: SocketClose = { code, reason: '', afterMs: 700, messagesBefore: 1 }
  return { ...lived, heldMs: 700, close, pong: { result: 'closed', close }, ...more }
}
const failed = (handshake: HandshakeFact, experiments: Experiments = {}, more: Partial<WireFacts> = {}): WireFacts => ({
  ...sound,
  handshake,
  experiments,
  ...more,
})
const died = (session: SessionFact, more: Partial<WireFacts> = {}): WireFacts => ({ ...sound, session, ...more })
const greeting = { text: '{"type":"auth","token":"{token}"}', isNeeded: true, source: 'src/live.js:9', isSent: false }
const said = { ...greeting, isSent: true }
const secure = { ...endpoint, secure: true }
const elsewhere = { address: '::1', handshake: refused(404) }
const here = { address: '127.0.0.1', handshake: open }
const accepted: Experiments = { unknownPath: refused(500) }
const refusedToo: Experiments = { unknownPath: refused(403), otherOrigins: [{ origin: 'http://127.0.0.1:8000', handshake: refused(500) }] }
const vite = '<script type="module" src="/@vite/client"></script>'

describe('nothing is wrong', () => {
  test.each<[string, WireFacts]>([
    ['held, with its pong', died(lived)],
    ['held, no pong', died({ ...lived, pong: { result: 'unanswered' } })],
    ['held, and it was said who comes', died(lived, { greeting: said })],
    ['held, and it may be said who comes', died(lived, { greeting: { ...greeting, isNeeded: false } })],
    ['held, no ping sent', died({ ...lived, pong: undefined })],
    [
      '::1 is refused and 127.0.0.1 took the handshake',
      { ...died(lived), tcp: [...sound.tcp, { address: '::1', family: 6, result: 'refused', code: 'ECONNREFUSED', elapsedMs: 1 }] },
    ],
    ['both addresses are good', { ...died(lived), experiments: { byAddress: [here, { address: '::1', handshake: open }] } }],
  ])('%s', (_, facts) => {
    expect(judgeWire(facts)).toBeUndefined()
  })
})

test.each<[string, string, WireFacts]>([
  ['server-not-running', 'no such name', { ...sound, nameError: 'ENOTFOUND', tcp: [], handshake: undefined }],
  [
    'server-not-running',
    'refused',
    { ...sound, handshake: undefined, tcp: [{ address: '127.0.0.1', family: 4, result: 'refused', code: 'ECONNREFUSED', elapsedMs: 1 }] },
  ],
  ['server-not-running', 'refused at the handshake', failed(broken('ECONNREFUSED'), {}, { ours: true, tcp: [] })],
  ['server-not-running', '502 of a proxy', failed(refused(502, { server: 'nginx' }))],
  ['server-not-running', 'going away', died(ended(1012))],
  ['ipv6-localhost', 'lucky handshake', { ...died(lived), experiments: { byAddress: [here, elsewhere] } }],
  ['ipv6-localhost', 'unlucky handshake', failed(refused(404), { byAddress: [elsewhere, here] })],
  ['wsgi-server-on-port', '404', failed(refused(404, { server: 'WSGIServer/0.2 CPython/3.12.1' }))],
  ['wsgi-server-on-port', 'its redirect is no proxy', failed(refused(301, { server: 'WSGIServer/0.2', location: 'https://x/' }))],
  ['asgi-app-under-wsgi-server', 'gunicorn 500', failed(refused(500, { server: 'gunicorn' }))],
  ['proxy-redirects', '301', failed(refused(301, { location: 'https://x/' }))],
  ['ws-library-missing', 'the page of old uvicorn', failed(refused(400, { server: 'uvicorn' }, 'Unsupported upgrade request.'))],
  ['ws-library-missing', 'the 404 of new uvicorn', failed(refused(404, { server: 'uvicorn' }))],
  ['wss-vs-ws', 'nginx on a TLS port', failed(refused(400, { server: 'nginx' }, 'The plain HTTP request was sent to HTTPS port'))],
  ['wss-vs-ws', 'wss to plain', failed(silent, { tls: { result: 'silent' }, otherScheme: open }, { endpoint: secure, http: noPage })],
  [
    'wss-vs-ws',
    'ws to TLS',
    failed(
      broken('ECONNRESET'),
      { tls: { result: 'tls', trusted: false, problem: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, httpAfter: badPage('ECONNRESET') },
      { http: badPage('ECONNRESET') },
    ),
  ],
  [
    'tls-untrusted',
    'self-signed',
    failed(
      broken('DEPTH_ZERO_SELF_SIGNED_CERT'),
      { tls: { result: 'tls', trusted: false, problem: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, untrusted: open },
      { endpoint: secure },
    ),
  ],
  [
    'accept-missing',
    'under TLS that is trusted',
    failed(
      broken('ECONNRESET', 5000),
      { tls: { result: 'tls', trusted: true, problem: undefined }, httpAfter: page(404) },
      { endpoint: secure },
    ),
  ],
  ['allowed-hosts', '400 everywhere', failed(refused(400), {}, { http: page(400, 'daphne') })],
  ['allowed-hosts', '403, and pages are 400', failed(refused(403), refusedToo, { http: page(400, 'daphne') })],
  ['proxy-strips-upgrade', '400', failed(refused(400, { server: 'hypercorn-h11' }))],
  ['proxy-strips-upgrade', '404 of nginx', failed(refused(404, { server: 'nginx/1.25' }))],
  ['proxy-strips-upgrade', "404 of the backend's own pages", failed(refused(404, { server: 'daphne' }))],
  [
    'proxy-strips-upgrade',
    'Vite without ws: true',
    failed(silent, { httpOnPath: page(404), httpAfter: page(200, undefined, vite) }, { http: page(200, undefined, vite) }),
  ],
  ['proxy-auth', '401 with a challenge', failed(refused(401, { 'www-authenticate': 'Basic realm="x"' }))],
  ['token-missing', '401 without one', failed(refused(401))],
  ['token-missing', '403, the Origin is accepted', failed(refused(403), accepted)],
  [
    'token-missing',
    '403 whatever the Origin',
    failed(refused(403), { unknownPath: refused(403), otherOrigins: [{ origin: 'http://127.0.0.1:8000', handshake: refused(403) }] }),
  ],
  ['token-expired', '403', failed(refused(403), accepted, { token: { kind: 'expired', secondsAgo: 90 } })],
  ['token-malformed', '403', failed(refused(403), accepted, { token: { kind: 'malformed', problem: 'it has quotes around it' } })],
  ['token-malformed', 'never sent', failed(broken(unsendable), {}, { token: { kind: 'opaque' } })],
  ['clock-skew', '403', failed(refused(403), accepted, { token: { kind: 'not-yet', secondsAhead: 60, claim: 'nbf' } })],
  ['token-rejected', '403, a good one', failed(refused(403), accepted, { token: { kind: 'current' } })],
  ['token-rejected', '403, opaque', failed(refused(403), accepted, { token: { kind: 'opaque' } })],
  ['origin-rejected', '403 on an unknown path too', failed(refused(403), refusedToo)],
  ['origin-missing', 'none sent', failed(refused(403), refusedToo, { endpoint: { ...endpoint, origin: undefined } })],
  [
    'port-in-use',
    '403 for everything, no ASGI server',
    failed(refused(403, { date: 'x' }), { unknownPath: refused(403, { date: 'x' }) }, { http: page(403) }),
  ],
  ['port-in-use', '404 of anything', failed(refused(404, { server: 'SimpleHTTP/0.6' }), {}, { http: page(200, 'SimpleHTTP/0.6') })],
  ['port-in-use', 'not HTTP', failed(broken('ECONNRESET'), { httpAfter: badPage('ECONNRESET') }, { http: badPage('ECONNRESET') })],
  [
    'port-in-use',
    'not HTTP, by wss',
    failed(silent, { tls: { result: 'silent' }, otherScheme: broken('ECONNRESET'), httpAfter: noPage }, { endpoint: secure, http: noPage }),
  ],
  ['url-too-long', '414', failed(refused(414))],
  [
    'url-too-long',
    'closed without a byte',
    failed(broken('ECONNRESET'), { httpAfter: page(404) }, { endpoint: { ...endpoint, urlBytes: 20_000 } }),
  ],
  ['trailing-slash-missing', 'the other one is 101', failed(refused(500), { otherSlash: open })],
  ['trailing-slash-missing', 'the other one is 403', failed(refused(500), { otherSlash: refused(403) })],
  ['asgi-app-wrong', 'pages are 500 too', failed(refused(500), { otherSlash: refused(500) }, { http: page(500, 'daphne') })],
  ['consumer-exception', 'without the token 403', failed(refused(500), { otherSlash: refused(500), withoutToken: refused(403) })],
  ['no-websocket-route', '500', failed(refused(500), { otherSlash: refused(500) })],
  ['wrong-frontend-port', 'a page on the upgrade', failed(refused(200, {}, vite), {}, { http: page(200, undefined, vite) })],
  [
    'wrong-frontend-port',
    'no answer to the upgrade',
    failed(silent, { httpOnPath: page(200, undefined, vite), httpAfter: page(200) }, { http: page(200) }),
  ],
  ['subprotocol-mismatch', 'none picked', failed(broken('Server sent no subprotocol'), { httpAfter: page(404) })],
  [
    'subprotocol-mismatch',
    'let in as soon as the token is offered alone',
    failed(
      refused(403),
      { tokenAlone: open },
      { endpoint: { ...endpoint, besideToken: { offers: ['Bearer'], at: 'src/live.ts:9', read: 'jwt' } } },
    ),
  ],
  ['subprotocol-mismatch', 'never sent', failed(broken(unsendable))],
  [
    'server-crashes',
    'gone after the handshake',
    failed(broken('ECONNRESET'), { httpAfter: badPage('ECONNREFUSED') }, { http: badPage('ECONNRESET') }),
  ],
  ['server-crashes', 'broken at once, still there', failed(broken('ECONNRESET'), { httpAfter: page(404) })],
  [
    'server-crashes',
    'gone after the first message',
    died(ended(1006, { second: { handshake: broken('ECONNREFUSED'), close: undefined, listens: undefined } })),
  ],
  [
    'server-crashes',
    'dying while the next one connects',
    died(ended(1006, { second: { handshake: broken('ECONNRESET'), close: undefined, listens: false } })),
  ],
  ['accept-missing', 'reset after 5 s', failed(broken('ECONNRESET', 4500), { httpAfter: page(404) })],
  ['accept-missing', 'no answer', failed(silent, { httpAfter: page(404) })],
  ['sync-consumer-blocks', 'pages stop', failed(silent, { httpAfter: noPage })],
  ['sync-consumer-blocks', 'our own child has never answered a page', failed(silent, { httpAfter: noPage }, { ours: true, http: noPage })],
  ['server-suspended', 'nothing at all', failed(silent, { httpAfter: noPage }, { http: noPage })],
  [
    'server-suspended',
    'nothing at all, by wss',
    failed(silent, { tls: { result: 'silent' }, otherScheme: silent, httpAfter: noPage }, { endpoint: secure, http: noPage }),
  ],
  [
    'stream-broken',
    'text of a proxy',
    died(ended(1006, { close: { code: 1006, reason: '', afterMs: 700, messagesBefore: 0, broken: 'RSV2 and RSV3 must be clear' } })),
  ],
  ['close-after-accept', '4001', died(ended(4001))],
  ['close-after-accept', '1000 of daphne', died(ended(1000))],
  ['consumer-exception', '1000 of hypercorn', died(ended(1000), { http: page(404, 'hypercorn-h11') })],
  ['consumer-exception', '1011', died(ended(1011))],
  [
    'consumer-exception',
    '1006',
    died(
      ended(1006, { second: { handshake: open, close: { code: 1006, reason: '', afterMs: 700, messagesBefore: 0 }, listens: undefined } }),
    ),
  ],
  ['consumer-exception', 'it dies of our ping', died(ended(1011, { second: { handshake: open, close: undefined, listens: undefined } }))],
  ['message-too-big', '1009', died(ended(1009))],
  ['token-missing', 'it wants to hear first who comes', died(lived, { greeting })],
  [
    'token-missing',
    'in a message that nothing tells',
    died(lived, { greeting: { ...greeting, text: undefined }, token: { kind: 'opaque' } }),
  ],
  ['token-rejected', 'it has heard who comes', died(ended(4401), { greeting: said, token: { kind: 'opaque' } })],
  ['close-after-accept', 'for another reason than who comes', died(ended(4404), { greeting: said, token: { kind: 'opaque' } })],
])('%s: %s', (id, _, facts) => {
  const found = judgeWire(facts)
  expect(found?.id).toBe(id)
  expect(found?.evidence.filter((line) => line !== '').length).toBeGreaterThan(0)
  // a browser's number explains nothing
  expect(found?.title).not.toContain('1006')
})

test('the cause that can not be told from another says so', () => {
  const ambiguous = [
    failed(refused(500), { otherSlash: refused(500) }),
    failed(silent, { httpAfter: page(404) }),
    failed(silent, { httpAfter: noPage }, { http: noPage }),
    died(ended(1011)),
  ]
  for (const facts of ambiguous) expect(judgeWire(facts)?.evidence.join('\n')).toContain('From outside')
})

const sentTo = (isPlaced: boolean) =>
  judgeWire(failed(refused(403), accepted, { token: { kind: 'current' }, endpoint: { ...endpoint, isPlaced } }))

test('a token that goes to the usual place alone says so, and how the place is named', () => {
  expect(sentTo(false)?.evidence).toContain(
    'It was sent in the query, as token, which is only the usual place: where the application reads it is unknown',
  )
  expect(sentTo(false)?.remedy.text).toMatch(/^Name the place where the application reads it: --token-in .*--token-name/)
  expect(sentTo(true)?.evidence).toContain('It was sent in the query, as token')
  expect(sentTo(true)?.remedy.text).toMatch(/^Log in again on this backend/)
})
