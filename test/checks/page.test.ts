/** Every sentence about a page comes from what the browser told of it. */
import { describe, expect, test } from 'vitest'
import { judgePage, notLooked, type PageVerdict } from '../../src/checks/page.ts'
import type { PageContext } from '../../src/checks/page-socket.ts'
import type { PageRefusal, PageSeen, PageSocket } from '../../src/facts/page-seen.ts'

const proven = new URL('ws://127.0.0.1:8000/ws/votes/')

/** Sources that name nothing. */
const unwritten = { ports: [], variables: [], urls: [], pageSocket: undefined, paths: [], parameters: [], tokenRead: undefined }

const context = (more: Partial<PageContext> = {}): PageContext => ({
  proven,
  isProven: true,
  user: undefined,
  standsFor: undefined,
  withheld: undefined,
  paths: [],
  holders: new Map(),
  folder: 'frontend',
  sources: undefined,
  tokenName: undefined,
  moved: undefined,
  ...more,
})

const socket = (more: Partial<PageSocket> = {}): PageSocket => ({
  url: 'ws://localhost:8000/ws/votes/',
  state: 'open',
  status: 101,
  error: undefined,
  close: undefined,
  received: 0,
  sent: 0,
  at: undefined,
  ...more,
})

const seen = (more: Partial<PageSeen> = {}): { result: 'seen' } & PageSeen => ({
  result: 'seen',
  browser: 'Chromium 156',
  url: 'http://localhost:3000/',
  status: 200,
  error: undefined,
  loaded: true,
  sockets: [],
  refusals: [],
  exceptions: [],
  consoleErrors: [],
  asksForLogin: false,
  loginProblem: undefined,
  expected: undefined,
  change: undefined,
  screenshot: undefined,
  end: 'settled',
  elapsedMs: 900,
  ...more,
})

const refusal = (more: Partial<PageRefusal>): PageRefusal => ({
  url: 'http://localhost:8000/api/',
  kind: 'cors',
  text: '',
  isSocket: false,
  ...more,
})
const refused = socket({ state: 'refused', status: undefined, error: 'net::ERR_CONNECTION_REFUSED', url: 'ws://localhost:8001/ws/votes/' })

/** The commands that are named for a WebSocket at this URL, where nothing listens. */
const commands = (url: string, more: Partial<PageContext> = {}) =>
  judgePage(seen({ sockets: [{ ...refused, url }] }), context(more)).diagnosis?.remedy.commands

const told = ({ state, text, diagnosis }: PageVerdict) => [state, diagnosis?.id, text]

describe('green', () => {
  test.each<[string, Partial<PageSeen>, Partial<PageContext>, string]>([
    ['one', { sockets: [socket()] }, {}, 'its WebSocket is open (Chromium 156)'],
    ['as whom, where the application told', { sockets: [socket()] }, { user: 'ada' }, 'its WebSocket is open (Chromium 156, as ada)'],
    ['several', { sockets: [socket(), socket({ url: 'ws://localhost:8000/ws/b/' })] }, {}, 'its 2 WebSockets are open (Chromium 156)'],
    [
      'one more goes to a host that was not contacted',
      {
        sockets: [
          socket(),
          socket({ url: 'wss://push.example/', state: 'refused', status: undefined, error: 'net::ERR_NAME_NOT_RESOLVED' }),
        ],
      },
      {},
      'its WebSocket is open (Chromium 156)',
    ],
    [
      'a change that arrived',
      { sockets: [socket()], change: { arrived: true, ms: 12.4 } },
      {},
      'its WebSocket is open (Chromium 156) · a message came to a second window 12 ms after the change',
    ],
    [
      'a request that CORS blocks beside it is told',
      { sockets: [socket()], refusals: [refusal({})] },
      {},
      'its WebSocket is open (Chromium 156) · CORS blocks http://localhost:8000/api/',
    ],
  ])('%s', (_, page, more, text) => {
    expect(told(judgePage(seen(page), context(more)))).toEqual(['open', undefined, text])
  })
})

describe('yellow', () => {
  test.each<[string, Partial<PageSeen>, Partial<PageContext>, RegExp]>([
    ['a form, and no WebSocket', { asksForLogin: true }, {}, /^opens no WebSocket before a login \(Chromium 156\): "page": \{"login"/],
    [
      'a form, and one that is refused',
      { asksForLogin: true, sockets: [socket({ state: 'refused', status: 403 })] },
      {},
      /^its WebSocket is refused before a login \(the handshake was answered with 403\)/,
    ],
    [
      'what is expected, of a page that did not answer',
      { sockets: [socket()], expected: 'the page did not answer when it was looked for b' },
      {},
      /^its WebSocket is open, but whether what "expect" names is there can't be checked: the page did not answer/,
    ],
    [
      'one that was given nobody',
      { asksForLogin: true },
      { withheld: 'PID 7, which listens on port 3000, is not seen to be a process of this project' },
      /^opens no WebSocket before a login .* · opened without a user: PID 7, which listens on port 3000/,
    ],
    ['a form that is not there', { loginProblem: 'there is no #name on its page' }, {}, /can't be done: there is no #name on its page/],
    ['no WebSocket at all', {}, {}, /^opens no WebSocket \(Chromium 156\) {3}page-socket-none$/],
    [
      'a script of a host that was not contacted',
      {
        refusals: [refusal({ kind: 'not-contacted', url: 'https://cdn.example/ws.js' })],
        exceptions: [{ text: 'ReferenceError', at: undefined }],
      },
      {},
      /^can't tell: it needs cdn\.example, .*"hosts": \["cdn\.example"\]/,
    ],
    ['still at work', { end: 'late', elapsedMs: 15_000 }, {}, /^can't tell: it was still at work after 15 s/],
  ])('%s', (_, page, more, text) => {
    const verdict = judgePage(seen(page), context(more))
    expect(verdict.state).toBe('yellow')
    expect(verdict.text).toMatch(text)
  })
})

describe('red', () => {
  test.each<[string, Partial<PageSeen>, Partial<PageContext>, string, RegExp]>([
    [
      'another port',
      { sockets: [refused] },
      {},
      'page-socket-elsewhere',
      /goes to ws:\/\/localhost:8001\/ws\/votes\/: nothing listens there/,
    ],
    [
      'a form does not excuse a wrong port',
      { sockets: [refused], asksForLogin: true },
      {},
      'page-socket-elsewhere',
      /nothing listens there/,
    ],
    ['one of two', { sockets: [socket(), refused] }, {}, 'page-socket-elsewhere', /nothing listens there/],
    [
      'no answer',
      { sockets: [socket({ state: 'opening', status: undefined, url: 'ws://localhost:3000/ws/votes/' })] },
      {},
      'page-socket-elsewhere',
      /no answer to its handshake/,
    ],
    [
      'the proven one by TLS, which no backend speaks',
      { sockets: [socket({ state: 'opening', status: undefined, url: 'wss://localhost:8000/ws/votes/' })] },
      {},
      'page-socket-elsewhere',
      /goes to wss:\/\/localhost:8000\/ws\/votes\/: no answer/,
    ],
    [
      'the proven one, refused',
      { sockets: [socket({ state: 'refused', status: 403 })] },
      {},
      'page-socket-refused',
      /is refused: the handshake was answered with 403/,
    ],
    [
      'the proven one, refused though a form was filled in',
      { sockets: [socket({ state: 'refused', status: 403 })], asksForLogin: true },
      { standsFor: 'ada' },
      'page-socket-refused',
      /answered with 403/,
    ],
    [
      'closed by the application, to which a proxy has brought it by another path',
      { sockets: [socket({ url: 'ws://localhost:3000/live/votes', state: 'closed', close: { code: 4401, reason: '' } })] },
      {},
      'page-socket-refused',
      /was closed with code 4401/,
    ],
    [
      'closed by the application',
      { sockets: [socket({ state: 'closed', close: { code: 4001, reason: 'who?' } })] },
      {},
      'page-socket-refused',
      /was closed with code 4001 \(who\?\)/,
    ],
    [
      'mixed content',
      {
        sockets: [socket({ state: 'refused', status: undefined })],
        refusals: [refusal({ kind: 'mixed-content', url: 'ws://localhost:8000/ws/votes/', isSocket: true })],
      },
      {},
      'page-blocked',
      /mixed content its WebSocket to ws:\/\/localhost:8000\/ws\/votes\//,
    ],
    [
      'CSP before any socket',
      { refusals: [refusal({ kind: 'csp', text: 'connect-src', url: 'ws://localhost:8000/ws/votes/', isSocket: true })] },
      {},
      'page-blocked',
      /Content-Security-Policy blocks its WebSocket/,
    ],
    [
      'CORS before any socket',
      { refusals: [refusal({})], exceptions: [{ text: 'TypeError: Failed to fetch', at: undefined }] },
      {},
      'page-blocked',
      /^CORS blocks/,
    ],
    [
      'a request that fails',
      { refusals: [refusal({ kind: 'failed', text: 'net::ERR_CONNECTION_REFUSED' })] },
      {},
      'page-broken',
      /its request to http:\/\/localhost:8000\/api\/ failed: net::ERR_CONNECTION_REFUSED/,
    ],
    [
      'an exception',
      { exceptions: [{ text: 'TypeError: x is undefined', at: undefined }] },
      {},
      'page-broken',
      /its script threw TypeError: x is undefined/,
    ],
    [
      'no document',
      { error: 'net::ERR_TOO_MANY_REDIRECTS', status: undefined },
      {},
      'page-broken',
      /^it can't be opened: net::ERR_TOO_MANY_REDIRECTS/,
    ],
    ['404', { status: 404 }, {}, 'page-broken', /^it answers 404/],
    ['crashed', { end: 'crashed' }, {}, 'page-broken', /^its process crashed/],
    [
      'what was expected is not there',
      { sockets: [socket()], expected: false },
      {},
      'page-broken',
      /what "expect" names is not on the page/,
    ],
    [
      'the change did not arrive',
      { sockets: [socket()], change: { arrived: false, why: 'no message came' } },
      {},
      'page-broken',
      /did not arrive: no message came/,
    ],
  ])('%s', (_, page, more, id, text) => {
    const verdict = judgePage(seen(page), context(more))
    expect([verdict.state, verdict.diagnosis?.id]).toEqual(['failed', id])
    expect(verdict.text).toMatch(text)
    expect(verdict.text).toMatch(new RegExp(`\\(Chromium 156\\) {3}${id}$`))
  })

  test('only where a port alone differs, and the path is one of the application, a start at that port is named', () => {
    expect(commands('ws://localhost:8001/ws/votes/')).toEqual([['election-dev', 'start', '--port', '8001']])
    expect(commands('ws://localhost:8001/ws/other/', { paths: ['/ws/other/'] })).toEqual([['election-dev', 'start', '--port', '8001']])
    expect(commands('ws://localhost:8001/ws/other/')).toEqual([])
    expect(commands('ws://elsewhere.example:8001/ws/votes/')).toEqual([])
    // the page's own dev server, and the backend by TLS
    expect(commands('ws://localhost:3000/ws/votes/')).toEqual([])
    expect(commands('wss://localhost:8000/ws/votes/')).toEqual([])
    expect(commands('ws://localhost/ws/votes/')).toEqual([])
    expect(commands('ws://localhost:8001/ws/votes/', { proven: undefined })).toEqual([])
  })
})

test('who listens where the page goes, and what its console has, is told', () => {
  const url = 'ws://localhost:9000/ws/votes/'
  const there = socket({ state: 'refused', status: 404, url })
  const holders = new Map([['9000', 'node server.js (PID 7)']])
  expect(judgePage(seen({ sockets: [there] }), context({ holders })).diagnosis?.evidence).toEqual([
    `${url}: the handshake was answered with 404`,
    'there listens node server.js (PID 7)',
    'proven is ws://127.0.0.1:8000/ws/votes/',
  ])
  const nobody = socket({ state: 'refused', status: undefined, error: 'net::ERR_CONNECTION_REFUSED', url })
  expect(judgePage(seen({ sockets: [nobody] }), context({ holders })).diagnosis?.evidence.join()).not.toContain('listens node')
  expect(judgePage(seen({ consoleErrors: ['no user', 'later'] }), context()).diagnosis?.evidence).toContain('its console has: no user')
})

test('nobody looked: that is told, and nothing else', () => {
  expect(told(notLooked('no browser was found'))).toEqual(['unseen', undefined, 'not looked at: no browser was found'])
})

describe('where it is made to go there', () => {
  const ports = [{ file: 'frontend/src/a.js', line: 2, text: "location.host.replace(':3000', ':8000')", port: 3000 }]
  const variables = [{ name: 'VITE_WS', value: 'ws://localhost:8001', file: 'frontend/.env', line: 1 }]
  const sources = { ...unwritten, ports, variables }
  const found = (page: Partial<PageSeen>, more: Partial<PageContext>) => judgePage(seen(page), context({ sources, ...more })).diagnosis

  test('what makes it go there is named: the variable, not where its value is used', () => {
    const at = { file: 'frontend/src/a.js', line: 9, text: 'new WebSocket(url)' }
    const { evidence, remedy } = found({ sockets: [{ ...refused, at }] }, {}) ?? {}
    expect(evidence).toContain('frontend/.env:1 makes it go there: VITE_WS=ws://localhost:8001')
    expect(evidence).toContain('opened at frontend/src/a.js:9: new WebSocket(url)')
    expect(remedy?.text).toContain('correct the URL in frontend/.env:1 to 127.0.0.1:8000')
  })

  test('of a page that had to move: what frees its port', () => {
    const own = socket({ state: 'opening', status: undefined, url: 'ws://localhost:3001/ws/votes/' })
    const page = { url: 'http://localhost:3001/', sockets: [own] }
    const moved = {
      from: 3000,
      commands: [
        ['kill', '77'],
        ['election-dev', 'start'],
      ],
    }
    const { evidence, remedy } = found(page, { moved }) ?? {}
    expect(evidence).toContain("frontend/src/a.js:2 makes it go there: location.host.replace(':3000', ':8000')")
    expect(remedy).toMatchObject({
      commands: moved.commands,
      text: expect.stringMatching(/port 3001 because 3000 is held, and frontend\/src\/a\.js:2/),
    })
    expect(found(page, {})?.remedy).toMatchObject({ commands: [], text: expect.stringMatching(/proxy .* to http:\/\/127\.0\.0\.1:8000/) })
  })
})

describe('at the right address', () => {
  const location = { ...unwritten, pageSocket: { file: 'web/live.ts', line: 4 } }
  const judged = (own: Partial<PageSocket>, more: Partial<PageContext> = {}) => {
    const at = socket({ state: 'refused', status: 403, url: 'ws://localhost:3000/ws/votes/?token=', ...own })
    return judgePage(seen({ sockets: [at] }), context({ sources: location, ...more })).diagnosis
  }

  test('a token under another name than the application reads: both places are named, and no port', () => {
    const parameters = [{ name: 'token', file: 'web/live.ts', line: 6, text: "url.searchParams.set('token', access)" }]
    const found = judged({}, { tokenName: 'access', sources: { ...location, parameters, tokenRead: { file: 'api/auth.py', line: 9 } } })
    expect(found).toMatchObject({ id: 'page-socket-refused', remedy: { commands: [] } })
    expect(found?.evidence).toEqual([
      'ws://localhost:3000/ws/votes/?token=: the handshake was answered with 403',
      'the application reads its token from the parameter access at api/auth.py:9',
      'the page sends token, and no access',
      "web/live.ts:6 puts it there: url.searchParams.set('token', access)",
      'the same WebSocket is proven',
    ])
    expect(found?.remedy.text).toBe('Let the page send its token as access in web/live.ts:6.')
  })

  test.each<[string, Partial<PageSocket>, Partial<PageContext>, RegExp]>([
    ['no parameter at all', { url: 'ws://localhost:3000/ws/votes/' }, { tokenName: 'access' }, /the page sends no parameter/],
    ['closed after it was open', { state: 'closed', status: 101, close: { code: 4001, reason: '' } }, { tokenName: 'access' }, /no access/],
    ['the right name, and refused all the same', {}, { tokenName: 'token' }, /^(?!.*parameter)/],
    ['the same route with another row', { url: 'ws://localhost:3000/ws/7/' }, { proven: new URL('ws://127.0.0.1:8000/ws/1/') }, /proven/],
  ])('refused, and never for where it goes: %s', (_, own, more, evidence) => {
    const found = judged(own, more)
    expect(found).toMatchObject({ id: 'page-socket-refused', remedy: { commands: [] } })
    expect(found?.evidence.join(' · ')).toMatch(evidence)
    expect(found?.evidence.join()).not.toContain('location.host')
  })

  test.each<[string, string, string]>([
    ['a page of the backend', 'ws://127.0.0.1:8000/ws/vote/', 'http://127.0.0.1:8000/votes/'],
    ['a page of a dev server, which passes it on', 'ws://localhost:3000/ws/vote/', 'http://localhost:3000/'],
  ])('another path: that is what is wrong, in %s', (_, url, page) => {
    const paths = [
      { file: 'web/other.ts', line: 1, path: '/ws/votes/', isSocket: true },
      { file: 'web/live.ts', line: 4, path: '/ws/vote/', isSocket: true },
    ]
    const at = socket({ state: 'refused', status: 500, url })
    const found = judgePage(seen({ sockets: [at], url: page }), context({ sources: { ...location, paths } })).diagnosis
    expect(found?.evidence).toEqual([
      `${url}: the handshake was answered with 500`,
      'web/live.ts:4 names its path: /ws/vote/',
      'proven is ws://127.0.0.1:8000/ws/votes/',
    ])
    expect(found?.remedy).toMatchObject({
      commands: [],
      text: "Correct the path in web/live.ts:4: the application's WebSocket is /ws/votes/.",
    })
  })

  test('beside a proof that failed nothing is called proven', () => {
    const at = socket({ state: 'refused', status: 403 })
    const found = judgePage(seen({ sockets: [at] }), context({ isProven: false, standsFor: 'ada' })).diagnosis
    expect(found?.id).toBe('page-socket-refused')
    expect(found?.evidence.join('\n')).not.toContain('proven')
  })

  test("an installed package's source is no place to correct", () => {
    const at = { file: 'web/node_modules/socket/create.ts', line: 101, text: 'new WebSocket(url)' }
    for (const url of ['ws://localhost:3000/ws/vote/', 'ws://localhost:9000/ws/vote/', 'ws://localhost:3000/ws/votes/'])
      for (const own of [{ status: 500 }, { status: undefined, error: 'net::ERR_CONNECTION_REFUSED' }]) {
        const found = judged({ url, at, ...own }, { sources: undefined })
        expect(found?.evidence).toContain('opened at web/node_modules/socket/create.ts:101: new WebSocket(url)')
        expect(found?.remedy.text).not.toContain('node_modules')
      }
    const thrown = judgePage(seen({ exceptions: [{ text: 'TypeError: x', at }] }), context()).diagnosis
    expect(thrown?.remedy.text).not.toContain('node_modules')
  })
})
