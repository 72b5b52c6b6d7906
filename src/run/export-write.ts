import { randomBytes } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isEntry, readText } from '../host/files.ts'
import type { ExportFile, ExportPlan } from '../plan/export.ts'
import { replaceFile } from '../host/replace-file.ts'

/** A file of a set-up against what is there. Paths are relative to the set-up's folder. */
export type FileState =
  | { readonly kind: 'new' | 'same' | 'kept'; readonly path: string }
  | { readonly kind: 'changed'; readonly path: string; readonly before: string; readonly after: string }

/** What each file of a set-up would do to the folder. Nothing is written. */
export async function compareExport(out: string, { files, secrets }: ExportPlan): Promise<FileState[]> {
  const states = await Promise.all(files.map((file) => compareFile(out, file)))
  const hidden = secrets.map(async (path): Promise<FileState> => ({ kind: (await isEntry(join(out, path))) ? 'kept' : 'new', path }))
  return [...states, ...(await Promise.all(hidden))]
}

async function compareFile(out: string, { path, text, once }: ExportFile): Promise<FileState> {
  const file = join(out, path)
  if (!(await isEntry(file))) return { kind: 'new', path }
  if (once === true) return { kind: 'kept', path }
  const before = (await readText(file)) ?? ''
  return before === text ? { kind: 'same', path } : { kind: 'changed', path, before, after: text }
}

/**
 * Writes the files of a set-up that are new or changed, and a random value into
 * each secret that isn't there; one that is there stays. Values go into files of
 * their owner's alone, and nowhere else.
 */
export async function writeExport(out: string, { files, secrets }: ExportPlan, states: readonly FileState[]): Promise<void> {
  const wanted = new Set(states.filter(({ kind }) => kind === 'new' || kind === 'changed').map(({ path }) => path))
  for (const { path, text } of files) {
    if (!wanted.has(path)) continue
    await mkdir(dirname(join(out, path)), { recursive: true })
    await replaceFile(join(out, path), text, 0o666)
  }
  for (const path of secrets) {
    if (!wanted.has(path)) continue
    const file = join(out, path)
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    // no line end: kubectl takes a file as it is. Hexadecimal needs no quotes anywhere
    await writeFile(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' })
    // the mode above is what the umask leaves of it
    await chmod(file, 0o600)
  }
}
