import { behindHosts, judgeHosts } from '../checks/hosts.ts'
import { allowHost, allowOrigin } from '../fix/planners/hosts.ts'
import { own, type Cause } from './cause.ts'

const origin = { family: 'origin', severity: 'error' } as const

/** Origin and host, which the backend checks before the application. */
export const originCauses = [
  {
    ...origin,
    id: 'origin-rejected',
    noCommands: own.settings,
    automatic: 'ask',
    title: "The backend refuses the page's Origin",
    nearer: behindHosts,
    fix: allowOrigin,
  },
  {
    ...origin,
    id: 'origin-missing',
    noCommands: 'the client that sends no Origin is not in this checkout',
    automatic: 'yes',
    title: 'The client sends no Origin, but the backend requires one',
    fix: 'the client that sends no Origin is not in this checkout: a browser always sends one',
  },
  {
    ...origin,
    id: 'allowed-hosts',
    noCommands: own.settings,
    automatic: 'yes',
    title: 'ALLOWED_HOSTS lacks the host that the URL uses',
    rules: { working: judgeHosts },
    nearer: behindHosts,
    fix: allowHost,
  },
] as const satisfies readonly Cause[]
