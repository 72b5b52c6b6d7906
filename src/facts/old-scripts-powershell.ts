import { posix } from 'node:path'
import { wordsOf } from './old-scripts-batch.ts'
import { forked, fromRoot, pathFrom, perform, setVariable, type Reading, type Scope, type Word } from './old-scripts-session.ts'
import { expandVariables, groupEnd, matchAt, stringAt, variableAt } from './old-scripts-powershell-text.ts'

/** A part of a statement: what it comes to, and how it is written. A comma stands for itself. */
interface Token {
  readonly words: readonly Word[]
  readonly written: string
}

/** Reads PowerShell: what it runs goes to the reading. Control words are passed over, every block is read as if it were run. */
export function readPowershell(text: string, firstLine: number, outer: Scope, reading: Reading): void {
  const scopes: Scope[] = [outer]
  let tokens: Token[] = []
  let current: { words: Word[]; written: string } | undefined
  let line = firstLine
  let listDepth = 0
  const scope = (): Scope => scopes.at(-1) ?? outer
  const endToken = (): void => {
    if (current !== undefined) tokens.push(current)
    current = undefined
  }
  const endStatement = (): void => {
    endToken()
    const statement = tokens
    tokens = []
    runStatement(statement, scope(), reading)
  }
  const add = (words: readonly Word[], written: string): void => {
    const last = current?.words.at(-1)
    if (current === undefined || last === undefined) current = { words: [...words], written: (current?.written ?? '') + written }
    else {
      const joined = { text: last.text + words.map((word) => word.text).join(' '), line: last.line }
      current = { words: [...current.words.slice(0, -1), joined], written: current.written + written }
    }
  }
  for (let at = 0, end = 0; at < text.length; at = end) {
    const char = text.charAt(at)
    end = at + 1
    const comment = matchAt(current === undefined ? /<(?=#)[^]*?(?:#>|$)|#[^\n]*/y : /<(?=#)[^]*?(?:#>|$)/y, text, at)
    const string = stringAt(text, at, scope(), reading)
    if (comment !== null) end = at + comment[0].length
    else if (char === '`') {
      const [written = ''] = matchAt(/`(?:\r?\n|[^])?/y, text, at) ?? []
      if (written.endsWith('\n')) endToken()
      else add([{ text: written.slice(1), line }], written.slice(1))
      end = at + written.length
    } else if (string !== undefined) {
      add([{ text: string.inner, line: char === '@' ? line + 1 : line }], '"')
      end = string.end
    } else if (char === '$' && text.charAt(at + 1) !== '(') {
      const found = variableAt(text, at, scope(), reading)
      // what holds a command is told where it stands; a name, where it is used
      const here = line
      const words = found.words?.map((word) => (/\s/.test(word.text) ? word : { ...word, line: here }))
      add(words ?? [{ text: found.written, line }], found.written)
      end = at + found.written.length
    } else if (text.startsWith('@(', at) || (current === undefined && /^\(\s*["']/.test(text.slice(at, at + 40)))) {
      endToken()
      listDepth += 1
      if (char === '@') end = at + 2
    } else if (char === ')' && listDepth > 0) {
      endToken()
      listDepth -= 1
    } else if (char === '(' || text.startsWith('$(', at)) {
      const open = char === '(' ? at : at + 1
      end = groupEnd(text, open)
      add(evaluate(text.slice(open + 1, end - 1), line, scope(), reading), text.slice(at, end))
    } else if (char === ',' || (char === '=' && tokens.length === 0 && current?.written.startsWith('$') === true)) {
      endToken()
      tokens.push({ words: [], written: char })
    } else if (char === '{' || char === '}') {
      const own = tokens.find(({ written }) => /^start-|^invoke-/i.test(written))?.written ?? ''
      endStatement()
      if (char === '{') scopes.push(/^(?:start-job|start-threadjob|invoke-command)$/i.test(own) ? forked(scope()) : scope())
      else if (scopes.length > 1) scopes.pop()
    } else if (char === '\n' && (listDepth > 0 || (current === undefined && tokens.at(-1)?.written === ','))) endToken()
    else if (char === '\n' || char === ';' || char === '|' || (text.startsWith('&&', at) && current === undefined)) endStatement()
    else if (/\s/.test(char)) endToken()
    else add([{ text: char, line }], char)
    line += text.slice(at, end).split('\n').length - 1
  }
  endStatement()
}

function runStatement(tokens: readonly Token[], scope: Scope, reading: Reading): void {
  const [first, second] = tokens
  if (first === undefined) return
  if (second?.written === '=' && first.written.startsWith('$')) return assign(first, tokens.slice(2), scope, reading)
  const head = first.written.toLowerCase()
  if (/^param\b/.test(head)) {
    for (const [, name = '', value = ''] of (first.words[0]?.text ?? '').matchAll(/\$(\w+)\s*=\s*["']?([\w./:\\-]+)/g))
      scope.variables.set(name.toLowerCase(), [{ text: value, line: first.words[0]?.line ?? 1 }])
    return
  }
  if (/^(?:if|elseif|else|try|catch|finally|function|foreach|for|while|switch|return|begin|process|end)$/.test(head)) return
  if (/^(?:start-process|saps|start)$/.test(head)) return startProcess(tokens.slice(1), forked(scope), reading)
  if (/^(?:invoke-expression|iex)$/.test(head)) {
    const word = wordsFor(tokens)[1]
    if (word !== undefined) readPowershell(word.text, word.line, scope, reading)
    return
  }
  perform(wordsFor(tokens), scope, reading)
}

const wordsFor = (tokens: readonly Token[]): Word[] => tokens.flatMap(({ words }) => words)

function assign(target: Token, value: readonly Token[], scope: Scope, reading: Reading): void {
  const words = wordsFor(value)
  const variable = /^\$env:(\w+)$/i.exec(target.written)?.[1]
  const name = /^\$\{?(?:\w+:)?(\w+)\}?$/.exec(target.written)?.[1]
  const [head] = value
  const calls = head !== undefined && /^[A-Za-z][\w-]*$/.test(head.written) && words.length > 1
  const result = calls ? pathCommand(words, scope, reading) : joinedSum(value)
  if (result === undefined) return runStatement(value, scope, reading)
  const text = result.map((word) => word.text).join(' ')
  if (variable !== undefined) setVariable(variable, text, target.words[0]?.line ?? 1, scope, reading)
  else if (name !== undefined) scope.variables.set(name.toLowerCase(), result)
}

/** `$root + "\backend"` is one text. */
function joinedSum(value: readonly Token[]): readonly Word[] {
  const words = wordsFor(value)
  const parts = value.filter(({ written }) => written !== '+')
  if (parts.length === value.length) return words
  return [{ text: parts.flatMap((part) => part.words.map((word) => word.text)).join(''), line: words[0]?.line ?? 1 }]
}

/** What stands in brackets; only paths are worked out, the rest stays as it is written. */
function evaluate(inner: string, line: number, scope: Scope, reading: Reading): readonly Word[] {
  const literal = /^\s*(["'])([^"']*)\1\s*$/.exec(inner)?.[2]
  if (literal !== undefined) return [{ text: expandVariables(literal, scope, reading), line }]
  const open = inner.indexOf('(')
  const end = open === -1 ? -1 : groupEnd(inner, open)
  const nested = open === -1 ? [] : evaluate(inner.slice(open + 1, end - 1), line, scope, reading)
  const text = open === -1 ? inner : `${inner.slice(0, open)}"${nested.map((word) => word.text).join(' ')}"${inner.slice(end)}`
  const words = wordsOf(expandVariables(text.trim().replaceAll("'", '"'), scope, reading), line)
  return pathCommand(words, scope, reading) ?? [{ text: inner.trim(), line }]
}

/** `Join-Path a b`, `Split-Path -Parent a`, `Resolve-Path a`, `Get-Location`; undefined for any other command. */
function pathCommand(words: readonly Word[], scope: Scope, { file }: Reading): Word[] | undefined {
  const [head, ...rest] = words
  const given = rest.filter(({ text }) => !/^-\w+$/.test(text) && text !== ',').map(({ text }) => text.replaceAll('\\', '/'))
  const line = head?.line ?? 1
  switch (head?.text.toLowerCase()) {
    case 'join-path':
      return [{ text: given.join('/'), line }]
    case 'resolve-path':
    case 'convert-path':
      return [{ text: given[0] ?? '', line }]
    case 'split-path': {
      const path = given[0] ?? ''
      return [{ text: path.startsWith('$MyInvocation') ? `${fromRoot}${posix.dirname(file)}` : posix.dirname(path), line }]
    }
    case 'get-location':
    case 'pwd':
      return [{ text: scope.cwd === undefined ? '$PWD' : `${fromRoot}${scope.cwd}`, line }]
    default:
      return undefined
  }
}

/** `Start-Process file -ArgumentList a, b -WorkingDirectory folder`: a window of its own. */
function startProcess(tokens: readonly Token[], scope: Scope, reading: Reading): void {
  let file: Word | undefined
  const args: Word[] = []
  let waiting: 'file' | 'args' | 'folder' | 'nothing' | undefined
  for (const { words, written } of tokens) {
    if (written === ',') continue
    const name = /^-([A-Za-z]+)$/.exec(written)?.[1]?.toLowerCase()
    if (name === undefined) {
      if (waiting === 'folder') scope.cwd = pathFrom(scope.cwd, words[0]?.text ?? '.')
      else if (waiting === 'file' || (waiting === undefined && file === undefined)) file = words[0]
      else if (waiting !== 'nothing') args.push(...words)
      if (waiting !== 'args') waiting = undefined
    } else if ('filepath'.startsWith(name)) waiting = 'file'
    else if (name.startsWith('arg')) waiting = 'args'
    else if (name.startsWith('wo')) waiting = 'folder'
    else waiting = /^(?:windowstyle|verb|redirect\w+|credential|environment)$/.test(name) ? 'nothing' : undefined
  }
  if (file === undefined) return
  // Windows hands over one line, which the program splits at its blanks (Start-Process joins the list with them)
  const isConsole = /(?:^|[\\/])(?:cmd|powershell|pwsh|bash|wt)(?:\.exe)?$/i.test(file.text)
  const split = isConsole ? args : args.flatMap(({ text, line }) => wordsOf(text, line))
  perform([file, ...split], scope, reading)
}
