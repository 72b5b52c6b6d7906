import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { cacheHome } from '../host/cache-home.ts'
import type { Host } from '../host/host.ts'
import { parseAs } from '../host/json-shape.ts'
import { boundedText, isDotenv, sourcesOf } from './source-texts.ts'

/** A page as it was seen last, where its WebSocket was open. */
const memorySchema = v.object({
  /** What it was seen with: sources, configuration, addresses. */
  sign: v.string(),
  url: v.string(),
  /** Milliseconds since 1970. */
  at: v.number(),
})
export type PageMemory = v.InferOutput<typeof memorySchema>

/** Where it stands what was seen of a checkout's page: this user's cache, one file a checkout. */
export function pageMemoryFile(host: Pick<Host, 'platform' | 'env'>, root: string): string {
  return join(cacheHome(host), 'pages', `${createHash('sha256').update(root).digest('hex').slice(0, 24)}.json`)
}

/** What was seen last in this checkout; undefined where nobody looked, or it was not open. Never throws. */
export async function pageMemory(host: Pick<Host, 'platform' | 'env'>, root: string): Promise<PageMemory | undefined> {
  const text = await boundedText(pageMemoryFile(host, root), longest)
  const memory = text === undefined ? undefined : parseAs(memorySchema, text)
  // one of the future was written by another clock, or by hand
  return memory === undefined || memory.at > Date.now() ? undefined : memory
}

/** It has no more than this, in bytes. */
const longest = 4096
/** Bounds of one reading: files, milliseconds. */
const bounds = { files: 3000, ms: 500 }
const configName = /^(?:package(?:-lock)?|.*\.config)\.(?:json|[cm]?[jt]s)$|^(?:pnpm-lock\.yaml|yarn\.lock|bun\.lock)$/

const counts = (name: string) => isDotenv(name) || configName.test(name) || name.endsWith('.py')

/**
 * A sign of what a page depends on: the sources of page and backend, `.env`
 * files and configurations below their folders by sizes and times, and `said`,
 * anything else that counts. Two looks at the same have the same sign; undefined
 * where not all of them could be read. Never throws.
 */
export async function pageSign(folders: readonly string[], said: readonly unknown[]): Promise<string | undefined> {
  const until = performance.now() + bounds.ms
  const hash = createHash('sha256').update(JSON.stringify(said))
  for (const folder of new Set(folders)) {
    const files = await sourcesOf(folder, bounds.files, until, { also: counts })
    if (files.length === bounds.files || performance.now() > until) return undefined
    const stats = await Promise.all(files.map(async (file) => stat(join(folder, file)).catch(() => undefined)))
    files.forEach((file, index) => hash.update(`${file} ${stats[index]?.size ?? ''} ${stats[index]?.mtimeMs ?? ''}\n`))
  }
  return hash.digest('hex')
}
