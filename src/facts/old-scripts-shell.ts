import { assignAndPerform, forked, type Reading, type Scope, type Word } from './old-scripts-session.ts'

/** Reads a script of sh and its kin: what it runs goes to the reading. Control words are passed over, both branches of an `if` are read. */
export function readShell(text: string, firstLine: number, outer: Scope, reading: Reading): void {
  const scopes: Scope[] = [outer]
  let words: Word[] = []
  let word: { text: string; line: number } | undefined
  let line = firstLine
  const scope = (): Scope => scopes.at(-1) ?? outer
  const endWord = (): void => {
    if (word !== undefined) words.push(word)
    word = undefined
  }
  const endCommand = (): void => {
    endWord()
    const command = /^(?:then|do|else|if|elif|while|!|\{)$/.test(words[0]?.text ?? '') ? words.slice(1) : words
    words = []
    assignAndPerform(command, scope(), reading)
  }
  const add = (more: string): void => {
    word = { text: (word?.text ?? '') + more, line: word?.line ?? line }
  }
  for (let at = 0; at < text.length;) {
    pieces.lastIndex = at
    const [piece = '', single, double] = pieces.exec(text) ?? []
    at += piece.length
    if (single !== undefined) add(single)
    else if (double !== undefined) add(double.replace(inQuotes, (found, plain?: string) => plain ?? expanded(found, scope())))
    else if (piece.startsWith('\\')) {
      // a Windows path in a package.json: sh would drop the backslash, its writer means it
      if (!/^\\\r?\n/.test(piece)) add(/^\\(?:[\s"'$`\\&|;()#]|$)/.test(piece) ? piece.slice(1) : piece)
    } else if (piece.startsWith('$')) add(expanded(piece, scope()))
    else if (piece === '#' && word === undefined) at = endOfLine(text, at)
    else if (piece === '>' && word !== undefined && !/^[\d&]$/.test(word.text)) {
      endWord()
      add(piece)
    } else if (piece === '&' && /^[\d&]?>{1,2}$/.test(word?.text ?? '')) add(piece)
    else if (/[\n;|&()]/.test(piece)) {
      endCommand()
      if (piece === '(') scopes.push(forked(scope()))
      if (piece === ')' && scopes.length > 1) scopes.pop()
    } else if (/\s/.test(piece)) endWord()
    else add(piece)
    line += piece.split('\n').length - 1
  }
  endCommand()
}

/** `$X`, `${X}`, `${X:-8000}`, `$(command)`. */
const variable = String.raw`\$(?:\w+|\{\w+(?::?-[^}]*)?\}|\([^()]*\))`
/** What is read as one: a text in quotes, closed or not, an escape, a variable, or a character. */
const pieces = new RegExp(String.raw`'([^']*)'?|"((?:\\["\\$\`]|\$\([^()]*\)|[^"])*)"?|\\(?:\r?\n|[^])?|${variable}|[^]`, 'y')
const inQuotes = new RegExp(String.raw`\\(["\\$\`])|${variable}`, 'g')

/** What isn't known stays as it is written. */
function expanded(written: string, scope: Scope): string {
  const [, name = '', fallback] = /^\$\{?(\w+)(?::?-([^}]*))?/.exec(written) ?? []
  const words = scope.variables.get(name)?.map((word) => word.text)
  return words?.join(' ') ?? scope.env.get(name)?.value ?? fallback ?? written
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}
