import type { Config } from '../config/config.ts'
import type { Preamble, Way } from '../facts/manage-py.ts'
import { namedSettings, type Project } from '../facts/project.ts'
import type { Host } from '../host/host.ts'

/** The way to try first: manage.py's where it names other settings than the ASGI module. Pure. */
export function firstWay(preamble: Preamble): Way {
  return preamble === 'other-settings' ? 'manage' : 'asgi'
}

/** The way of what is run by manage.py, and of a look where nobody says how the project is served. Pure. */
export function managedWay(preamble: Preamble): Way {
  return preamble === 'none' ? 'asgi' : 'manage'
}

/** A look at the project as manage.py would come to it, by an interpreter that is known. Pure. */
export function managedLook(env: Host['env'], config: Pick<Config, 'settings'>, project: Project, python: string) {
  const { preamble, backend, settingsModule, application } = project
  const named = { ...env, DJANGO_SETTINGS_MODULE: namedSettings(env, config) }
  return { way: managedWay(preamble), python, backend, env: named, settingsModule, application }
}

/**
 * The way that may lead to a project that can't be imported by another one, by
 * what that said; undefined where none is left. `runserver`: it speaks ASGI here,
 * and no other server was asked for. Pure.
 */
export function nextWay(way: Way, said: readonly string[], preamble: Preamble, runserver: boolean): Way | undefined {
  const early = said.some((line) => /\bAppRegistryNotReady\b/.test(line))
  // asked for before the ASGI module names them, which it may do all the same
  const unnamed = said.some((line) => /settings are not configured/.test(line))
  if (way !== 'runserver' && runserver && (early || (unnamed && preamble === 'none'))) return 'runserver'
  return way === 'asgi' && (unnamed || preamble !== 'none') ? 'manage' : undefined
}
