/** What manage.py and the settings say, read as text: no interpreter is on the path to the server's start. */

/**
 * The settings module that manage.py names: `setdefault("DJANGO_SETTINGS_MODULE", "core.settings")`,
 * an assignment, or a reader's default (`config("DJANGO_SETTINGS_MODULE", default="…")`).
 */
export function settingsModuleOf(managePy: string): string | undefined {
  const [module] = named(
    managePy,
    /DJANGO_SETTINGS_MODULE["']\s*(?:\]\s*=|,)\s*(?:(?:cast\s*=\s*str\s*,\s*)?default\s*=\s*|[\w.]+\(\s*["']\w+["']\s*,\s*(?:default\s*=\s*)?)?["']([\w.]+)["']/g,
  )
  return module
}

/** How manage.py comes to the project otherwise than the ASGI module does. */
export type Preamble =
  /** It doesn't. */
  | 'none'
  /** It does more before it gives the word to Django, or names settings that the ASGI module doesn't. */
  | 'more'
  /** It names other settings than the ASGI module, and both are there. */
  | 'other-settings'

/**
 * How a project is come to: by its ASGI module alone; by that, after what
 * manage.py does before it gives the word to Django; or by manage.py runserver,
 * which besides sets Django up before it imports the ASGI module.
 */
export type Way = 'asgi' | 'manage' | 'runserver'

/** In the environment of a server that does first what manage.py does: the settings module that it would come to. */
export const preambleVariable = 'ELECTION_DEV_PREAMBLE'

/** Modules that manage.py imports as Django makes it, and that change nothing. */
const harmless = /^(?:os|sys|pathlib|typing|warnings|__future__|django|django\.core\.management)$/

/**
 * How manage.py's text differs from the ASGI module's in what comes before Django.
 * `settings`: the module that manage.py leads to; undefined where somebody else has named
 * it, for both. `others`: true where the one that the ASGI module names is there.
 */
export function preambleOf(managePy: string, asgi: string, settings: string | undefined, others: boolean): Preamble {
  const named = settingsModuleOf(asgi)
  if (settings !== undefined && named !== settings) return named !== undefined && others ? 'other-settings' : 'more'
  const code = withoutComments(managePy)
  const imports = [...code.matchAll(/^[ \t]*(?:from\s+([\w.]+)\s+import|import\s+(.+))/gm)].flatMap(
    ([, from, names = '']) => from ?? names.split(',').map((name) => name.trim().split(/\s/)[0] ?? ''),
  )
  const changes = /sys\.path\b|chdir|\benviron\b(?!\.setdefault\(\s*["']DJANGO_SETTINGS_MODULE|\[["']DJANGO_SETTINGS_MODULE)/
  return imports.every((name) => harmless.test(name)) && !changes.test(code) ? 'none' : 'more'
}

/** `core.asgi.application` of `ASGI_APPLICATION = "core.asgi.application"` as `core.asgi:application`; the last assignment wins. */
export function asgiApplicationOf(settings: string): string | undefined {
  const matches = [...withoutComments(settings).matchAll(/^ASGI_APPLICATION\s*(?::\s*\w+\s*)?=\s*\(?\s*["']([\w.]+)\.(\w+)["']/gm)]
  const last = matches.at(-1)
  return last?.[1] === undefined || last[2] === undefined ? undefined : `${last[1]}:${last[2]}`
}

/** The modules that a settings file takes everything from: `from .base import *`, relative names kept as they are. */
export function starImports(settings: string): string[] {
  return named(settings, /^[ \t]*from\s+([\w.]+)\s+import\s+\*/gm)
}

/** The modules that a settings file takes anything from by name, `from .env import env`: the project's own are part of the settings. */
export function namedImports(settings: string): string[] {
  return named(settings, /^[ \t]*from\s+([\w.]+)\s+import\s+(?!\*)/gm)
}

/** Every quoted name in the text that looks like an environment variable. */
export function namedVariables(settings: string): Set<string> {
  const names = named(settings, /["']([A-Z][A-Z0-9_]{2,})["']/g)
  // pydantic and environ styles name a variable by an attribute: env.USE_REDIS, settings fields; bare names count where they are assigned
  const fields = named(settings, /^[ \t]*([A-Z][A-Z0-9_]{2,})\s*:\s*(?:bool|str|int)\b/gm)
  return new Set([...names, ...fields])
}

const dotenvReaders = ['decouple', 'environ', 'dotenv'] as const

/** Which library reads the `.env`, as the imports tell; undefined where none is imported. */
export function dotenvReaderOf(settings: string): 'decouple' | 'environ' | 'dotenv' | undefined {
  const code = withoutComments(settings)
  return dotenvReaders.find((name) => new RegExp(`^[ \\t]*(?:from\\s+${name}\\s+import|import\\s+${name})`, 'm').test(code))
}

/** True where INSTALLED_APPS has the daphne app, which makes runserver speak ASGI. */
export function hasDaphneApp(settings: string): boolean {
  return /["']daphne(?:\.apps\.\w+)?["']/.test(withoutComments(settings))
}

/** The code without lines and ends of lines that are comments; blanks are looked through once, however many there are. */
export function withoutComments(code: string): string {
  return code.replace(/^[ \t]*#.*$/gm, '').replace(/(?<![ \t])[ \t]+#[ \t].*$/gm, '')
}

/** What the first group of a pattern finds in the code. */
function named(code: string, pattern: RegExp): string[] {
  return Array.from(withoutComments(code).matchAll(pattern), ([, name = '']) => name)
}
