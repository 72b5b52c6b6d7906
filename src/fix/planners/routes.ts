import { lackOf } from '../../checks/evidence.ts'
import { wrappers } from '../../plan/scope-middleware.ts'
import { noFix, type Planner } from '../step.ts'
import { editedPython } from './files.ts'
import { elementsOf, entryOf, newlineOf, spliced, type Span } from './python-text.ts'

/** The middleware that puts into the scope what the consumer reads stands around the routes. */
export const wrapRoutes: Planner = (evidence, { asgi, texts }) => {
  const wrapper = wrappers[lackOf(evidence)?.name ?? '']
  if (wrapper === undefined) return noFix('what belongs around the consumer is yours to say')
  const module = evidence.checkout?.project.application?.split(':')[0]
  const file = asgi.find((known) => known.module === module)?.file
  const text = file === undefined ? undefined : texts.get(file)
  if (file === undefined || text === undefined) return noFix('no module called asgi defines the application')
  const span = routesOf(text)
  // nothing of the project may be imported before this one, and Channels itself may
  const place = /^from channels\b.*$/m.exec(text)
  if (span === undefined || place === null) return noFix('the routes are not written out there: put it around them')
  const { module: from, call } = wrapper
  const wrapped = spliced(text, span, `${call}(${text.slice(span.start, span.end)})`)
  const line = `from ${from} import ${call}`
  const isThere = new RegExp(String.raw`^from ${from} import .*\b${call}\b`, 'm').test(text)
  const at = { start: place.index, end: place.index }
  return editedPython(file, text, isThere ? wrapped : spliced(wrapped, at, `${line}${newlineOf(text)}`))
}

/** The one router of what takes WebSockets, else all that does. */
function routesOf(text: string): Span | undefined {
  const part = entryOf(text, { start: 0, end: text.length }, 'websocket')
  if (part === undefined || part.start === part.end) return undefined
  const [router, another] = [...text.slice(part.start, part.end).matchAll(/\bURLRouter\(/g)]
  if (router === undefined || another !== undefined) return part
  const start = part.start + router.index
  const { close } = elementsOf(text, start + router[0].length - 1)
  return close === -1 ? part : { start, end: close + 1 }
}
