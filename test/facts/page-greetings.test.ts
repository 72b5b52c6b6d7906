import { expect, test } from 'vitest'
import { greetingsIn } from '../../src/facts/page-greetings.ts'

test.each<[string, string[]]>([
  ["socket.onopen = () => socket.send(JSON.stringify({ type: 'auth', token: token() }))", ['{"type":"auth","token":"{token}"}']],
  ["ws.send(JSON.stringify({ type: 'auth', token }))", ['{"type":"auth","token":"{token}"}']],
  [
    'sendMessage(JSON.stringify({\n  "action": "authenticate",\n  jwt: store.state.jwt,\n  version: 2,\n}))',
    ['{"action":"authenticate","jwt":"{token}","version":2}'],
  ],
  [
    "send(JSON.stringify({ type: 'init', payload: { accessToken: getToken(), quiet: true } }))",
    ['{"type":"init","payload":{"accessToken":"{token}","quiet":true}}'],
  ],
  ['socket.send(JSON.stringify({ token: `${token}` }))', ['{"token":"{token}"}']],
  // no token, a value that nobody knows, two tokens, none sent
  ["socket.send(JSON.stringify({ type: 'typing' }))", []],
  ["socket.send(JSON.stringify({ type: 'auth', token, room: room.id }))", []],
  ['socket.send(JSON.stringify({ token: a, jwt: b }))', []],
  ["fetch('/login', { body: JSON.stringify({ token }) })", []],
  ['socket.send(JSON.stringify(message))', []],
])('%s', (source, messages) => {
  expect(greetingsIn('live.js', source).map(({ message }) => message)).toEqual(messages)
})

test('its place is told', () => {
  expect(greetingsIn('live.js', '// a\n\nws.send(JSON.stringify({ token }))')).toMatchObject([{ file: 'live.js', line: 3 }])
})
