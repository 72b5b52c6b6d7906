import type { Cause } from './cause.ts'

/** The URL that the page uses, and TLS. */
export const urlCauses = [
  {
    id: 'wrong-frontend-port',
    family: 'url',
    severity: 'error',
    automatic: 'yes',
    title: "The page's WebSocket URL names another port than the backend's",
  },
  {
    id: 'ipv6-localhost',
    family: 'url',
    severity: 'error',
    automatic: 'ask',
    title: 'localhost is ::1 for the page and 127.0.0.1 for the server',
  },
  { id: 'wss-vs-ws', family: 'url', severity: 'error', automatic: 'yes', title: 'ws:// is used on a TLS port, or wss:// on a plain one' },
  { id: 'tls-untrusted', family: 'url', severity: 'error', automatic: 'no', title: "The server's TLS certificate isn't trusted" },
  {
    id: 'url-too-long',
    family: 'url',
    severity: 'error',
    automatic: 'no',
    title: 'The URL with its token is longer than the server takes',
  },
  {
    id: 'trailing-slash-missing',
    family: 'url',
    severity: 'error',
    automatic: 'yes',
    title: 'The URL and the route differ in the last slash',
  },
] as const satisfies readonly Cause[]
