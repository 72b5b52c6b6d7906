import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Secrets } from '../../src/host/secrets.ts'
import { secret } from '../support/secrets.ts'

function masking(...values: string[]): (text: string) => string {
  const secrets = new Secrets()
  for (const value of values) secrets.add(value)
  return (text) => secrets.mask(text)
}

/** Put together here, so that no scanner takes it for a real one. */
const jwt = ['eyJhbGciOiJIUzI1NiJ9', 'eyJ1c2VyX2lkIjoxfQ', 'c2lnbmF0dXJl-_x'].join('.')

describe('known values', () => {
  const value = secret()

  test.each([
    ['alone', value, '***'],
    ['inside longer text', `before${value}after`, 'before***after'],
    ['more than once', `${value} and ${value}`, '*** and ***'],
    ['twice in a row', value + value, '***'],
    ['in no text', 'nothing of it', 'nothing of it'],
  ])('%s', (_, text, masked) => {
    expect(masking(value)(text).replace('******', '***')).toBe(masked)
  })

  test('encoded for a URL', () => {
    const special = secret('p@ss/w?rd & more')
    expect(masking(special)(`http://x/?q=${encodeURIComponent(special)}`)).toBe('http://x/?q=***')
  })

  test('inside a JSON document', () => {
    const quoted = secret(`a"b\\c${value}`)
    expect(masking(quoted)(JSON.stringify({ line: quoted }))).toBe('{"line":"***"}')
  })

  test('with spaces around it in the file', () => {
    expect(masking(`  ${value} `)(`x${value}x`)).toBe('x***x')
  })

  test('of several lines, each by itself: output goes by line', () => {
    const [one, two] = [secret(), secret()]
    const mask = masking(`${one}\n${two}\r\n`)
    expect([mask(`> ${one}`), mask(`> ${two}`)]).toEqual(['> ***', '> ***'])
  })

  test('one inside another: the longer goes whole', () => {
    expect(masking(value, `${value}-tail`)(`${value}-tail ${value}`)).toBe('*** ***')
  })

  test('that overlap go as one: no end of either is left', () => {
    expect(masking('abcdefgh', 'fghijklm')('<abcdefghijklm>')).toBe('<***>')
  })

  test('of under 4 characters would mask ordinary text', () => {
    expect(masking('abc', '', '   ')('abc abc')).toBe('abc abc')
  })

  test('half a character is no obstacle', () => {
    expect(masking('key\uD83Dend')('plain')).toBe('plain')
  })

  test('no text holds a secret after it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 4, maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') }), { minLength: 1, maxLength: 4 }),
        fc.string({ maxLength: 60, unit: fc.constantFrom('a', 'b', 'c', '-') }),
        (values, text) => {
          const masked = masking(...values)(text)
          for (const hidden of values) expect(masked).not.toContain(hidden)
        },
      ),
    )
  })
})

describe('what looks like a secret', () => {
  const mask = masking()

  test.each([
    ['a JSON Web Token', `Authorization: Bearer ${jwt}`, 'Authorization: Bearer ***'],
    ['one in an encoded URL', `next=%2Fws%2F%3Ftoken%3D${jwt}`, 'next=%2Fws%2F%3Ftoken%3D***'],
    ['one behind a word', `jwt_${jwt}.`, 'jwt_***.'],
    ['one without a signature', jwt.split('.').slice(0, 2).join('.'), '***'],
    ['?token=', 'GET /ws/?token=abcdef&page=2 HTTP/1.1', 'GET /ws/?token=***&page=2 HTTP/1.1'],
    ['&access_token=', '/ws/?a=1&access_token=abc', '/ws/?a=1&access_token=***'],
    ['?password=', '"/login?password=abc"', '"/login?password=***"'],
    ['the password of a URL', 'redis://user:hunter2@localhost:6379/0', 'redis://user:***@localhost:6379/0'],
    ['the password of a URL without a user', 'rediss://:hunter2@localhost', 'rediss://:***@localhost'],
  ])('%s', (_, text, masked) => {
    expect(mask(text)).toBe(masked)
  })

  test.each(['http://127.0.0.1:8000/ws/', 'http://user@host/', 'eyJ', 'a key: value', '/ws/?tokens=2', 'C:\\Users\\me@home'])(
    '%s is none',
    (text) => {
      expect(mask(text)).toBe(text)
    },
  )

  test('a line made to be slow is masked in no time', () => {
    const started = performance.now()
    for (const line of ['a.'.repeat(32_768), 'eyJ'.repeat(21_000), '?token='.repeat(9000), '://:'.repeat(16_000)]) mask(line)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
