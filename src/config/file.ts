import { join } from 'node:path'
import { existsSync, readdirSync } from 'node:fs'
import { readText } from '../host/files.ts'
import { errorMessage, usageError } from '../errors.ts'
import { isRecord, parseJson } from '../host/json.ts'
import type { PartialConfig } from './schema.ts'

/** A configuration file that was found and is valid. */
export interface ConfigFile {
  /** As a person would name it, relative to the folder of the run. */
  readonly name: string
  readonly config: PartialConfig
}

const fileName = /^election-dev\.config\.(json|m?js|ts)$/

/**
 * Loads the configuration of a folder: `election-dev.config.{json,js,mjs,ts}`
 * or the key `election-dev` of package.json. Undefined where there is none;
 * LauncherError `config-invalid` (exit 2) with file, key and what is allowed.
 */
export async function loadConfigFile(folder: string): Promise<ConfigFile | undefined> {
  const entries = existsSync(folder) ? readdirSync(folder) : []
  const named = entries.filter((name) => fileName.test(name))
  if (entries.includes('package.json') && (await holdsKey(join(folder, 'package.json')))) named.push('package.json')
  if (named.length === 0) return undefined
  if (named.length > 1) {
    throw usageError(
      'config-invalid',
      `More than one configuration: ${named.map((name) => (name === 'package.json' ? 'package.json#election-dev' : name)).join(', ')}`,
      { hint: 'Keep one of them.' },
    )
  }
  const [file = ''] = named
  const name = file === 'package.json' ? 'package.json#election-dev' : file
  // loaded only where there is a file: a project without one doesn't pay for it
  const { loadConfig } = await import('./loader.ts')
  const found = await loadConfig(join(folder, file)).catch((error: unknown) => {
    throw usageError('config-invalid', `${file} can't be read: ${errorMessage(error)}`, { cause: error })
  })
  const [{ outOfBounds }, { checkConfig }] = await Promise.all([import('./bounds.ts'), import('./schema.ts')])
  const beyond = outOfBounds(found)
  const checked = beyond.length > 0 ? { problems: beyond } : checkConfig(found)
  if ('config' in checked) return { name, config: checked.config }
  throw usageError('config-invalid', `${name} isn't a valid configuration`, {
    evidence: checked.problems.map(({ key, problem }) => `${name}: ${key === '' ? 'the whole' : key} ${problem}`),
    hint: 'Every key is described in the README and in dist/config.schema.json of the package.',
  })
}

/** A package.json that can't be read and names us may hold our key; any other is none of our business. */
async function holdsKey(file: string): Promise<boolean> {
  const text = (await readText(file)) ?? ''
  if (!text.includes('"election-dev"')) return false
  const manifest = parseJson(text)
  return manifest === undefined || (isRecord(manifest) && 'election-dev' in manifest)
}
