import type { Host } from '../host/host.ts'
import { httpRequest } from '../host/http.ts'
import { listenersOn, type Listener } from './listener.ts'
import type { PortFact } from './port.ts'

/** What holds a port: its process as far as this user may see it, where it listens, and what it speaks. */
export interface Holder {
  readonly listener: Listener | undefined
  readonly addresses: readonly string[]
  readonly http: { readonly kind: 'http'; readonly server: string | undefined } | { readonly kind: 'not-http' } | { readonly kind: 'silent' }
}

/** How long the holder may take to answer a request, in milliseconds. */
const answerMs = 400

/** Finds out what holds the port. Never throws. */
export async function findHolder(host: Host, fact: PortFact): Promise<Holder> {
  const held = fact.binds.filter(({ result }) => result === 'held').map(({ address }) => address)
  const [listeners, http] = await Promise.all([listenersOn(host, fact.port), sniff(fact.port, held)])
  const addresses = listeners.length > 0 ? listeners.map(({ address }) => address) : held
  return { listener: listeners.find(({ pid }) => pid !== undefined) ?? listeners[0], addresses, http }
}

async function sniff(port: number, held: readonly string[]): Promise<Holder['http']> {
  const six = held.length > 0 && held.every((address) => address.includes(':'))
  const answer = await httpRequest(new URL(`http://${six ? '[::1]' : '127.0.0.1'}:${port}/`), { deadlineMs: answerMs })
  if (answer.result === 'answer') return { kind: 'http', server: answer.server }
  return answer.result === 'silent' ? { kind: 'silent' } : { kind: 'not-http' }
}
