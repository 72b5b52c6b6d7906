import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inShell, typed, typedInOrder } from '../../src/host/shell.ts'

const python = String.raw`C:\Program Files\Ada’s Python\python.exe`

describe('a command is typed so that the shell hands over its words', () => {
  test('any words, by /bin/sh', () => {
    // no argument of a program holds a NUL; the shell reads text, so no half of a character either
    const word = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom(...` \t\n"'\`$\\[]*?;&|<>(){}!#~^=-,%@ü’`) }))
    const words = word.map((text) => text.replaceAll('\0', ''))
    fc.assert(
      fc.property(fc.array(words, { maxLength: 6 }), (args) => {
        const line = typed(['printf', String.raw`%s\0`, '-', ...args], 'linux')
        const output = execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' })
        expect(output.split('\0').slice(1, -1)).toEqual(args)
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    [['a b/python', 'manage.py'], "'a b/python' manage.py", "& 'a b/python' manage.py"],
    [
      [python, '-c', 'print("x")'],
      String.raw`'C:\Program Files\Ada’s Python\python.exe' -c 'print("x")'`,
      String.raw`& 'C:\Program Files\Ada’’s Python\python.exe' -c 'print("x")'`,
    ],
    [
      [String.raw`venv\Scripts\python.exe`, "it's"],
      String.raw`'venv\Scripts\python.exe' 'it'\''s'`,
      String.raw`venv\Scripts\python.exe 'it''s'`,
    ],
    [
      ['pip', 'install', 'redis<8', 'a,b', '@c/d', 'e~=1'],
      "pip install 'redis<8' a,b @c/d 'e~=1'",
      "pip install 'redis<8' 'a,b' '@c/d' 'e~=1'",
    ],
    [['election-dev', 'smoke', '--', 'x', ''], "election-dev smoke -- x ''", "election-dev smoke '--' x ''"],
    [['java', '-Da.b', '--a.b', '-x', '=y'], "java -Da.b --a.b -x '=y'", "java '-Da.b' '--a.b' -x =y"],
    [['grün', '$HOME', '`x`'], "grün '$HOME' '`x`'", "grün '$HOME' '`x`'"],
  ])('%j', (words, posix, powershell) => {
    expect(typed(words, 'darwin')).toBe(posix)
    expect(typed(words, 'win32')).toBe(powershell)
  })

  test('Windows PowerShell has no &&', () => {
    const commands = [
      ['cd', 'a b'],
      ['uv', 'sync'],
    ]
    expect(typedInOrder(commands, 'linux')).toBe("cd 'a b' && uv sync")
    expect(typedInOrder(commands, 'win32')).toBe("cd 'a b'; uv sync")
  })
})

describe('a command of a POSIX system as Windows has it', () => {
  test.each([
    [['mkdir', '-p', 'backend/logs'], 'mkdir backend/logs'],
    [['cp', '.env.txt', '.env'], 'copy .env.txt .env'],
    [['mv', 'a b', 'c'], "move 'a b' c"],
    [['kill', '-CONT', '4711', '4712'], 'taskkill /F /PID 4711 /PID 4712'],
    [['chmod', 'u+w', 'a b/.env'], "attrib -R 'a b/.env'"],
    [['python3', '-m', 'venv', 'venv'], 'py -m venv venv'],
    [['backend/venv/bin/python', 'manage.py', 'migrate'], String.raw`backend\venv\Scripts\python.exe manage.py migrate`],
    [['grep', '-rn', 'group_send', '--include=*.py', '.'], "findstr /s /n /c:group_send '*.py'"],
    [['grep', '-n', 'Middleware', '--include=asgi.py', '-r', '.'], 'findstr /s /n /c:Middleware asgi.py'],
    [['env', '-u', 'REDIS_PORT', 'election-dev', 'start'], 'Remove-Item Env:REDIS_PORT; election-dev start'],
    [['env', '-u', 'A', '-u', 'B', 'election-dev', 'start'], 'Remove-Item Env:A; Remove-Item Env:B; election-dev start'],
    [['lsof', 'db.sqlite3'], ''],
    [['election-dev', 'start'], 'election-dev start'],
  ])('%j', (command, wanted) => {
    expect(typedInOrder(inShell(command, 'win32'), 'win32')).toBe(wanted)
    expect(inShell(command, 'linux')).toEqual([command])
  })
})
