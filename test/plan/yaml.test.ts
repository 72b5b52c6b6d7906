/** Our YAML, read back by PyYAML: what the parsers of YAML 1.1 make of it. */
import { execFileSync } from 'node:child_process'
import { sample, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { yamlScalar } from '../../src/plan/yaml.ts'
import { pythonOf } from '../support/tools.ts'

/** Reads documents with one interpreter; uvicorn[standard] brings PyYAML. */
function read(texts: readonly string[]): unknown[] {
  const script = 'import json,sys,yaml; print(json.dumps([list(yaml.safe_load_all(text)) for text in json.load(sys.stdin)]))'
  return JSON.parse(execFileSync(pythonOf('main'), ['-c', script], { input: JSON.stringify(texts), maxBuffer: 64e6 }).toString())
}

describe('a scalar', () => {
  it.each([
    ['redis:7-alpine', 'redis:7-alpine'],
    ['/run/secrets/key', '/run/secrets/key'],
    ['python manage.py', 'python manage.py'],
    ['yes', '"yes"'],
    ['off', '"off"'],
    ['null', '"null"'],
    ['8080:80', '"8080:80"'],
    ['1e3', '"1e3"'],
    ['True', '"True"'],
    ['', '""'],
    ['- x', '"- x"'],
    ['a: b', '"a: b"'],
    ['a #b', '"a #b"'],
    ['*', '"*"'],
    ['a"b', String.raw`"a\"b"`],
  ])('%s is written %s', (text, written) => {
    expect(yamlScalar(text)).toBe(written)
  })
})

it('a scalar comes back as it was, whatever the text', () => {
  const hard = [
    '~',
    '0x1f',
    '1_000',
    '.5',
    '12:30:45',
    '=',
    '<<',
    '2026-01-01',
    'y',
    'a\nb',
    ' a\n',
    '\n\n',
    '- a\n- b',
    '!tag',
    '&a',
    '%a',
    '`a',
  ]
  const any = string({ unit: 'binary' }).map((value) => value.replace(/[\ud800-\udfff]/g, ''))
  const texts = [...hard, ...sample(any, { numRuns: 400, seed: 7 })]
  expect(read(texts.map((text) => `${yamlScalar(text)}: [${yamlScalar(text)}]\n`))).toEqual(texts.map((text) => [{ [text]: [text] }]))
})
