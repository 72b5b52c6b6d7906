import { expect, test } from 'vitest'
import { withMembers } from '../../src/plan/json-edit.ts'

test.each<[string, string, string[], Record<string, unknown>, string | undefined]>([
  ['two blanks', '{\n  "a": 1\n}\n', [], { b: 2 }, '{\n  "a": 1,\n  "b": 2\n}\n'],
  ['tabs, no final newline', '{\n\t"a": [1,\n\t\t2]\n}', [], { b: { c: true } }, '{\n\t"a": [1,\n\t\t2],\n\t"b": {\n\t\t"c": true\n\t}\n}'],
  [
    'CRLF and a mark',
    '\u{feff}{\r\n    "a": 1\r\n}\r\n',
    [],
    { b: [1] },
    '\u{feff}{\r\n    "a": 1,\r\n    "b": [\r\n        1\r\n    ]\r\n}\r\n',
  ],
  ['one line', '{"a": {"x": "}"}, "b": "\\"{"}', ['a'], { y: 1 }, '{"a": {"x": "}", "y": 1}, "b": "\\"{"}'],
  ['an empty object', '{}', [], { a: 1 }, '{\n  "a": 1\n}'],
  [
    'an empty object within',
    '{\n  "scripts": {},\n  "z": 1\n}\n',
    ['scripts'],
    { dev: 'x' },
    '{\n  "scripts": {\n    "dev": "x"\n  },\n  "z": 1\n}\n',
  ],
  ['an object that is not there', '{\n  "z": 1\n}\n', ['scripts'], { dev: 'x' }, '{\n  "z": 1,\n  "scripts": {\n    "dev": "x"\n  }\n}\n'],
  ['a list in its place', '{"scripts": []}', ['scripts'], { dev: 'x' }, undefined],
  ['a list', '[]', [], { a: 1 }, undefined],
  ['no JSON', '{"a": 1,}', [], { b: 1 }, undefined],
  ['comments', '{\n  // x\n  "a": 1\n}', [], { b: 1 }, undefined],
])('%s', (_, text, path, members, after) => {
  expect(withMembers(text, path, members)).toBe(after)
  if (after !== undefined) expect(() => JSON.parse(after.replace(/^\u{feff}/u, ''))).not.toThrow()
})
