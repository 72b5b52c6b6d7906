import type { FrontendReading } from '../facts/frontend-reading.ts'
import type { SourcePlace } from '../facts/script-text.ts'
import { isLocal } from '../facts/frontend-wiring.ts'
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
  { urls, proxies, ports, configured, uses }: FrontendReading,
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

/** The warning, a line: each place with file and line. `folder`: the frontend's, as a person writes it. */
export function hardCodedWords(
  places: readonly HardCodedPort[],
  folder: string,
  { port, wantedPort }: Pick<BackendAddress, 'port' | 'wantedPort'>,
): string {
  const list = places.map(({ file, line, text }) => `${folder === '.' ? '' : `${folder}/`}${file}:${line} (${text})`)
  const shown = list.slice(0, 5).join(', ')
  const more = list.length > 5 ? ` and ${list.length - 5} more` : ''
  return `The frontend names port ${wantedPort}, and the backend is on ${port}: ${shown}${more}. Free port ${wantedPort}, or let a variable name it (VITE_WS_URL, VITE_API_URL)`
}
