import type { Cause } from './cause.ts'

/** What stands between the page and the backend. */
export const proxyCauses = [
  {
    id: 'proxy-strips-upgrade',
    family: 'proxy',
    severity: 'error',
    automatic: 'no',
    title: "A proxy doesn't pass the WebSocket upgrade on",
  },
  {
    id: 'proxy-rewrites-path',
    family: 'proxy',
    severity: 'error',
    automatic: 'no',
    title: 'A proxy changes the path on its way to the backend',
  },
  {
    id: 'proxy-idle-timeout',
    family: 'proxy',
    severity: 'error',
    automatic: 'no',
    title: 'A proxy ends WebSockets on which nothing is sent for a while',
  },
  { id: 'proxy-redirects', family: 'proxy', severity: 'error', automatic: 'no', title: 'The upgrade is answered with a redirect' },
  {
    id: 'proxy-auth',
    family: 'proxy',
    severity: 'error',
    automatic: 'no',
    title: 'A proxy asks for its own password before it lets the upgrade through',
  },
] as const satisfies readonly Cause[]
