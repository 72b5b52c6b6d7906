import type { Host } from '../host/host.ts'
import { httpRequest } from '../host/http.ts'
import { bracketed, connectAddress } from '../host/tcp.ts'
import { listenersOn, type Listener } from './listener.ts'
import type { PortFact } from './port.ts'

/** What holds a port: its process as far as this user may see it, where it listens, and what it speaks. */
export interface Holder {
  readonly listener: Listener | undefined
  /** Addresses that could not be bound because of it. */
  readonly addresses: readonly string[]
  readonly http:
    { readonly kind: 'http'; readonly server: string | undefined } | { readonly kind: 'not-http' } | { readonly kind: 'silent' }
}

/** How long the holder may take to answer a request, in milliseconds: Django's first answer takes its time. */
const answerMs = 1500

/** Finds out what holds the port. Never throws. */
export async function findHolder(host: Host, fact: PortFact): Promise<Holder> {
  const held = fact.binds.filter(({ result }) => result === 'held').map(({ address }) => address)
  const listeners = await listenersOn(host, fact.port)
  // the trial binds tell which families are held: a socket on :: may hold IPv4 as well
  const http = await sniff(fact.port, [...held, ...listeners.map(({ address }) => connectAddress(address))])
  return { listener: listeners.find(({ pid }) => pid !== undefined) ?? listeners[0], addresses: held, http }
}

/** Asks where it really listens: on another address nobody would answer. */
async function sniff(port: number, addresses: readonly string[]): Promise<Holder['http']> {
  const specific = addresses.find((address) => !['0.0.0.0', '::'].includes(address))
  const address = ['127.0.0.1', '::1'].find((loopback) => addresses.includes(loopback)) ?? specific ?? '127.0.0.1'
  const answer = await httpRequest(new URL(`http://${bracketed(address)}:${port}/`), { deadlineMs: answerMs })
  if (answer.result === 'answer') return { kind: 'http', server: answer.server }
  // it held the port and takes no connection any more, or closes it before any answer
  return answer.result === 'silent' || answer.code === 'ECONNREFUSED' ? { kind: 'silent' } : { kind: 'not-http' }
}
