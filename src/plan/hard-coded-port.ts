import type { FrontendReading } from '../facts/frontend-reading.ts'
import type { SourcePlace } from '../facts/script-text.ts'
import { isLocal, placeIn } from '../facts/frontend-wiring.ts'
import type { BackendAddress } from './frontend-address.ts'
import type { MappedVariable } from './frontend-env.ts'

/** A place of the frontend that names the port that the backend isn't at. */
export interface HardCodedPort extends SourcePlace {
  /** As it is written there, without login and query. */
  readonly text: string
  /** A proxy of the dev server, which hands requests on to whoever holds that port. */
  readonly proxy: boolean
}

/** No more places than these are told: the first ones say enough. */
const mostPlaces = 20

/**
 * Where the frontend names the old port although the backend has moved: in a
 * source, or as the target of the dev server's proxy. A text that only stands in
 * for a variable that is set is no such place. Pure.
 */
export function hardCodedPorts(
  { urls, proxies, ports, configured, uses }: Omit<FrontendReading, 'folder'>,
  mapped: readonly MappedVariable[],
  { port, wantedPort }: Pick<BackendAddress, 'port' | 'wantedPort'>,
): HardCodedPort[] {
  if (port === wantedPort) return []
  const set = new Set(mapped.map(({ name }) => name))
  const standIns = new Set(
    uses.flatMap(({ name, file, line, fallback }) => (set.has(name) && fallback.kind === 'text' ? [`${file}:${line}`] : [])),
  )
  const places = new Map<string, HardCodedPort>()
  const add = (place: HardCodedPort) => {
    const at = `${place.file}:${place.line}`
    if (!standIns.has(at) && !places.has(at)) places.set(at, place)
  }
  for (const url of [...urls, ...configured]) {
    const proxy = proxies.some(({ file, target }) => file === url.file && target?.startsWith(url.text) === true)
    if (url.port === wantedPort && isLocal(url.host)) add({ file: url.file, line: url.line, text: url.text, proxy })
  }
  for (const { file, line, context, target } of proxies) {
    // one that stands in a configuration was read there, with the line of the target itself
    const isRead = configured.some((url) => url.file === file && target?.startsWith(url.text) === true)
    if (!isRead && target !== undefined && namesPort(target, wantedPort)) add({ file, line, text: `${context} → ${target}`, proxy: true })
  }
  for (const written of ports) {
    if (written.port === wantedPort) add({ file: written.file, line: written.line, text: written.text, proxy: false })
  }
  return [...places.values()].slice(0, mostPlaces)
}

function namesPort(target: string, port: number): boolean {
  if (!URL.canParse(target)) return false
  const url = new URL(target)
  return Number(url.port) === port && isLocal(url.hostname)
}

/** Where the page's own port is named, as the configuration of its dev server has it: by its sources, and by lists of the backend (CORS, CSRF, Origins). Pure. */
export function placesOfPort(
  { urls, ports }: Pick<FrontendReading, 'urls' | 'ports'>,
  folder: string,
  backend: readonly { readonly file: string; readonly text: string }[],
  port: number,
): string[] {
  const sources = [...ports, ...urls.filter(({ host }) => isLocal(host))]
    .filter((place) => place.port === port)
    .map((place) => `${placeIn({ folder }, place)} (${place.text})`)
  const written = new RegExp(`(?:localhost|127\\.0\\.0\\.1|\\[::1\\]):${port}(?!\\d)`)
  const settings = backend.flatMap(({ file, text }) =>
    text.split('\n').flatMap((line, index) => {
      const found = written.exec(line.replace(/(?:^|\s)#.*$/, ''))
      return found === null ? [] : [`${file}:${index + 1} (${found[0]})`]
    }),
  )
  return [...new Set([...sources, ...settings])]
}

/** What is wrong once the page has another port, for the end of a sentence. */
export function pagePortWords(places: readonly string[], port: number): string {
  return places.length === 0 ? '' : `. Port ${port} is named by ${listed(places)}: that is wrong for a page elsewhere`
}

/** The warning, a line: each place with file and line. `folder`: the frontend's, as a person writes it. */
export function hardCodedWords(
  places: readonly HardCodedPort[],
  folder: string,
  { port, wantedPort }: Pick<BackendAddress, 'port' | 'wantedPort'>,
): string {
  return `The frontend names port ${wantedPort}, and the backend is on ${port}: ${listed(placeWords(places, folder))}. Let the backend have port ${wantedPort}, or let a variable name it (VITE_WS_URL, VITE_API_URL)`
}

/** Each place with file and line, as a person in the checkout writes it. */
export function placeWords(places: readonly HardCodedPort[], folder: string): string[] {
  return places.map((place) => `${placeIn({ folder }, place)} (${place.text})`)
}

/** The first of a list; there may be many. */
function listed(list: readonly string[]): string {
  return `${list.slice(0, 5).join(', ')}${list.length > 5 ? ` and ${list.length - 5} more` : ''}`
}
