/** What of the guard on Windows is seen elsewhere: it is a program of Python 3.8, and quotes as the C runtime reads. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { splitCommandLine } from '../../src/facts/servers-windows.ts'

const quoting = `import ast, json, re, sys
tree = ast.parse(open(sys.argv[1]).read(), feature_version=(3, 8))
tree.body = [each for each in tree.body if getattr(each, "name", "") == "quoted"]
exec(compile(tree, "guard", "exec"))
print(" ".join(map(quoted, json.load(sys.stdin))))`

test('its command line is read as the words that it was made of', () => {
  const words = [
    'C:\\a b\\python.exe',
    '',
    'a',
    'a b',
    'c"d',
    'e\\',
    'f g\\',
    '\\\\server\\x y\\',
    'h\\"i j',
    '"',
    '&%PATH%^',
    '{"a": "b"}',
    'ü',
  ]
  const input = JSON.stringify(words)
  const line = execFileSync('python3', ['-c', quoting, 'src/guard_windows.py'], { input, encoding: 'utf8' })
  expect(splitCommandLine(line.trim())).toEqual(words)
})
