import type { Config } from '../config/config.ts'
import { readCheckout } from '../facts/checkout.ts'
import { examine } from '../facts/examine.ts'
import type { ExaminationOf } from '../facts/examination.ts'
import { readPageSpeech } from '../facts/page-paths.ts'
import { serves } from '../facts/routes.ts'
import type { Spoken } from '../facts/wire.ts'
import { isThisMachine } from '../facts/this-machine.ts'
import type { Host } from '../host/host.ts'
import { within } from '../host/race-stop.ts'
import { choosePython } from '../plan/environment.ts'
import { socketPaths, type SocketPath } from '../plan/socket-paths.ts'
import { spokenAt } from '../plan/spoken.ts'
import { managedLook } from '../plan/way.ts'
import { hostOf } from '../host/urls.ts'
import type { Endpoint } from '../verify/endpoint.ts'

/** How long the routes are waited for where a socket is open already, in milliseconds: without them it is held and sent nothing. */
const patienceMs = 2000
/** How long the project's own interpreter may take, and the look-up of a name, in milliseconds. */
const limits = { inspect: 10_000, lookup: 1000 }

/** The WebSockets of a project, as its application and its page tell of them. Each is asked once, when it is wanted. */
export interface Sockets {
  /** All of them, the one to be proven first before the others. */
  readonly paths: () => Promise<readonly SocketPath[]>
  /** What is said to the one at this path. */
  readonly spokenAt: (path: string) => Promise<Spoken>
  /** The message for a socket that is open already. */
  readonly pingSoon: (path: string) => Promise<Omit<Spoken, 'subprotocols'> | undefined>
}

/**
 * What the application and the sources below `root` tell. `application`: how the look from inside is asked for it;
 * `pings`: for what it tells sooner, that every consumer answers a ping.
 */
export function socketsOf(
  config: Config,
  root: string,
  application: () => Promise<ExaminationOf<'application'> | undefined>,
  pings?: () => Promise<ExaminationOf<'pings'> | undefined>,
): Sockets {
  let known: Promise<Parameters<typeof spokenAt>[1]> | undefined
  const ask = () =>
    (known ??= Promise.all([application(), readPageSpeech(root)]).then(([routes, said]) => ({ paths: socketPaths(routes, said), said })))
  const spoken = async (path: string) => spokenAt(config, await ask(), path)
  const ping = async (path: string): Promise<Omit<Spoken, 'subprotocols'>> => {
    const isDefault = config.source('ping') === 'default'
    if (isDefault && (await pings?.())?.answered === true && (await pings?.())?.greeted !== true)
      return { ping: config.ping, pingBy: 'consumer' }
    const route = (await application())?.routes.find((each) => serves(each, path) === true)
    // whatever a page sends: it is answered
    return route?.pings === true && isDefault && typeof route.first !== 'object' ? { ping: config.ping, pingBy: 'consumer' } : spoken(path)
  }
  return {
    paths: async () => (await ask()).paths,
    spokenAt: spoken,
    pingSoon: (path) => within(patienceMs, ping(path)),
  }
}

/** The same of the project in this folder, where the endpoint is on this machine: asked by an interpreter of its own, until it is cancelled. Never throws. */
export async function projectSockets(
  host: Host,
  config: Config,
  { url }: Endpoint,
): Promise<(Sockets & { readonly cancel: () => void }) | undefined> {
  if (!(await isThisMachine(hostOf(url), limits.lookup))) return undefined
  const checkout = await readCheckout(host, config).catch(() => undefined)
  if (checkout === undefined) return undefined
  const choice = choosePython(checkout.python, checkout.requirements?.names)
  if (choice.kind !== 'ready') return undefined
  const inspection = examine(host, {
    ...managedLook(host.env, config, checkout.project, choice.environment.python),
    tell: ['settings', 'application'],
    deadlineMs: limits.inspect,
  })
  return { ...socketsOf(config, checkout.project.root, () => inspection.get('application')), cancel: inspection.cancel }
}
