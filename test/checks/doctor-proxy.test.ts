/** Proxy: the handshake through it and directly, compared. */
import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../src/checks/evidence.ts'
import { judge } from '../../src/checks/judgement.ts'
import { evidenceOf, serverOf, wireOf } from '../support/evidence.ts'
import { broken, elsewhere, ended, failed, machine, opened, page, proxied, refused, silent, stranger } from '../support/serving.ts'

const nginx = { server: 'nginx/1.22.1' }
const vite = (ws: boolean | undefined): Evidence['frontend'] => ({
  folder: 'apps/web',
  urls: [],
  variables: [],
  proxies: [{ file: 'vite.config.js', line: 5, context: '/ws', target: 'http://localhost:8000', ws, rewrites: false }],
})
const hangs = failed(silent, { http: page(200), experiments: { httpOnPath: page(404), httpAfter: page(200) } })
/** A dev server that nothing answers. */
const deadBehind = (status: number) =>
  failed(broken('ECONNRESET'), {
    http: page(200, undefined, '/@vite/client'),
    experiments: { httpOnPath: page(status), httpAfter: page(200) },
  })
const lives = wireOf({
  session: { heldMs: 4000, close: undefined, messages: 1, pong: { result: 'pong', elapsedMs: 2 }, second: undefined },
})

describe('names it', () => {
  test.each<[string, Evidence, RegExp]>([
    ['proxy-strips-upgrade: nginx gives the 404 of the backend', proxied(failed(refused(404, nginx))), /Directly.*101/],
    ['proxy-strips-upgrade: HTTP/1.0 to hypercorn', proxied(failed(refused(400, nginx))), /400/],
    [
      'proxy-strips-upgrade: never answered, and no ws: true',
      proxied(hangs, wireOf(), { frontend: vite(undefined) }),
      /vite\.config\.js:5.*without ws: true/,
    ],
    [
      "wrong-frontend-port: the dev server's proxy leads to another port than the backend's",
      proxied(failed(broken('ECONNRESET'), { http: page(200, undefined, '/@vite/client') }), wireOf(), { frontend: vite(true) }),
      /^apps\/web\/vite\.config\.js:5 passes \/ws on to http:\/\/localhost:8000/,
    ],
    [
      'wrong-frontend-port: the same, where the backend wants a token that nobody has given',
      proxied(deadBehind(500), failed(refused(403)), { frontend: vite(true) }),
      /^apps\/web\/vite\.config\.js:5 passes .*\nGET on the path got 500 from the dev server itself/,
    ],
    [
      "wrong-frontend-port: nothing answers what a dev server's proxy leads to, which is no plain text",
      proxied(deadBehind(504), wireOf(), { frontend: undefined }),
      /^GET on the path got 504 from the dev server itself/,
    ],
    ['server-not-running: the same, and no backend is seen', evidenceOf({ wire: deadBehind(500) }), /GET on the path got 500/],
    [
      'proxy-strips-upgrade: the backend is not to be seen',
      evidenceOf({ wire: failed(refused(404, nginx)), servers: { onPorts: [], ofProject: [], source: undefined, problem: 'x' } }),
      /nginx/,
    ],
    [
      'proxy-strips-upgrade: directly it wants a token, which speaks WebSocket too',
      proxied(failed(refused(404, nginx)), failed(refused(403), { experiments: { unknownPath: refused(500) } })),
      /403/,
    ],
    ['proxy-rewrites-path: 500 only through it', proxied(failed(refused(500, nginx))), /Through nginx.*500/],
    ['proxy-idle-timeout: 1006 after a while, and alive directly', proxied(ended(1006), lives), /still open/],
    [
      'proxy-redirects: 301',
      proxied(failed(refused(301, { ...nginx, location: 'https://votes.example/ws/?token=x' }))),
      /Location: https:\/\/votes\.example\/ws\/(?!\?)/,
    ],
    ['proxy-auth: Basic', proxied(failed(refused(401, { ...nginx, 'www-authenticate': 'Basic realm="x"' }))), /Basic/],
    [
      'allowed-hosts: only through it',
      proxied(wireOf({ http: page(400, 'daphne', '<h1>Bad Request (400)</h1>') }), wireOf()),
      /GET \/ directly: 404/,
    ],
  ])('%s', (title, evidence, telling) => {
    const { root } = judge(evidence)
    expect(root?.id, root?.evidence.join('\n')).toBe(title.split(':')[0])
    expect(root?.evidence.join('\n')).toMatch(telling)
  })
})

describe('does not name it', () => {
  test.each<[string, Evidence, string | undefined]>([
    [
      'proxy-strips-upgrade: a dev server with ws: true that passes it on',
      proxied(wireOf(), wireOf(), { frontend: vite(true) }),
      undefined,
    ],
    [
      'proxy-strips-upgrade: the backend hangs as well',
      proxied(hangs, failed(silent, { http: page(200, 'daphne'), experiments: { httpAfter: page(200) } })),
      'accept-missing',
    ],
    [
      'proxy-rewrites-path: 500 directly too',
      proxied(failed(refused(500, nginx)), failed(refused(500), { experiments: { otherSlash: opened } })),
      'trailing-slash-missing',
    ],
    ['proxy-rewrites-path: 502, it leads elsewhere', proxied(failed(refused(502, nginx))), 'wrong-frontend-port'],
    ['proxy-idle-timeout: it dies directly too', proxied(ended(1006), ended(1011)), 'consumer-exception'],
    ['proxy-idle-timeout: a close of the application', proxied(ended(4001), ended(4001)), 'close-after-accept'],
    ['proxy-auth: 401 without a challenge is the token', evidenceOf({ wire: failed(refused(401)) }), 'token-missing'],
    [
      'proxy-rewrites-path: a Django server of another project is no proxy',
      proxied(failed(refused(500)), wireOf(), {
        servers: machine([serverOf({ project: 'other', cwd: '/srv/shop' }, { application: 'shop.asgi:application' })], [elsewhere]),
      }),
      'port-in-use',
    ],
    ['proxy-redirects: both healthy', proxied(wireOf()), undefined],
  ])('%s', (_, evidence, id) => {
    expect(judge(evidence).root?.id).toBe(id)
  })
})

const by = (...title: readonly string[]): Partial<Evidence> => ({
  servers: machine(title.length === 0 ? [] : [stranger(title)], [elsewhere]),
})

describe('in the words of the proxy', () => {
  test.each<[string, Evidence, RegExp]>([
    [
      'its Server header',
      proxied(failed(refused(404, { server: 'Apache/2.4.62 (Debian)' })), wireOf(), by()),
      /^Apache: `ProxyPass .*upgrade=websocket`(?!.*Vite)/,
    ],
    ['its process', proxied(ended(1006), lives, by('/usr/sbin/haproxy', '-f', 'x')), /^HAProxy: `timeout tunnel 1h`/],
    ['its own title', proxied(ended(1006), lives, by('nginx: master process /usr/sbin/nginx -c x')), /^nginx: a longer proxy_read_timeout/],
    ['none that is known', proxied(failed(refused(404)), wireOf(), by()), /^nginx: .* Vite: ws: true/],
    ['the path', proxied(failed(refused(500, { server: 'Apache' })), wireOf(), by()), /^Apache: the same path on both sides of ProxyPass/],
  ])('%s', (_, evidence, words) => {
    expect(judge(evidence).root?.remedy.text).toMatch(words)
  })
})
