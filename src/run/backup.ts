import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { errorCode, errorMessage, LauncherError } from '../errors.ts'
import { homeName } from '../facts/home-name.ts'
import { isEntry, isInside, readBytes } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import type { Host } from '../host/host.ts'
import { digest, readManifest, writeManifest, type Entry } from './backup-manifest.ts'
import { writeDotenv } from './dotenv-write.ts'
import { clearHome, foreignHome, makeHome } from './home.ts'

type Machine = Pick<Host, 'platform' | 'env'>

/** What putting back came to, one entry each. */
export interface PutBack {
  readonly path: string
  readonly outcome: 'restored' | 'removed' | 'left'
  /** Why it was left as it is. */
  readonly why?: string
}

/** What a run of `--fix` has changed, kept so that it can be put back. */
export type Backup = ReturnType<typeof makeBackup>

/**
 * A backup for one run, in the checkout's `.election-dev/backups`. Its folder is made with its first
 * entry. What is about to be done is written down before it is: a run may be killed in between.
 */
export function makeBackup(host: Machine, root: string, now: Date = new Date()) {
  const stamp = now.toISOString().replace(/[:.]/g, '-')
  const folder = join(root, homeName, 'backups', stamp)
  let entries: Entry[] = []
  let isMade = false
  const label = (path: string) => shownPath(root, path)
  const write = () => writeManifest(host, folder, entries)
  const open = async () => {
    if (isMade) return
    // it holds what .env holds
    await makeHome(root, 'backups', stamp)
    isMade = true
  }
  const add = async (entry: Entry) => {
    await open()
    await writeManifest(host, folder, (entries = [...entries, entry]))
  }
  return {
    /** Relative to the checkout, once something is kept. */
    shown: () => (isMade ? label(folder) : undefined),
    /** Whether there is anything to put back: of commands that ran there is nothing. */
    restores: () => entries.some(({ kind }) => kind !== 'ran'),
    /** Keeps the file as it is now. `after`: what will be in it; a command is followed by `settle`. */
    changing: async (path: string, after?: Uint8Array) => {
      await open()
      const copy = `${entries.length}-${basename(path)}`
      await writeFile(join(folder, copy), await readBytes(path, anySize), { mode: 0o600, flag: 'wx' })
      await add({ kind: 'changed', path: label(path), copy, ...hashed(after) })
    },
    creating: (path: string, after?: Uint8Array) => add({ kind: 'created', path: label(path), ...hashed(after) }),
    madeFolder: (path: string) => add({ kind: 'made-folder', path: label(path) }),
    making: (path: string) => add({ kind: 'made-tree', path: label(path) }),
    /** Moves it; without `to` into the backup. */
    move: async (from: string, to: string | undefined) => {
      await open()
      const target = to ?? join(folder, `${entries.length}-${basename(from)}`)
      if (await isEntry(target)) throw new LauncherError('fix-failed', `${label(target)} already exists: nothing was moved`)
      await add({ kind: 'moved', path: label(from), to: label(target) })
      await rename(from, target)
    },
    ran: (command: string) => add({ kind: 'ran', command }),
    /** Whether the path lies in a folder that was made. */
    hasMade: (path: string) => entries.some((entry) => entry.kind === 'made-tree' && isWithin(resolve(root, entry.path), path)),
    /** How many entries there are. */
    mark: () => entries.length,
    /**
     * Remembers what a command has written, so that a later change of the user's is never overwritten. What it has made,
     * a database say, is the application's to write to: that is moved into the backup as it is then.
     */
    settle: async () => {
      entries = await Promise.all(
        entries.map(async (entry) => {
          if (entry.kind !== 'changed' || entry.after !== undefined) return entry
          return { ...entry, ...hashed(await bytesOf(resolve(root, entry.path))) }
        }),
      )
      if (isMade) await write()
    },
    /** Puts back what came after the mark. */
    putBack: async (mark: number) => {
      const taken = entries.slice(mark)
      entries = entries.slice(0, mark)
      const done = await putBackAll({ root, folder }, taken)
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

/** A backup that can be put back. */
export interface Undo {
  /** Its folder, relative to the checkout. */
  readonly shown: string
  /** What will be done, in this order. */
  readonly plan: readonly string[]
  /** Does it. Ended in between, it can be asked for again. */
  readonly run: () => Promise<readonly PutBack[]>
}

/**
 * The newest backup of the checkout. Throws LauncherError `no-backup` where there is none, and
 * `foreign-backup` where no run of this user's has made it: then its words are somebody else's.
 */
export async function newestBackup(host: Machine, root: string): Promise<Undo> {
  const above = join(root, homeName, 'backups')
  const foreign = await foreignHome(root, 'backups')
  if (foreign !== undefined) throw notOurs(shownPath(root, foreign.path), foreign.why)
  const names = (await readdir(above).catch(() => [])).filter((name) => /^\d{4}-\d\d-\d\dT[\d-]+Z$/.test(name)).toSorted()
  for (const name of names.toReversed()) {
    const folder = join(above, name)
    const shown = shownPath(root, folder)
    const entries = (await foreignHome(root, 'backups', name)) === undefined ? await readManifest(host, folder) : 'foreign'
    if (entries === 'foreign') throw notOurs(shown, 'was made by no run of this user on this machine')
    if (entries === undefined || entries.length === 0) continue
    if (entries.every(({ kind }) => kind === 'ran'))
      throw new LauncherError('no-backup', 'There is nothing to undo from the last run: it changed no files', {
        evidence: entries.flatMap((entry) => (entry.kind === 'ran' ? [`${entry.command}   ${ranWhy}`] : [])),
        hint: `To undo an earlier run's changes, remove ${shown} first.`,
      })
    const run = async () => {
      const done = await putBackAll({ root, folder, later: `${folder}-undone` }, entries, (rest) => writeManifest(host, folder, rest))
      await rename(folder, `${folder}-undone`)
      return done
    }
    return { shown, plan: await planned({ root, folder, later: `${folder}-undone` }, entries), run }
  }
  throw new LauncherError('no-backup', `There is nothing to put back in ${shownPath(root, above)}`, {
    hint: 'election-dev doctor --fix backs up there what it changes.',
  })
}

function notOurs(shown: string, why: string): LauncherError {
  return new LauncherError('foreign-backup', `${shown} ${why}: nothing was put back`, {
    hint: `Remove ${shown}, or copy back by hand what it keeps.`,
  })
}

/** What putting back comes to, a line each, as far as it can be told before: what the lines above do is counted in. */
async function planned(place: Place, entries: readonly Entry[]): Promise<string[]> {
  const put = new Map<string, string | undefined>()
  const seen: Standing = async (path) => (put.has(path) ? put.get(path) : standing(path))
  const lines: string[] = []
  for (const entry of entries.toReversed()) {
    if (entry.kind === 'ran') {
      lines.push(`${entry.command}   ${ranWhy}`)
      continue
    }
    const why = await whyLeft(place, entry, seen)
    lines.push(`${entry.path}   ${why === undefined ? undoneWords(entry) : `stays: ${why}`}`)
    if (why !== undefined) continue
    const path = resolve(place.root, entry.path)
    if (entry.kind === 'moved') put.set(path, (await seen(path)) ?? (await seen(resolve(place.root, entry.to))))
    else put.set(path, entry.kind === 'changed' ? await standing(join(place.folder, entry.copy)) : undefined)
  }
  return lines
}

function undoneWords(entry: Exclude<Entry, { kind: 'ran' }>): string {
  if (entry.kind === 'changed' || entry.kind === 'moved') return entry.kind === 'moved' ? `back from ${entry.to}` : 'as it was before'
  if (entry.kind === 'made-folder') return 'removed; what others have put there goes into the backup'
  return entry.kind === 'created' && entry.after !== undefined ? 'removed' : intoBackup
}

/** How a plan ends a line of what the application writes to: a database say. */
export const intoBackup = 'moved into the backup'
/** A database is kept whole, however large it is. */
const anySize = Number.POSITIVE_INFINITY

const ranWhy = 'what a command did is not taken back'

/** `later`: what the backup's folder will be called, where somebody may have worked since in what was made; it is kept there then. */
interface Place {
  readonly root: string
  readonly folder: string
  readonly later?: string
}

/** The last first: what was moved away comes back once what took its place is gone. `onRest` is told what is still to be put back. */
async function putBackAll(
  place: Place,
  entries: readonly Entry[],
  onRest: (rest: readonly Entry[]) => Promise<void> = async () => {},
): Promise<PutBack[]> {
  const done: PutBack[] = []
  for (const entry of entries.toReversed()) {
    if (entry.kind === 'ran') done.push({ path: entry.command, outcome: 'left', why: ranWhy })
    else
      done.push(
        await putBackOne(place, entry, entries.indexOf(entry)).catch((error: unknown) => ({
          path: entry.path,
          outcome: 'left' as const,
          why: errorMessage(error),
        })),
      )
    await onRest(entries.slice(0, -done.length))
  }
  return done
}

/** What stands at a path: the hash of a file, a word for anything else; undefined where there is nothing. */
type Standing = (path: string) => Promise<string | undefined>

const standing: Standing = async (path) => {
  if (!(await isEntry(path))) return undefined
  const bytes = await bytesOf(path)
  return bytes === undefined ? 'no file' : digest(bytes)
}

/** Why an entry can't be put back, or may not be: somebody has worked there since. Undefined where it can. */
async function whyLeft(
  { root, folder, later }: Place,
  entry: Exclude<Entry, { kind: 'ran' }>,
  seen: Standing = standing,
): Promise<string | undefined> {
  const path = resolve(root, entry.path)
  const places = entry.kind === 'moved' ? [path, resolve(root, entry.to)] : [path]
  // of its own run the paths are known; a link may have been laid since
  if (later !== undefined && !(await Promise.all(places.map((each) => isInside(root, each)))).every(Boolean))
    return `it lies outside of ${root}${entry.kind === 'changed' ? `; as it was: ${shownPath(root, join(folder, entry.copy))}` : ''}`
  if (entry.kind === 'moved') {
    const isTwice = (await seen(path)) !== undefined && (await seen(resolve(root, entry.to))) !== undefined
    return isTwice ? `it is there again; as it was: ${entry.to}` : undefined
  }
  if ((entry.kind !== 'changed' && entry.kind !== 'created') || entry.after === undefined) return undefined
  const current = await seen(path)
  if (current === undefined || current === entry.after) return undefined
  if (entry.kind === 'created') return 'it was changed since it was made'
  const copy = join(folder, entry.copy)
  return current === (await standing(copy)) ? undefined : `it was changed since; as it was: ${shownPath(root, copy)}`
}

async function putBackOne(place: Place, entry: Exclude<Entry, { kind: 'ran' }>, index: number): Promise<PutBack> {
  const { root, folder, later } = place
  const path = resolve(root, entry.path)
  const reason = await whyLeft(place, entry)
  if (reason !== undefined) return { path: entry.path, outcome: 'left', why: reason }
  /** Where it is kept from now on, and the words for it. */
  const aside = join(folder, `made-${index}-${basename(path)}`)
  const why = later === undefined ? {} : { why: `what it holds is kept in ${shownPath(root, join(later, basename(aside)))}` }
  switch (entry.kind) {
    case 'changed': {
      const current = await bytesOf(path)
      const before = await readBytes(join(folder, entry.copy), anySize)
      // by a command that was ended: whose it is can't be told
      const isKept = later !== undefined && entry.after === undefined && current !== undefined && !before.equals(current)
      if (isKept) await writeFile(aside, current, { mode: 0o600, flag: 'wx' })
      await writeDotenv(path, current, before)
      return { path: entry.path, outcome: 'restored', ...(isKept ? why : {}) }
    }
    case 'made-folder':
      try {
        await rmdir(path)
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return { path: entry.path, outcome: 'removed' }
        if (later === undefined || errorCode(error) !== 'ENOTEMPTY') throw error
        await rename(path, aside)
        return { path: entry.path, outcome: 'removed', ...why }
      }
      return { path: entry.path, outcome: 'removed' }
    case 'created':
    case 'made-tree': {
      const isAside = later !== undefined && (entry.kind === 'made-tree' || entry.after === undefined) && (await isEntry(path))
      if (isAside) await rename(path, aside)
      else await rm(path, { recursive: entry.kind === 'made-tree', force: true })
      return { path: entry.path, outcome: 'removed', ...(isAside ? why : {}) }
    }
    case 'moved': {
      if (!(await isEntry(path))) {
        await mkdir(dirname(path), { recursive: true })
        await rename(resolve(root, entry.to), path)
      }
      return { path: entry.path, outcome: 'restored' }
    }
  }
}

async function bytesOf(path: string): Promise<Buffer | undefined> {
  return readBytes(path, anySize).catch(() => undefined)
}

const hashed = (bytes: Uint8Array | undefined) => (bytes === undefined ? {} : { after: digest(bytes) })

/** Relative to the checkout where it lies in there: a checkout may be moved before it is undone. */
const shownPath = (root: string, path: string): string => {
  const short = relative(root, path)
  return short.startsWith('..') || isAbsolute(short) ? path : short
}
