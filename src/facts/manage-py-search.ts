import { join, relative, sep } from 'node:path'
import { startAgain } from '../config/again.ts'
import type { Config } from '../config/config.ts'
import { usageError } from '../errors.ts'
import { readText } from '../host/files.ts'
import { foldersIn, holding } from './manage-py-places.ts'
import { settingsModuleOf } from './manage-py.ts'
import { filesOfSettings } from './modules.ts'

/** How deep manage.py is looked for, and in how many folders below the first level: a checkout can hold anything. */
const deepest = 5
const mostFolders = 2000

/** Where it isn't one of those near the root alone: deeper, and of several the one that speaks of Channels. Throws LauncherError. */
export async function searchBackend(root: string, config: Config, near: readonly string[]): Promise<string> {
  const found = near.length > 0 ? near : await holdingBelow(root)
  const [first, ...others] = found
  if (first === undefined) {
    throw usageError(
      'no-project',
      `There is no Django project in ${root}: no manage.py in it, or in its folders down to ${deepest} levels`,
      {
        hint: `Go to the checkout, or name the folder:  ${shown(config, 'path/to/folder')}\nTo see it work first:  election-dev demo`,
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
    return { name, row: `${name}/manage.py   ${shown(config, name)}` }
  })
  throw usageError('several-projects', `More than one Django project here: ${rows.map(({ name }) => name).join(', ')}`, {
    evidence: rows.map(({ row }) => row),
    hint: 'Name one of them so, or by "backend" in election-dev.config.json.',
  })
}

/** The command that names a folder, as it is typed. */
function shown(config: Config, folder: string): string {
  return startAgain(config, '--backend', folder)
    .map((word) => (/^[\w./:@=,-]+$/.test(word) ? word : `"${word}"`))
    .join(' ')
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

/** Whether the settings of a project speak of Channels: an example beside it, or a site without sockets, isn't what is to be started. */
async function namesChannels(backend: string): Promise<boolean> {
  const settings = settingsModuleOf((await readText(join(backend, 'manage.py'))) ?? '')
  const texts = settings === undefined ? [] : await Promise.all((await filesOfSettings(backend, settings)).map((file) => readText(file)))
  return texts.some((text) => /["'](?:channels|daphne)["']|\b(?:ASGI_APPLICATION|CHANNEL_LAYERS)\b/.test(text ?? ''))
}
