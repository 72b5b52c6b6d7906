import type { Observed } from '../facts/observed.ts'
import type { Observer } from './observer.ts'

/**
 * Counts the sockets that are open in the backend and aren't our own probes;
 * `tell` gets each new count. Gives the function that ends it.
 */
export function countSockets(observer: Observer, tell: (count: number) => void): () => void {
  const theirs = new Set<number>()
  const open = new Set<number>()
  const take = (event: Observed) => {
    if (event.event === 'opened' && !event.probe) theirs.add(event.id)
    if (!('id' in event) || !theirs.has(event.id)) return
    const before = open.size
    if (event.event === 'accepted') open.add(event.id)
    if (event.event === 'closed' || event.event === 'raised' || event.event === 'refused') {
      open.delete(event.id)
      theirs.delete(event.id)
    }
    if (open.size !== before) tell(open.size)
  }
  for (const event of observer.since(0)) take(event)
  return observer.listen(take)
}
