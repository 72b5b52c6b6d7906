import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import * as v from 'valibot'
import { errorMessage, LauncherError } from '../errors.ts'
import { homeName } from '../facts/home.ts'
import { isEntry, readBytes, readText } from '../host/files.ts'
import { writeDotenv } from './dotenv-write.ts'
import { clearHome, makeHome } from './home.ts'
import { parseAs } from '../host/json-shape.ts'

const entrySchema = v.variant('kind', [
  /** Kept as `copy` before it was changed; `after` is what it was changed to. */
  v.object({ kind: v.literal('changed'), path: v.string(), copy: v.string(), after: v.optional(v.string()) }),
  v.object({ kind: v.literal('created'), path: v.string(), after: v.optional(v.string()) }),
  v.object({ kind: v.literal('made-folder'), path: v.string() }),
  /** A folder with all that is in it, made by a command. */
  v.object({ kind: v.literal('made-tree'), path: v.string() }),
  v.object({ kind: v.literal('moved'), path: v.string(), to: v.string() }),
  /** What can't be taken back. */
  v.object({ kind: v.literal('ran'), command: v.string() }),
])
const manifestSchema = v.object({ version: v.literal(1), entries: v.array(entrySchema) })

type Entry = v.InferOutput<typeof entrySchema>

/** What putting back came to, one entry each. */
export interface PutBack {
  readonly path: string
  readonly outcome: 'restored' | 'removed' | 'left'
  /** Why it was left as it is. */
  readonly why?: string
}

/** What a run of `--fix` has changed, kept so that it can be put back. */
export type Backup = ReturnType<typeof makeBackup>

/** A backup for one run, in the checkout's `.election-dev/backups`. Its folder is made with its first entry. */
export function makeBackup(root: string, now: Date = new Date()) {
  const stamp = now.toISOString().replace(/[:.]/g, '-')
  const folder = join(root, homeName, 'backups', stamp)
  let entries: Entry[] = []
  let isMade = false
  const label = (path: string) => shownPath(root, path)
  const write = async () => {
    await writeFile(join(folder, 'manifest.json'), `${JSON.stringify({ version: 1, entries }, undefined, 2)}\n`, { mode: 0o600 })
  }
  const open = async () => {
    if (isMade) return
    // it holds what .env holds
    await makeHome(root, 'backups', stamp)
    isMade = true
  }
  const add = async (entry: Entry) => {
    await open()
    entries.push(entry)
    await write()
  }
  return {
    /** Relative to the checkout, once something is kept. */
    shown: () => (isMade ? label(folder) : undefined),
    /** Keeps the file as it is now. */
    changing: async (path: string) => {
      await open()
      const copy = `${entries.length}-${basename(path)}`
      await writeFile(join(folder, copy), await readBytes(path, anySize), { mode: 0o600, flag: 'wx' })
      await add({ kind: 'changed', path: label(path), copy })
    },
    creating: (path: string) => add({ kind: 'created', path: label(path) }),
    madeFolder: (path: string) => add({ kind: 'made-folder', path: label(path) }),
    making: (path: string) => add({ kind: 'made-tree', path: label(path) }),
    /** Moves it; without `to` into the backup. */
    move: async (from: string, to: string | undefined) => {
      await open()
      const target = to ?? join(folder, `${entries.length}-${basename(from)}`)
      if (await isEntry(target)) throw new LauncherError('fix-failed', `${label(target)} is there already: nothing was moved`)
      await rename(from, target)
      await add({ kind: 'moved', path: label(from), to: label(target) })
    },
    ran: (command: string) => add({ kind: 'ran', command }),
    /** How many entries there are. */
    mark: () => entries.length,
    /** Remembers what the files hold now, so that a later change of the user's is never overwritten. */
    settle: async () => {
      entries = await Promise.all(
        entries.map(async (entry) => {
          if ((entry.kind !== 'changed' && entry.kind !== 'created') || entry.after !== undefined) return entry
          const after = await hashOf(resolve(root, entry.path))
          return after === undefined ? entry : { ...entry, after }
        }),
      )
      if (isMade) await write()
    },
    /** Puts back what came after the mark. */
    putBack: async (mark: number) => {
      const taken = entries.slice(mark)
      entries = entries.slice(0, mark)
      const done = await putBackAll(root, folder, taken)
      if (entries.length === 0 && done.every(({ outcome, why }) => outcome !== 'left' || why === ranWhy)) {
        await rm(folder, { recursive: true, force: true })
        await clearHome(root)
        isMade = false
      }
      if (isMade) await write()
      return done
    },
  }
}

/** Puts back the newest backup of the checkout. Throws LauncherError `no-backup` where there is none. */
export async function undoNewest(root: string): Promise<{ shown: string; done: PutBack[] }> {
  const above = join(root, homeName, 'backups')
  const names = (await readdir(above).catch(() => [])).filter((name) => !name.endsWith('-undone')).toSorted()
  for (const name of names.toReversed()) {
    const folder = join(above, name)
    const text = await readText(join(folder, 'manifest.json'))
    const manifest = text === undefined ? undefined : parseAs(manifestSchema, text)
    if (manifest === undefined || manifest.entries.length === 0) continue
    const done = await putBackAll(root, folder, manifest.entries, `${folder}-undone`)
    await rename(folder, `${folder}-undone`)
    return { shown: shownPath(root, folder), done }
  }
  throw new LauncherError('no-backup', `There is nothing to put back in ${shownPath(root, above)}`, {
    hint: 'election-dev doctor --fix keeps what it changes there.',
  })
}

/** A database is kept whole, however large it is. */
const anySize = Number.POSITIVE_INFINITY

const ranWhy = 'what a command did is not taken back'

/**
 * The last first: what was moved away comes back once what took its place is gone. `later`: what the folder will be
 * called, where somebody may have worked since in what was made; it is kept there then.
 */
async function putBackAll(root: string, folder: string, entries: readonly Entry[], later?: string): Promise<PutBack[]> {
  const done: PutBack[] = []
  for (const entry of entries.toReversed()) {
    if (entry.kind === 'ran') {
      done.push({ path: entry.command, outcome: 'left', why: ranWhy })
      continue
    }
    try {
      done.push(await putBackOne(root, folder, entry, later))
    } catch (error) {
      done.push({ path: entry.path, outcome: 'left', why: errorMessage(error) })
    }
  }
  return done
}

async function putBackOne(root: string, folder: string, entry: Exclude<Entry, { kind: 'ran' }>, later?: string): Promise<PutBack> {
  const path = resolve(root, entry.path)
  const shown = entry.path
  switch (entry.kind) {
    case 'changed': {
      const current = await readBytes(path, anySize).catch(() => undefined)
      const kept = join(folder, entry.copy)
      if (current !== undefined && entry.after !== undefined && digest(current) !== entry.after)
        return { path: shown, outcome: 'left', why: `it was changed since; as it was: ${shownPath(root, kept)}` }
      await writeDotenv(path, current, await readFile(kept))
      return { path: shown, outcome: 'restored' }
    }
    case 'created': {
      const now = await hashOf(path)
      if (now !== undefined && entry.after !== undefined && now !== entry.after)
        return { path: shown, outcome: 'left', why: 'it was changed since it was made' }
      await rm(path, { force: true })
      return { path: shown, outcome: 'removed' }
    }
    case 'made-folder':
      await rmdir(path)
      return { path: shown, outcome: 'removed' }
    case 'made-tree': {
      if (later === undefined || !(await isEntry(path))) {
        await rm(path, { recursive: true, force: true })
        return { path: shown, outcome: 'removed' }
      }
      const name = `made-${basename(dirname(path))}-${basename(path)}`
      await rename(path, join(folder, name))
      return { path: shown, outcome: 'removed', why: `what it holds is kept in ${shownPath(root, join(later, name))}` }
    }
    case 'moved':
      if (await isEntry(path)) return { path: shown, outcome: 'left', why: `it is there again; as it was: ${entry.to}` }
      await mkdir(dirname(path), { recursive: true })
      await rename(resolve(root, entry.to), path)
      return { path: shown, outcome: 'restored' }
  }
}

async function hashOf(path: string): Promise<string | undefined> {
  const bytes = await readBytes(path, anySize).catch(() => undefined)
  return bytes === undefined ? undefined : digest(bytes)
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Relative to the checkout where it lies in there: a checkout may be moved before it is undone. */
function shownPath(root: string, path: string): string {
  const short = relative(root, path)
  return short.startsWith('..') || isAbsolute(short) ? path : short
}
