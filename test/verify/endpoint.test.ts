/** What is sent for an endpoint, and what is shown of it. */
import { expect, test } from 'vitest'
import { shownUrl } from '../../src/host/urls.ts'
import { besideToken, requestOf, type Endpoint } from '../../src/verify/endpoint.ts'
import { isPong } from '../../src/verify/held-socket.ts'

const endpoint: Endpoint = {
  url: new URL('ws://127.0.0.1:8000/ws/?room=1'),
  origin: 'http://localhost:3000',
  token: 'a b+c',
  tokenIn: 'query',
  tokenName: undefined,
  cookie: undefined,
  subprotocols: ['v1'],
  ping: false,
}

test('what a page is seen to offer beside the token, and nothing else', () => {
  const read = { ...endpoint, tokenIn: 'subprotocol', tokenName: 'jwt', isPlaced: true } as const
  const offeredAt = 'src/live.ts:9'
  expect(besideToken({ ...read, offeredAt })).toEqual({ offers: ['v1'], at: offeredAt, read: 'jwt' })
  // these are the consumer's own, or the configuration's
  expect(besideToken(read)).toBeUndefined()
  expect(besideToken({ ...read, offeredAt, subprotocols: ['v1', 'jwt'] })).toBeUndefined()
  expect(besideToken({ ...read, offeredAt, isPlaced: false })).toBeUndefined()
})

test('the token goes where it is wanted', () => {
  expect(requestOf(endpoint)).toEqual({
    url: 'ws://127.0.0.1:8000/ws/?room=1&token=a+b%2Bc',
    headers: { 'User-Agent': 'election-dev', Origin: 'http://localhost:3000' },
    subprotocols: ['v1'],
  })
  expect(requestOf({ ...endpoint, tokenName: 'jwt' }).url).toContain('&jwt=a+b%2Bc')
  expect(requestOf({ ...endpoint, tokenIn: 'header' }).headers['Authorization']).toBe('Bearer a b+c')
  expect(requestOf({ ...endpoint, tokenIn: 'header', tokenName: 'X-Token' }).headers['X-Token']).toBe('a b+c')
  expect(requestOf({ ...endpoint, tokenIn: 'subprotocol' }).subprotocols).toEqual(['v1', 'a b+c'])
  // the page offers the name, too: the same one twice no client sends
  const named = { ...endpoint, tokenIn: 'subprotocol', tokenName: 'jwt', subprotocols: ['jwt', 'v1'] } as const
  expect(requestOf(named).subprotocols).toEqual(['jwt', 'a b+c', 'v1'])
  const inPath = { ...endpoint, url: new URL('ws://127.0.0.1:8000/ws/election-dev-token/') }
  expect(requestOf({ ...inPath, token: 'a.b-c' }).url).toBe('ws://127.0.0.1:8000/ws/a.b-c/')
  expect(requestOf({ ...inPath, token: undefined }).url).toBe(inPath.url.href)
  expect(requestOf({ ...endpoint, token: undefined, origin: undefined, cookie: 'sessionid=x' }).headers).toEqual({
    'User-Agent': 'election-dev',
    Cookie: 'sessionid=x',
  })
})

test.each([
  'ws://h/ws/?token=secret',
  'ws://h/ws/?a=secret&a=secret&b=secret',
  'ws://user:secret@h/ws/',
  'ws://secret@h/ws/?x=%73ecret',
  'http://h/#id=secret',
  'ws://h/ws/?5ecret1secret2secret3',
])('%s is shown without its values', (url) => {
  expect(shownUrl(new URL(url))).not.toContain('ecret')
})

test('what leads to a page is shown', () => {
  expect(shownUrl(new URL('http://localhost:8080/app/?room=1&room=2&q#/votes'))).toBe('http://localhost:8080/app/?room=***&q=***#/votes')
})

test.each(['pong', ' PONG\n', '{"type":"pong"}', '{"event":"Pong","at":1}', '{"pong":1}'])('%s is a pong', (text) => {
  expect(isPong(text)).toBe(true)
})

test.each(['', 'ping', '{"type":"ping"}', '{"type":"welcome"}', '["pong"]x', 'null', '"x"', '{"text":"pong?"}'])('%s is none', (text) => {
  expect(isPong(text)).toBe(false)
})
