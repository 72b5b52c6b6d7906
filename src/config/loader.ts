import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readBytes } from '../host/files.ts'
import { isRecord } from '../host/json.ts'

/**
 * What a configuration file gives, unchecked: JSON, a module's default export, or
 * the key `election-dev` of package.json. Throws what reading or parsing it throws.
 */
export async function loadConfig(file: string): Promise<unknown> {
  // Windows' editors and PowerShell put a byte order mark before UTF-8, which JSON.parse refuses
  const text = (await readBytes(file)).toString().replace(/^\uFEFF/, '')
  if (text.trim() === '') throw new Error('it is empty; {} is the least that it can hold')
  if (file.endsWith('.ts')) return loadTypeScript(file)
  if (!file.endsWith('.json')) return defaultExport(await import(pathToFileURL(file).href))
  const value: unknown = JSON.parse(text)
  return basename(file) === 'package.json' && isRecord(value) ? value['election-dev'] : value
}

async function loadTypeScript(path: string): Promise<unknown> {
  // jiti stays outside the bundle: it carries a compiler that only this one case needs
  const require = createRequire(import.meta.url)
  const jiti: typeof import('jiti') = require('jiti')
  const load = jiti.createJiti(path, { fsCache: false })
  return defaultExport(await load.import(path))
}

function defaultExport(module: unknown): unknown {
  return typeof module === 'object' && module !== null && 'default' in module ? module.default : module
}
