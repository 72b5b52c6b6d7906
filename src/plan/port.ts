import type { Holder } from '../facts/holder.ts'
import { describeListener } from '../facts/listener.ts'
import { isFree, type PortFact } from '../facts/port.ts'
import { platformOf } from '../host/paths.ts'
import { allServers, anyOf } from '../servers/known.ts'

/** Who holds the wanted port, as far as it matters. */
type HolderKind = 'earlier-run' | 'foreign' | 'unknown'

/** What is made of the wanted port: it is taken, or the cause why it isn't. */
type PortDecision = 'take' | 'port-in-use' | 'ipv6-localhost' | 'bad-port-permission' | 'bind-address-unavailable'

/**
 * Free on every address that matters → take it. A port that may not be bound,
 * or an address that this machine doesn't have, is an error: another port would
 * not help. Held where we would not bind, on IPv6 alone: `localhost` would mean
 * us to one client and the other program to the next. Pure.
 */
export function decidePort(fact: PortFact, host: string): PortDecision {
  const own = fact.binds.find(({ address }) => address === (host === 'localhost' ? '127.0.0.1' : host))
  if (own?.result === 'denied') return 'bad-port-permission'
  if (own?.result === 'absent') return 'bind-address-unavailable'
  if (isFree(fact)) return 'take'
  const held = fact.binds.filter(({ result }) => result === 'held')
  return held.length > 0 && own?.result === 'free' && held.every(({ address }) => address.includes(':')) ? 'ipv6-localhost' : 'port-in-use'
}

const namesServer = new RegExp(String.raw`\b(?:${anyOf(allServers)})\b`)

/** Says what kind of program the holder is, by its command line and its folder. */
export function holderKind(holder: Holder | undefined, backend: string): HolderKind {
  if (holder === undefined) return 'unknown'
  const { listener } = holder
  const command = listener?.command
  const here = command !== undefined && (listener?.cwd === backend || namesFolder(command, backend))
  if (here && namesServer.test(command)) return 'earlier-run'
  return command === undefined ? 'unknown' : 'foreign'
}

/** True where the folder, or a path in it, stands in the command line; `/a/backend2` is not in `/a/backend`. */
function namesFolder(command: string, folder: string): boolean {
  const isWindows = platformOf(folder) === 'win32'
  const at = isWindows ? command.toLowerCase().indexOf(folder.toLowerCase()) : command.indexOf(folder)
  return at >= 0 && /^(?:[\\/\s"']|$)/.test(command.slice(at + folder.length))
}

/** Says of the holder what was seen, for a sentence that ends with it. */
export function holderWords(kind: HolderKind, holder: Holder | undefined): string {
  const who = describeListener(holder?.listener)
  const http = holder?.http
  const speaks =
    http === undefined || http.kind === 'silent'
      ? 'it does not answer HTTP'
      : http.kind === 'not-http'
        ? "it doesn't speak HTTP"
        : http.server === undefined
          ? 'it speaks HTTP'
          : `Server: ${http.server}`
  const addresses = holder?.addresses ?? []
  const families = addresses.length > 0 && addresses.every((address) => address.includes(':')) ? ', on IPv6 only' : ''
  if (kind === 'earlier-run') return `an earlier server of this project, ${who} (${speaks}${families})`
  return `${who} (${speaks}${families})`
}
