import { join, relative, sep } from 'node:path'
import { LauncherError } from '../errors.ts'
import { isFile, readText, readBytes } from '../host/files.ts'
import { recordOf } from '../host/json.ts'
import { foldersIn } from './manage-py-places.ts'

/** A package.json and what lies beside it. */
export interface PackageFolder {
  /** Relative to the checkout, `.` for itself. */
  readonly folder: string
  /** The script that starts its dev server; undefined: it has none. */
  readonly script: string | undefined
  readonly lock: 'package-lock.json' | 'yarn.lock' | 'yarn.lock (berry)' | 'pnpm-lock.yaml' | undefined
}

/** The package.json of the checkout and of the folders one level down. Never throws. */
export async function packageFolders(root: string): Promise<PackageFolder[]> {
  const found = await Promise.all([root, ...(await foldersIn(root))].map((folder) => packageFolder(root, folder)))
  return found.flatMap((each) => each ?? [])
}

async function packageFolder(root: string, folder: string): Promise<PackageFolder | undefined> {
  const manifest = await readText(join(folder, 'package.json'))
  if (manifest === undefined) return undefined
  const scripts = scriptsOf(manifest)
  return {
    folder: relative(root, folder).split(sep).join('/') || '.',
    script: ['dev', 'start', 'serve'].find((name) => scripts.has(name) && !/\belection-dev\b/.test(scripts.get(name) ?? '')),
    lock: await lockOf(folder),
  }
}

function scriptsOf(manifest: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(recordOf(manifest)['scripts'] ?? {}).map(([name, command]) => [name, String(command)]))
}

async function lockOf(folder: string): Promise<PackageFolder['lock']> {
  if (await isFile(join(folder, 'pnpm-lock.yaml'))) return 'pnpm-lock.yaml'
  const yarn = await readText(join(folder, 'yarn.lock'))
  // Yarn 2 and newer keep their own version in it
  if (yarn !== undefined) return /^__metadata:/m.test(yarn) ? 'yarn.lock (berry)' : 'yarn.lock'
  return (await isFile(join(folder, 'package-lock.json'))) ? 'package-lock.json' : undefined
}

/** The text of a file; undefined where there is none. Throws LauncherError where it isn't UTF-8: writing it back would change it. */
export async function exactText(path: string, name: string): Promise<string | undefined> {
  const bytes = await readBytes(path).catch(() => undefined)
  const text = bytes?.toString('utf8')
  if (bytes === undefined || text === undefined || Buffer.from(text).equals(bytes)) return text
  throw new LauncherError('init-encoding', `${name} isn't UTF-8: nothing was written`, { hint: 'Save it as plain UTF-8.' })
}
