import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { lilconfig } from 'lilconfig'

/**
 * What a configuration file gives, unchecked: JSON, a module's default export, or
 * the key `election-dev` of package.json. Throws what reading or parsing it throws.
 */
export async function loadConfig(file: string): Promise<unknown> {
  const found = await lilconfig('election-dev', {
    loaders: {
      '.json': (_, text) => parseJson(text),
      '.js': (path) => loadModule(path),
      '.mjs': (path) => loadModule(path),
      '.ts': (path) => loadTypeScript(path),
    },
    cache: false,
  }).load(file)
  if (found?.isEmpty === true) throw new Error('it is empty; {} is the least that it can hold')
  return found?.config
}

/** Windows' editors and PowerShell put a byte order mark before UTF-8, which JSON.parse refuses. */
function parseJson(text: string): unknown {
  return JSON.parse(text.replace(/^\uFEFF/, ''))
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
