import type { ScriptPlace } from '../facts/old-scripts-session.ts'
import { userinfoSpans } from '../host/secret-patterns.ts'

/** A value, and where it is said. */
export interface Said<T> {
  readonly value: T
  readonly place: ScriptPlace
}

/** What was taken of the old scripts. */
export interface Taken {
  /** Key of the configuration, such as `frontend.script`. */
  readonly key: string
  readonly value: string
  /** All places that say the same, the one that counts first. */
  readonly places: readonly ScriptPlace[]
  /** Other values that were said, each with its place. */
  readonly others: readonly { readonly value: string; readonly place: ScriptPlace }[]
  /** False: `start` does so by itself, and the configuration doesn't repeat it. */
  readonly written: boolean
  readonly note?: string
}

/** Something that has to be said. */
export interface InitNote {
  readonly text: string
  readonly place?: ScriptPlace
  /** What to do about it. */
  readonly hint?: string
}

/** The first value that is said counts; undefined where none is. */
export function chosen<T extends string | number | boolean>(
  key: string,
  said: readonly Said<T>[],
): { readonly value: T; readonly taken: Omit<Taken, 'written'> } | undefined {
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
    },
  }
}

function unique(places: readonly ScriptPlace[]): ScriptPlace[] {
  return places.filter(({ file, line }, index) => places.findIndex((other) => other.file === file && other.line === line) === index)
}

/** `start.ps1:4` */
export function placeText({ file, line }: ScriptPlace): string {
  return `${file}:${line}`
}

/** True where a text holds a login: `redis://:password@host`, `--password=x`. */
export function holdsLogin(text: string): boolean {
  return userinfoSpans(text, false).length > 0 || /--?(?:\w+-)*pass(?:word)?(?:[= ]|$)/i.test(text)
}
