import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { causes } from '../../src/causes/causes.ts'
import { root } from '../support/tools.ts'

const sources = (folder: string): string =>
  readdirSync(join(root, folder), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'))
    .join('\n')

const rules = ['checks', 'facts', 'fix', 'commands'].map((folder) => sources(`src/${folder}`)).join('')
const faults = sources('test/faults')
/** What only a run of `start` can meet has its real test there. */
const runs = sources('test/start')
const tables = readdirSync(join(root, 'test', 'checks'))
  .filter((name) => name !== 'coverage.test.ts' && name !== 'causes.test.ts')
  .map((name) => readFileSync(join(root, 'test', 'checks', name), 'utf8'))
  .join('\n')

describe.each(causes)('$id', ({ id, seenOnlyIn }) => {
  test('has a rule that can name it', () => {
    expect(rules).toContain(`'${id}'`)
  })
  test('has a test that produces it for real', () => {
    if (seenOnlyIn !== undefined) expect(runs).toContain(id)
    else expect(faults).toMatch(new RegExp(`\\breal\\(\\s*'${id}'`))
  })
  test('has a row in a table of the rules', () => {
    if (seenOnlyIn !== undefined) expect(runs).toContain(id)
    else expect(tables).toMatch(new RegExp(`['"\`]${id}\\b`))
  })
})
