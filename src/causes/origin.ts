import type { Cause } from './cause.ts'

/** Origin and host, which the backend checks before the application. */
export const originCauses = [
  { id: 'origin-rejected', family: 'origin', severity: 'error', automatic: 'ask', title: "The backend refuses the page's Origin" },
  {
    id: 'origin-missing',
    family: 'origin',
    severity: 'error',
    automatic: 'yes',
    title: 'The client sends no Origin, and the backend wants one',
  },
  { id: 'allowed-hosts', family: 'origin', severity: 'error', automatic: 'yes', title: 'ALLOWED_HOSTS lacks the host that the URL uses' },
] as const satisfies readonly Cause[]
