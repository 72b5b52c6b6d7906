import { basename, isAbsolute, relative, sep } from 'node:path'

/** Folders whose files never reach the running backend, or are written by it. */
const passedOver = /^(?:\.|(?:node_modules|venv|env|site-packages|__pycache__|migrations|logs?|media|staticfiles|dist|build|htmlcov)$)/

/** What decides about a changed file. Paths are absolute. */
export interface ReloadScope {
  readonly backend: string
  /** Environments and frontends that lie below the backend under whatever name. */
  readonly excluded: readonly string[]
  /** The `.env` that the settings read. */
  readonly dotenv: string
  /** Files that make up the settings, and the ASGI module. */
  readonly settings: readonly string[]
}

/** True for a folder that isn't looked into: environments, caches, logs, migrations in the making, everything hidden. Pure. */
export function isPassedOver(scope: ReloadScope, folder: string): boolean {
  if (folder === scope.backend) return false
  return passedOver.test(basename(folder)) || scope.excluded.some((path) => path === folder)
}

/**
 * True for a file whose change asks for a restart: Python below the backend, and
 * the `.env`. What editors write beside a file (`.#views.py`, `views.py~`) is
 * none of it. Pure.
 */
export function isSource(scope: ReloadScope, file: string): boolean {
  if (file === scope.dotenv) return true
  const name = basename(file)
  if (!name.endsWith('.py') || name.startsWith('.')) return false
  const way = relative(scope.backend, file)
  if (way.startsWith('..') || isAbsolute(way)) return false
  let folder = scope.backend
  for (const part of way.split(sep).slice(0, -1)) {
    folder = `${folder}${sep}${part}`
    if (isPassedOver(scope, folder)) return false
  }
  return true
}

/** True where the port, the application or the channel layer may be another one now: all is decided anew. Pure. */
export function changesDecisions(scope: ReloadScope, files: readonly string[]): boolean {
  return files.some((file) => file === scope.dotenv || scope.settings.includes(file))
}

/** The files of a change in words: `updates/consumers.py changed`, `updates/consumers.py and 2 more changed`. Pure. */
export function changeWords(scope: ReloadScope, files: readonly string[]): string {
  const [first = '', ...more] = files.map((file) => relative(scope.backend, file).split(sep).join('/'))
  return `${first}${more.length === 0 ? '' : ` and ${more.length} more`} changed`
}
