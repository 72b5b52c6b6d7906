import type { Cause } from './cause.ts'

/** The port and address that the server binds. */
export const addressCauses = [
  { id: 'port-in-use', family: 'address', severity: 'error', automatic: 'ask', title: "Another program holds the backend's port" },
  {
    id: 'stale-server-old-code',
    family: 'address',
    severity: 'error',
    automatic: 'ask',
    title: 'An older run of the backend still serves old code',
  },
  { id: 'bad-port-permission', family: 'address', severity: 'error', automatic: 'yes', title: 'The user may not bind the port' },
  {
    id: 'bind-address-unavailable',
    family: 'address',
    severity: 'error',
    automatic: 'yes',
    title: "The server is to bind an address that this machine doesn't have",
  },
  { id: 'unix-socket', family: 'address', severity: 'error', automatic: 'yes', title: 'The server listens on a UNIX socket only' },
] as const satisfies readonly Cause[]
