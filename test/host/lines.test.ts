import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSplitter, longestLine } from '../../src/host/lines.ts'

/** The lines of the bytes, handed over in chunks that end where told. */
function linesOf(bytes: Buffer, cuts: readonly number[] = []): string[] {
  const lines: string[] = []
  const splitter = new LineSplitter((line) => void lines.push(line))
  let from = 0
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    splitter.push(bytes.subarray(from, cut))
    from = cut
  }
  splitter.end()
  return lines
}

test.each([
  ['\\n', 'a\nb\n', ['a', 'b']],
  ['\\r\\n', 'a\r\nb\r\n', ['a', 'b']],
  ['a lone \\r, as a progress bar draws', ' 10%\r 20%\rdone\n', [' 10%', ' 20%', 'done']],
  ['no end', 'a\nb', ['a', 'b']],
  ['empty lines', '\n\na\n\n', ['', '', 'a', '']],
  ['empty lines of Windows', '\r\n\r\na', ['', '', 'a']],
  ['\\r\\r\\n', 'a\r\r\nb', ['a', '', 'b']],
  ['\\n\\r', 'a\n\rb', ['a', '', 'b']],
  ['nothing', '', []],
])('%s', (_, text, lines) => {
  expect(linesOf(Buffer.from(text))).toEqual(lines)
})

test('a line end cut in the middle is one', () => {
  expect(linesOf(Buffer.from('\r\n\r\n'), [1, 2, 3])).toEqual(['', ''])
  expect(linesOf(Buffer.from('a\r\nb'), [2])).toEqual(['a', 'b'])
})

test('UTF-8 cut in the middle stays whole', () => {
  const text = 'Ergebnis: äöü €😀\n'
  const bytes = Buffer.from(text)
  const everywhere = Array.from({ length: bytes.length }, (_, index) => index)
  expect(linesOf(bytes, everywhere)).toEqual([text.trimEnd()])
})

/** Text that is made of what splitting could get wrong. */
const piece = fc.constantFrom(
  'a',
  '\r',
  '\n',
  '\r\n',
  '€',
  '😀',
  ' ',
  'x'.repeat(longestLine - 1),
  'x'.repeat(longestLine),
  '😀'.repeat(longestLine / 2),
)
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))

test('any chunking gives the same lines', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(), { maxLength: 12 }), (whole, cuts) => {
      const bytes = Buffer.from(whole)
      expect(linesOf(bytes, cuts)).toEqual(linesOf(bytes))
    }),
    { numRuns: 300 },
  )
})

test('nothing but line ends is lost, and no line is too long or holds half a character', () => {
  fc.assert(
    fc.property(text, (whole) => {
      const lines = linesOf(Buffer.from(whole))
      expect(lines.join('')).toBe(whole.replaceAll(/[\r\n]/g, ''))
      for (const line of lines) {
        expect(line.length).toBeLessThanOrEqual(longestLine)
        expect(Buffer.from(line).toString()).toBe(line)
      }
    }),
    { numRuns: 300 },
  )
})

test('bytes that are no UTF-8 stay one line', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(fc.nat(), { maxLength: 8 }), (bytes, cuts) => {
      expect(linesOf(Buffer.from(bytes), cuts)).toEqual(linesOf(Buffer.from(bytes)))
    }),
  )
})

test('100 MB without a line end stay bounded in memory', () => {
  let size = 0
  let most = 0
  const splitter = new LineSplitter((line) => {
    size += line.length
    most = Math.max(most, line.length)
  })
  const chunk = Buffer.alloc(1_000_000, 'x')
  const before = process.memoryUsage().rss
  for (let index = 0; index < 100; index++) splitter.push(chunk)
  const grown = process.memoryUsage().rss - before
  splitter.end()
  expect(size).toBe(100_000_000)
  expect(most).toBe(longestLine)
  // held whole, it would be 100 MB at least
  expect(grown).toBeLessThan(64_000_000)
})
