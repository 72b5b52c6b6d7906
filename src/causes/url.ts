import { judgeElsewhere, judgePagePort, withBackend, withListeners } from '../checks/address.ts'
import { rightAddress, rightPort, rightScheme, rightSlash } from '../fix/planners/url.ts'
import { wsgiBehind } from '../checks/server-process.ts'
import { own, type Cause } from './cause.ts'

const url = { family: 'url', severity: 'error' } as const

/** The URL that the page uses, and TLS. */
export const urlCauses = [
  {
    ...url,
    id: 'wrong-frontend-port',
    automatic: 'yes',
    title: "The page's WebSocket URL names a port that isn't the backend's",
    rules: { elsewhere: judgeElsewhere, note: judgePagePort },
    nearer: withBackend,
    fix: rightPort,
  },
  {
    ...url,
    id: 'ipv6-localhost',
    noCommands: own.url,
    automatic: 'ask',
    title: 'localhost is ::1 for the page and 127.0.0.1 for the server',
    rules: { elsewhere: judgeElsewhere },
    nearer: withListeners,
    fix: rightAddress,
  },
  {
    ...url,
    id: 'wss-vs-ws',
    noCommands: own.url,
    automatic: 'yes',
    title: 'ws:// is used on a TLS port, or wss:// on a plain one',
    nearer: wsgiBehind,
    fix: rightScheme,
  },
  {
    ...url,
    id: 'tls-untrusted',
    noCommands: 'what a machine trusts is up to its user',
    automatic: 'no',
    title: "The server's TLS certificate isn't trusted",
    nearer: wsgiBehind,
  },
  {
    ...url,
    id: 'url-too-long',
    noCommands: 'what goes into a token is up to the application',
    automatic: 'no',
    title: 'The URL with its token is too long for the server',
  },
  {
    ...url,
    id: 'trailing-slash-missing',
    noCommands: own.url,
    automatic: 'yes',
    title: 'The URL and the route differ in the final slash',
    fix: rightSlash,
  },
] as const satisfies readonly Cause[]
