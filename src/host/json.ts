import { attempt } from '../errors.ts'

/** A value that has keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a text holds as JSON; undefined where it is none. A byte order mark is passed over, as npm does. */
export function parseJson(text: string): unknown {
  return attempt(() => JSON.parse(text.replace(/^\uFEFF/, '')))
}

/**
 * What is not known is null in JSON, not left out.
 * @internal
 */
export type Nulls<T> = { readonly [Key in keyof T]: undefined extends T[Key] ? Exclude<T[Key], undefined> | null : T[Key] }

/** The same members, those that are there and undefined null. */
export function nulls<T extends object>(value: T): Nulls<T>
export function nulls(value: object): object {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, member ?? null]))
}

/** A JSON document that is an object; an empty one for anything else. */
export function recordOf(text: string | undefined): Readonly<Record<string, unknown>> {
  const value = parseJson(text ?? '')
  return isRecord(value) ? value : {}
}

/** The texts of an object, by their keys: scripts, dependencies. */
export function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {}
  return Object.fromEntries(Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])))
}
