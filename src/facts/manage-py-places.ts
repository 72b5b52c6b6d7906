import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isFile, realPath } from '../host/files.ts'

/** Folders of a checkout that hold none of its own sources. */
export const noSources = /^(?:\.|__pycache__$|node_modules$|venv$|env$|dist$|build$|static$|media$|site-packages$)/

/** Of the folders those that hold a manage.py; a link to another of them is the same project once more. */
export async function holding(folders: readonly string[]): Promise<string[]> {
  const candidates = [...new Set(folders)]
  const holds = await Promise.all(candidates.map((folder) => isFile(join(folder, 'manage.py'))))
  const found = candidates.filter((_, index) => holds[index] === true)
  const real = await Promise.all(found.map((folder) => realPath(folder)))
  return found.filter((_, index) => real.indexOf(real[index] ?? '') === index)
}

/** The folders of a folder that may hold a project. */
export async function foldersIn(folder: string, withLinks = false): Promise<string[]> {
  return (await readdir(folder, { withFileTypes: true }).catch(() => []))
    .filter((entry) => (entry.isDirectory() || (withLinks && entry.isSymbolicLink())) && !noSources.test(entry.name))
    .map((entry) => join(folder, entry.name))
}
