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
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at)
    if (char === '\\') {
      const next = text.charAt(at + 1)
      const newline = text.startsWith('\r\n', at + 1) ? 2 : next === '\n' ? 1 : 0
      if (newline > 0) line += 1
      // a Windows path in a package.json: sh would drop the backslash, its writer means it
      else add(/[\s"'$`\\&|;()#]/.test(next) || next === '' ? next : `\\${next}`)
      at += newline > 0 ? newline : 1
    } else if (char === "'") {
      const end = text.indexOf("'", at + 1)
      const inner = text.slice(at + 1, end === -1 ? text.length : end)
      add(inner)
      line += inner.split('\n').length - 1
      at += inner.length + 1
    } else if (char === '"') {
      const { inner, length } = doubleQuoted(text, at + 1, scope())
      add(inner)
      line += text.slice(at, at + length).split('\n').length - 1
      at += length
    } else if (char === '$') {
      const { value, length } = expanded(text, at, scope())
      add(value)
      at += length - 1
    } else if (char === '#' && word === undefined) {
      at = endOfLine(text, at) - 1
    } else if (char === '>' && word !== undefined && !/^[\d&]$/.test(word.text)) {
      endWord()
      add(char)
    } else if (char === '&' && /^[\d&]?>{1,2}$/.test(word?.text ?? '')) {
      add(char)
    } else if (char === '\n' || char === ';' || char === '|' || char === '&') {
      endCommand()
      if (char === '\n') line += 1
    } else if (char === '(') {
      endCommand()
      scopes.push(forked(scope()))
    } else if (char === ')') {
      endCommand()
      if (scopes.length > 1) scopes.pop()
    } else if (/\s/.test(char)) endWord()
    else add(char)
  }
  endCommand()
}

function doubleQuoted(text: string, from: number, scope: Scope): { inner: string; length: number } {
  let inner = ''
  let at = from
  for (; at < text.length && text.charAt(at) !== '"'; at += 1) {
    const char = text.charAt(at)
    if (char === '\\' && /["\\$`]/.test(text.charAt(at + 1))) inner += text.charAt(++at)
    else if (char === '$') {
      const { value, length } = expanded(text, at, scope)
      inner += value
      at += length - 1
    } else inner += char
  }
  return { inner, length: at - from + 1 }
}

/** `$X`, `${X}`, `${X:-8000}`; what isn't known stays as it is written. */
function expanded(text: string, at: number, scope: Scope): { value: string; length: number } {
  const match = /^\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\}|\(([^()]*)\))/.exec(text.slice(at, at + 400))
  if (match === null) return { value: '$', length: 1 }
  const [whole, bare, braced, fallback] = match
  const name = bare ?? braced ?? ''
  const known =
    scope.variables
      .get(name)
      ?.map((word) => word.text)
      .join(' ') ?? scope.env.get(name)?.value
  return { value: known ?? fallback ?? whole, length: whole.length }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}
