import { exceptionFrom, type LoggedException } from '../checks/traceback.ts'
import { at } from '../checks/wire-inside.ts'
import type { Observed } from '../facts/observed.ts'
import type { Observer } from '../run/observer.ts'
import type { Prepared } from './start-prepare.ts'

/** What left the application on our own sockets at `path` after the mark: on the last of all where they were `open`, else on the first, since experiments follow it. */
export function raisedSince(observer: Observer, mark: number, path: string, open: boolean): LoggedException | undefined {
  const events = observer.since(mark)
  const first = events.find((event) => event.event === 'opened' && event.probe && event.path === path)
  const ours = events.flatMap((event) => (event.event === 'raised' && event.probe && event.path === path ? [event] : []))
  const found = open ? ours.at(-1) : ours.find(({ id }) => first !== undefined && 'id' in first && id === first.id)
  return found === undefined ? undefined : exceptionFrom(found)
}

/**
 * Says what leaves the application on sockets that aren't ours, such as those of
 * the page: each cause once for each place. Gives the function that ends it.
 */
export function tellOthers({ report }: Pick<Prepared, 'report'>, observer: Observer | undefined): () => void {
  if (observer === undefined) return () => {}
  const said = new Set<string>()
  const tell = async (event: Observed) => {
    if (event.event !== 'raised' || !event.page) return
    const exception = exceptionFrom(event)
    const place = event.place === undefined ? '' : ` at ${at(event.place)}`
    const unnamed = `The consumer raises an exception ${event.phase === 'before' ? 'before it accepts' : 'on an open socket'}`
    const { judgeRaised } = await import('../checks/server-log.ts')
    const { id, title, remedy } = judgeRaised(exception, unnamed, [])
    const key = `${id} ${place === '' ? exception.text : place}`
    if (said.has(key)) return
    said.add(key)
    report({ event: 'warning', id, text: `${title}   ${exception.text.slice(0, 300)}${place} (a socket on ${event.path}). ${remedy.text}` })
  }
  for (const event of observer.since(0)) void tell(event)
  return observer.listen((event) => void tell(event))
}
