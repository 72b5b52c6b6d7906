/** What a shell can offer for a word. */
export type Offer =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'folders' }
  | { readonly kind: 'nothing' }

export interface OptionShape {
  /** `-h` and `--help`, as far as there are both. */
  readonly flags: readonly string[]
  readonly description: string
  /** What its value may be; undefined where it takes none. */
  readonly value: Offer | undefined
}

export interface ArgumentShape {
  readonly name: string
  readonly offer: Offer
  readonly variadic: boolean
}

export interface CommandShape {
  readonly name: string
  readonly description: string
  readonly options: readonly OptionShape[]
  readonly arguments: readonly ArgumentShape[]
}

/** A command line with one level of commands. */
export interface ProgramShape {
  readonly name: string
  readonly options: readonly OptionShape[]
  readonly commands: readonly CommandShape[]
}

/** In single quotes, as every POSIX shell takes it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
/** The name of a shell's function for a program. */
export const functionName = (name: string): string => `_${name.replace(/\W/g, '_')}`
