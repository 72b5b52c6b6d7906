import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
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
  // a look at the folder first: the library's search costs more than the whole launch of a project without a file
  const present = existsSync(folder) ? readdirSync(folder).filter((name) => fileName.test(name) || name === 'package.json') : []
  if (present.length === 0) return undefined
  const named = present.filter((name) => name !== 'package.json')
  if (named.length > 1) {
    throw new LauncherError('config-invalid', `More than one configuration file: ${named.join(', ')}`, {
      hint: 'Keep one of them.',
      exitCode: ExitCode.usage,
    })
  }
  const { lilconfig } = await import('lilconfig')
  const search = lilconfig('election-dev', {
    searchPlaces: [...named, 'package.json'],
    stopDir: folder,
    loaders: { '.ts': loadTypeScript, '.js': loadModule, '.mjs': loadModule },
  })
  const found = await search.search(folder).catch((error: unknown) => {
    const where = named[0] ?? 'package.json'
    throw new LauncherError('config-invalid', `${where} can't be read: ${errorMessage(error)}`, { exitCode: ExitCode.usage, cause: error })
  })
  if (found === null || found.isEmpty === true) return undefined
  const file = relative(folder, found.filepath)
  const name = basename(file) === 'package.json' ? 'package.json#election-dev' : file
  const checked = checkConfig(found.config)
  if ('config' in checked) return { name, config: checked.config }
  throw new LauncherError('config-invalid', `${name} isn't a valid configuration`, {
    evidence: checked.problems.map(({ key, problem }) => `${name}: ${key === '' ? 'the whole' : key} ${problem}`),
    hint: 'Every key is described in the README and in dist/config.schema.json of the package.',
    exitCode: ExitCode.usage,
  })
}

async function loadModule(path: string): Promise<unknown> {
  const module: unknown = await import(pathToFileURL(path).href)
  return defaultExport(module)
}

async function loadTypeScript(path: string): Promise<unknown> {
  // jiti stays outside the bundle: it carries a compiler that only this one case needs
  const require = createRequire(import.meta.url)
  const jiti: typeof import('jiti') = require('jiti')
  const load = jiti.createJiti(join(dirname(path), basename(path)), { fsCache: false })
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
