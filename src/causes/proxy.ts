import { own, type Cause } from './cause.ts'

const proxy = { family: 'proxy', severity: 'error' } as const

/** What stands between the page and the backend. */
export const proxyCauses = [
  {
    ...proxy,
    id: 'proxy-strips-upgrade',
    noCommands: own.proxy,
    automatic: 'no',
    title: "A proxy doesn't pass the WebSocket upgrade on",
    vague: 'inside',
  },
  {
    ...proxy,
    id: 'proxy-rewrites-path',
    noCommands: own.proxy,
    automatic: 'no',
    title: 'A proxy changes the path on its way to the backend',
  },
  {
    ...proxy,
    id: 'proxy-idle-timeout',
    noCommands: own.proxy,
    automatic: 'no',
    title: 'A proxy ends idle WebSockets',
  },
  {
    ...proxy,
    id: 'stream-broken',
    noCommands: own.proxy,
    automatic: 'no',
    title: 'What follows the 101 is not the WebSocket protocol',
  },
  {
    ...proxy,
    id: 'proxy-redirects',
    noCommands: own.proxy,
    automatic: 'no',
    title: 'The upgrade is answered with a redirect',
  },
  {
    ...proxy,
    id: 'proxy-auth',
    noCommands: own.proxy,
    automatic: 'no',
    title: 'A proxy asks for its own password before it lets the upgrade through',
  },
] as const satisfies readonly Cause[]
