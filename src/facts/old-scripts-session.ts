import { posix } from 'node:path'
import type { SourcePlace } from './script-text.ts'
import { nameOf } from './server-invocation.ts'

/** A variable that a script sets. */
export interface ScriptVariable {
  readonly name: string
  readonly value: string
  readonly place: SourcePlace
}

/** A command that a script runs, with what is in force where it stands. */
export interface ScriptCommand {
  readonly place: SourcePlace
  readonly argv: readonly string[]
  /** Relative to the checkout, `.` for itself; undefined where it lies outside or can't be told. */
  readonly cwd: string | undefined
  readonly env: readonly ScriptVariable[]
  /** The Python environment that is active, relative to the checkout. */
  readonly venv: string | undefined
  /** The name that the file has for it: a process of a Procfile, a service, a target, a script. */
  readonly name: string | undefined
}

/** A word of a command line, and where it begins. */
export interface Word {
  readonly text: string
  readonly line: number
}

/** What a shell knows at one point of a script. */
export interface Scope {
  cwd: string | undefined
  venv: string | undefined
  readonly name: string | undefined
  readonly env: Map<string, ScriptVariable>
  /** The shell's own variables; a list has several words. */
  readonly variables: Map<string, readonly Word[]>
  readonly left: (string | undefined)[]
}

export type ScriptLanguage = 'powershell' | 'batch' | 'shell'

/** The reading of one file. */
export interface Reading {
  readonly file: string
  readonly commands: ScriptCommand[]
  /** Reads a text in one of the languages, in a scope that it may change. `line` is that of its first one. */
  readonly run: (language: ScriptLanguage, text: string, line: number, scope: Scope) => void
}

/** Begins a path that is meant from the script's own folder (`$PSScriptRoot`, `%~dp0`), which is known in the checkout. */
export const fromRoot = '\u{1}'

/** What a shell knows before the first line: it stands in the given folder of the checkout. */
export function scopeIn(cwd: string | undefined, name?: string): Scope {
  return { cwd, venv: undefined, name, env: new Map(), variables: new Map(), left: [] }
}

/** A copy for a shell of its own, whose changes don't come back. */
export function forked(scope: Scope): Scope {
  return { ...scope, env: new Map(scope.env), variables: new Map(scope.variables), left: [...scope.left] }
}

/** A path as it is written, seen from a folder of the checkout; undefined where it leads out of it. */
export function pathFrom(cwd: string | undefined, written: string): string | undefined {
  const path = written.replaceAll('\\', '/')
  const rooted = path.startsWith(fromRoot)
  if (!rooted && (cwd === undefined || /^(?:\/|[A-Za-z]:|~|\$|%)/.test(path))) return undefined
  const joined = posix.normalize(rooted ? `./${path.slice(1)}` : posix.join(cwd ?? '.', path)).replace(/(?<=.)\/$/, '')
  return joined.startsWith('..') ? undefined : joined
}

/** Lines, each with those that a mark at its end joins to it; the marks and the ends of lines between them stay. */
export function logicalLines(text: string, mark: string, firstLine = 1): { written: string; line: number }[] {
  const found: { written: string; line: number }[] = []
  let open = false
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const last = found.at(-1)
    if (open && last !== undefined) last.written += `\n${line}`
    else found.push({ written: line, line: firstLine + index })
    open = line.endsWith(mark)
  }
  return found
}

/** What only carries another command: its words follow. */
const carriers = new Set(['call', 'exec', 'nohup', 'time', 'sudo', 'command', 'winpty', 'then', 'do', 'else', 'nice', 'stdbuf'])
const runners = new Set(['uv', 'poetry', 'pipenv', 'hatch', 'pdm', 'rye'])
const terminals = new Set(['wt', 'gnome-terminal', 'xterm', 'konsole', 'xfce4-terminal', 'mintty'])
const consoles: Readonly<Record<string, ScriptLanguage>> = {
  cmd: 'batch',
  powershell: 'powershell',
  pwsh: 'powershell',
  bash: 'shell',
  sh: 'shell',
  zsh: 'shell',
}

/** Does what a command does to the scope, or keeps it as one that the script runs. */
export function perform(words: readonly Word[], scope: Scope, reading: Reading): void {
  const [head, ...rest] = withoutRedirections(words)
  if (head === undefined || head.text === '') return
  const name = nameOf(head.text).toLowerCase()
  if (activates(head, scope)) return
  if (/^(?:cd|chdir|pushd|set-location|sl|push-location)$/.test(name)) {
    const to = rest.find(({ text }) => !/^(?:\/d|-(?:Path|LiteralPath|P|L))$/i.test(text))
    if (to === undefined) return
    scope.left.push(scope.cwd)
    scope.cwd = to.text === '-' ? undefined : pathFrom(scope.cwd, to.text)
  } else if (/^(?:popd|pop-location)$/.test(name)) {
    scope.cwd = scope.left.pop()
  } else if (name === '.' || name === 'source' || name === '&') {
    perform(rest, scope, reading)
  } else if (carriers.has(name)) {
    perform(withoutOptions(rest), scope, reading)
  } else if (name === 'env' || name === 'cross-env' || name === 'cross-env-shell') {
    assignAndPerform(withoutOptions(rest), forked(scope), reading)
  } else if (name === 'export') {
    for (const word of rest) assign(word, scope, reading)
  } else if (runners.has(name) && rest[0]?.text === 'run') {
    perform(withoutOptions(rest.slice(1)), scope, reading)
  } else if (terminals.has(name)) {
    const from = rest.findIndex(({ text }) => consoles[nameOf(text).toLowerCase()] !== undefined)
    const folder = rest.slice(0, Math.max(from, 0)).findIndex(({ text }) => /^(?:-d|--startingDirectory|--working-directory)$/.test(text))
    const inside = forked(scope)
    if (folder !== -1) inside.cwd = pathFrom(scope.cwd, rest[folder + 1]?.text ?? '.')
    if (from !== -1) perform(rest.slice(from), inside, reading)
  } else if (name === 'concurrently') {
    for (const { text, line } of rest) if (/\s/.test(text)) reading.run('shell', text, line, forked(scope))
  } else if (consoles[name] !== undefined) {
    openConsole(consoles[name], rest, forked(scope), reading)
  } else {
    keep([head, ...rest], scope, reading)
  }
}

/** `X=1 Y=2 command`: the variables are the command's own. */
export function assignAndPerform(words: readonly Word[], scope: Scope, reading: Reading): void {
  const own = words.findIndex((word) => !isAssignment(word))
  const assignments = own === -1 ? words : words.slice(0, own)
  const target = own === -1 || assignments.length === 0 ? scope : forked(scope)
  for (const word of assignments) {
    if (own === -1) {
      const [name = '', value = ''] = split(word.text)
      scope.variables.set(name, [{ text: value, line: word.line }])
    } else assign(word, target, reading)
  }
  if (own !== -1) perform(words.slice(own), target, reading)
}

/** Sets a variable of the environment. */
export function setVariable(name: string, value: string, line: number, scope: Scope, reading: Reading): void {
  scope.env.set(name, { name, value, place: { file: reading.file, line } })
}

function assign(word: Word, scope: Scope, reading: Reading): void {
  const [name, value] = split(word.text)
  if (name !== undefined && value !== undefined) setVariable(name, value, word.line, scope, reading)
}

function split(text: string): [string | undefined, string | undefined] {
  const match = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(text)
  return [match?.[1], match?.[2]]
}

function isAssignment({ text }: Word): boolean {
  return /^[A-Za-z_]\w*=/.test(text)
}

/** What a console is told to run: the text behind `/k`, `-Command` or `-c`, wherever in its words it stands. */
function openConsole(language: ScriptLanguage, words: readonly Word[], scope: Scope, reading: Reading): void {
  const pattern = language === 'batch' ? /^\/[kcs]$/i : language === 'powershell' ? /^-(?:Command|c)$/i : /^-\w*c$/
  const at = words.findLastIndex(({ text }) => pattern.test(text))
  const inner = words.slice(at + 1)
  const [first] = inner
  if (at !== -1 && first !== undefined) {
    const text = inner.map((word) => word.text).join(' ')
    reading.run(language, language === 'shell' ? first.text : unquoted(text), first.line, scope)
    return
  }
  // all of it in one text: -ArgumentList "/k cd backend && daphne …"
  const within = language === 'batch' ? /(?:^|\s)\/[kc]\s*([\s\S]+)$/i : /(?:^|\s)-(?:Command|c)\s+([\s\S]+)$/i
  for (const { text, line } of words) {
    const match = within.exec(text)
    if (match?.[1] === undefined) continue
    const before = text.slice(0, text.length - match[1].length)
    reading.run(language, unquoted(match[1]), line + before.split('\n').length - 1, scope)
    return
  }
}

/** Without the one pair of quotes around all of it, which the console takes away; `& { … }` is its content. */
function unquoted(text: string): string {
  const bare = /^\s*(["'])([\s\S]*)\1\s*$/.exec(text)?.[2] ?? text
  return /^\s*&\s*\{([\s\S]*)\}\s*$/.exec(bare)?.[1] ?? bare
}

function activates({ text }: Word, scope: Scope): boolean {
  const folder = /^(.*?)[\\/](?:Scripts|bin)[\\/]activate(?:\.\w+)?$/i.exec(text)?.[1]
  if (folder === undefined) return false
  scope.venv = pathFrom(scope.cwd, folder)
  return true
}

function withoutOptions(words: readonly Word[]): readonly Word[] {
  const first = words.findIndex(({ text }) => !text.startsWith('-'))
  return first === -1 ? [] : words.slice(first)
}

function withoutRedirections(words: readonly Word[]): Word[] {
  const kept: Word[] = []
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]
    if (word === undefined) continue
    if (/^[\d*&]?>{1,2}&?$|^<$/.test(word.text)) index += 1
    else if (!/^[\d*&]?>{1,2}&?\S/.test(word.text)) kept.push(word)
  }
  return kept
}

/** Programs by a path of the checkout are named from the command's own folder. */
function keep(words: readonly Word[], scope: Scope, reading: Reading): void {
  const [head] = words
  if (head === undefined) return
  const program = /^(.*?)[\\/](?:Scripts|bin)[\\/][^\\/]+$/i.exec(head.text)?.[1]
  reading.commands.push({
    place: { file: reading.file, line: head.line },
    argv: words.map(({ text }) =>
      text.startsWith(fromRoot) ? posix.relative(scope.cwd ?? '.', `./${text.slice(1).replaceAll('\\', '/')}`) : text,
    ),
    cwd: scope.cwd,
    env: [...scope.env.values()],
    venv: program === undefined ? scope.venv : (pathFrom(scope.cwd, program) ?? scope.venv),
    name: scope.name,
  })
}
