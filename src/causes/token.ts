import { judgePlayed } from '../checks/consumer.ts'
import { behindClose } from '../checks/refusal.ts'
import { behindRefusal } from '../checks/tokens.ts'
import { fixedKey } from '../fix/planners/settings.ts'
import { own, type Cause } from './cause.ts'

const token = { family: 'token', severity: 'error', automatic: 'no' } as const
const refusal = { ...token, nearer: behindRefusal } as const

/** The token in the URL, and what the application makes of it. */
export const tokenCauses = [
  {
    ...refusal,
    id: 'token-missing',
    noCommands: own.token,
    title: 'The page sends no token',
  },
  {
    ...refusal,
    id: 'token-rejected',
    noCommands: own.token,
    title: 'The backend refuses a token that is well formed',
  },
  {
    ...refusal,
    id: 'token-expired',
    noCommands: own.token,
    title: 'The token has expired',
  },
  {
    ...refusal,
    id: 'token-malformed',
    noCommands: own.token,
    title: "What is sent as the token isn't a bare JSON Web Token",
  },
  {
    ...refusal,
    id: 'clock-skew',
    noCommands: "the clock is another machine's, or the application's own leeway",
    title: "The token isn't valid yet: two clocks differ",
  },
  {
    ...token,
    id: 'secret-key-changes',
    automatic: 'yes',
    title: 'SECRET_KEY is made anew at every start and voids all tokens',
    fix: fixedKey,
  },
  {
    ...token,
    id: 'close-after-accept',
    noCommands: own.code,
    title: 'The application accepts, then closes with its own code',
    vague: 'inside',
    rules: { inside: judgePlayed },
    nearer: behindClose,
  },
  { ...token, id: 'session-missing', state: 'wants-token', title: 'The application requires a login, and no user is logged in' },
  {
    ...token,
    id: 'application-refuses',
    noCommands: "who gets in is the application's own rule",
    state: 'refused',
    title: 'The application refuses by its own rule',
  },
] as const satisfies readonly Cause[]
