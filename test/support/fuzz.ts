/** Bytes of strangers, in bulk: no reader of them throws, takes long, or tells what is secret in them. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { canary, readers } from './fuzz-readers.ts'

/** How long a case may take, in milliseconds. */
const longest = 100

/** The document with one of its members, or more, in the place of something else. */
const mutated = (document: unknown): fc.Arbitrary<string> => {
  const other = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(canary, [canary], Number.MAX_VALUE, -0, '', null, { [canary]: canary }),
  )
  return fc.array(fc.tuple(fc.nat(60), other), { minLength: 1, maxLength: 3 }).map((changes) => {
    let place = 0
    return JSON.stringify(document, (_, member: unknown) => {
      const here = place++
      const change = changes.find(([at]) => at === here)
      // a copy: one in itself would have no end
      return change === undefined ? member : structuredClone(change[1])
    })
  })
}

/** Text of a language's words, what stands in none, and the secret; a word may come very often, which is what takes long. */
const textOf = (words: readonly string[]): fc.Arbitrary<string> => {
  const word = fc.constantFrom(...words)
  const many = fc.tuple(word, fc.nat(400)).map(([text, count]) => text.repeat(count))
  const part = fc.oneof(
    { weight: 12, arbitrary: word },
    { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: many },
  )
  return fc
    .tuple(fc.array(part, { maxLength: 40 }), fc.array(part, { maxLength: 10 }))
    .map(([before, after]) => [...before, canary, ...after].join(''))
}

/** The shortest of three: a machine that is busy with something else takes no part of the blame. */
function millisecondsOf(work: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 3 && least > longest; turn++) {
    const started = performance.now()
    work()
    least = Math.min(least, performance.now() - started)
  }
  return least
}

/** A test for each reader, of so many cases. */
export function fuzzReaders(cases: number): void {
  test.each(readers.map((reader) => [reader.name, reader] as const))(
    '%s: nothing is thrown, takes long, or tells a secret',
    (_, { words, document, read }) => {
      fc.assert(
        fc.property(document === undefined ? textOf(words) : fc.oneof(textOf(words), mutated(document)), (text) => {
          let told: unknown
          const took = millisecondsOf(() => {
            told = read(text)
          })
          expect(took).toBeLessThan(longest)
          expect(JSON.stringify(told ?? '')).not.toContain(canary)
        }),
        { numRuns: cases, endOnFailure: true },
      )
    },
    1_800_000,
  )
}
