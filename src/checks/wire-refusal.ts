import type { WireFacts } from '../facts/wire.ts'
import {
  badGateway,
  frontendServes,
  inItsPlace,
  originMissing,
  originRejected,
  portHeld,
  speaksTls,
  urlTooLong,
  withoutLibrary,
  wsgiServer,
  wsgiWorker,
} from './common-causes.ts'
import { allServers, serverSaying } from '../servers/known.ts'
import { proxyWords } from './proxies.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { seenInside } from './wire-inside.ts'
import { judgeServerError } from './wire-server-error.ts'
import { offeredBeside, tokenCause } from './wire-token.ts'
import { asgiServers, frontendPage, proxies, said, upgradeAnswer, wsgiServers } from './wire-words.ts'
import type { Refused } from './wire.ts'

/** The cause behind an HTTP answer other than 101. */
export function judgeRefusal(facts: WireFacts, refused: Refused): Diagnosis {
  const { status } = refused
  const wsgi = judgeWsgi(facts, refused)
  if (wsgi !== undefined) return wsgi
  const { besideToken } = facts.endpoint
  if (facts.experiments.tokenAlone?.result === 'open' && besideToken !== undefined)
    return offeredBeside(besideToken, upgradeAnswer(refused))
  if (status >= 300 && status < 400) return redirected(refused)
  if (status === 400) return badRequest(facts, refused)
  if (status === 401 || status === 407) return unauthorised(facts, refused)
  if (status === 403) return seenInside(facts, refused, forbidden(facts, refused))
  if (status === 414 || status === 431) return urlTooLong(facts.endpoint, [upgradeAnswer(refused)])
  if (status === 502 || status === 503 || status === 504)
    return badGateway('The proxy answers, but the backend behind it does not', [upgradeAnswer(refused)])
  if (status >= 500) return judgeServerError(facts, refused)
  return notASocket(facts, refused)
}

/** Whatever a WSGI server says, it is never 101. */
function judgeWsgi({ endpoint }: WireFacts, refused: Refused): Diagnosis | undefined {
  const server = refused.headers['server'] ?? ''
  if (!wsgiServers.test(server)) return undefined
  const byWorker = serverSaying(server)
  if (byWorker?.worker !== undefined && refused.status >= 500) return wsgiWorker(byWorker, [upgradeAnswer(refused)], inItsPlace(endpoint))
  return wsgiServer([upgradeAnswer(refused)], inItsPlace(endpoint))
}

function redirected(refused: Refused): Diagnosis {
  const to = refused.headers['location'] ?? '(no Location)'
  return diagnosis(
    'proxy-redirects',
    'The upgrade is answered with a redirect, which no WebSocket client follows',
    [`${upgradeAnswer(refused)}, Location: ${to.replace(/\?.*$/, '')}`],
    'Use the URL that it redirects to, or leave /ws/ out of the redirect.',
  )
}

function badRequest({ http, endpoint }: WireFacts, refused: Refused): Diagnosis {
  const server = http?.result === 'answer' ? (http.server ?? '') : ''
  // where something stood in between, GET / would name that
  const byHeader = serverSaying(server)
  if (byHeader?.libraries !== undefined && http?.result === 'answer' && http.status !== 400)
    return withoutLibrary(byHeader, [upgradeAnswer(refused), `GET / got ${http.status} from ${byHeader.name}: plain HTTP works`], orWithout)
  for (const one of allServers) {
    const [words] = one.libraries?.body.exec(refused.body) ?? []
    if (words !== undefined) return withoutLibrary(one, [`${upgradeAnswer(refused)}, body \`${words}\``], orWithout)
  }
  // nginx and Go say so in plain HTTP on a TLS port
  if (/HTTP request (?:was sent )?to (?:an )?HTTPS (?:port|server)/i.test(refused.body))
    return speaksTls(endpoint, [`${upgradeAnswer(refused)}; its page says that it speaks HTTPS`])
  if (http?.result === 'answer' && http.status === 400) return allowedHosts(refused, `GET / is ${http.status} as well`)
  return diagnosis(
    'proxy-strips-upgrade',
    'The server says that the upgrade is a bad request: something in between changes it',
    [upgradeAnswer(refused)],
    'Let the proxy speak HTTP/1.1 and pass Upgrade and Connection on.',
  )
}

const orWithout = "Install one into the backend's environment, or drop --ws none."

function allowedHosts(refused: Refused, more: string): Diagnosis {
  return diagnosis(
    'allowed-hosts',
    'ALLOWED_HOSTS lacks the host that the URL uses',
    [upgradeAnswer(refused), more],
    'Add the bare host name to ALLOWED_HOSTS, such as localhost,127.0.0.1,[::1].',
  )
}

function unauthorised(facts: WireFacts, refused: Refused): Diagnosis {
  const challenge = refused.headers['www-authenticate'] ?? refused.headers['proxy-authenticate']
  if (challenge !== undefined) {
    return diagnosis(
      'proxy-auth',
      'A proxy asks for its own password before it lets the upgrade through',
      [`${upgradeAnswer(refused)}, which asks for ${challenge.split(' ')[0] ?? ''} authentication`],
      'Leave /ws/ out of basic auth.',
    )
  }
  return tokenCause(facts, upgradeAnswer(refused))
}

function forbidden(facts: WireFacts, refused: Refused): Diagnosis {
  const { experiments, endpoint, http } = facts
  const { unknownPath, otherOrigins } = experiments
  const first = upgradeAnswer(refused)
  if (isForeignRefusal(facts, refused)) return anotherProgram(facts, first, 'GET / is 403 too: no ASGI server answers here')
  if (unknownPath === undefined) return tokenCause(facts, first)
  if (unknownPath.result !== 'refused' || unknownPath.status !== 403) {
    return tokenCause(facts, first, `An unknown path with the same Origin got ${said(unknownPath)}: the Origin is accepted`)
  }
  if (http?.result === 'answer' && http.status === 400) return allowedHosts(refused, 'An unknown path is 403 too, and GET / is 400')
  const same = `An unknown path got ${said(unknownPath)} as well: it is refused before the routes are asked`
  const accepted = otherOrigins?.find(({ handshake }) => handshake.result !== 'refused' || handshake.status !== 403)
  if (accepted === undefined && otherOrigins !== undefined && otherOrigins.length > 0)
    return refusedOutside(
      facts,
      first,
      same,
      otherOrigins.map(({ origin }) => origin),
    )
  const other = accepted === undefined ? [] : [`The Origin ${accepted.origin} got ${said(accepted.handshake)} there`]
  const { origin } = endpoint
  if (origin === undefined) return originMissing([first, same, 'No Origin was sent', ...other])
  return originRejected(origin, [first, same, ...other], origin === 'null' ? '; null means a page from file://: serve it over http' : '')
}

/** No Origin is let through, so it is either none of those that were tried, or a middleware around the router that wants a token. */
function refusedOutside(facts: WireFacts, first: string, same: string, origins: readonly string[]): Diagnosis {
  const judged = tokenCause(
    facts,
    first,
    same,
    `Likewise with the Origin ${origins.join(', ')}: from outside, a missing token and another required Origin look the same`,
  )
  if (facts.token.kind !== 'none') return judged
  return {
    ...judged,
    title: 'The backend refuses every socket before it looks at the path: it wants a token, or another Origin',
    remedy: { ...judged.remedy, text: `${judged.remedy.text} Or name the Origin that it allows: --origin.` },
  }
}

/** 403 for everything from a program that shows no sign of ASGI: a dev server that doesn't like the host, AirPlay on port 5000. */
function isForeignRefusal({ http }: WireFacts, refused: Refused): boolean {
  if (http?.result !== 'answer' || http.status !== 403) return false
  const servers = [refused.headers['server'], http.server].filter((name) => name !== undefined)
  if (servers.some((name) => asgiServers.test(name) || proxies.test(name))) return false
  // an upgrade that daphne refuses has no header at all, and hypercorn and uvicorn are named above
  return Object.keys(refused.headers).length > 0
}

/** 404, 200 and the rest: an ASGI server with a WebSocket part never says these to an upgrade. */
function notASocket(facts: WireFacts, refused: Refused): Diagnosis {
  const { endpoint, http, experiments } = facts
  const first = upgradeAnswer(refused)
  const server = refused.headers['server'] ?? (http?.result === 'answer' ? http.server : undefined) ?? ''
  const onPath = experiments.httpOnPath
  const asPage =
    onPath?.result === 'answer' && onPath.status === refused.status
      ? [`GET on the same path got ${onPath.status} too: the upgrade was read as a page`]
      : []
  const named = serverSaying(server)
  if (named?.libraries !== undefined) return withoutLibrary(named, [first, ...asPage], orWithout)
  if (proxies.test(server)) {
    return diagnosis(
      'proxy-strips-upgrade',
      `The proxy (${server}) does not pass the upgrade on`,
      [first, ...asPage],
      proxyWords('upgrade', [server]),
    )
  }
  if (asgiServers.test(server)) {
    return diagnosis(
      'proxy-strips-upgrade',
      'The backend gets the upgrade as a page: something in between does not pass it on',
      [first, ...asPage],
      'Let the proxy speak HTTP/1.1 and pass Upgrade and Connection on.',
    )
  }
  const page = `${refused.body}${http?.result === 'answer' ? http.body : ''}`
  if (frontendPage.test(page)) return frontendServes(endpoint, [first, "The answer is the frontend's page"])
  return anotherProgram(facts, first)
}

function anotherProgram({ endpoint, http }: WireFacts, ...evidence: [string, ...string[]]): Diagnosis {
  const server = http?.result === 'answer' ? (http.server ?? '') : ''
  return portHeld(endpoint, `Another program answers on port ${endpoint.port}${server === '' ? '' : ` (${server})`}`, evidence)
}
