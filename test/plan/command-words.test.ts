import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { readCommand, type CommandContext } from '../../src/plan/command-words.ts'

const env = { PORT: '5100', EMPTY: '', TWO: 'a  b', HOME: '/home/me', USERPROFILE: 'C:\\Users\\me', GLOB: '*' }
const read = (text: string, more: Partial<CommandContext> = {}) => readCommand(text, { env, platform: 'linux', globs: 'literal', ...more })
const wordsOf = (text: string, more: Partial<CommandContext> = {}) => {
  const reading = read(text, more)
  return reading.kind === 'words' ? reading.words : reading
}

/** Each is read by the system's own shell, too, and both have to agree. */
const asTheShell = [
  'celery -A core worker -l info',
  '  blanks \t and   tabs  ',
  `one 'two three' "four five"six`,
  `prog a'b'"c"d`,
  String.raw`prog back\ slash \"quoted\" \\ \$PORT`,
  String.raw`prog "in \"double\" \$PORT \\ \n x"`,
  String.raw`prog 'in $PORT single \'`,
  'serve --port $PORT --host=${PORT}',
  'prog ${NONE:-8000} ${NONE-8001} ${EMPTY:-8002} ${EMPTY-8003} ${PORT:-8004}',
  'prog $NONE ${NONE} "$NONE" end',
  'split $TWO "$TWO" x$TWO"y"',
  'A=1 printenv2 x',
  'A="x y" B=$A C=$PORT prog $A B=2',
  "quoted 'A'=1",
  'prog # a comment',
  'prog a#b',
  'prog ~/x ~ a~/b "~/x"',
  'empty \'\' ""',
  'dollar $ a$ "$"',
  'exec prog x',
  'one \\\n two',
  'prog a=b =c',
  String.raw`prog "\a\b"`,
]

test.each(asTheShell)('%j is read as sh reads it', (text) => {
  const reading = read(text)
  expect(reading.kind).toBe('words')
  if (reading.kind !== 'words') return
  const [program] = reading.words
  const print = `${program}() { for w in "${program}" "$@"; do printf '%s\\0' "$w"; done; }`
  const out = execFileSync('/bin/sh', ['-c', `${print}\n${text.replace(/^exec /, '')}`], { env, encoding: 'utf8' })
  expect([...reading.words]).toEqual(out.split('\0').slice(0, -1))
})

test('assignments before the program are its environment, each seen by the next', () => {
  expect(read('A=1 B="$A $PORT" C=\'$A\' D= prog $A E=5')).toEqual({
    kind: 'words',
    assignments: { A: '1', B: '1 5100', C: '$A', D: '' },
    words: ['prog', 'E=5'],
  })
})

test.each([
  ['a | b', '|'],
  ['a && b', '&&'],
  ['a || b', '||'],
  ['a ; b', ';'],
  ['a > out', '>'],
  ['a 2>&1', '>'],
  ['a < in', '<'],
  ['a &', '&'],
  ['(a)', '('],
  ['a `date`', '`'],
  ['a "`date`"', '`'],
  ['a $(date)', '$('],
  ['a "$(date)"', '$('],
  ['a ${A:+x}', '${'],
  ['a ${A:-$B}', '${'],
  ['a $1', '$1'],
  ['a $$', '$$'],
  ['cd backend', 'cd'],
  ['export A=1', 'export'],
  ['one\ntwo', 'more than one line'],
])('%j takes a shell: %j', (text, what) => {
  expect(read(text)).toEqual({ kind: 'shell', what })
})

test.each(['prog *.py', 'prog a?', 'prog [ab]'])('%j is a shell’s where file names count', (text) => {
  expect(read(text).kind).toBe('words')
  expect(read(text, { globs: 'shell' }).kind).toBe('shell')
  expect(wordsOf(`prog '*' "a?"`, { globs: 'shell' })).toEqual(['prog', '*', 'a?'])
})

test.each([
  ["a 'b", "a ' is not closed"],
  ['a "b', 'a " is not closed'],
  ['', 'there is no program in it'],
  ['# only a comment', 'there is no program in it'],
  ['A=1', 'there is no program in it'],
  ['$NONE', 'there is no program in it'],
])('%j is invalid', (text, reason) => {
  expect(read(text)).toEqual({ kind: 'invalid', reason })
})

test.each([
  [String.raw`C:\venv\Scripts\celery.exe -A core`, [String.raw`C:\venv\Scripts\celery.exe`, '-A', 'core']],
  [
    String.raw`"C:\Program Files\x\redis-server.exe" --dir "C:\a b\"`,
    [String.raw`C:\Program Files\x\redis-server.exe`, '--dir', 'C:\\a b\\'],
  ],
  [String.raw`prog ~\x`, ['prog', String.raw`C:\Users\me\x`]],
  [String.raw`prog '\d+' \\server\share`, ['prog', String.raw`\d+`, String.raw`\\server\share`]],
])('%j on Windows', (text, words) => {
  expect(wordsOf(text, { platform: 'win32' })).toEqual(words)
})
