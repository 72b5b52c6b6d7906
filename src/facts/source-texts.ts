import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readText } from '../host/files.ts'

/** Bounds of one reading: files, bytes of each, milliseconds. */
export interface Bounds {
  readonly files: number
  readonly bytes: number
  readonly ms: number
}

/** An `.env` file of a bundler; never an example, which nobody reads. */
export const isDotenv = (name: string): boolean => /^\.env(?:\.|$)/.test(name) && !isDotenvExample(name)
/** What stands for one in a repository. */
export const isDotenvExample = (name: string): boolean => /^\.env\.(?:.*\.)?(?:example|sample|template|dist)$/.test(name)
const sourceName = /\.(?:jsx?|tsx?|mjs|vue|svelte|html)$/
/** What is built, installed, or written for tests says nothing of the page. */
const passedFolder =
  /^(?:\.|node_modules$|site-packages$|dist$|build$|out$|coverage$|staticfiles$|tests?$|__tests__$|__mocks__$|e2e$|cypress$|playwright$)/
const passedFile = /(?:\.(?:test|spec|stories|config|min)\.\w+|\.d\.ts|^setupProxy\.[jt]s)$/

/** The sources, templates and `.env` files of a folder and below with their texts, as far as the bounds go. Never throws. */
export async function sourceTexts(folder: string, bounds: Bounds): Promise<{ readonly file: string; readonly text: string }[]> {
  const until = performance.now() + bounds.ms
  const files = await sourcesOf(folder, bounds.files, until, { also: isDotenv })
  const texts: { file: string; text: string }[] = []
  const together = 16
  for (let index = 0; index < files.length && performance.now() <= until; index += together) {
    const some = files
      .slice(index, index + together)
      .map(async (file) => ({ file, text: (await boundedText(join(folder, file), bounds.bytes)) ?? '' }))
    texts.push(...(await Promise.all(some)))
  }
  return texts
}

/** The files of a folder and below that may hold sources, and those that `also` names, nearest first; `except`: a folder that is passed over. Links aren't followed: they may lead in circles. */
export async function sourcesOf(
  folder: string,
  most: number,
  until: number,
  { also = () => false, except }: { also?: (name: string) => boolean; except?: string | undefined } = {},
): Promise<string[]> {
  const files: string[] = []
  const waiting = ['']
  for (const below of waiting) {
    if (performance.now() > until) return files
    const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(() => [])
    // an environment of Python, whatever it is called
    if (entries.some(({ name }) => name === 'pyvenv.cfg')) continue
    for (const entry of entries) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory() && !passedFolder.test(entry.name) && join(folder, path) !== except) waiting.push(path)
      const isWanted = also(entry.name) || (sourceName.test(entry.name) && !passedFile.test(entry.name))
      if (!entry.isFile() || !isWanted) continue
      if (files.length === most) return files
      files.push(path)
    }
  }
  return files
}

/** The text of a file of no more than so many bytes. */
export async function boundedText(path: string, bytes: number): Promise<string | undefined> {
  const entry = await stat(path).catch(() => undefined)
  return entry?.isFile() === true && entry.size <= bytes ? readText(path) : undefined
}
