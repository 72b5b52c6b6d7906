import { SourceMap, type SourceMapPayload } from 'node:module'
import { ofEach } from '../dev-tools/of-each.ts'
import type { ScriptPlace } from '../facts/page-seen.ts'
import { attempt } from '../errors.ts'
import { isRecord, parseJson } from '../host/json.ts'
import type { ServedPlace } from './page-watch.ts'

/** A line is shown so far, in characters. */
const longest = 160

/**
 * Where a place of a served script stands as its author wrote it: by the source
 * map that the script names, else as it was served. `load` gives the text behind
 * a URL, or undefined. Never throws.
 */
export async function originalPlace(
  { url, line, column }: ServedPlace,
  load: (url: string) => Promise<string | undefined>,
): Promise<ScriptPlace> {
  const served = await load(url)
  const [, named] = [...(served ?? '').matchAll(/^\/\/[#@]\s*sourceMappingURL=(\S+)\s*$/gm)].at(-1) ?? []
  const payload = named === undefined || !URL.canParse(named, url) ? undefined : await mapAt(new URL(named, url), load)
  const entry = payload === undefined ? undefined : entryAt(payload, line, column)
  if (entry !== undefined) return { ...entry, file: fileOf(entry.file, url) }
  const { pathname } = new URL(url)
  return { file: pathname.length > 1 && served !== undefined ? pathname.slice(1) : url, line: line + 1, text: lineAt(served, line) }
}

async function mapAt(url: URL, load: (url: string) => Promise<string | undefined>): Promise<SourceMapPayload | undefined> {
  const text = url.protocol === 'data:' ? dataOf(url) : await load(url.href)
  const value = text === undefined ? undefined : parseJson(text)
  return isMap(value) ? value : undefined
}

function isMap(value: unknown): value is SourceMapPayload {
  return isRecord(value) && typeof value['mappings'] === 'string' && Array.isArray(value['sources'])
}

function dataOf({ pathname }: URL): string | undefined {
  const [head = '', ...body] = pathname.split(',')
  const text = body.join(',')
  return head.endsWith(';base64') ? Buffer.from(text, 'base64').toString() : (attempt(() => decodeURIComponent(text)) ?? '')
}

function entryAt(payload: SourceMapPayload, line: number, column: number): ScriptPlace | undefined {
  try {
    const entry = new SourceMap(payload).findEntry(line, column)
    if (!('originalSource' in entry)) return undefined
    const source = entry.originalSource
    const content = payload.sourcesContent?.[payload.sources.indexOf(source)]
    return { file: source, line: entry.originalLine + 1, text: lineAt(content, entry.originalLine) }
  } catch {
    // a map that isn't one
    return undefined
  }
}

const prefixes = ofEach(({ sources }) => sources)
const withoutPrefix = (source: string): string => prefixes.reduce((left, prefix) => left.replace(prefix, ''), source)

/** `webpack://app/./src/App.js`, a path of this machine, or one beside the script that was served. */
function fileOf(source: string, script: string): string {
  const bare = withoutPrefix(source).replace(/^(?:\.\/)+/, '')
  if (bare !== source || /^(?:\/|[A-Za-z]:[\\/])/.test(bare)) return bare
  if (!URL.canParse(bare, script)) return bare
  const { pathname } = new URL(bare, script)
  const path = attempt(() => decodeURI(pathname)) ?? pathname
  const own = withoutPrefix(path)
  return own === path ? path.replace(/^\//, '') : own
}

function lineAt(text: string | undefined, line: number): string | undefined {
  return text?.split('\n')[line]?.trim().slice(0, longest)
}
