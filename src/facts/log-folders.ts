import { join } from 'node:path'
import { isFolder } from '../host/files.ts'
import { withoutComments } from './manage-py.ts'

/** What settings call the folder of the project itself. */
const baseName = /^(?:BASE|ROOT|PROJECT|BACKEND|APP|REPO)_?(?:DIR|DIRECTORY|PATH|ROOT)$/

/**
 * Folders that a log handler's `filename` names below the backend, as paths
 * relative to it: a forecast for a checkout whose settings can't be imported yet.
 */
export function logFoldersOf(settings: string): string[] {
  const code = withoutComments(settings)
  const folders = new Set<string>()
  for (const match of code.matchAll(/["']filename["']\s*:\s*/g)) {
    const path = pathOf(expressionAt(code, match.index + match[0].length), code, 0)
    const folder = path?.split('/').slice(0, -1).join('/')
    if (folder !== undefined && folder !== '') folders.add(folder)
  }
  return [...folders]
}

/** Those of `logFolders` that aren't there. */
export async function missingLogFolders({ backend, logFolders }: { backend: string; logFolders: readonly string[] }): Promise<string[]> {
  const there = await Promise.all(logFolders.map((folder) => isFolder(join(backend, folder))))
  return logFolders.filter((_, index) => there[index] === false).map((folder) => join(backend, folder))
}

/** The expression that begins there, up to the comma or bracket that ends it; brackets of its own may span lines. */
function expressionAt(code: string, start: number): string {
  let depth = 0
  for (let index = start; index < code.length; index++) {
    const char = code[index] ?? ''
    if ('([{'.includes(char)) depth++
    else if (')]}'.includes(char)) depth--
    if (depth < 0 || (depth === 0 && (char === ',' || char === '\n'))) return code.slice(start, index)
  }
  return code.slice(start)
}

/** The path that an expression of names and texts comes to, relative to the backend; undefined for one that lies elsewhere. */
function pathOf(expression: string, code: string, depth: number): string | undefined {
  if (depth > 5) return undefined
  const parts: string[] = []
  for (const match of expression.matchAll(/\b[rbf]?(["'])(.*?)\1|\b([A-Z][A-Z0-9_]*)\b|(["'])(.*?)\4/g)) {
    const name = match[3]
    // a text of capitals alone is the name of a variable: config("LOG_FILE", default="logs/django.log")
    const text = match[2] ?? match[5] ?? ''
    if (name === undefined && /^[A-Z][A-Z0-9_]+$/.test(text)) continue
    const part = name === undefined ? textPath(text, code, depth) : namedPath(name, code, depth)
    if (part === undefined) return undefined
    parts.push(part)
  }
  // a text that begins with a slash is absolute, unless something comes before it: BASE_DIR + "/logs"
  if (parts[0]?.startsWith('/') === true) return undefined
  const path = parts
    .join('/')
    .replace(/\/{2,}/g, '/')
    .replace(/^(?:\.?\/)+/, '')
  return path.split('/').includes('..') ? undefined : path
}

function namedPath(name: string, code: string, depth: number): string | undefined {
  if (baseName.test(name)) return '.'
  const assigned = new RegExp(String.raw`^${name}\s*(?::\s*\w+\s*)?=\s*`, 'm').exec(code)
  return assigned === null ? undefined : pathOf(expressionAt(code, assigned.index + assigned[0].length), code, depth + 1)
}

/** `{BASE_DIR}/logs` of a formatted text. */
function textPath(text: string, code: string, depth: number): string | undefined {
  const formatted = /^\{(\w+)\}(.*)$/.exec(text)
  if (formatted?.[1] === undefined) return text
  const base = namedPath(formatted[1], code, depth)
  return base === undefined ? undefined : `${base}${formatted[2] ?? ''}`
}
