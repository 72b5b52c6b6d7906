import { readdir } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { startAgain } from '../config/again.ts'
import type { Config } from '../config/config.ts'
import { usageError } from '../errors.ts'
import { isFile, readText, realPath } from '../host/files.ts'
import { settingsModuleOf } from './manage-py.ts'
import { filesOfSettings } from './modules.ts'

/** Folders that never hold the project's manage.py. */
export const passedOver = /^(\.|node_modules$|venv$|env$|dist$|build$|static$|site-packages$)/

/** How deep manage.py is looked for, and in how many folders below the first level: a checkout can hold anything. */
const deepest = 5
const mostFolders = 2000

async function namedBackend(root: string, config: Config): Promise<string> {
  const folder = resolve(root, config.backend ?? '.')
  if (await isFile(join(folder, 'manage.py'))) return folder
  throw usageError('no-project', `${config.source('backend')} names ${config.backend ?? ''}, and there is no manage.py in it`)
}

/**
 * The folder of manage.py: the one that is named, else `backend/`, the folder itself or one level down, else deeper; of
 * several the one that speaks of Channels. Throws LauncherError `no-project` or `several-projects` (exit 2).
 */
export async function findBackend(root: string, config: Config): Promise<string> {
  if (config.backend !== undefined) return namedBackend(root, config)
  const near = await holding([join(root, 'backend'), root, ...(await foldersIn(root, true))])
  const found = near.length > 0 ? near : await holdingBelow(root)
  const [first, ...others] = found
  if (first === undefined) {
    throw usageError(
      'no-project',
      `There is no Django project in ${root}: no manage.py in it, or in its folders down to ${deepest} levels`,
      {
        hint: 'Go to the checkout, or name the folder: election-dev start --backend path/to/folder. To see it work first: election-dev demo',
      },
    )
  }
  if (others.length === 0) return first
  const speaking = await Promise.all(found.map((folder) => namesChannels(folder)))
  const [only, ...more] = found.filter((_, index) => speaking[index] === true)
  if (only !== undefined && more.length === 0) return only
  // those that speak of Channels first
  const ranked = [...found.filter((_, index) => speaking[index] === true), ...found.filter((_, index) => speaking[index] !== true)]
  const rows = ranked.map((folder) => {
    const name = relative(root, folder).split(sep).join('/') || '.'
    const command = startAgain(config, '--backend', name).map((word) => (/^[\w./:@=-]+$/.test(word) ? word : `"${word}"`))
    return { name, row: `${name}/manage.py   ${command.join(' ')}` }
  })
  throw usageError('several-projects', `More than one Django project here: ${rows.map(({ name }) => name).join(', ')}`, {
    evidence: rows.map(({ row }) => row),
    hint: 'Name one of them so, or by "backend" in election-dev.config.json.',
  })
}

/** Of the folders those that hold a manage.py; a link to another of them is the same project once more. */
async function holding(folders: readonly string[]): Promise<string[]> {
  const candidates = [...new Set(folders)]
  const holds = await Promise.all(candidates.map((folder) => isFile(join(folder, 'manage.py'))))
  const found = candidates.filter((_, index) => holds[index] === true)
  const real = await Promise.all(found.map((folder) => realPath(folder)))
  return found.filter((_, index) => real.indexOf(real[index] ?? '') === index)
}

/** The same of all that is deeper, level by level; nothing is looked for below a manage.py. */
async function holdingBelow(root: string): Promise<string[]> {
  const found: string[] = []
  let level = await foldersIn(root)
  for (let depth = 2, seen = 0; depth <= deepest && seen < mostFolders; depth++) {
    level = (await Promise.all(level.map(async (folder) => foldersIn(folder)))).flat().slice(0, mostFolders - seen)
    seen += level.length
    const here = await holding(level)
    found.push(...here)
    level = level.filter((folder) => !here.includes(folder))
  }
  return found
}

async function foldersIn(folder: string, withLinks = false): Promise<string[]> {
  return (await readdir(folder, { withFileTypes: true }).catch(() => []))
    .filter((entry) => (entry.isDirectory() || (withLinks && entry.isSymbolicLink())) && !passedOver.test(entry.name))
    .map((entry) => join(folder, entry.name))
}

/** Whether the settings of a project speak of Channels: an example beside it, or a site without sockets, isn't what is to be started. */
async function namesChannels(backend: string): Promise<boolean> {
  const settings = settingsModuleOf((await readText(join(backend, 'manage.py'))) ?? '')
  const texts = settings === undefined ? [] : await Promise.all((await filesOfSettings(backend, settings)).map((file) => readText(file)))
  return texts.some((text) => /["'](?:channels|daphne)["']|\b(?:ASGI_APPLICATION|CHANNEL_LAYERS)\b/.test(text ?? ''))
}
