/** Our YAML, read back by PyYAML: what the parsers of YAML 1.1 make of it. */
import { execFileSync } from 'node:child_process'
import { array, boolean, constantFrom, dictionary, integer, letrec, oneof, sample, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toYaml, toYamlDocuments, yamlScalar, type YamlValue } from '../../src/plan/yaml.ts'
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

describe('a document', () => {
  it('keeps lists in maps and scripts as they are', () => {
    expect(toYaml({ a: [{ b: 1, c: ['x'] }], script: '#!/bin/sh\nset -e\n', none: {}, left: undefined })).toBe(
      'a:\n  - b: 1\n    c:\n      - x\nscript: |\n  #!/bin/sh\n  set -e\nnone: {}\n',
    )
  })

  it('comes back as it was, whatever the texts', () => {
    const text = oneof(
      string({ unit: 'binary' }).map((value) => value.replace(/[\ud800-\udfff]/g, '')),
      constantFrom(
        'yes',
        'no',
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
        'x\n\n',
        '- a\n- b',
        '!tag',
        '&a',
        '%a',
        '@a',
        '`a',
      ),
    )
    const tree = letrec<{ value: YamlValue }>((tie) => ({
      value: oneof(
        { depthSize: 'small' },
        text,
        integer(),
        boolean(),
        array(tie('value'), { maxLength: 4 }),
        dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }))
    const values = sample(tree.value, { numRuns: 200, seed: 7 })
    expect(read(values.map((value) => toYaml(value)))).toEqual(values.map((value) => [value]))
  })

  it('stands beside others', () => {
    expect(read([toYamlDocuments([{ a: 1 }, ['b'], 'c'])])).toEqual([[{ a: 1 }, ['b'], 'c']])
  })
})
