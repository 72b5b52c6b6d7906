/** Port, address and URL: facts in, one cause out. */
import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../src/checks/evidence.ts'
import { judge } from '../../src/checks/judgement.ts'
import { judgeLog } from '../../src/checks/server-log.ts'
import { judgeHeld } from '../../src/checks/server-process.ts'
import { evidenceOf, examinationOf, failing, nothingListens, serverOf, unstarted, wireOf } from '../support/evidence.ts'
import { broken, elsewhere, endpoint, failed, machine, opened, page, refused, silent, stranger } from '../support/serving.ts'

const copy = (application: string) => serverOf({ cwd: '/home/ada/old/backend', project: 'copy' }, { application })
const foreign = serverOf({ cwd: '/home/ada/shop/backend', project: 'other' })
const held = (server: ReturnType<typeof serverOf>, more: Partial<Evidence> = {}) => evidenceOf({ servers: machine([server]), ...more })
const notHttp = failed(broken('ECONNRESET'), {
  http: { result: 'broken', code: 'ECONNRESET', elapsedMs: 2 },
  experiments: { httpAfter: { result: 'broken', code: 'ECONNRESET', elapsedMs: 2 } },
})
const unready: Partial<Evidence> = { choice: { kind: 'venv-missing', base: 'python3' }, examination: undefined }
const low = { ...nothingListens, endpoint: endpoint({ port: 80 }) }
const vite = '<script type="module" src="/@vite/client"></script>'
const frontend = (port: number): Evidence['frontend'] => ({
  folder: 'frontend',
  urls: [{ file: 'src/socket.js', line: 3, text: `ws://localhost:${port}/ws/`, scheme: 'ws', host: 'localhost', port, path: '/ws/' }],
  variables: [],
  proxies: [],
})
const variable: Evidence['frontend'] = {
  folder: 'frontend',
  urls: [],
  variables: [{ file: '.env', line: 2, name: 'VITE_WS_URL', value: 'ws://localhost:8000/ws/' }],
  proxies: [],
}
const six = { address: '::1', family: 6, result: 'open', code: undefined, elapsedMs: 1 } as const
const secure = endpoint({ secure: true, url: 'wss://127.0.0.1:8000/ws/election-updates/' })
const long = endpoint({ urlBytes: 20_000 })

describe('names it', () => {
  test.each<[string, Evidence, RegExp]>([
    ['port-in-use: a Redis', evidenceOf({ wire: notHttp, servers: machine([stranger(['redis-server'])], []) }), /redis-server/],
    [
      'port-in-use: a file server',
      evidenceOf({
        wire: failed(refused(404, { server: 'SimpleHTTP/0.6' })),
        servers: machine([stranger(['python3', '-m', 'http.server'])], []),
      }),
      /PID 815/,
    ],
    [
      'port-in-use: the server of another project',
      evidenceOf({ wire: failing, servers: machine([copy('shop.asgi:application')], []) }),
      /shop\.asgi/,
    ],
    [
      'port-in-use: the server of another project, whose application has the same name',
      evidenceOf({ wire: failing, servers: machine([foreign], []) }),
      /PID/,
    ],
    ['port-in-use: it answers, and its socket is sound', evidenceOf({ servers: machine([foreign], []), isOfProject: true }), /PID/],
    ...[undefined, failing, notHttp].map((wire): [string, Evidence, RegExp] => [
      `venv-missing: it is not set up, and a stranger's server has the port (${wire === undefined ? 'open' : (wire.http?.result ?? 'refused')})`,
      evidenceOf({ ...unready, wire: wire ?? evidenceOf().wire, servers: machine([foreign], []), isOfProject: true }),
      /python3 has no Django/,
    ]),
    [
      'venv-missing: it is not set up, and a program that is no Django server opens the socket',
      evidenceOf({ ...unready, servers: machine([stranger(['node', 'chat.js'])], []), isOfProject: true }),
      /python3 has no Django/,
    ],
    [
      'port-in-use: a program that is no Django server opens the socket',
      evidenceOf({ servers: machine([stranger(['node', 'chat.js'])], []), isOfProject: true }),
      /Nothing shows that it belongs to this project/,
    ],
    [
      'stale-server-old-code: a copy of the checkout answers, and its socket is sound',
      evidenceOf({ servers: machine([copy('core.asgi:application')], []), isOfProject: true }),
      /ada\/old/,
    ],
    [
      'stale-server-old-code: the routes on disk fit, and a file is newer',
      evidenceOf({ wire: failing, newerThanServer: ['core/routing.py'] }),
      /core\/routing\.py/,
    ],
    [
      'stale-server-old-code: a copy of the checkout',
      evidenceOf({ wire: failing, servers: machine([copy('core.asgi:application')], []) }),
      /ada\/old/,
    ],
    ['bad-port-permission: port 80, not root', unstarted({ wire: low }), /1024/],
    ['bind-address-unavailable: nobody here has it', unstarted({ unbindable: '203.0.113.7' }), /203\.0\.113\.7/],
    [
      'server-crashes: a run of start waits to launch it again',
      unstarted({
        waiting: { launcher: 99, id: 'server-crashes', title: 'The server ends when a socket is open', remedy: 'Read its log.' },
      }),
      /PID 99/,
    ],
    [
      'unix-socket: daphne -u',
      unstarted({ servers: machine([], [serverOf({ listens: [], unixSockets: ['/run/d.sock'] })]) }),
      /\/run\/d\.sock/,
    ],
    [
      'wrong-frontend-port: the backend is on 8001',
      unstarted({ servers: machine([], [elsewhere]), frontend: frontend(8000) }),
      /socket\.js:3/,
    ],
    [
      'wrong-frontend-port: in a frontend of another name',
      unstarted({
        servers: machine([], [elsewhere]),
        frontend: { urls: [], variables: [], proxies: [], ...frontend(8000), folder: 'apps/web' },
      }),
      /^apps\/web\/.*socket\.js:3/m,
    ],
    [
      'wrong-frontend-port: a variable of the bundler',
      unstarted({ servers: machine([], [elsewhere]), frontend: variable }),
      /\.env:2.*VITE_WS_URL/,
    ],
    [
      "wrong-frontend-port: the dev server's page",
      evidenceOf({
        wire: failed(silent, { http: page(200, undefined, vite), experiments: { httpOnPath: page(200, undefined, vite) } }),
        servers: machine([stranger(['node', 'vite'])], [elsewhere]),
      }),
      /8001/,
    ],
    [
      'ipv6-localhost: another program at ::1',
      evidenceOf({
        wire: wireOf({
          tcp: [...wireOf().tcp, six],
          experiments: {
            byAddress: [
              { address: '127.0.0.1', handshake: opened },
              { address: '::1', handshake: refused(404) },
            ],
          },
        }),
        servers: machine([serverOf(), stranger(['python3', '-m', 'http.server'], { listens: [{ address: '::1', port: 8000 }] })]),
      }),
      /PID 815/,
    ],
    [
      'ipv6-localhost: the other family is refused',
      unstarted({ servers: machine([serverOf({ listens: [{ address: '::1', port: 8000 }] })]) }),
      /::1/,
    ],
    [
      'wss-vs-ws: wss to a plain port',
      evidenceOf({ wire: failed(silent, { endpoint: secure, experiments: { otherScheme: opened, tls: { result: 'silent' } } }) }),
      /101/,
    ],
    [
      'wss-vs-ws: ws to a TLS port',
      evidenceOf({ wire: failed(broken('ECONNRESET'), { experiments: { tls: { result: 'tls', trusted: false, problem: 'x' } } }) }),
      /TLS handshake/,
    ],
    [
      'tls-untrusted: self-signed',
      evidenceOf({
        wire: failed(broken('DEPTH_ZERO_SELF_SIGNED_CERT'), {
          endpoint: secure,
          experiments: { tls: { result: 'tls', trusted: false, problem: 'self-signed' }, untrusted: opened },
        }),
      }),
      /101/,
    ],
    [
      'url-too-long: closed without a byte, and fine without the token',
      evidenceOf({ wire: failed(broken('ECONNRESET'), { endpoint: long, experiments: { withoutToken: opened, httpAfter: page(404) } }) }),
      /without the token got 101/,
    ],
    [
      'url-too-long: never answered, and fine without the token',
      evidenceOf({ wire: failed(silent, { endpoint: long, experiments: { withoutToken: refused(403), httpAfter: page(404) } }) }),
      /403/,
    ],
    ['url-too-long: 431', evidenceOf({ wire: failed(refused(431), { endpoint: long }) }), /431/],
    [
      'trailing-slash-missing: with the slash 101',
      evidenceOf({
        wire: failed(refused(500), { endpoint: endpoint({ path: '/ws/election-updates' }), experiments: { otherSlash: opened } }),
      }),
      /with the slash/,
    ],
  ])('%s', (title, evidence, telling) => {
    const { root } = judge(evidence)
    expect(root?.id, root?.evidence.join('\n')).toBe(title.split(':')[0])
    expect(root?.evidence.join('\n')).toMatch(telling)
  })

  test.each([
    ['bind-address-unavailable: daphne', '[Errno 99] Cannot assign requested address', 'bind-address-unavailable'],
    ['bind-address-unavailable: hypercorn', 'OSError: [Errno 99] Cannot assign requested address', 'bind-address-unavailable'],
    [
      'bad-port-permission: daphne',
      "Listen failure: Couldn't listen on 127.0.0.1:80: [Errno 13] Permission denied.",
      'bad-port-permission',
    ],
    [
      'bad-port-permission: Windows',
      'OSError: [WinError 10013] Der Zugriff auf einen Socket war aufgrund der Zugriffsrechte des Sockets unzulässig',
      'bad-port-permission',
    ],
  ])('%s', (_, line, id) => {
    expect(judgeLog([line])?.id).toBe(id)
  })
})

describe('does not name it', () => {
  const remote = { ...nothingListens, endpoint: endpoint({ host: 'votes.example', url: 'ws://votes.example:8000/ws/election-updates/' }) }
  const played = examinationOf({ facts: { consumer: { outcome: 'returned' } } })
  test.each<[string, Evidence, string | undefined]>([
    [
      'port-in-use: docker carries the port of a backend that is not to be seen',
      evidenceOf({
        wire: failed(refused(403), { experiments: { unknownPath: refused(500) } }),
        servers: machine([stranger(['/usr/bin/docker-proxy'])], []),
        examination: undefined,
      }),
      'token-missing',
    ],
    ['stale-server-old-code: a newer file, and the socket works', evidenceOf({ newerThanServer: ['core/urls.py'] }), undefined],
    [
      'stale-server-old-code: a newer file, and the routes on disk do not fit either',
      evidenceOf({
        wire: failing,
        newerThanServer: ['core/routing.py'],
        examination: examinationOf({ facts: { application: { routes: [] } } }),
      }),
      'no-websocket-route',
    ],
    ['bad-port-permission: as root', unstarted({ wire: low, isRoot: true }), 'server-not-running'],
    ['bad-port-permission: a machine that gives port 80 to all', unstarted({ wire: low, privilegedBelow: 0 }), 'server-not-running'],
    ['unix-socket: it listens on the port too', evidenceOf({ servers: machine([serverOf({ unixSockets: ['/run/d.sock'] })]) }), undefined],
    [
      'wrong-frontend-port: the page names another port than the backend, and ours works',
      evidenceOf({ frontend: frontend(9999) }),
      undefined,
    ],
    [
      'ipv6-localhost: ::1 is refused, and 127.0.0.1 took the handshake',
      evidenceOf({ wire: wireOf({ tcp: [...wireOf().tcp, { ...six, result: 'refused', code: 'ECONNREFUSED' }] }) }),
      undefined,
    ],
    ['ipv6-localhost: the URL names another machine', evidenceOf({ wire: remote }), 'server-not-running'],
    [
      'wss-vs-ws: the process is stopped',
      evidenceOf({
        wire: failed(silent, {
          endpoint: secure,
          http: { result: 'silent', elapsedMs: 5000 },
          experiments: { otherScheme: silent, tls: { result: 'silent' } },
        }),
        servers: machine([serverOf({ state: 'stopped' })]),
      }),
      'server-suspended',
    ],
    ['tls-untrusted: trusted', evidenceOf({ wire: wireOf({ endpoint: secure }) }), undefined],
    [
      'url-too-long: long, and the consumer never accepts, without the token neither',
      evidenceOf({
        wire: failed(broken('ECONNRESET', 5000), { endpoint: long, experiments: { withoutToken: silent, httpAfter: page(404) } }),
        examination: played,
      }),
      'accept-missing',
    ],
    ['url-too-long: long, and accepted', evidenceOf({ wire: wireOf({ endpoint: long }) }), undefined],
    [
      'trailing-slash-missing: the other ending is 500 too',
      evidenceOf({
        wire: failed(refused(500), { experiments: { otherSlash: refused(500) } }),
        examination: examinationOf({ facts: { application: { routes: [] } } }),
      }),
      'no-websocket-route',
    ],
  ])('%s', (_, evidence, id) => {
    expect(judge(evidence).root?.id).toBe(id)
  })

  test('bind-address-unavailable: a Redis that cannot be reached', () => {
    expect(
      judgeLog(['redis.exceptions.ConnectionError: Error 99 connecting to localhost:6379. Cannot assign requested address.'])?.id,
    ).toBe('redis-unreachable')
  })
})

describe('what holds the port that a server is to have, by its process', () => {
  test.each<[string, Evidence, string | undefined]>([
    ['a sound server of this project', held(serverOf()), undefined],
    ['one that is stopped', held(serverOf({ state: 'stopped' })), 'server-suspended'],
    ['one with the WSGI application', held(serverOf({}, { application: 'core.wsgi:application' })), 'asgi-app-wrong'],
    ['one that is older than the code', held(serverOf(), { newerThanServer: ['core/routing.py'] }), 'stale-server-old-code'],
    ['one of a copy of the checkout', held(copy('core.asgi:application')), 'stale-server-old-code'],
    ['the stopped server of another project', held({ ...copy('shop.asgi:application'), state: 'stopped' }), undefined],
    ['any other program', held(stranger(['redis-server'])), undefined],
  ])('%s', (_, evidence, id) => {
    expect(judgeHeld(evidence)?.id).toBe(id)
  })
})

test('a server of this project whose folder is come to by a link is nobody else, however its folder is written', () => {
  const own = serverOf({ cwd: '/mnt/real/backend', project: 'this' })
  expect(judge(evidenceOf({ servers: machine([own]), isOfProject: true })).root).toBeUndefined()
})

const moved = (wiring: Evidence['frontend'], more: Partial<Evidence> = {}) =>
  judge(evidenceOf({ frontend: wiring, ...more })).notes.filter(({ id }) => id === 'wrong-frontend-port')
const sent = (value: string, target?: string): Evidence['frontend'] => ({
  folder: 'frontend',
  urls: [],
  variables: [{ file: '.env', line: 2, name: 'VITE_FEED_URL', value }],
  proxies: target === undefined ? [] : [{ file: 'vite.config.js', line: 1, context: '/ws', target, ws: true, rewrites: false }],
})

describe('a page that is sent to another port, and a WebSocket that works', () => {
  test('is told', () => {
    const [note] = moved(sent('ws://localhost:9000', 'ws://localhost:9000'))
    expect(note?.evidence.join('\n')).toMatch(/\.env:2 .*VITE_FEED_URL.*vite\.config\.js:1 passes \/ws on/s)
    expect(note?.remedy.commands).toEqual([['election-dev', 'start', '--port', '9000']])
  })
  test.each([
    ['the right port', sent('ws://localhost:8000')],
    ['another machine', sent('ws://votes.example:9000')],
    ['another path', sent('ws://localhost:9000/hmr/')],
    ['a port of HTTP', sent('http://localhost:9000')],
    ['the dev server, which leads to the backend', sent('ws://localhost:5173', 'ws://localhost:8000')],
    ['no port', sent('ws://localhost/ws/election-updates/')],
  ])('is not told of %s', (_, wiring) => {
    expect(moved(wiring)).toEqual([])
  })
  test('is not told of a server that start has launched', () => {
    const launched = serverOf({ argv: ['python', '-m', 'daphne', 'election_dev_inside:application'] })
    expect(moved(sent('ws://localhost:9000'), { servers: machine([launched]) })).toEqual([])
  })
})
