import { recordOf } from './json.ts'
import { runToEnd } from './processes.ts'

/** What looking up a name came to: its addresses, or the system's code. */
export interface Lookup {
  readonly addresses: readonly string[]
  readonly error: string | undefined
}

const question = `require('node:dns').lookup(process.argv[1],{all:true},(e,a)=>console.log(JSON.stringify(e?{error:e.code}:{addresses:a.map(x=>x.address)})))`

/**
 * Every address of a host name as the system's own resolver gives them, hosts
 * file and all. Asked in a process of its own: getaddrinfo can't be cancelled,
 * and a name server that never answers would hold this process at its end for
 * as long as the system waits. Never throws; the deadline is in milliseconds.
 */
export async function lookUp(host: string, deadlineMs: number): Promise<Lookup> {
  // a name that begins with a dash would be an option
  const finished = await runToEnd(process.execPath, ['-e', question, '--', host], { deadlineMs, now: true })
  if (finished.outcome === 'timeout') return { addresses: [], error: 'ETIMEOUT' }
  const { addresses: found, error } = recordOf(finished.stdout)
  const addresses = Array.isArray(found) ? [...new Set(found.filter((item) => typeof item === 'string'))] : []
  return { addresses, error: addresses.length > 0 ? undefined : typeof error === 'string' ? error : 'ENOTFOUND' }
}
