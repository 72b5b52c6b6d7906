import { expect, test } from 'vitest'
import { allowedOrigin, isOwnList } from '../../src/facts/allowed-hosts.ts'

test.each([
  ['the hosts themselves, in any order', ['localhost', '127.0.0.1'], ['127.0.0.1', 'localhost'], false, false],
  ['what DEBUG allows where none are named', ['localhost', '127.0.0.1', '[::1]'], [], true, false],
  ['nothing, as without DEBUG', [], [], false, false],
  ['Origins with their schemes', ['http://localhost:3000'], ['localhost'], true, true],
  ['one host of two', ['localhost'], ['localhost', '127.0.0.1'], true, true],
])('a list of its own: %s', (_, origins, allowed, debug, isOwn) => {
  expect(isOwnList(origins, allowed, debug)).toBe(isOwn)
})

const own = ['http://127.0.0.1:8000', 'http://localhost:8000']

test.each([
  ['the address, where anything goes', ['*'], 'http://127.0.0.1:8000'],
  ['the address, by a host alone', ['127.0.0.1', 'localhost'], 'http://127.0.0.1:8000'],
  ['the name, where only that is allowed', ['http://localhost:8000', 'https://vote.example.org'], 'http://localhost:8000'],
  ['the name, by a domain with a dot', ['http://.localhost:8000'], 'http://localhost:8000'],
  ['the page that it was written for', ['https://vote.example.org', 'http://localhost:5173'], 'http://localhost:5173'],
  ['nothing of another machine', ['https://vote.example.org', 'vote.example.org', 'https://*'], undefined],
  ['nothing of another scheme', ['https://localhost:8000'], 'https://localhost:8000'],
])('the Origin that a list lets through: %s', (_, list, origin) => {
  expect(allowedOrigin(own, list)).toBe(origin)
})
