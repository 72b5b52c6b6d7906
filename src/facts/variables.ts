import type { Host } from '../host/host.ts'
import { booleanOf, dotenvValue, type DotenvFact } from './dotenv.ts'
import { shown, type Project } from './project.ts'
import type { Sourced } from './redis-endpoint.ts'

/** The wish for Redis, and where it was found. */
export type LayerWish =
  | { readonly kind: 'none' }
  | { readonly kind: 'set'; readonly redis: boolean; readonly source: string }
  /** A value that is no truth value, such as `ture`. */
  | { readonly kind: 'typo'; readonly value: string; readonly source: string }

/** Registers what a `.env` holds and nobody should see. */
export function hideSecrets(host: Host, dotenv: DotenvFact): void {
  if (dotenv.kind === 'present') for (const { key, value } of dotenv.entries) host.secrets.addNamed(key, value)
}

/** Reads a variable as the settings do: the environment first, then `.env`, with the place where it stands. */
export function variableReader(host: Host, project: Project, dotenv: DotenvFact): (name: string) => Sourced | undefined {
  const reader = project.dotenvReader ?? 'decouple'
  return (name) => {
    const fromEnvironment = host.env[name]
    if (fromEnvironment !== undefined) return { value: fromEnvironment, source: 'the environment' }
    // a project that loads no .env reads the environment alone
    if (dotenv.kind !== 'present' || project.dotenvReader === undefined) return undefined
    const entry = dotenvValue(dotenv.entries, name, reader)
    return entry === undefined ? undefined : { value: entry.value, source: `${shown(project, dotenv.path)}:${entry.line}` }
  }
}

/** Whether Redis is wanted, by the variable that the settings read. */
export function layerWish(read: (name: string) => Sourced | undefined, variable: string): LayerWish {
  const found = read(variable)
  if (found === undefined || found.value.trim() === '') return { kind: 'none' }
  const redis = booleanOf(found.value)
  return redis === undefined ? { kind: 'typo', value: found.value, source: found.source } : { kind: 'set', redis, source: found.source }
}
