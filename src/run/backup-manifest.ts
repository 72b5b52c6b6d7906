import { createHash, createHmac, randomBytes } from 'node:crypto'
import { lstat, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { errorCode } from '../errors.ts'
import { stateHome } from '../host/cache-home.ts'
import { isOurs, readBytes, readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { recordOf } from '../host/json.ts'
import { writeDotenv } from './dotenv-write.ts'
import { replaceFile } from '../host/replace-file.ts'

const entrySchema = v.variant('kind', [
  /** Kept as `copy` before it was changed; `after` is the hash of what it was changed to, unknown while a command is at it. */
  v.object({ kind: v.literal('changed'), path: v.string(), copy: v.string(), after: v.optional(v.string()) }),
  v.object({ kind: v.literal('created'), path: v.string(), after: v.optional(v.string()) }),
  v.object({ kind: v.literal('made-folder'), path: v.string() }),
  /** A folder with all that is in it, made by a command. */
  v.object({ kind: v.literal('made-tree'), path: v.string() }),
  v.object({ kind: v.literal('moved'), path: v.string(), to: v.string() }),
  /** What can't be taken back. */
  v.object({ kind: v.literal('ran'), command: v.string() }),
])

/** What a run has changed, one thing. */
export type Entry = v.InferOutput<typeof entrySchema>

type Machine = Pick<Host, 'platform' | 'env'>

/** Writes down what was changed, with a sign that only this user's own runs can make. */
export async function writeManifest(host: Machine, folder: string, entries: readonly Entry[]): Promise<void> {
  const key = await ownKey(host)
  const sign = key === undefined ? '' : signOf(key, entries)
  await replaceFile(join(folder, 'manifest.json'), `${JSON.stringify({ version: 1, sign, entries }, undefined, 2)}\n`)
}

/** What was changed; `foreign` where no run of this user's has written it: it came with the checkout. Undefined where there is none. */
export async function readManifest(host: Machine, folder: string): Promise<readonly Entry[] | 'foreign' | undefined> {
  const text = await readText(join(folder, 'manifest.json'))
  if (text === undefined) return undefined
  const { sign, entries } = recordOf(text)
  const key = await storedKey(keyFile(host))
  const checked = v.safeParse(v.array(entrySchema), entries)
  return key !== undefined && checked.success && sign === signOf(key, entries) ? checked.output : 'foreign'
}

/** The SHA-256 of the bytes. */
export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const keySize = 32
const keyFile = (host: Machine): string => join(stateHome(host), 'undo-key')

const signOf = (key: Buffer, entries: unknown): string => createHmac('sha256', key).update(JSON.stringify(entries)).digest('hex')

/** The key, made where there is none; undefined where this user has no place for it: what is kept can be copied back by hand then. */
async function ownKey(host: Machine): Promise<Buffer | undefined> {
  const file = keyFile(host)
  const stored = await storedKey(file)
  if (stored !== undefined) return stored
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeDotenv(file, undefined, randomBytes(keySize))
  } catch (error) {
    // another run may have been faster
    if (errorCode(error) !== 'env-changed') return undefined
  }
  return storedKey(file)
}

async function storedKey(file: string): Promise<Buffer | undefined> {
  const found = await lstat(file).catch(() => undefined)
  if (found === undefined || !isOurs(found)) return undefined
  const bytes = await readBytes(file, keySize).catch(() => undefined)
  return bytes?.length === keySize ? bytes : undefined
}
