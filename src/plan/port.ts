import type { Holder } from '../facts/holder.ts'
import { describeListener } from '../facts/listener.ts'
import { isFree, type PortFact } from '../facts/port.ts'

/** Who holds the wanted port, as far as it matters. */
export type HolderKind = 'wsgi-server' | 'earlier-run' | 'foreign' | 'unknown'

export type PortDecision =
  | { readonly kind: 'take'; readonly port: number }
  | { readonly kind: 'next'; readonly wanted: number; readonly holder: HolderKind }
  | {
      readonly kind: 'fail'
      readonly id: 'port-in-use' | 'bad-port-permission' | 'bind-address-unavailable' | 'wsgi-server-on-port'
      readonly holder: HolderKind | undefined
    }

/**
 * Free on every address that matters → take it. Held → the next free one, or an
 * error with `--strict-port`. A port that may not be bound, or an address that
 * this machine doesn't have, is an error: another port would not help. Pure.
 */
export function decidePort(
  fact: PortFact,
  options: { host: string; strict: boolean; holder: Holder | undefined; backend: string },
): PortDecision {
  const own = fact.binds.find(({ address }) => address === (options.host === 'localhost' ? '127.0.0.1' : options.host))
  if (own?.result === 'denied') return { kind: 'fail', id: 'bad-port-permission', holder: undefined }
  if (own?.result === 'absent') return { kind: 'fail', id: 'bind-address-unavailable', holder: undefined }
  if (isFree(fact)) return { kind: 'take', port: fact.port }
  const holder = holderKind(options.holder, options.backend)
  if (options.strict) return { kind: 'fail', id: holder === 'wsgi-server' ? 'wsgi-server-on-port' : 'port-in-use', holder }
  return { kind: 'next', wanted: fact.port, holder }
}

/** Says what kind of program the holder is, by its own `Server` header, its command line and its folder. */
export function holderKind(holder: Holder | undefined, backend: string): HolderKind {
  if (holder === undefined) return 'unknown'
  const { listener, http } = holder
  const command = listener?.command
  const here = command !== undefined && (listener?.cwd === backend || namesFolder(command, backend))
  const wsgi = http.kind === 'http' && /^(?:WSGIServer|gunicorn|waitress|werkzeug|uWSGI)/i.test(http.server ?? '')
  if (here && wsgi) return 'wsgi-server'
  if (here && /\b(?:daphne|uvicorn|hypercorn|runserver)\b/.test(command)) return 'earlier-run'
  return command === undefined ? 'unknown' : 'foreign'
}

/** True where the folder, or a path in it, stands in the command line; `/a/backend2` is not in `/a/backend`. */
function namesFolder(command: string, folder: string): boolean {
  const at = command.indexOf(folder)
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
  const families =
    holder === undefined
      ? ''
      : holder.addresses.length > 0 && holder.addresses.every((address) => address.includes(':'))
        ? ', on IPv6 only'
        : ''
  if (kind === 'wsgi-server') return `a WSGI server of this project, ${who}, which can't speak WebSocket (${speaks}${families})`
  if (kind === 'earlier-run') return `an earlier server of this project, ${who} (${speaks}${families})`
  return `${who} (${speaks}${families})`
}
