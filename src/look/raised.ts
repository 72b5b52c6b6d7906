import { exceptionFrom, type LoggedException } from '../checks/traceback.ts'
import type { Observer } from '../run/observer.ts'

/** What left the application on our own sockets at `path` after the mark: on the last of all where they were `open`, else on the first, since experiments follow it. */
export function raisedSince(observer: Observer, mark: number, path: string, open: boolean): LoggedException | undefined {
  const events = observer.since(mark)
  const first = events.find((event) => event.event === 'opened' && event.probe && event.path === path)
  const ours = events.flatMap((event) => (event.event === 'raised' && event.probe && event.path === path ? [event] : []))
  const found = open ? ours.at(-1) : ours.find(({ id }) => first !== undefined && 'id' in first && id === first.id)
  return found === undefined ? undefined : exceptionFrom(found)
}
