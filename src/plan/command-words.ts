/** A command text, read as a POSIX shell reads it. */
export type CommandReading =
  | {
      readonly kind: 'words'
      /** What stands before the program as `NAME=value`. */
      readonly assignments: Readonly<Record<string, string>>
      /** The program and its arguments; at least one. */
      readonly words: readonly [string, ...string[]]
    }
  /** It takes a shell; `what` is the first part of it that does, such as `|`. */
  | { readonly kind: 'shell'; readonly what: string }
  /** No command is there, or a quote isn't closed. */
  | { readonly kind: 'invalid'; readonly reason: string }

export interface CommandContext {
  /** Where `$NAME` is looked up. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** What an unquoted `*`, `?` or `[` is: itself, as where no file fits it, or work for a shell. */
  readonly globs: 'literal' | 'shell'
}

/** Words that a shell runs by itself: no program of that name does what they do. */
const builtins = new Set(
  '. : [[ { } ! alias bg break case cd command continue do done elif else esac eval export fc fg fi for function hash if jobs local popd pushd read readonly return select set shift shopt source then times trap type typeset ulimit umask unalias unset until wait while'.split(
    ' ',
  ),
)

/**
 * Splits a command text into its words: quotes, backslashes, `$NAME`,
 * `${NAME}`, `${NAME:-default}`, `~/`, comments and leading assignments are
 * read as a POSIX shell reads them (pubs.opengroup.org, Shell Command Language
 * 2.2, 2.6 and 2.9.1). What only a shell can do is told, never guessed. On
 * Windows a backslash is part of a path and escapes nothing. Pure.
 */
export function readCommand(text: string, context: CommandContext): CommandReading {
  const reader = new Reader(text, context)
  const refused = reader.read()
  if (refused !== undefined) return refused
  const { words, assignments } = reader
  // the shell would be replaced by the program, and there is none
  if (words[0] === 'exec') words.shift()
  const [program, ...args] = words
  if (program === undefined) return { kind: 'invalid', reason: 'there is no program in it' }
  if (builtins.has(program)) return { kind: 'shell', what: program }
  return { kind: 'words', assignments, words: [program, ...args] }
}

class Reader {
  readonly words: string[] = []
  readonly assignments: Record<string, string> = {}
  readonly #text: string
  readonly #context: CommandContext
  #at = 0
  /** The word so far; undefined between words. */
  #word: string | undefined
  /** Where the unquoted beginning `NAME=` of the word ends, or 0. */
  #nameEnd = 0
  /** The word has had nothing quoted and nothing expanded yet. */
  #bare = true

  constructor(text: string, context: CommandContext) {
    this.#text = text
    this.#context = context
  }

  /** Reads it all; gives why it can't be. */
  read(): Exclude<CommandReading, { kind: 'words' }> | undefined {
    while (this.#at < this.#text.length) {
      const refused = this.#next(this.#text[this.#at] ?? '')
      if (refused !== undefined) return refused
    }
    this.#end()
    return undefined
  }

  #next(char: string): Exclude<CommandReading, { kind: 'words' }> | undefined {
    if (char === '\n' && this.#rest().trim() !== '' && (this.words.length > 0 || this.#word !== undefined))
      return { kind: 'shell', what: 'more than one line' }
    if (/\s/.test(char)) return this.#step(() => this.#end())
    if (char === '#' && this.#word === undefined) return this.#step(() => (this.#at = this.#text.length))
    if (/[|&;<>()`]/.test(char)) return { kind: 'shell', what: this.#operator() }
    if (char === "'") return this.#single()
    if (char === '"') return this.#double()
    if (char === '$') return this.#variable(false)
    if (char === '\\' && this.#context.platform !== 'win32') {
      // a line that goes on in the next one
      if (/^\\\r?\n/.test(this.#rest())) return this.#step(() => (this.#at += this.#text[this.#at + 1] === '\r' ? 2 : 1))
      this.#add(this.#text[this.#at + 1] ?? '\\')
      this.#bare = false
      this.#at += 2
      return undefined
    }
    if (/[*?[]/.test(char) && this.#context.globs === 'shell') return { kind: 'shell', what: char }
    if (char === '~' && this.#word === undefined && /^~(?:[/\\\s]|$)/.test(this.#rest())) return this.#step(() => this.#add(this.#home()))
    if (char === '=' && this.#bare && this.words.length === 0 && this.#nameEnd === 0 && /^[A-Za-z_]\w*$/.test(this.#word ?? '')) {
      this.#nameEnd = (this.#word ?? '').length
    }
    return this.#step(() => this.#add(char))
  }

  #step(act: () => unknown): undefined {
    act()
    this.#at++
    return undefined
  }

  #rest(): string {
    return this.#text.slice(this.#at)
  }

  #operator(): string {
    return /^(?:&&|\|\||>>|<<|\$\(|[|&;<>()`])/.exec(this.#rest())?.[0] ?? ''
  }

  #add(text: string): void {
    this.#word = (this.#word ?? '') + text
  }

  #end(): void {
    const word = this.#word
    if (word !== undefined) {
      if (this.#nameEnd > 0) this.assignments[word.slice(0, this.#nameEnd)] = word.slice(this.#nameEnd + 1)
      else this.words.push(word)
    }
    this.#word = undefined
    this.#nameEnd = 0
    this.#bare = true
  }

  #single(): Extract<CommandReading, { kind: 'invalid' }> | undefined {
    const close = this.#text.indexOf("'", this.#at + 1)
    if (close < 0) return { kind: 'invalid', reason: "a ' is not closed" }
    this.#add(this.#text.slice(this.#at + 1, close))
    this.#bare = false
    this.#at = close + 1
    return undefined
  }

  #double(): Exclude<CommandReading, { kind: 'words' }> | undefined {
    this.#add('')
    this.#bare = false
    this.#at++
    for (;;) {
      const char = this.#text[this.#at]
      if (char === undefined) return { kind: 'invalid', reason: 'a " is not closed' }
      if (char === '"') break
      if (char === '`') return { kind: 'shell', what: '`' }
      if (char === '$') {
        const refused = this.#variable(true)
        if (refused !== undefined) return refused
      } else if (char === '\\' && this.#context.platform !== 'win32') {
        const next = this.#text[this.#at + 1] ?? ''
        // within double quotes a backslash escapes these alone
        if (next !== '\n') this.#add(/["\\$`]/.test(next) ? next : `\\${next}`)
        this.#at += 2
      } else this.#step(() => this.#add(char))
    }
    this.#at++
    return undefined
  }

  /** `$NAME` and `${NAME:-default}`; every other `$` is a shell's work, or itself. */
  #variable(quoted: boolean): Exclude<CommandReading, { kind: 'words' }> | undefined {
    const rest = this.#rest()
    const match = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?-)([^$`"'\\{}]*))?\})/.exec(rest)
    if (match === null) {
      const [special] = /^\$(?:\(|\{|[0-9@*#?$!-])/.exec(rest) ?? []
      if (special !== undefined) return { kind: 'shell', what: special }
      return this.#step(() => this.#add('$'))
    }
    const [whole, plain, braced, operator, fallback = ''] = match
    const value = this.#value(plain ?? braced ?? '')
    const isUnset = value === undefined || (operator === ':-' && value === '')
    this.#expand(isUnset ? (operator === undefined ? '' : fallback) : value, quoted)
    this.#at += whole.length
    return undefined
  }

  /** Where an assignment stands before, it counts for the assignments after it and not for the words (2.9.1). */
  #value(name: string): string | undefined {
    return (this.#nameEnd > 0 ? this.assignments[name] : undefined) ?? this.#context.env[name]
  }

  /** Unquoted, a value is split at its blanks, and an empty one is no word. */
  #expand(value: string, quoted: boolean): void {
    this.#bare = false
    if (quoted || this.#nameEnd > 0) {
      this.#add(value)
      return
    }
    const parts = value.split(/[ \t\n]+/)
    for (const [index, part] of parts.entries()) {
      if (index > 0) this.#end()
      if (part !== '') this.#add(part)
    }
  }

  #home(): string {
    const { env, platform } = this.#context
    return (platform === 'win32' ? env['USERPROFILE'] : env['HOME']) ?? '~'
  }
}

/** A command as a person would type it: words with blanks or signs in quotes. */
export function showCommand(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./\\-]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`)).join(' ')
}
