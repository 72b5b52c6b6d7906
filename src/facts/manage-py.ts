/** What manage.py and the settings say, read as text: no interpreter is on the path to the server's start. */

/**
 * The settings module that manage.py names: `setdefault("DJANGO_SETTINGS_MODULE", "core.settings")`,
 * an assignment, or a reader's default (`config("DJANGO_SETTINGS_MODULE", default="…")`).
 */
export function settingsModuleOf(managePy: string): string | undefined {
  const code = withoutComments(managePy)
  const match = /DJANGO_SETTINGS_MODULE["']\s*(?:\]\s*=|,)\s*(?:default\s*=\s*|os\.getenv\([^,]+,\s*|os\.environ\.get\([^,]+,\s*)?["']([\w.]+)["']/.exec(code)
  return match?.[1]
}

/** `core.asgi.application` of `ASGI_APPLICATION = "core.asgi.application"` as `core.asgi:application`; the last assignment wins. */
export function asgiApplicationOf(settings: string): string | undefined {
  const matches = [...withoutComments(settings).matchAll(/^ASGI_APPLICATION\s*(?::\s*\w+\s*)?=\s*\(?\s*["']([\w.]+)\.(\w+)["']/gm)]
  const last = matches.at(-1)
  return last?.[1] === undefined || last[2] === undefined ? undefined : `${last[1]}:${last[2]}`
}

/** The modules that a settings file takes everything from: `from .base import *`, relative names kept as they are. */
export function starImports(settings: string): string[] {
  return [...withoutComments(settings).matchAll(/^\s*from\s+([\w.]+)\s+import\s+\*/gm)].flatMap((match) => match[1] ?? [])
}

/** Every quoted name in the text that looks like an environment variable. */
export function namedVariables(settings: string): Set<string> {
  const names = [...withoutComments(settings).matchAll(/["']([A-Z][A-Z0-9_]{2,})["']/g)].flatMap((match) => match[1] ?? [])
  // pydantic and environ styles name a variable by an attribute: env.USE_REDIS, settings fields; bare names count where they are assigned
  const fields = [...withoutComments(settings).matchAll(/^\s*([A-Z][A-Z0-9_]{2,})\s*:\s*(?:bool|str|int)\b/gm)].flatMap((match) => match[1] ?? [])
  return new Set([...names, ...fields])
}

/** Which library reads the `.env`, as the imports tell; undefined where none is imported. */
export function dotenvReaderOf(settings: string): 'decouple' | 'environ' | 'dotenv' | undefined {
  const code = withoutComments(settings)
  if (/^\s*(?:from\s+decouple\s+import|import\s+decouple)/m.test(code)) return 'decouple'
  if (/^\s*(?:from\s+environ\s+import|import\s+environ)/m.test(code)) return 'environ'
  if (/^\s*(?:from\s+dotenv\s+import|import\s+dotenv)/m.test(code)) return 'dotenv'
  return undefined
}

/** True where INSTALLED_APPS has the daphne app, which makes runserver speak ASGI. */
export function hasDaphneApp(settings: string): boolean {
  return /["']daphne(?:\.apps\.\w+)?["']/.test(withoutComments(settings))
}

/** Folders that a log handler's `filename` names below BASE_DIR, as paths relative to it: a forecast for a checkout whose settings can't be imported yet. */
export function logFoldersOf(settings: string): string[] {
  const folders = new Set<string>()
  const code = withoutComments(settings)
  for (const match of code.matchAll(/["']filename["']\s*:\s*([^\n]+)/g)) {
    const expression = match[1] ?? ''
    const parts = [...expression.matchAll(/["']([^"']+)["']/g)].flatMap((part) => part[1] ?? [])
    const path = parts.join('/').replace(/^\/+/, '')
    const folder = path.split('/').slice(0, -1).join('/')
    if (folder !== '' && /BASE_DIR|PROJECT_ROOT|ROOT_DIR/.test(expression)) folders.add(folder)
    const constant = /\b([A-Z][A-Z_]*(?:LOG|LOGS)[A-Z_]*)\b/.exec(expression)?.[1]
    if (constant === undefined) continue
    const assigned = new RegExp(`^${constant}\\s*=\\s*([^\\n]*BASE_DIR[^\\n]*)`, 'm').exec(code)?.[1] ?? ''
    const assignedPath = [...assigned.matchAll(/["']([^"']+)["']/g)].flatMap((part) => part[1] ?? []).join('/')
    if (assignedPath !== '') folders.add(assignedPath)
  }
  return [...folders]
}

function withoutComments(code: string): string {
  return code.replace(/^\s*#.*$/gm, '').replace(/\s+#\s.*$/gm, '')
}
