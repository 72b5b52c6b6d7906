import {
  fromRoot,
  forked,
  logicalLines,
  pathFrom,
  perform,
  setVariable,
  type Reading,
  type Scope,
  type Word,
} from './old-scripts-session.ts'

/** Reads a batch file, or what `cmd /k` is told: what it runs goes to the reading. */
export function readBatch(text: string, firstLine: number, scope: Scope, reading: Reading): void {
  for (const { written, line } of logicalLines(text, '^', firstLine)) {
    const raw = written.replace(/\^(?:\n|$)/g, '')
    const bare = raw.replace(/^[\s@(]+/, '')
    // a label, or the comment that people write as one
    if (bare.startsWith(':') || /^rem(?:\s|$)/i.test(bare)) continue
    for (const statement of statements(raw)) {
      const command = expanded(statement, scope, reading).replace(/^[\s@(]+|\s+$/g, '')
      if (/^rem(?:\s|$)/i.test(command)) break
      runStatement(command, line, scope, reading)
    }
  }
}

/** Split at `&`, `&&`, `|` and `||` outside of quotes; a caret makes the next character plain. */
function statements(raw: string): string[] {
  const found: string[] = []
  let current = ''
  for (const [piece] of raw.matchAll(/\^[^]?|"[^"]*"?|[^]/g)) {
    // 2>&1 is no end of a command
    if (piece === '|' || (piece === '&' && !current.endsWith('>'))) {
      found.push(current)
      current = ''
    } else current += piece.replace(/^\^/, '')
  }
  return [...found, current]
}

function runStatement(command: string, line: number, scope: Scope, reading: Reading): void {
  const condition =
    /^(?:else\s+)?if\s+(?:\/i\s+)?(?:not\s+)?(?:(?:exist|defined)\s+(?:"[^"]*"|\S+)|errorlevel\s+\d+|(?:"[^"]*"|\S+)\s*(?:==|\b(?:equ|neq|lss|leq|gtr|geq)\b)\s*(?:"[^"]*"|\S+))\s*\(?\s*/i.exec(
      command,
    )
  const inner = (condition === null ? command : command.slice(condition[0].length)).replace(/^\)?\s*else\s*\(?\s*/i, '')
  const set = /^set\s+(?:"(\w+)=(.*)"\s*|(\w+)=(.*))$/i.exec(inner)
  if (set !== null) {
    // the blank before && belongs to the value for cmd; its writer doesn't mean it
    setVariable(set[1] ?? set[3] ?? '', (set[2] ?? set[4] ?? '').trim(), line, scope, reading)
    return
  }
  if (/^(?:echo|title|color|pause|timeout|exit|goto|setlocal|endlocal|set)\b/i.test(inner) || inner.startsWith(')')) return
  const started = /^start\b\s*([\s\S]*)$/i.exec(inner)
  if (started !== null) return start(started[1] ?? '', line, forked(scope), reading)
  const console = /^(?:"?[^"\s]*\\)?cmd(?:\.exe)?"?\s+(?:\/(?![kc]\b)\S+\s+)*\/[kc]\s*([\s\S]*)$/i.exec(inner)
  // cmd takes away the first quote and the last one, whatever stands between (cmd /?)
  if (console !== null) return readBatch(withoutOuterQuotes(console[1] ?? ''), line, forked(scope), reading)
  perform(wordsOf(inner, line), scope, reading)
}

/** `start "title" /D folder /B command`: the first quoted word is a title. */
function start(rest: string, line: number, scope: Scope, reading: Reading): void {
  let command = rest.replace(/^"[^"]*"\s*/, '')
  for (;;) {
    const folder = /^\/d\s*("[^"]*"|\S+)\s*/i.exec(command)
    const option =
      folder ?? /^\/(?:b|i|min|max|wait|w|separate|shared|low|normal|high|realtime|abovenormal|belownormal)\b\s*/i.exec(command)
    if (option === null) break
    if (folder !== null) scope.cwd = pathFrom(scope.cwd, (folder[1] ?? '').replaceAll('"', ''))
    command = command.slice(option[0].length)
  }
  runStatement(command, line, scope, reading)
}

function withoutOuterQuotes(text: string): string {
  const last = text.lastIndexOf('"')
  return text.startsWith('"') && last > 0 ? text.slice(1, last) + text.slice(last + 1) : text
}

/** The words of a Windows command line; a backslash before a quote makes it plain, and is one anywhere else. */
export function wordsOf(command: string, line: number): Word[] {
  return [...command.matchAll(/(?:\\"|"(?:\\"|[^"])*"?|[^\s"])+/g)].map(([text]) => ({
    text: text.replace(/\\"/g, '\u{2}').replaceAll('"', '').replaceAll('\u{2}', '"'),
    line,
  }))
}

/** `%~dp0` is the script's own folder, with a backslash at its end; `%X%` and `!X!` what was set. */
function expanded(text: string, scope: Scope, { file }: Reading): string {
  const folder = file.split('/').slice(0, -1).join('/')
  return text
    .replace(/%~dp0\\?/gi, `${fromRoot}${folder === '' ? '' : `${folder}/`}`)
    .replace(/%cd%\\?/gi, () => (scope.cwd === undefined ? '%cd%' : `${fromRoot}${scope.cwd}/`))
    .replace(/[%!](\w+)[%!]/g, (written, name: string) => scope.env.get(name)?.value ?? written)
}
