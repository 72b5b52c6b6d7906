import { inItsPlace } from './common-causes.ts'
import type { WireFacts } from '../facts/wire.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { said, upgradeAnswer } from './wire-words.ts'
import type { Refused } from './wire.ts'

/** The cause behind an upgrade that got 500: what runs there is no application, has no route for the path, or raised. */
export function judgeServerError(facts: WireFacts, refused: Refused): Diagnosis {
  const { endpoint, http, experiments } = facts
  const { otherSlash, withoutToken } = experiments
  const first = upgradeAnswer(refused)
  if (otherSlash?.result === 'open' || (otherSlash?.result === 'refused' && otherSlash.status === 403)) {
    const verb = endpoint.path.endsWith('/') ? 'has a slash too many' : 'lacks its last slash'
    return diagnosis(
      'trailing-slash-missing',
      `The path ${endpoint.path} ${verb}`,
      [first, `The same path ${endpoint.path.endsWith('/') ? 'without' : 'with'} the slash got ${said(otherSlash)}`],
      `Use ${endpoint.path.endsWith('/') ? endpoint.path.slice(0, -1) : `${endpoint.path}/`} in the URL.`,
    )
  }
  if (http?.result === 'answer' && http.status >= 500) {
    return diagnosis(
      'asgi-app-wrong',
      'Every page and every socket fails: what the server was given is not a working ASGI application',
      [first, `GET / got ${http.status} as well`],
      "Run the project's ASGI application, not its WSGI one; the server's log has the traceback.",
      inItsPlace(endpoint),
    )
  }
  if (withoutToken?.result === 'open' || (withoutToken?.result === 'refused' && withoutToken.status === 403)) {
    return diagnosis(
      'consumer-exception',
      'The consumer raises an exception before it accepts',
      [first, `Without the token the same path got ${said(withoutToken)}: there is a consumer, and it fails with the token`],
      "The server's log has the traceback, with file and line: correct what raises there.",
    )
  }
  const slash = otherSlash === undefined ? [] : [`The path with the other ending got ${said(otherSlash)} too`]
  const unsure =
    'From outside three causes look the same: no route fits, the application has no WebSocket part at all, or the consumer raises before it accepts'
  return diagnosis(
    'no-websocket-route',
    `No WebSocket route fits ${endpoint.path}, or its consumer raises before it accepts`,
    [first, ...slash, unsure],
    "Make path and route agree; the server's log says which it is.",
  )
}
