import { shownGreeting, type Greeting } from '../facts/greeting.ts'
import { instead, isOurs, type ShownEndpoint, type WireFacts } from '../facts/wire.ts'
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
  const isElsewhere = facts.greeting?.isSent !== true && !facts.endpoint.isPlaced
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
        tokenIsOurs ? "The backend speaks WebSocket but wants a token that can't be made for it" : 'The backend refuses the token',
        [
          first,
          ...rest,
          token.kind === 'opaque'
            ? 'The token is no JSON Web Token: only the backend can read it'
            : 'The token is well formed and has not expired',
          sentAt(facts),
        ],
        tokenIsOurs
          ? howToGiveToken
          : isElsewhere
            ? howToPlace
            : 'Log in again on this backend: another SECRET_KEY signed it, or its user is gone or inactive.',
      )
  }
}

/** The token is let in as soon as nothing is offered beside it. */
export function offeredBeside({ offers, at, read }: NonNullable<ShownEndpoint['besideToken']>, first: string): Diagnosis {
  const names = offers.join(', ')
  return diagnosis(
    'subprotocol-mismatch',
    `The page offers ${names} with its token, and the application reads the token after ${read}`,
    [first, `Offering ${read} and the token alone got 101`, `The page offers ${names} (${at})`],
    `Let the page offer what the application reads in ${at}: ["${read}", token]. Or let the application take ${names} in its place.`,
  )
}

/** A place that nothing tells is a guess. */
const howToPlace =
  'Name the place where the application reads it: --token-in (query, header, cookie or subprotocol) and --token-name. If that is right: another SECRET_KEY signed it, or its user is gone or inactive.'

function sentAt({ endpoint, greeting }: WireFacts): string {
  if (greeting?.isSent === true && greeting.text !== undefined)
    return `It was sent as the first message: ${shownGreeting(greeting.text)} (${greeting.source})`
  return `It was sent ${endpoint.tokenAt}${endpoint.isPlaced ? '' : ', which is only the usual place: where the application reads it is unknown'}`
}

/** The socket is open, and the application waits for a message that says who comes. */
export function tokenUnsaid(facts: WireFacts, { text, source }: Greeting): Diagnosis {
  const { identity, token } = facts
  const isKnown = text !== undefined
  return diagnosis(
    'token-missing',
    `The application wants a token as its first message${isKnown ? '; none was sent' : ', whose form is unknown'}`,
    [
      isKnown
        ? `101, and then it expects to be told who connects, as at ${source}: ${shownGreeting(text)}`
        : `101, and then it reads a token from a message (${source})`,
      token.kind === 'none' ? (identity?.note ?? 'No token was sent') : 'There is a token, but nothing shows which message takes it',
    ],
    !isKnown
      ? 'See the page itself: election-dev start --browser reports what becomes of its own WebSocket.'
      : identity?.isRefused === true
        ? correctLogin
        : howToGiveToken,
  )
}
