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
  const { env, platform, globs } = context
  const words: string[] = []
  const assignments: Record<string, string> = {}
  /** The word so far; undefined between words. */
  let word: string | undefined
  /** Where the unquoted beginning `NAME=` of the word ends, or 0. */
  let nameEnd = 0
  /** The word has had nothing quoted and nothing expanded yet. */
  let isBare = true
  /** Within double quotes. */
  let isQuoted = false
  const add = (more: string): void => {
    word = (word ?? '') + more
  }
  const end = (): void => {
    if (word !== undefined && nameEnd > 0) assignments[word.slice(0, nameEnd)] = word.slice(nameEnd + 1)
    else if (word !== undefined) words.push(word)
    word = undefined
    nameEnd = 0
    isBare = true
  }
  /** Unquoted, a value is split at its blanks, and an empty one is no word. */
  const expand = (value: string): void => {
    isBare = false
    if (isQuoted || nameEnd > 0) return add(value)
    for (const [index, part] of value.split(/[ \t\n]+/).entries()) {
      if (index > 0) end()
      if (part !== '') add(part)
    }
  }
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at)
    const piece = pieceOf(rest, isQuoted, platform)
    at += piece.length
    const escaped = piece.startsWith('\\') && platform !== 'win32'
    if (piece.startsWith('$')) {
      const match = variable.exec(piece)
      if (match === null && piece !== '$') return { kind: 'shell', what: piece }
      // where an assignment stands before, it counts for the assignments after it and not for the words (2.9.1)
      if (match === null) add(piece)
      else expand(valueOf(match, nameEnd > 0 ? { ...env, ...assignments } : env))
    } else if (piece === '"') {
      isQuoted = !isQuoted
      add('')
      isBare = false
    } else if (piece === '`') return { kind: 'shell', what: piece }
    else if (isQuoted) {
      // within double quotes a backslash escapes these alone
      if (!escaped || piece !== '\\\n') add(escaped ? piece.replace(/^\\(?=["\\$`])/, '') : piece)
    } else if (escaped) {
      // a line that goes on in the next one
      if (piece.endsWith('\n')) continue
      add(piece.slice(1) || piece)
      isBare = false
    } else if (piece.startsWith("'")) {
      if (piece.length === 1 || !piece.endsWith("'")) return { kind: 'invalid', reason: "a ' is not closed" }
      add(piece.slice(1, -1))
      isBare = false
    } else if (piece === '\n' && rest.trim() !== '' && (words.length > 0 || word !== undefined)) {
      return { kind: 'shell', what: 'more than one line' }
    } else if (/\s/.test(piece)) end()
    else if (piece === '#' && word === undefined) break
    else if (/[|&;<>()]/.test(piece) || (/[*?[]/.test(piece) && globs === 'shell')) return { kind: 'shell', what: piece }
    else if (word === undefined && /^~(?:[/\\\s]|$)/.test(rest)) add((platform === 'win32' ? env['USERPROFILE'] : env['HOME']) ?? '~')
    else {
      if (piece === '=' && isBare && words.length === 0 && nameEnd === 0 && /^[A-Za-z_]\w*$/.test(word ?? '')) nameEnd = (word ?? '').length
      add(piece)
    }
  }
  if (isQuoted) return { kind: 'invalid', reason: 'a " is not closed' }
  end()
  // the shell would be replaced by the program, and there is none
  if (words[0] === 'exec') words.shift()
  const [program, ...args] = words
  if (program === undefined) return { kind: 'invalid', reason: 'there is no program in it' }
  return builtins.has(program) ? { kind: 'shell', what: program } : { kind: 'words', assignments, words: [program, ...args] }
}

/** `$NAME` and `${NAME:-default}`; every other `$` is a shell's work, or itself. */
const variable = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?-)([^$`"'\\{}]*))?\})/

function valueOf([, plain, braced = '', operator, fallback = '']: RegExpExecArray, env: CommandContext['env']): string {
  const value = env[plain ?? braced]
  return value === undefined || (operator === ':-' && value === '') ? fallback : value
}

/** What is read as one at the beginning of a text: a variable, a text in single quotes, an escape, an operator, or a character. */
function pieceOf(text: string, isQuoted: boolean, platform: NodeJS.Platform): string {
  const pattern = isQuoted ? /^(?:\$[({0-9@*#?$!-]|\\[^])/ : /^(?:\$[({0-9@*#?$!-]|'[^']*'?|\\(?:\r?\n|[^])|&&|\|\||>>|<<)/
  const [piece = text.charAt(0)] = variable.exec(text) ?? pattern.exec(text) ?? []
  return piece.startsWith('\\') && platform === 'win32' ? '\\' : piece
}
