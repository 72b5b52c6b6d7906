/** Which WebSockets a project has, the first to be proven before the others, and what is said to each. */
import { describe, expect, test } from 'vitest'
import { resolveConfig } from '../../src/config/resolve.ts'
import { testHost } from '../support/host.ts'
import type { ExaminationOf, RouteFact } from '../../src/facts/examination.ts'
import { speechIn, type FileSpeech } from '../../src/facts/page-paths.ts'
import { socketPaths, strayPaths } from '../../src/plan/socket-paths.ts'
import { spokenAt } from '../../src/plan/spoken.ts'

const config = await resolveConfig(testHost('/nowhere'), {})

const application = (...routes: RouteFact[]): ExaminationOf<'application'> => ({
  fact: 'application',
  kind: 'router',
  websocket: true,
  middleware: [],
  unread: false,
  routes,
})
const route = (written: string, pattern: string, sample: string | null, more: Partial<RouteFact> = {}): RouteFact => ({
  route: written,
  pattern,
  sample,
  unfilled: sample === null ? [] : [{ name: 'x', model: null }],
  consumer: 'C',
  is_class: false,
  ...more,
})
const plain = (path: string, more: Partial<RouteFact> = {}) => route(path, `${path}\\Z`, `/${path}`, { unfilled: [], ...more })
const room = route('ws/chat/<slug:room>/', String.raw`ws/chat/(?P<room>[-a-zA-Z0-9_]+)/\Z`, '/ws/chat/example/')
const said = (...sources: string[]): FileSpeech => {
  const all = sources.map((source, index) => speechIn(`${index}.ts`, source))
  return {
    paths: all.flatMap(({ paths }) => paths),
    pings: all.flatMap(({ pings }) => pings),
    greetings: all.flatMap(({ greetings }) => greetings),
    offers: all.flatMap(({ offers }) => offers),
  }
}

describe('what a page says', () => {
  test.each([
    ["new WebSocket('ws://localhost:8000/ws/chat/lobby/')", ['/ws/chat/lobby/']],
    ['new WebSocket(`${scheme}://${location.host}/ws/chat/${room}/?token=${token}`)', ['/ws/chat/{}/']],
    ["new WebSocket('ws://' + window.location.host + '/ws/chat/' + roomName + '/')", ['/ws/chat/{}/']],
    ["const room = 'lobby'\nnew WebSocket(`${base}/ws/chat/${room}/`)", ['/ws/chat/lobby/']],
    ["let room = 'lobby'\nroom = other\nnew WebSocket(`${base}/ws/chat/${room}/`)", ['/ws/chat/{}/']],
    ['<div data-url="/ws/chat/{{ room.slug }}/">', ['/ws/chat/{}/']],
    ["// new WebSocket('/ws/old/')\nopen('/ws/new/')", ['/ws/new/']],
    ["import x from './chat/lobby'; const type = 'text/html'; a = 'https://example.org'", []],
  ])('%s', (source, paths) => {
    expect(speechIn('a.ts', source).paths.map(({ path }) => path)).toEqual(paths)
  })

  test.each([
    ["socket.send(JSON.stringify({ type: 'ping' }))", 1],
    ['ws.sendMessage({"type": "ping", at: 1})', 1],
    [`ws.send('{"type":"ping"}')`, 1],
    ["if (message.type === 'ping') socket.send(JSON.stringify({ type: 'pong' }))", 0],
    ["type Message = { type: 'ping' }", 0],
  ])('a heartbeat: %s', (source, count) => {
    expect(speechIn('a.ts', source).pings).toHaveLength(count)
  })

  test.each([
    ["new WebSocket(url, 'votes.v1')", ['votes.v1']],
    ['new WebSocket(`ws://${host}/ws/`, [\'a\', "b.c"])', ['a', 'b.c']],
  ])('what it offers: %s', (source, names) => {
    expect(speechIn('a.ts', source).offers.map(({ subprotocols }) => subprotocols)).toEqual([names])
  })
})

test.each<[string, RouteFact[], FileSpeech, (string | undefined)[]]>([
  ['nothing known', [], said(), ['/ws/election-updates/']],
  ['a plain route before one with a parameter', [room, plain('ws/depot/')], said(), ['/ws/depot/', '/ws/chat/example/']],
  ['the usual one first of all', [plain('ws/a/'), plain('ws/election-updates/')], said(), ['/ws/election-updates/', '/ws/a/']],
  ['what the page names first', [plain('ws/a/'), room], said("new WebSocket('/ws/chat/lobby/')"), ['/ws/chat/lobby/', '/ws/a/']],
  ['a plain one that the page names', [plain('ws/a/'), plain('ws/b/')], said("connect('/ws/b/')"), ['/ws/b/', '/ws/a/']],
  [
    'the parts that the page has written',
    [route('ws/<str:kind>/<slug:id>/', String.raw`ws/(?P<kind>[^/]+)/(?P<id>[-\w]+)/\Z`, '/ws/example/example/')],
    said('new WebSocket(`/ws/orders/${id}/`)'),
    ['/ws/orders/example/'],
  ],
  [
    'rows before what is made up, and that before what looks for a row',
    [
      route('a/<int:pk>/', String.raw`a/(?P<pk>[0-9]+)/\Z`, '/a/1/', { looks_up: true }),
      room,
      route('b/<int:pk>/', String.raw`b/(?P<pk>[0-9]+)/\Z`, '/b/3/', { unfilled: [] }),
      route('^(?P<a>.)(?P=a)$', '(?P<a>.)(?P=a)$', null),
    ],
    said(),
    ['/b/3/', '/ws/chat/example/', '/a/1/', undefined],
  ],
  [
    'a text of the page that only fits a route that takes anything',
    [route('<path:x>', String.raw`(?P<x>.+)\Z`, '/example')],
    said("fetch('/api/votes/')"),
    ['/example'],
  ],
  ['a route that another one hides', [plain('ws/a/'), plain('ws/a/')], said(), ['/ws/a/']],
  ['a consumer that is served everywhere', [route('', '', '/', { unfilled: [] })], said(), ['/']],
])('%s', (_, routes, speech, paths) => {
  expect(socketPaths(application(...routes), speech).map(({ path }) => path)).toEqual(paths)
})

test('where the routes cannot be read, what the page names; where they can, that is no route', () => {
  const speech = said("new WebSocket('ws://localhost:8000/live/7/')", "fetch('/api/votes/')")
  expect(socketPaths({ ...application(), unread: true }, speech).map(({ path }) => path)).toEqual(['/live/7/'])
  expect(socketPaths(undefined, speech).map(({ path }) => path)).toEqual(['/live/7/'])
  expect(socketPaths(application(plain('ws/a/')), speech).map(({ path }) => path)).toEqual(['/ws/a/'])
})

const at = (routes: RouteFact[], speech: FileSpeech, path: string) =>
  spokenAt(config, { paths: socketPaths(application(...routes), speech), said: speech }, path)

describe('a socket of a page that no route takes', () => {
  test.each<[string, string, string[]]>([
    ['another word', 'new WebSocket(`ws://${location.host}/ws/chats/${room}/`)', ['/ws/chats/{}/']],
    ['without the last slash', "new WebSocket('ws://' + location.host + '/ws/board')", ['/ws/board']],
    ['as its route has it', 'new WebSocket(`ws://${location.host}/ws/chat/${room}/`)', []],
    ['on a port of this machine', "new WebSocket('ws://localhost:8000/ws/board/')", []],
    ["of somebody else's", "new WebSocket('wss://stream.example.com/ws/ticker/')", []],
    ['that is none', "fetch('/ws/other/')", []],
  ])('%s', (_, source, stray) => {
    const board = plain('ws/board/')
    expect(strayPaths(application(room, board), speechIn('a.js', source)).map(({ path }) => path)).toEqual(stray)
    expect(strayPaths({ ...application(room, board), unread: true }, speechIn('a.js', source))).toEqual([])
  })
})

describe('what is said to a socket', () => {
  const beat = "socket.send(JSON.stringify({ type: 'ping' }))"

  test('no ping that nobody knows', () => {
    expect(at([plain('ws/a/')], said(), '/ws/a/')).toEqual({ ping: false, pingBy: undefined, subprotocols: [] })
    expect(at([], said(), '/ws/election-updates/').ping).toBe(false)
  })
  test('one that the source answers, or the page sends', () => {
    expect(at([plain('ws/a/', { pings: true })], said(), '/ws/a/')).toMatchObject({ ping: { type: 'ping' }, pingBy: 'consumer' })
    expect(at([plain('ws/a/')], said(beat), '/ws/a/')).toMatchObject({ ping: { type: 'ping' }, pingBy: 'page' })
  })
  test('of several sockets the one that the file which pings names', () => {
    const speech = said(`new WebSocket('/ws/a/')\n${beat}`, "new WebSocket('/ws/b/', 'b.v1')")
    const routes = [plain('ws/a/'), plain('ws/b/')]
    expect(at(routes, speech, '/ws/a/')).toMatchObject({ pingBy: 'page', subprotocols: [] })
    expect(at(routes, speech, '/ws/b/')).toMatchObject({ ping: false, subprotocols: ['b.v1'] })
  })
  test('the subprotocols that the consumer wants, before those of the page', () => {
    expect(at([plain('ws/a/', { subprotocols: ['a.v2'] })], said("new WebSocket(u, 'a.v1')"), '/ws/a/').subprotocols).toEqual(['a.v2'])
  })
})
