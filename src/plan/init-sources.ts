import type { PartialConfig } from '../config/schema.ts'
import type { SourcePlace } from '../facts/script-text.ts'
import { userinfoSpans } from '../host/secret-patterns.ts'

/** A value, and where it is said. */
export interface Said<T> {
  readonly value: T
  readonly place: SourcePlace
}

/** What was taken of the old scripts. */
export interface Taken {
  /** Key of the configuration, such as `frontend.script`. */
  readonly key: string
  readonly value: string
  /** All places that say the same, the one that counts first. */
  readonly places: readonly SourcePlace[]
  /** Other values that were said, each with its place. */
  readonly others: readonly { readonly value: string; readonly place: SourcePlace }[]
  /** False: `start` does so by itself, and the configuration doesn't repeat it. */
  readonly written: boolean
  readonly note?: string
}

/** Something that has to be said. */
export interface InitNote {
  readonly text: string
  readonly place?: SourcePlace
  /** What to do about it. */
  readonly hint?: string
}

/** What the old scripts, or a part of them, come to: keys of the configuration, and what is said of them. */
export interface InitDecision {
  readonly config: PartialConfig
  readonly taken: readonly Taken[]
  readonly warnings: readonly InitNote[]
  readonly notes: readonly InitNote[]
}

/** The first value that is said counts; undefined where none is. */
export function chosen<T extends string | number | boolean>(
  key: string,
  said: readonly Said<T>[],
  usual?: T,
): { readonly value: T; readonly taken: Taken } | undefined {
  const [winner] = said
  if (winner === undefined) return undefined
  const { value } = winner
  return {
    value,
    taken: {
      key,
      value: String(value),
      places: unique(said.filter((each) => each.value === value).map(({ place }) => place)),
      others: said.filter((each) => each.value !== value).map((each) => ({ value: String(each.value), place: each.place })),
      written: value !== usual,
    },
  }
}

/**
 * Takes what is said for a key into a part of the configuration, but where
 * `start` does so by itself (`usual`). `within` is written before each key.
 */
export function takerInto(config: Record<string, unknown>, taken: Taken[], within = '') {
  return <T extends string | number | boolean>(
    key: string,
    said: readonly Said<T>[],
    usual?: T,
    note?: (value: T) => string | undefined,
  ): void => {
    const found = chosen(`${within}${key}`, said, usual)
    if (found === undefined) return
    if (found.taken.written) config[key] = found.value
    const more = note?.(found.value)
    taken.push({ ...found.taken, ...(more === undefined ? {} : { note: more }) })
  }
}

/** What was said, by names: of variables, of services. */
export type SaidByName = Map<string, Said<string>[]>

export function saidMore(said: SaidByName, name: string, more: Said<string>): void {
  said.set(name, [...(said.get(name) ?? []), more])
}

function unique(places: readonly SourcePlace[]): SourcePlace[] {
  return places.filter(({ file, line }, index) => places.findIndex((other) => other.file === file && other.line === line) === index)
}

/** `start.ps1:4` */
export function placeText({ file, line }: SourcePlace): string {
  return `${file}:${line}`
}

/** True where a text holds a login: `redis://:password@host`, `--password=x`. */
export function holdsLogin(text: string): boolean {
  return userinfoSpans(text, false).length > 0 || /--?(?:\w+-)*pass(?:word)?(?:[= ]|$)/i.test(text)
}
