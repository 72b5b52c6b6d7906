import { judgePlayed } from '../checks/consumer.ts'
import { judgeLifetime } from '../checks/server-process.ts'
import { behindRefusal } from '../checks/tokens.ts'
import { fixedKey } from '../fix/planners/settings.ts'
import type { Cause } from './cause.ts'

const token = { family: 'token', severity: 'error' } as const

/** The token in the URL, and what the application makes of it. */
export const tokenCauses = [
  { ...token, id: 'token-missing', automatic: 'no', title: 'The page sends no token', nearer: behindRefusal },
  { ...token, id: 'token-rejected', automatic: 'no', title: 'The backend refuses a token that is well formed', nearer: behindRefusal },
  { ...token, id: 'token-expired', automatic: 'no', title: 'The token has expired', nearer: behindRefusal },
  {
    ...token,
    id: 'token-malformed',
    automatic: 'no',
    title: "What is sent as the token isn't a bare JSON Web Token",
    nearer: behindRefusal,
  },
  { ...token, id: 'clock-skew', automatic: 'no', title: "The token isn't valid yet: two clocks differ", nearer: behindRefusal },
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
    automatic: 'no',
    title: 'The application accepts, then closes with a code of its own',
    vague: 'inside',
    rules: { inside: judgePlayed },
    nearer: judgeLifetime,
  },
] as const satisfies readonly Cause[]
