import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { parseDotenv, type DotenvReader } from '../../src/facts/dotenv.ts'
import { setDotenvValue } from '../../src/plan/dotenv-edit.ts'
import { startDotenvReaders, type DotenvReaders, type Reading } from '../support/dotenv-readers.ts'

const READERS: readonly DotenvReader[] = ['decouple', 'environ', 'dotenv']
const RUNS = process.env['TEST_SLOW'] === 'all' ? 1_000 : 200

let python: DotenvReaders

beforeAll(() => {
  python = startDotenvReaders()
})

afterAll(async () => {
  await python.close()
})

const KEY = 'USE_REDIS_FOR_CHANNELS'
const keys = fc.constantFrom(KEY, KEY, 'SECRET_KEY', 'DEBUG', 'a1', 'Schlüssel', 'export', 'KEY.dots', "'quoted'")
/** White space of Python's that JavaScript has otherwise, newlines of `splitlines` only, and ordinary blanks. */
const blanks = fc.constantFrom('', '', '', ' ', '  ', '\t', '\u{a0}', '\u{85}', '\u{2028}', '\u{1c}', '\u{feff}', '\v', '\f')
const newlines = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r\n', '\r')
const pieces = fc.constantFrom(
  'True',
  'False',
  'true',
  '1',
  '0',
  'ture',
  'x',
  ' ',
  '#',
  ' # words',
  '#words',
  '=',
  "'",
  '"',
  '\\',
  '\\n',
  "\\'",
  '\\"',
  '\\\\',
  '$',
  'ünï→😀',
  '\n',
  '\r\n',
  `\n${KEY}=inside\n`,
  '\u{a0}',
  '\u{2028}',
  '\u{1d}',
)
const words = fc.array(pieces, { maxLength: 4 }).map((parts) => parts.join(''))
const values = fc.oneof(
  fc.constantFrom('True', 'False', 'true', '0', '', 'redis://:pass@127.0.0.1:6379/0'),
  words,
  words.map((inner) => `"${inner}"`),
  words.map((inner) => `'${inner}'`),
)
const assignments = fc
  .tuple(
    fc.constantFrom('', '', '', 'export ', 'export  ', ' export\t'),
    blanks,
    keys,
    blanks,
    fc.constantFrom('=', '=', '=', '=', '', '=='),
    blanks,
    values,
    fc.constantFrom('', '', ' ', ' # note', '# note', '\t#a=b'),
  )
  .map((parts) => parts.join(''))
const lines = fc.oneof(
  { weight: 6, arbitrary: assignments },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '  ', '# a comment', `# ${KEY}=True`, `#${KEY}=False`, 'no assignment', '=value', '-----END KEY-----'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
)
const files = fc
  .tuple(fc.constantFrom('', '', '', '\u{feff}'), fc.array(fc.tuple(lines, newlines), { maxLength: 8 }), fc.boolean())
  .map(([bom, parts, finalNewline]) => {
    const text = bom + parts.map(([line, newline]) => line + newline).join('')
    return finalNewline ? text : text.replace(/(?:\r\n|\n|\r)$/, '')
  })
const wanted = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('True', 'False') },
  { weight: 2, arbitrary: words },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
)

/** The reading that parseDotenv's entries stand for. */
function readingOf(text: string, reader: DotenvReader): Map<string, string | null> {
  return new Map(parseDotenv(text, reader).map((entry) => [entry.key, entry.hasValue ? entry.value : null]))
}

function mapOf(reading: Reading | undefined): Map<string, string | null> {
  if (reading === undefined) throw new Error('no answer')
  return new Map(Object.entries(reading))
}

/** What is between the longest common beginning and the longest common end. */
function removedFrom(before: string, after: string): string {
  let start = 0
  while (start < before.length && before[start] === after[start]) start += 1
  let kept = 0
  const most = Math.min(before.length, after.length) - start
  while (kept < most && before[before.length - 1 - kept] === after[after.length - 1 - kept]) kept += 1
  return before.slice(start, before.length - kept)
}

function without(reading: ReadonlyMap<string, string | null>, key: string): Map<string, string | null> {
  return new Map([...reading].filter(([name]) => name !== key))
}

describe.each(READERS)('%s, the real library', (reader) => {
  it('reads what parseDotenv reads', async () => {
    await fc.assert(
      fc.asyncProperty(files, async (text) => {
        const [reading] = await python.read(reader, [text])
        expect(readingOf(text, reader)).toEqual(mapOf(reading))
      }),
      { numRuns: RUNS },
    )
  })

  it('reads the new value after an edit, and every other key as before', async () => {
    const counts = { unchanged: 0, refused: 0, changed: 0 }
    await fc.assert(
      fc.asyncProperty(files, keys, wanted, async (text, key, value) => {
        const edit = setDotenvValue(text, key, value, reader)
        counts[edit.kind] += 1
        if (edit.kind !== 'changed') return
        const [before, after] = await python.read(reader, [text, edit.text])
        expect(mapOf(after).get(key)).toBe(value)
        expect(without(mapOf(after), key)).toEqual(without(mapOf(before), key))
        if (reader !== 'dotenv') return
        const [interpolated] = await python.read('dotenv-interpolated', [edit.text])
        expect(mapOf(interpolated).get(key)).toBe(value)
      }),
      { numRuns: RUNS },
    )
    // the files and values are of use only while most of them are written
    expect(counts.changed).toBeGreaterThan(RUNS / 2)
  })

  it('can always write True or False, and then finds nothing to change', () => {
    fc.assert(
      fc.property(files, fc.constantFrom('True', 'False'), (text, value) => {
        const edit = setDotenvValue(text, KEY, value, reader)
        expect(edit.kind).not.toBe('refused')
        if (edit.kind !== 'changed') return
        expect(setDotenvValue(edit.text, KEY, value, reader)).toEqual({ kind: 'unchanged' })
      }),
      { numRuns: RUNS },
    )
  })

  it('keeps every byte outside the old and the new value', () => {
    fc.assert(
      fc.property(files, keys, wanted, (text, key, value) => {
        const edit = setDotenvValue(text, key, value, reader)
        if (edit.kind !== 'changed') return
        if (edit.before === undefined) {
          expect(edit.text.startsWith(text)).toBe(true)
          expect(edit.text.slice(text.length).trim()).toBe(edit.after.trim())
          return
        }
        const old = parseDotenv(text, reader).findLast((entry) => entry.key === key)
        expect(edit.text.startsWith(text.slice(0, old?.keyEnd))).toBe(true)
        if (old !== undefined && old.valueStart < old.valueEnd) {
          const [head, tail] = [text.slice(0, old.valueStart), text.slice(old.valueEnd)]
          expect(edit.text.startsWith(head) && edit.text.endsWith(tail) && edit.text.length >= head.length + tail.length).toBe(true)
        } else {
          // an empty value is written into a gap: nothing goes
          expect(removedFrom(text, edit.text)).toBe('')
        }
        expect(edit.before).toBe(text.slice(old?.lineStart, old?.lineEnd))
      }),
      { numRuns: RUNS },
    )
  })
})
