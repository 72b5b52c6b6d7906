import { join } from 'node:path'
import { escapedText, lineOf, withoutComments, type SourcePlace } from './script-text.ts'
import { boundedText, sourcesOf, sourceTexts } from './source-texts.ts'

/** Bounds of one reading: files, bytes of each, milliseconds. */
const bounds = { files: 1500, bytes: 256 * 1024, ms: 300 }

/** A parameter that a page puts into a query. */
export interface QueryParameter extends SourcePlace {
  readonly name: string
  /** What stands there. */
  readonly text: string
}

/** Where the sources below a folder put one of these parameters into a query. Never throws. */
export async function parametersIn(folder: string, names: readonly string[]): Promise<QueryParameter[]> {
  if (names.length === 0) return []
  return (await sourceTexts(folder, bounds)).flatMap(({ file, text }) => parametersOf(file, text, names))
}

/** The same of one source, comments passed over: `searchParams.set('token', …)`, `?token=${…}`, `new URLSearchParams({ token })`. Pure. */
function parametersOf(file: string, source: string, names: readonly string[]): QueryParameter[] {
  const text = withoutComments(source)
  return names.flatMap((name) => {
    const written = escapedText(name)
    const pattern = new RegExp(
      String.raw`\.(?:set|append)\(\s*["'\`]${written}["'\`]\s*,|[?&]${written}=|\bURLSearchParams\(\s*\{[^}]{0,200}?["']?\b${written}\b["']?\s*[:,}]`,
      'g',
    )
    return [...text.matchAll(pattern)].map(({ index, 0: found }) => {
      const line = lineOf(text, index + found.search(/\S/))
      return { file, line, name, text: (text.split('\n')[line - 1] ?? '').trim().slice(0, 160) }
    })
  })
}

/** Where the Python below a folder reads a parameter of that name from a query. Never throws. */
export async function tokenReadIn(folder: string, name: string): Promise<SourcePlace | undefined> {
  const until = performance.now() + bounds.ms
  const files = await sourcesOf(folder, bounds.files, until, { also: (each) => each.endsWith('.py') })
  for (const file of files.filter((each) => each.endsWith('.py'))) {
    if (performance.now() > until) return undefined
    const text = (await boundedText(join(folder, file), bounds.bytes)) ?? ''
    // what is asked of a request's own query is no WebSocket's
    if (!/query_string/.test(text)) continue
    const at = text.split('\n').findIndex((line) => new RegExp(`["']${escapedText(name)}["']`).test(line.replace(/(?:^|\s)#.*$/, '')))
    if (at >= 0) return { file, line: at + 1 }
  }
  return undefined
}
