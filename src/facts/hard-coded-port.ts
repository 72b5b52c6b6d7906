import { lineOf, withoutComments } from './script-text.ts'

/** A port of this machine that a source names without a scheme: `localhost:8000`, `${location.hostname}:8000`. */
export interface WrittenPort {
  /** Relative to the frontend's folder, with forward slashes. */
  readonly file: string
  readonly line: number
  /** As it is written. */
  readonly text: string
  readonly port: number
}

/** A name of this machine in quotes or after them, or the page's own host name; then a port. One with a scheme is a URL, which `urlsIn` reads. */
const written =
  /(?:(?<=['"`])(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1\])|\blocation\.hostname\s*(?:\}|\+\s*['"`]))\s*:(\d{2,5})(?!\d)/gi

/** The ports that a source names beside its URLs, comments passed over. Pure. */
export function portsIn(file: string, source: string): WrittenPort[] {
  if (!/(?:localhost|127\.|0\.0\.0\.0|\[::1\]|hostname)/i.test(source)) return []
  const text = withoutComments(source)
  return [...text.matchAll(written)].map((match) => ({
    file,
    line: lineOf(text, match.index),
    text: match[0].trim(),
    port: Number(match[1]),
  }))
}

/** Where a page opens its WebSocket at its own host, and so through its dev server: `new WebSocket(`ws://${location.host}/ws/`)`. */
export function pageHostSocket(file: string, source: string): { readonly file: string; readonly line: number } | undefined {
  if (!/\bWebSocket\b/.test(source)) return undefined
  const text = withoutComments(source)
  const found =
    /wss?:?(?:\/\/|['"`])[^\n;]{0,80}\blocation\.host\b|\blocation\.host\b[^\n;]{0,80}\/ws\b|new WebSocket\(\s*['"`]\/(?!\/)/.exec(text)
  return found === null ? undefined : { file, line: lineOf(text, found.index) }
}
