import { join, sep } from 'node:path'
import { firstFile, readText } from '../host/files.ts'
import { namedImports, starImports } from './manage-py.ts'

/** The file of a module below the backend: `core/settings.py` or `core/settings/__init__.py`. */
export async function moduleFile(backend: string, module: string): Promise<string | undefined> {
  const base = join(backend, ...module.split('.'))
  return firstFile([`${base}.py`, join(base, '__init__.py')])
}

/** The text of a module below the backend; empty where there is none. */
export async function readModule(backend: string, module: string): Promise<string> {
  const file = await moduleFile(backend, module)
  return (file === undefined ? undefined : await readText(file)) ?? ''
}

/**
 * The settings module and what it takes from modules of the project, each once.
 * What is taken whole comes before what is taken by name, and the last of several
 * first: it wins.
 */
export async function filesOfSettings(backend: string, module: string): Promise<string[]> {
  const files: string[] = []
  const waiting = [module]
  for (let name = waiting.shift(); name !== undefined && files.length < 20; name = waiting.shift()) {
    const file = await moduleFile(backend, name)
    if (file === undefined || files.includes(file)) continue
    files.push(file)
    const isPackage = file.endsWith(`${sep}__init__.py`)
    const text = (await readText(file)) ?? ''
    for (const imported of [...starImports(text).toReversed(), ...namedImports(text)])
      waiting.push(absoluteModule(name, imported, isPackage))
  }
  return files
}

/** `.base` seen from `core.settings.dev` is `core.settings.base`. */
export function absoluteModule(from: string, imported: string, fromIsPackage: boolean): string {
  const dots = /^\.*/.exec(imported)?.[0].length ?? 0
  if (dots === 0) return imported
  const parts = from.split('.')
  const base = parts.slice(0, parts.length - dots + (fromIsPackage ? 1 : 0))
  return [...base, imported.slice(dots)].filter((part) => part !== '').join('.')
}
