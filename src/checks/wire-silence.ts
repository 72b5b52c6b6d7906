import { longUrlBytes, unsendable, type WireFacts } from '../facts/wire.ts'
import { badGateway, frontendServes, portHeld, speaksTls, urlTooLong } from './common-causes.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { frontendPage, said, seconds, toolOfPage, unansweredBehind } from './wire-words.ts'
import type { Unanswered } from './wire.ts'

/** daphne resets a socket that the application neither accepts nor closes after about 5 s, sometimes 4.4 s. */
const acceptLimitMs = 3500

/** The cause behind a handshake that got no HTTP answer. */
export function judgeSilence(facts: WireFacts, handshake: Unanswered): Diagnosis {
  const first = `The handshake: ${said(handshake)}`
  return (
    judgeUnsendable(facts, handshake) ??
    judgeGone(facts, handshake, first) ??
    judgeScheme(facts, handshake, first) ??
    judgeSubprotocol(handshake, first) ??
    judgeForeign(facts, first) ??
    judgeFrontend(facts, handshake, first) ??
    judgeLength(facts, handshake, first) ??
    judgeNoAccept(facts, handshake, first) ??
    judgeStandstill(facts, first)
  )
}

function judgeUnsendable({ token }: WireFacts, handshake: Unanswered): Diagnosis | undefined {
  if (handshake.result !== 'broken' || handshake.code !== unsendable) return undefined
  if (token.kind === 'none')
    return diagnosis(
      'subprotocol-mismatch',
      'A subprotocol that the page offers is not valid',
      [`Nothing was sent: ${handshake.message}`],
      'Offer names without spaces, commas or quotes.',
    )
  return diagnosis(
    'token-malformed',
    'The token has characters that a header or subprotocol cannot carry',
    [`Nothing was sent: ${handshake.message}`],
    'Send the bare token: no line ends, no quotes.',
  )
}

/** It accepted a connection a moment ago, and now nothing listens. */
function judgeGone({ experiments, endpoint, ours }: WireFacts, handshake: Unanswered, first: string): Diagnosis | undefined {
  const refused = handshake.result === 'broken' && handshake.code === 'ECONNREFUSED'
  if (refused)
    return diagnosis('server-not-running', `Nothing serves port ${endpoint.port} on ${endpoint.host}`, [first], 'Start the backend.', [
      ['election-dev', 'start'],
    ])
  const after = experiments.httpAfter
  if (after?.result !== 'broken' || after.code !== 'ECONNREFUSED') return undefined
  return diagnosis(
    'server-crashes',
    'The server ended during the handshake',
    [first, `GET / after it: ${after.code}`],
    ours ? 'Its last lines say more.' : 'Its log says more; run it under python -X faulthandler.',
  )
}

function judgeScheme({ endpoint, experiments }: WireFacts, handshake: Unanswered, first: string): Diagnosis | undefined {
  const { tls, otherScheme, untrusted } = experiments
  if (!endpoint.secure) {
    if (tls?.result !== 'tls') return undefined
    return speaksTls(endpoint, [first, 'A TLS handshake on the same port works'])
  }
  if (tls?.result === 'tls') {
    // a trusted one: TLS isn't the trouble
    if (tls.trusted || handshake.result !== 'broken') return undefined
    const without = untrusted === undefined ? [] : [`The handshake without checking the certificate: ${said(untrusted)}`]
    return diagnosis(
      'tls-untrusted',
      `The certificate of ${endpoint.host} isn't trusted`,
      [
        `${first} (${handshake.message})`,
        `TLS without verification works${tls.problem === undefined ? '' : `: ${tls.problem}`}`,
        ...without,
      ],
      'Trust the certificate (mkcert), or use ws:// in development.',
    )
  }
  // HTTP over the plain port is what shows that it is the scheme
  if (otherScheme?.result === 'open' || otherScheme?.result === 'refused') {
    return diagnosis(
      'wss-vs-ws',
      `wss:// is used, but port ${endpoint.port} doesn't speak TLS`,
      [first, `ws:// on the same port got ${said(otherScheme)}`],
      'Use ws:// in development.',
    )
  }
  return undefined
}

function judgeSubprotocol(handshake: Unanswered, first: string): Diagnosis | undefined {
  if (handshake.result !== 'broken' || !/subprotocol/i.test(handshake.message)) return undefined
  return diagnosis(
    'subprotocol-mismatch',
    'Server and client do not agree on a subprotocol',
    [first, handshake.message],
    'Let the consumer accept(subprotocol=…) with one that the page offers; where the page does offer it, name it: --subprotocol.',
  )
}

/** Bytes that aren't HTTP, or a connection that is closed at once, before the handshake and after it: Redis, a database, anything. */
function judgeForeign({ endpoint, http, experiments }: WireFacts, first: string): Diagnosis | undefined {
  const { httpAfter: after, otherScheme } = experiments
  const seen =
    http?.result === 'broken' && after?.result === 'broken'
      ? `GET / broke before it and after it: ${http.code}, ${after.code}`
      : otherScheme?.result === 'broken'
        ? `Without TLS it broke too: ${said(otherScheme)}`
        : undefined
  if (seen === undefined) return undefined
  return portHeld(endpoint, `Another program holds port ${endpoint.port}: it doesn't speak HTTP`, [first, seen])
}

/** A dev server that takes upgrades for its own socket leaves the others hanging. */
function judgeFrontend({ endpoint, http, experiments }: WireFacts, handshake: Unanswered, first: string): Diagnosis | undefined {
  const onPath = experiments.httpOnPath
  const unanswered = unansweredBehind({ experiments })
  if (unanswered !== undefined && http?.result === 'answer' && toolOfPage(http.body) !== undefined)
    return badGateway("The dev server answers, but its proxy's target does not", [first, ...unanswered])
  if (handshake.result !== 'silent' || onPath?.result !== 'answer' || http?.result !== 'answer') return undefined
  if (onPath.status === 200 && frontendPage.test(onPath.body)) {
    return frontendServes(endpoint, [first, "GET on the WebSocket's path gives the frontend's page"])
  }
  const { title, config } = toolOfPage(http.body) ?? {}
  if (config?.upgrades !== undefined) {
    return diagnosis(
      'proxy-strips-upgrade',
      `${title}'s proxy does not pass the upgrade on`,
      [first, `GET on the path is passed on (${onPath.status}); GET / is ${title}'s page`],
      `Set ${config.upgrades} on the proxy entry in ${config.name}.`,
    )
  }
  return undefined
}

/** What the server makes of the same path without the token says whether it is the length: daphne closes without a byte, uvicorn never answers. */
function judgeLength({ endpoint, http, experiments }: WireFacts, handshake: Unanswered, first: string): Diagnosis | undefined {
  const { withoutToken: short } = experiments
  if (endpoint.urlBytes < longUrlBytes || http?.result !== 'answer') return undefined
  if (short === undefined ? handshake.result !== 'broken' : short.result !== 'open' && short.result !== 'refused') return undefined
  return urlTooLong(endpoint, [
    first,
    short === undefined ? `GET / got ${http.status}` : `The same path without the token got ${said(short)}`,
  ])
}

/** The handshake alone gets nothing; pages are answered before it and after it. */
function judgeNoAccept({ http, experiments }: WireFacts, handshake: Unanswered, first: string): Diagnosis | undefined {
  const after = experiments.httpAfter
  if (after?.result !== 'answer') return undefined
  if (handshake.elapsedMs < acceptLimitMs)
    return diagnosis(
      'server-crashes',
      'The connection broke during the handshake',
      [first, `GET / got ${after.status} after it`],
      "The server's log tells more.",
    )
  const page =
    http?.result === 'answer' ? `GET / got ${http.status} before it and ${after.status} after it` : `GET / got ${after.status} after it`
  return diagnosis(
    'accept-missing',
    `connect() neither accepts nor closes within ${seconds(handshake.elapsedMs)}`,
    [
      first,
      page,
      'From outside a connect() that waits (for slow work, a locked database, a Redis that does not answer) looks the same as one without accept()',
    ],
    'Call await self.accept() in connect(), and do slow work after it.',
  )
}

/** Nothing is answered any more, pages neither. */
function judgeStandstill({ endpoint, http, ours }: WireFacts, first: string): Diagnosis {
  const blocks = (evidence: string) =>
    diagnosis(
      'sync-consumer-blocks',
      'The handshake stops the whole server: something in the consumer blocks',
      [first, evidence],
      'Await the blocking call, or wrap it in sync_to_async.',
    )
  if (http?.result === 'answer') return blocks(`GET / got ${http.status} before it and no answer after it`)
  if (ours) return blocks('The server has just come up, and GET / gets no answer either since the handshake began')
  return diagnosis(
    'server-suspended',
    `The server on port ${endpoint.port} accepts connections but answers nothing`,
    [first, 'GET / got no answer before it either', 'From outside, a stopped process and one blocked by an earlier call look the same'],
    'Continue the process (fg, or kill -CONT PID), or start it again.',
  )
}
