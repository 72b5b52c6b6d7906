import { judgeAddress, judgeElsewhere, judgePermission } from '../checks/address.ts'
import { endHolder, otherAddress, otherPort, startAnew } from '../fix/planners/serving.ts'
import type { Cause } from './cause.ts'

const address = { family: 'address', severity: 'error' } as const

/** The port and address that the server binds. */
export const addressCauses = [
  {
    ...address,
    id: 'port-in-use',
    automatic: 'ask',
    title: "Another program holds the backend's port",
    vague: 'inside',
    strange: true,
    fix: endHolder,
  },
  { ...address, id: 'stale-server-old-code', automatic: 'ask', title: 'An older run of the backend still serves old code', fix: startAnew },
  {
    ...address,
    id: 'bad-port-permission',
    automatic: 'yes',
    title: 'The user may not bind the port',
    rules: { unbound: judgePermission },
    fix: otherPort,
  },
  {
    ...address,
    id: 'bind-address-unavailable',
    automatic: 'yes',
    title: "The server should bind an address that this machine doesn't have",
    rules: { unbound: judgeAddress },
    fix: otherAddress,
  },
  {
    ...address,
    id: 'unix-socket',
    automatic: 'yes',
    title: 'The server listens on a UNIX socket only',
    rules: { elsewhere: judgeElsewhere },
    fix: startAnew,
  },
] as const satisfies readonly Cause[]
