import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { existsSync, readdirSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { errorMessage, ExitCode, LauncherError } from '../errors.ts'
import { checkConfig, type PartialConfig } from './schema.ts'

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
    throw new LauncherError('config-invalid', `More than one configuration: ${named.map((name) => (name === 'package.json' ? 'package.json#election-dev' : name)).join(', ')}`, {
      hint: 'Keep one of them.',
      exitCode: ExitCode.usage,
    })
  }
  const [file = ''] = named
  const name = file === 'package.json' ? 'package.json#election-dev' : file
  const found = await load(join(folder, file)).catch((error: unknown) => {
    throw new LauncherError('config-invalid', `${file} can't be read: ${errorMessage(error)}`, { exitCode: ExitCode.usage, cause: error })
  })
  const checked = checkConfig(found)
  if ('config' in checked) return { name, config: checked.config }
  throw new LauncherError('config-invalid', `${name} isn't a valid configuration`, {
    evidence: checked.problems.map(({ key, problem }) => `${name}: ${key === '' ? 'the whole' : key} ${problem}`),
    hint: 'Every key is described in the README and in dist/config.schema.json of the package.',
    exitCode: ExitCode.usage,
  })
}

/** What the file gives, unchecked. */
async function load(file: string): Promise<unknown> {
  if (file.endsWith('.ts')) return loadTypeScript(file)
  if (!file.endsWith('.json')) return loadModule(file)
  const text = withoutMark(await readFile(file, 'utf8'))
  if (text.trim() === '') throw new Error('it is empty; {} is the least that it can hold')
  const content: unknown = JSON.parse(text)
  if (basename(file) !== 'package.json') return content
  return typeof content === 'object' && content !== null && 'election-dev' in content ? content['election-dev'] : undefined
}

/** A package.json that can't be read and names us may hold our key; any other is none of our business. */
async function holdsKey(file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => '')
  if (!text.includes('"election-dev"')) return false
  try {
    const manifest: unknown = JSON.parse(withoutMark(text))
    return typeof manifest === 'object' && manifest !== null && 'election-dev' in manifest
  } catch {
    return true
  }
}

/** Windows' editors and PowerShell put a byte order mark before UTF-8, which JSON.parse refuses. */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, '')
}

async function loadModule(path: string): Promise<unknown> {
  const module: unknown = await import(pathToFileURL(path).href)
  return defaultExport(module)
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

/** The `version` of a package.json, for `--version`. */
export async function readVersion(packageJson: string): Promise<string> {
  const parsed: unknown = JSON.parse(await readFile(packageJson, 'utf8'))
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed && typeof parsed.version === 'string') return parsed.version
  throw new Error(`${packageJson} has no version`)
}
