import { judged } from '../causes/causes.ts'
import { judgeCrossing } from '../checks/crossing.ts'
import { proveCrossing, type CrossingSide } from '../verify/crossing.ts'
import type { Crossing } from '../report/instance.ts'
import { yellowWords } from '../report/style.ts'
import type { Up } from './start-life.ts'

/** Proves that a broadcast gets from the first backend to the further one, and back. `watch`: their proven sockets are kept open. */
export async function proveBetween(first: Up, further: Up, watch: boolean): Promise<Crossing> {
  if (further.state.dot === 'yellow') {
    const { state, diagnosis } = further.state
    return untried(`speaks WebSocket, ${yellowWords(state, diagnosis.id)}`)
  }
  if (further.state.dot === 'red') return untried(`not connected   ${further.state.diagnosis.id}`)
  const [a, b] = [sideOf(first, watch), sideOf(further, watch)]
  if (a === undefined || b === undefined) return untried('connected; without the observer no broadcast is tried')
  const facts = first.state.dot === 'green' ? await proveCrossing(a, b) : undefined
  if (facts === undefined) return untried('connected; no broadcast could be tried')
  const settings = await further.prover.inspection.get('settings')
  const cause = judgeCrossing(facts, settings?.layer_backend ?? undefined)
  return { kind: 'tried', facts, cause: cause && judged(cause) }
}

function sideOf({ prover, first }: Up, watch: boolean): CrossingSide | undefined {
  const { observer } = prover
  return observer === undefined ? undefined : { endpoint: prover.endpoint(), observer, socket: watch ? first.socket : undefined }
}

function untried(why: string): Crossing {
  return { kind: 'untried', why }
}
