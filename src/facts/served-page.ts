import type { Host } from '../host/host.ts'
import { httpRequest } from '../host/http.ts'
import { describeListener, listenersOn, portOwner, portsOf } from './listener.ts'

/** The page that a dev server is expected to serve. */
export interface WantedPage {
  /** Undefined where nothing tells. */
  readonly port: number | undefined
  readonly scheme: 'http' | 'https'
  /** Path of the page, with a slash at both ends. */
  readonly base: string
}

/** How long one answer may take, in milliseconds: Vite's first page may wait for its optimizer. */
const answerMs = 2000

/**
 * The page that a process or one that it started serves, where it really
 * listens: its port and scheme are what its socket answers with. Else, in
 * words, what was seen instead. `thorough`: its other ports are looked for,
 * which takes a look at all processes. Never throws.
 */
export async function servedPage(host: Host, leader: number | undefined, wanted: WantedPage, thorough = true): Promise<URL | string> {
  const expected = wanted.port === undefined ? undefined : await pageAt(wanted.port, wanted)
  if (wanted.port !== undefined && expected instanceof URL) {
    const owner = leader === undefined ? 'unknown' : await portOwner(host, wanted.port, leader)
    if (owner === 'ours' || owner === 'unknown') return expected
  }
  const ports = leader === undefined || !thorough ? [] : ((await portsOf(host, leader)) ?? [])
  for (const port of ports.filter((one) => one !== wanted.port)) {
    const page = await pageAt(port, wanted, /html/)
    if (page instanceof URL) return page
  }
  if (!(expected instanceof URL))
    return expected ?? (ports.length === 0 ? 'it listens on no port' : `no page answers on port ${ports.join(', ')}`)
  const [listener] = await listenersOn(host, wanted.port ?? 0)
  return `${expected.href} is answered by ${describeListener(listener)}, which is no process of this service`
}

/** A page of a port, by the scheme that answers there. */
async function pageAt(port: number, { scheme, base }: WantedPage, type = /./): Promise<URL | string> {
  let seen = ''
  for (const each of scheme === 'http' ? (['http', 'https'] as const) : (['https', 'http'] as const)) {
    const url = new URL(base, `${each}://localhost:${port}/`)
    const fact = await httpRequest(url, { deadlineMs: answerMs })
    if (fact.result === 'answer' && fact.status < 400 && type.test(fact.headers['content-type'] ?? ' ')) return url
    // a redirect from http to https, or a server of TLS that is asked without, is answered by the other one
    seen ||=
      fact.result === 'answer'
        ? `${url.href} answered ${fact.status}`
        : `${url.href}: ${fact.result === 'broken' ? fact.code : 'no answer'}`
    if (fact.result === 'answer' || (fact.result === 'broken' && fact.code === 'ECONNREFUSED')) break
  }
  return seen
}
