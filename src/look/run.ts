import { isCauseId } from '../causes/causes.ts'
import type { Evidence } from '../checks/evidence.ts'
import { readRuns } from '../facts/run-state.ts'
import type { Host } from '../host/host.ts'

/** The run of `start` in this folder whose backend has ended, with the cause that it has named. */
export async function waitingRun(host: Host): Promise<Evidence['waiting']> {
  for (const fact of await readRuns(host, host.cwd)) {
    if (fact.kind !== 'alive') continue
    const { launcher, status } = fact.run
    const { id, title, remedy } = status.websocket?.cause ?? {}
    const isUp = status.services.some(({ kind, state }) => kind === 'backend' && state === 'ready')
    if (!isUp && id !== undefined && isCauseId(id)) return { launcher: launcher.pid, id, title: title ?? id, remedy: remedy ?? '' }
  }
  return undefined
}
