import { setTimeout as delay } from 'node:timers/promises'
import { deferred } from '../host/deferred.ts'
import { withoutEscapes } from '../host/escape-codes.ts'
import type { Host } from '../host/host.ts'
import { raceStop } from '../host/race-stop.ts'
import { connectAddress, connectOnce } from '../host/tcp.ts'
import type { ServicePlan } from '../plan/service.ts'
import { allServers } from '../servers/known.ts'
import type { ReadyOutcome, ReadyTarget } from './readiness.ts'

/** What servers say when the port was taken before they could bind it. daphne says it and exits with 0. */
const taken = String.raw`(?:Errno (?:98|48|10048)|WinError 10048)\b|Address already in use|EADDRINUSE|only one usage of each socket address`
const portTakenLine = new RegExp([taken, ...allServers.flatMap(({ saysTaken = [] }) => saysTaken)].join('|'), 'i')

/** Whether a server has said that its port was taken, whichever that was. */
export const saysPortTaken = (lines: readonly string[]): boolean => lines.some((line) => portTakenLine.test(line))

/** True for a line that names this very port: a server may say it and live on (daphne #577), or end with 0 as daphne does. */
function saysPortLost(line: string, port: number): boolean {
  const text = withoutEscapes(line)
  return portTakenLine.test(text) && new RegExp(`(?<!\\d)${port}(?!\\d)`).test(text)
}

/**
 * Waits until something of the service's process tree listens, for `timeoutMs`
 * at most. The race between our check of the port and the server's bind is won
 * by asking whose socket it is that answers: a listener of another program is
 * never taken for ours. In a module of its own: it is loaded before the launch.
 */
export async function untilListening(
  host: Host,
  { host: bound, port }: NonNullable<NonNullable<ServicePlan['ready']>['listening']>,
  timeoutMs: number,
  { pid, listen, over }: ReadyTarget & { readonly pid: number },
): Promise<ReadyOutcome> {
  const lost = deferred<ReadyOutcome>()
  const quit = listen((line) => {
    if (saysPortLost(line, port)) lost.resolve({ kind: 'lost', why: line })
  })
  const done = new AbortController()
  const looks = async (): Promise<ReadyOutcome> => {
    const started = host.now()
    const address = connectAddress(bound)
    // loaded while the server starts
    const listeners = import('../facts/listener.ts')
    for (;;) {
      const elapsed = host.now() - started
      if (done.signal.aborted || elapsed > timeoutMs) return { kind: 'late', why: `nothing listens on port ${port}` }
      const { result } = await connectOnce(address, port, 1000)
      if (result === 'open') {
        const owner = await (await listeners).portOwner(host, port, pid)
        if (owner === 'foreign') return { kind: 'lost', why: `another program listens on port ${port}` }
        // 'nobody': what answered has gone in the meantime, such as another launcher's trial of the port
        if (owner !== 'nobody') return { kind: 'ready', isProven: owner === 'ours' }
      }
      // a refused connect on loopback costs microseconds; a slow start is looked at less often
      await delay(elapsed < 3000 ? 5 : 50)
    }
  }
  const outcome = await raceStop(Promise.race([lost.promise, looks()]), over)
  done.abort()
  quit()
  return outcome ?? { kind: 'over' }
}
