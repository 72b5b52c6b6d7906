import type { Observed } from '../facts/observed.ts'
import type { Observer } from './observer.ts'

/** Counts the sockets of others than ourselves over all backends of a run. `tell` is called with each new sum. */
export function countOpenSockets(tell: (count: number) => void) {
  const counts = new Map<string, number>()
  const quits = new Map<string, () => void>()
  const sum = () => [...counts.values()].reduce((total, count) => total + count, 0)
  return {
    /** A backend is up, with its new observer; the count of its life before is forgotten. */
    follow: (backend: string, observer: Observer | undefined) => {
      quits.get(backend)?.()
      counts.delete(backend)
      if (observer === undefined) return
      counts.set(backend, 0)
      const quit = countSockets(observer, (count) => {
        counts.set(backend, count)
        tell(sum())
      })
      quits.set(backend, quit)
    },
    /** Undefined where no observer tells. */
    count: () => (counts.size === 0 ? undefined : sum()),
    end: () => {
      for (const quit of quits.values()) quit()
    },
  }
}

/** Counts the sockets that are open at one process and not ours. Gives the function that ends it. */
function countSockets(observer: Observer, tell: (count: number) => void): () => void {
  const theirs = new Set<number>()
  const open = new Set<number>()
  const take = (event: Observed) => {
    if (event.event === 'opened' && event.page) theirs.add(event.id)
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
