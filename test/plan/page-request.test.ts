import { describe, expect, test } from 'vitest'
import { storesIn } from '../../src/facts/page-stores.ts'
import { lackOf, pageUrl, planPage, type PageIdentity } from '../../src/plan/page-request.ts'

describe('where a page keeps its token', () => {
  test.each<[string, string[], { store: string; key: string; isJson?: boolean }[]]>([
    ['a literal', ["const token = localStorage.getItem('access_token')"], [{ store: 'local', key: 'access_token' }]],
    ['a constant of its own', ['const TOKEN = "vote-token"', 'sessionStorage.getItem(TOKEN)'], [{ store: 'session', key: 'vote-token' }]],
    [
      'a constant that says what it is',
      ["export const ACCESS_TOKEN = 'acc'", 'localStorage.getItem(ACCESS_TOKEN)'],
      [{ store: 'local', key: 'acc' }],
    ],
    ['a member', ['headers(localStorage.authToken)'], [{ store: 'local', key: 'authToken' }]],
    ['an index', ["window.localStorage['jwt']"], [{ store: 'local', key: 'jwt' }]],
    ['a document', ["JSON.parse(localStorage.getItem('authTokens'))"], [{ store: 'local', key: 'authTokens', isJson: true }]],
    ['what renews a token is none', ["localStorage.getItem('refresh_token'); localStorage.getItem('tokenExpires')"], []],
    ['what is no token', ["localStorage.getItem('theme'); localStorage.getItem('csrftoken'); localStorage.setItem('x', 1)"], []],
    ['a name that nothing tells', ['localStorage.getItem(TOKEN_KEY)'], []],
  ])('%s', (_, texts, stores) => {
    expect(storesIn(texts)).toEqual(stores.map((store) => ({ isJson: false, ...store })))
  })
})

const identity = (more: Partial<PageIdentity> = {}): PageIdentity => ({
  token: undefined,
  tokenCookie: undefined,
  cookie: undefined,
  password: undefined,
  stores: [],
  ...more,
})
const wish = { page: new URL('http://localhost:3000/'), backend: new URL('http://127.0.0.1:8000/'), screenshot: undefined, two: false }
const stores = [
  { store: 'local', key: 'access', isJson: false },
  { store: 'session', key: 'all', isJson: true },
] as const

describe('what it is opened with', () => {
  test('a session, at both of its hosts', () => {
    expect(planPage(undefined, identity({ cookie: 'sessionid=abc' }), wish).cookies).toEqual([
      { name: 'sessionid', value: 'abc', url: 'http://localhost:3000' },
      { name: 'sessionid', value: 'abc', url: 'http://127.0.0.1:8000' },
    ])
  })
  test('a token, where the sources read it, and in its cookie', () => {
    const request = planPage(undefined, identity({ token: 't', tokenCookie: 'jwt', stores }), wish)
    expect(request.storage).toEqual({ local: { access: 't' }, session: { all: '{"access":"t","token":"t","access_token":"t"}' } })
    expect(request.cookies.map(({ name }) => name)).toEqual(['jwt', 'jwt'])
  })
  test('nothing of it where a form is filled in', () => {
    const login = { path: '/login', fields: { '#password': '{password}' }, submit: 'button' }
    const request = planPage({ login }, identity({ token: 't', cookie: 'sessionid=abc', password: 'p', stores }), wish)
    expect(request).toMatchObject({ cookies: [], storage: { local: {}, session: {} } })
    expect(request.login).toEqual({ url: 'http://localhost:3000/login', fields: { '#password': 'p' }, submit: 'button' })
  })
  test('nothing of it at a host that is neither the page’s nor the backend’s', () => {
    const mine = identity({ token: 't', cookie: 'sessionid=abc', stores })
    const given = (url: string, at = wish) => {
      const { cookies, storage } = planPage({ url }, mine, at)
      return cookies.length + Object.keys({ ...storage.local, ...storage.session }).length
    }
    expect(given('https://other.example/')).toBe(0)
    expect(given('http://127.0.0.1:5000/')).toBeGreaterThan(0)
    expect(given('https://vote.example/app', { ...wish, backend: new URL('https://vote.example/') })).toBeGreaterThan(0)
  })
  test('what is named for it and nobody has given is told', () => {
    const login = { fields: { '#password': '{password}' } }
    expect(lackOf({ login }, identity())).toMatch(/ELECTION_DEV_PASSWORD is not set$/)
    expect(lackOf({ login }, identity({ password: 'p' }))).toBeUndefined()
    expect(lackOf({ cookies: { jwt: '{token}' } }, identity())).toMatch(/names \{token\}, and the proof has none$/)
    expect(lackOf({ cookies: { jwt: '{token}' } }, identity({ token: 't' }))).toBeUndefined()
    expect(lackOf(undefined, identity())).toBeUndefined()
  })
  test('what the configuration names, beside it', () => {
    const request = planPage({ storage: { mine: 'Bearer {token}' }, cookies: { lang: 'de' } }, identity({ token: 't' }), wish)
    expect(request.storage.local).toEqual({ mine: 'Bearer t' })
    expect(request.cookies.map(({ name, value }) => [name, value])).toEqual([
      ['lang', 'de'],
      ['lang', 'de'],
    ])
  })
  test('the change, for two windows alone', () => {
    const config = { change: { request: { path: '/api/vote/', body: { id: 1 } }, expect: 'tally' } }
    expect(planPage(config, identity(), wish).change).toBeUndefined()
    expect(planPage(config, identity(), { ...wish, two: true }).change).toEqual({
      by: { kind: 'request', method: 'POST', path: '/api/vote/', body: '{"id":1}' },
      expect: 'tally',
    })
    expect(planPage({}, identity(), { ...wish, two: true }).change).toBeUndefined()
  })
  test.each([
    [undefined, 'http://localhost:3000/'],
    ['/dashboard', 'http://localhost:3000/dashboard'],
    ['http://127.0.0.1:9000/x', 'http://127.0.0.1:9000/x'],
  ])('page.url %s', (url, page) => {
    expect(pageUrl(url === undefined ? undefined : { url }, wish.page).href).toBe(page)
  })
})
