import type { Cause } from './cause.ts'

/** The token in the URL, and what the application makes of it. */
export const tokenCauses = [
  { id: 'token-missing', family: 'token', severity: 'error', automatic: 'no', title: 'The page sends no token' },
  { id: 'token-rejected', family: 'token', severity: 'error', automatic: 'no', title: 'The backend refuses a token that is well formed' },
  { id: 'token-expired', family: 'token', severity: 'error', automatic: 'no', title: 'The token has expired' },
  {
    id: 'token-malformed',
    family: 'token',
    severity: 'error',
    automatic: 'no',
    title: "What is sent as the token isn't a bare JSON Web Token",
  },
  { id: 'clock-skew', family: 'token', severity: 'error', automatic: 'no', title: "The token isn't valid yet: two clocks differ" },
  {
    id: 'secret-key-changes',
    family: 'token',
    severity: 'error',
    automatic: 'yes',
    title: 'SECRET_KEY is made anew at every start and voids all tokens',
  },
  {
    id: 'close-after-accept',
    family: 'token',
    severity: 'error',
    automatic: 'no',
    title: 'The application accepts, then closes with a code of its own',
  },
] as const satisfies readonly Cause[]
