import { instead, isOurs, type WireFacts } from '../facts/wire.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { byLogin, correctLogin, seconds } from './wire-words.ts'

/** How a user gives the token that nobody can make for them. */
const howToGiveToken = `Give one: ELECTION_DEV_TOKEN in the environment, or ${byLogin}`

/** The Origin is accepted, so it is the token, or the consumer's own word. `seen` is the evidence so far. */
export function tokenCause(facts: WireFacts, ...seen: readonly string[]): Diagnosis {
  const [first = '', ...rest] = seen.filter((line) => line !== '')
  const { token } = facts
  const tokenIsOurs = isOurs(facts)
  const other = instead(facts.identity)
  switch (token.kind) {
    case 'none':
      return diagnosis(
        'token-missing',
        'The backend speaks WebSocket and wants a token; none was sent',
        [first, ...rest, facts.identity?.note ?? 'No token was sent', ...(other === undefined ? [] : [other.seen])],
        facts.identity?.isRefused === true
          ? correctLogin
          : other === undefined
            ? howToGiveToken
            : `${other.remedy} Or give a token: ELECTION_DEV_TOKEN.`,
      )
    case 'expired':
      return diagnosis(
        'token-expired',
        `The token expired ${seconds(token.secondsAgo * 1000)} ago`,
        [first, ...rest, `Its exp lies ${token.secondsAgo} s in the past`],
        'Log in again, or refresh the token.',
      )
    case 'malformed':
      return diagnosis(
        'token-malformed',
        "The token isn't a bare JSON Web Token",
        [first, ...rest, `The token: ${token.problem}`],
        'Send the bare token: no Bearer, no quotes.',
      )
    case 'not-yet':
      return diagnosis(
        'clock-skew',
        "The token isn't valid yet: the clocks differ",
        [first, ...rest, `Its ${token.claim} lies ${token.secondsAhead} s in the future`],
        'Set the clock of the machine that made it, or of this one.',
      )
    default:
      return diagnosis(
        'token-rejected',
        // it was made as simplejwt makes it, so its refusal says that the application wants another kind
        tokenIsOurs
          ? 'The backend speaks WebSocket and wants another token than one that can be made for it'
          : 'The backend refuses the token',
        [
          first,
          ...rest,
          token.kind === 'opaque'
            ? 'The token is no JSON Web Token: only the backend can read it'
            : 'The token is well formed and has not expired',
        ],
        tokenIsOurs ? howToGiveToken : 'Log in again on this backend: another SECRET_KEY signed it, or its user is gone or inactive.',
      )
  }
}
