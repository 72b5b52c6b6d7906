/**
 * Commands as they are typed in the reader's shell: a POSIX one, and PowerShell on Windows. Its oldest
 * counts, 5.1, which every Windows has: there is no `&&` there, and no `NAME=value` before a command.
 */

import { win32 } from 'node:path'

/** A command, word by word. */
type Words = readonly string[]

/** What a POSIX shell reads, `^` and a leading `=` zsh. */
const readByPosix = /[\s"'`$[\]*?;&|<>(){}!#~^\\]|^=|^$/

/**
 * What PowerShell reads (about_Quoting_Rules, about_Parsing of Microsoft.PowerShell.Core): typographic quotes quote
 * there, a comma makes a list. `--` never reaches the script that npm makes for a program (github.com/npm/cli/issues/4903),
 * and `-a.b` arrives as two words (github.com/PowerShell/PowerShell/issues/6291).
 */
const readByPowerShell = /[\s"'`$[\]*?;&|<>(){}!#~^,\u2018-\u201E]|^@|^--$|^-.*[.:]|^$/

/** A word as it is typed: quoted where the shell would read it as anything else. */
function quoted(word: string, platform: NodeJS.Platform): string {
  if (platform === 'win32') return readByPowerShell.test(word) ? `'${word.replaceAll(/['\u2018-\u201B]/g, '$&$&')}'` : word
  return readByPosix.test(word) ? `'${word.replaceAll("'", String.raw`'\''`)}'` : word
}

/** A command as it is typed. */
export function typed(command: Words, platform: NodeJS.Platform = process.platform): string {
  const [program = '', ...args] = command.map((word) => quoted(word, platform))
  // PowerShell prints a text in quotes; only & runs it (about_Operators)
  return [...(platform === 'win32' && program.startsWith("'") ? ['&'] : []), program, ...args].join(' ')
}

/** Commands that are typed in this order, as one line. */
export function typedInOrder(commands: readonly Words[], platform: NodeJS.Platform): string {
  return commands.map((command) => typed(command, platform)).join(platform === 'win32' ? '; ' : ' && ')
}

/** A command that a POSIX system has, in the words of the platform: several where it takes them, none where there is nothing like it. */
export function inShell(command: Words, platform: NodeJS.Platform): readonly Words[] {
  if (platform !== 'win32') return [command]
  const [program = '', ...args] = command
  const environment = /^(.*)\/bin\/python3?$/.exec(program)?.[1]
  if (environment !== undefined) return [[win32.join(environment, 'Scripts', 'python.exe'), ...args]]
  return asPowerShell[program]?.(args) ?? [command]
}

/** Programs of POSIX systems as Windows has them. */
const asPowerShell: Readonly<Record<string, (args: Words) => readonly Words[]>> = {
  env: ([, name = '', ...rest]) => [['Remove-Item', `Env:${name}`], ...inShell(rest[0] === '-u' ? ['env', ...rest] : rest, 'win32')],
  mkdir: (args) => [['mkdir', ...args.filter((word) => word !== '-p')]],
  cp: (args) => [['copy', ...args]],
  mv: (args) => [['move', ...args]],
  // there are no signals: what is stopped is ended. Without /F only windows are asked
  kill: (args) => [['taskkill', '/F', ...args.filter((word) => !word.startsWith('-')).flatMap((pid) => ['/PID', pid])]],
  chmod: ([, ...files]) => [['attrib', '-R', ...files]],
  python3: (args) => [['py', ...args]],
  'python3.12': (args) => [['py', '-3.12', ...args]],
  ss: () => [['netstat', '-ano']],
  ip: () => [['ipconfig']],
  timedatectl: () => [['w32tm', '/query', '/status']],
  file: (args) => [['Format-Hex', ...args]],
  printenv: ([name = '']) => [['Get-Item', `Env:${name}`]],
  grep: (args) => {
    const [pattern = ''] = args.filter((word) => !word.startsWith('-'))
    const files = args.find((word) => word.startsWith('--include='))?.slice('--include='.length) ?? '*'
    return [['findstr', '/s', '/n', `/c:${pattern}`, files]]
  },
  // neither runs there
  gunicorn: () => [],
  lsof: () => [],
}
