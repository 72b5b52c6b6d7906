import { exceptionFrom } from '../checks/traceback.ts'
import { at } from '../checks/wire-inside.ts'
import type { Observed } from '../facts/observed.ts'
import type { Observer } from '../run/observer.ts'
import type { Prepared } from './start-prepare.ts'

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
