import { basename } from 'node:path'
import { greetingsIn } from './greeting.ts'
import { isLocal } from './frontend-wiring.ts'
import { envValues } from './frontend-variables.ts'
import { storesIn, type PageStore } from './page-stores.ts'
import { lineOf, withoutComments, type SourcePlace } from './script-text.ts'
import { sourceTexts } from './source-texts.ts'

/** What stands for a value that a page puts together at run time. */
export const hole = '{}'

/** A path that a page names, in a source, a template or a variable that the bundler hands to it. */
export interface PagePath extends SourcePlace {
  /** Beginning with a slash, without query and fragment; `{}` where a value isn't written there. */
  readonly path: string
  /** It stands in a WebSocket's URL; else it is any text that may be a path. */
  readonly isSocket: boolean
  /** Its URL names another machine: a service of somebody else's. */
  readonly isForeign?: true
}

/** What the files of a page say of its WebSocket, read as text. */
export interface PageSpeech {
  readonly paths: readonly PagePath[]
  /** Where it sends {"type": "ping"}. */
  readonly pings: readonly SourcePlace[]
  /** What it sends to say who it is: `text` as in a Greeting. */
  readonly greetings: readonly (SourcePlace & { readonly text: string | undefined })[]
  /** What it offers where it opens a WebSocket. */
  readonly offers: readonly (SourcePlace & { readonly subprotocols: readonly string[] })[]
  /** Where it keeps its token. */
  readonly stores: readonly PageStore[]
}

/** What a single one of them says. */
export type FileSpeech = Omit<PageSpeech, 'stores'>

/** Bounds of one reading: files, bytes of each, milliseconds. */
const bounds = { files: 1500, bytes: 256 * 1024, ms: 300 }
/** So many paths are kept of one file. */
const mostPaths = 200

/** Reads the sources, templates and `.env` files below a folder, as far as the bounds go. Never throws. */
export async function readPageSpeech(folder: string): Promise<PageSpeech> {
  const all = await sourceTexts(folder, bounds)
  const said = all.map(({ file, text }) => (basename(file).startsWith('.env') ? speechOfDotenv(file, text) : speechIn(file, text)))
  return {
    paths: said.flatMap(({ paths }) => paths),
    pings: said.flatMap(({ pings }) => pings),
    greetings: said.flatMap(({ greetings }) => greetings),
    offers: said.flatMap(({ offers }) => offers),
    stores: storesIn(all.map(({ text }) => text)),
  }
}

function speechOfDotenv(file: string, text: string): FileSpeech {
  const paths = envValues(file, text).flatMap(({ value, line }) => {
    const path = /^(?:wss?|https?):\/\//i.test(value) ? pathIn(value) : undefined
    return path === undefined || path === '/' ? [] : [{ file, line, path, isSocket: /^ws/i.test(value) }]
  })
  return { paths, pings: [], greetings: [], offers: [] }
}

/** The same of one source or template, comments passed over. Pure. */
export function speechIn(file: string, source: string): FileSpeech {
  if (!/["'`]/.test(source)) return { paths: [], pings: [], greetings: [], offers: [] }
  const text = joined(withoutComments(source))
  const place = (at: number): SourcePlace => ({ file, line: lineOf(text, at) })
  const paths = [...text.matchAll(literal)]
    .filter(([, , inner = '']) => inner.includes('/'))
    .slice(0, mostPaths)
    .flatMap((match): PagePath[] => {
      const written = filled(match[2] ?? '', text)
      const path = pathIn(written)
      if (path === undefined || path === '/') return []
      const isSocket =
        /^wss?:/i.test(written) || /\bWebSocket\(\s*[^()]{0,80}$/.test(text.slice(Math.max(0, match.index - 100), match.index))
      const [, host] = /^wss?:\/\/([\w.-]+)/i.exec(written) ?? []
      return [{ ...place(match.index), path, isSocket, ...(host !== undefined && !isLocal(host) ? { isForeign: true } : {}) }]
    })
  const pings = [...text.matchAll(pingSent)].map(({ index }) => place(index))
  const greetings = greetingsIn(text).map(({ at, text: sent }) => ({ ...place(at), text: sent }))
  const offers = [...text.matchAll(offered)].map((match) => ({
    ...place(match.index),
    subprotocols: [...(match[1] ?? '').matchAll(/["'`]([\w.+-]+)["'`]/g)].flatMap(([, name]) => name ?? []),
  }))
  return { paths, pings, greetings, offers }
}

const literal = /(["'`])((?:\\.|(?!\1)[^\\\n]){1,300})\1/g
/** `send(JSON.stringify({ type: 'ping' }))`, and whatever else sends that message. */
const pingSent =
  /\bsend\w*\(\s*(?:JSON\.stringify\(\s*)?(?:\{\s*["'`]?type["'`]?\s*:\s*["'`]ping["'`]|["'`]\{\s*\\?"type\\?"\s*:\s*\\?"ping)/gi
/** The second argument of `new WebSocket(url, …)`. */
const offered =
  /\bnew\s+WebSocket\(\s*(?:\$\{[^}]{0,80}\}|\((?:[^();]|\([^();]{0,80}\)){0,120}\)|[^,;{}()]){1,200},\s*(\[[^\]]{1,200}\]|["'`][\w.+-]+["'`])\s*,?\s*\)/g

/** `'/ws/chat/' + room + '/'` as `'/ws/chat/${room}/'`. */
function joined(text: string): string {
  const between = /(["'`])\s*\+\s*([\w$.[\]]{1,60}(?:\([^()]{0,60}\))?)\s*\+\s*\1/g
  return text.replace(between, (_, _quote, name: string) => `\${${name}}`).replace(/\/(["'`])\s*\+\s*([\w$.]{1,60})/g, '/${$2}$1')
}

/** The text with the values of names that the source gives once to a literal: `const room = 'lobby'`. */
function filled(text: string, source: string): string {
  return text.replace(/\$\{\s*([A-Za-z_$][\w$]*)\s*\}/g, (found, name: string) => {
    const given = [
      ...source.matchAll(new RegExp(String.raw`\b${name.replaceAll('$', String.raw`\$`)}\s*(?::\s*\w+\s*)?=(?!=)\s*([^;\n]*)`, 'g')),
    ]
    const [, value] = /^(?:["'`])([\w.~-]+)["'`]\s*$/.exec(given[0]?.[1]?.trim() ?? '') ?? []
    return given.length === 1 && value !== undefined ? value : found
  })
}

/** The path of a URL, or of what is put behind a host; undefined for any other text. */
function pathIn(text: string): string | undefined {
  // of a template of JavaScript, Django or Vue
  const open = text.replace(/\$\{[^}]*\}|\{\{[^}]*\}\}/g, hole)
  const path = open.replace(/^(?:(?:\{\}|wss?|ws\{\}|https?):)?(?:\/\/[^/]*)?/i, '').replace(/^(?:\{\})+(?:[\w:.-]*(?:\{\})?)*(?=\/)/, '')
  const bare = path.replace(/[?#].*$/, '')
  return /^\/[\w./{}~@:%+-]*$/.test(bare) ? bare : undefined
}
