import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { raisesBeforeAccept, silentConsumer } from '../support/consumers.ts'
import { doctor, real } from '../support/doctor.ts'
import { ending, urlOf } from '../support/ends.ts'
import { passesUpgrade, startNginx } from '../support/nginx.ts'
import { listening, spoilsStream, viteStandIn } from '../support/node-servers.ts'
import { startApache, startHaproxy } from '../support/proxies.ts'
import type { RunningServer } from '../support/servers.ts'

/** What it lets in nobody would have to give. */
const refusesAll = `from channels.generic.websocket import AsyncWebsocketConsumer

class Updates(AsyncWebsocketConsumer):
    async def connect(self):
        await self.close(4001)
`

const { keep, project, server, folder, quietPort } = ending()
const to = ({ port }: RunningServer, path = '') => `proxy_pass http://127.0.0.1:${port}${path};`

for (const kind of ['daphne', 'uvicorn', 'hypercorn'] as const) {
  real('proxy-strips-upgrade', `nginx without the headers of an upgrade, before ${kind}`, async () => {
    const made = await project()
    const running = await server(kind, made)
    const proxy = keep(await startNginx(`location / { ${to(running)} }`))
    const answer = await doctor(made.root, { url: urlOf(proxy.port) })
    expect(answer.id, answer.evidence).toBe('proxy-strips-upgrade')
    expect(answer.evidence).toContain(`Directly at the backend, port ${running.port}: 101`)
    expect(answer.evidence).toContain('nginx')
    expect(answer.evidence).toContain(`PID ${proxy.pid}`)
  })
}

real('proxy-strips-upgrade', 'nginx speaks HTTP/1.0 to hypercorn', async () => {
  const made = await project({ style: 'plain' })
  const running = await server('hypercorn', made)
  const proxy = keep(await startNginx(`location / { ${to(running)} ${passesUpgrade.replace('proxy_http_version 1.1;', '')} }`))
  const answer = await doctor(made.root, { url: urlOf(proxy.port) })
  expect(answer.id, answer.evidence).toBe('proxy-strips-upgrade')
  expect(answer.evidence).toContain('400')
})

real('proxy-strips-upgrade', 'nginx in front of a backend that this machine does not show as a project', async () => {
  const made = await project()
  const running = await server('daphne', made)
  const proxy = keep(await startNginx(`location / { ${to(running)} }`))
  const answer = await doctor(await folder(), { url: urlOf(proxy.port) })
  expect(answer.id, answer.evidence).toBe('proxy-strips-upgrade')
})

real('proxy-strips-upgrade', "a dev server's proxy without ws: true (a stand-in for Vite)", async () => {
  const made = await project({
    files: {
      'frontend/vite.config.js': `export default {\n  server: {\n    port: 5173,\n    proxy: {\n      '/ws': { target: 'http://127.0.0.1:8000' },\n    },\n  },\n}\n`,
    },
  })
  const running = await server('daphne', made)
  const port = await listening(keep, viteStandIn({ backend: running.port }))
  const answer = await doctor(made.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('proxy-strips-upgrade')
  expect(answer.evidence).toContain(`Directly at the backend, port ${running.port}: 101`)
  expect(answer.evidence).toContain('vite.config.js:5')
  expect(answer.diagnosis?.remedy.text).toContain('ws: true')
})

real(
  'wrong-frontend-port',
  'a dev server whose proxy leads to where nothing listens, to a backend that wants a token (a stand-in for Vite)',
  async () => {
    const dead = await quietPort()
    const made = await project({
      consumer: refusesAll,
      files: {
        'client/package.json': '{"scripts": {"dev": "vite"}}',
        'client/vite.config.js': `export default {\n  server: {\n    proxy: { '/ws': { target: 'http://127.0.0.1:${dead}', ws: true } },\n  },\n}\n`,
      },
    })
    const running = await server('daphne', made)
    const answer = await doctor(made.root, { url: urlOf(await listening(keep, viteStandIn({ backend: dead, ws: true }))) })
    expect(answer.id, answer.evidence).toBe('wrong-frontend-port')
    expect(answer.evidence).toContain(`client/vite.config.js:3 passes /ws on to http://127.0.0.1:${dead}`)
    expect(answer.diagnosis?.remedy.text).toBe(`Let the proxy lead to port ${running.port}.`)
  },
)

real('stream-broken', 'a proxy that writes a page of its own into the stream', async () => {
  const made = await project()
  const running = await server('daphne', made)
  const answer = await doctor(made.root, { url: urlOf(await listening(keep, spoilsStream(running.port))) })
  expect(answer.id, answer.evidence).toBe('stream-broken')
  expect(answer.evidence).toContain('came data that is no frame: Invalid WebSocket frame: RSV')
})

test('the same dev server with ws: true is healthy (a stand-in for Vite)', async () => {
  const made = await project()
  const running = await server('daphne', made)
  const port = await listening(keep, viteStandIn({ backend: running.port, ws: true }))
  expect(await doctor(made.root, { url: urlOf(port) })).toMatchObject({ ok: true, id: undefined })
})

test('nginx that passes all on is healthy, and one that speaks HTTP/1.0 to daphne too', async () => {
  const made = await project()
  const running = await server('daphne', made)
  const proxy = keep(await startNginx(`location / { ${to(running)} ${passesUpgrade} }`))
  expect(await doctor(made.root, { url: urlOf(proxy.port) })).toMatchObject({ ok: true, id: undefined })
  const old = keep(await startNginx(`location / { ${to(running)} ${passesUpgrade.replace('proxy_http_version 1.1;', '')} }`))
  expect(await doctor(made.root, { url: urlOf(old.port) })).toMatchObject({ ok: true, id: undefined })
})

for (const kind of ['daphne', 'uvicorn'] as const) {
  real('proxy-rewrites-path', `proxy_pass with a last slash, before ${kind}`, async () => {
    const made = await project()
    const running = await server(kind, made)
    const proxy = keep(
      await startNginx(`location /ws/ { ${to(running, '/')} ${passesUpgrade} }\nlocation / { ${to(running)} ${passesUpgrade} }`),
    )
    const answer = await doctor(made.root, { url: urlOf(proxy.port) })
    expect(answer.id, answer.evidence).toBe('proxy-rewrites-path')
    expect(answer.evidence).toContain(`Directly at the backend, port ${running.port}: 101`)
    expect(answer.evidence).toMatch(/Through nginx.*: 500/)
  })
}

real('proxy-idle-timeout', 'proxy_read_timeout 2s', async () => {
  const made = await project()
  const running = await server('daphne', made)
  const proxy = keep(await startNginx(`location / { ${to(running)} ${passesUpgrade} proxy_read_timeout 2s; }`))
  const answer = await doctor(made.root, { url: urlOf(proxy.port) })
  expect(answer.id, answer.evidence).toBe('proxy-idle-timeout')
  expect(answer.evidence).toContain('Directly it was still open')
  expect(answer.evidence).toMatch(/idle|ended after 2\.\d s/)
})

real('proxy-idle-timeout', 'the same before uvicorn, whose consumer answers no ping', async () => {
  const made = await project({ consumer: silentConsumer, style: 'environ' })
  const running = await server('uvicorn', made)
  const proxy = keep(await startNginx(`location / { ${to(running)} ${passesUpgrade} proxy_read_timeout 3s; }`))
  const answer = await doctor(made.root, { url: urlOf(proxy.port) })
  expect(answer.id, answer.evidence).toBe('proxy-idle-timeout')
})

const haproxyTo = ({ port }: RunningServer, ...timeouts: readonly string[]) =>
  [
    ...['timeout client 4s', 'timeout server 4s', ...timeouts].map((line) => `  ${line}`),
    'backend django',
    `  server one 127.0.0.1:${port}`,
  ].join('\n')
const apacheTo = ({ port }: RunningServer, path: string, options = '') => `ProxyPass "${path}" "http://127.0.0.1:${port}${path}" ${options}`

real('proxy-idle-timeout', 'HAProxy without timeout tunnel', async (skip) => {
  const made = await project()
  const proxy = await startHaproxy(haproxyTo(await server('daphne', made)))
  const answer = await doctor(made.root, { url: urlOf(keep(proxy ?? skip('no haproxy')).port) })
  expect(answer.id, answer.evidence).toBe('proxy-idle-timeout')
  expect(answer.evidence).toMatch(/ended after 4\.\d s[^]*haproxy/)
  expect(answer.diagnosis?.remedy.text).toMatch(/^HAProxy: `timeout tunnel 1h`/)
})

test('HAProxy with timeout tunnel is healthy', async ({ skip }) => {
  const made = await project()
  const proxy = await startHaproxy(haproxyTo(await server('daphne', made), 'timeout tunnel 1h'))
  expect(await doctor(made.root, { url: urlOf(keep(proxy ?? skip('no haproxy')).port) })).toMatchObject({ ok: true, id: undefined })
})

real('proxy-strips-upgrade', 'Apache that passes all on as pages', async (skip) => {
  const made = await project()
  const proxy = await startApache(apacheTo(await server('daphne', made), '/'))
  const answer = await doctor(made.root, { url: urlOf(keep(proxy ?? skip('no apache2')).port) })
  expect(answer.id, answer.evidence).toBe('proxy-strips-upgrade')
  expect(answer.evidence).toContain('apache2')
  expect(answer.diagnosis?.remedy.text).toMatch(/^Apache: `ProxyPass "\/ws\/" .* upgrade=websocket` above the ProxyPass of "\/"/)
})

real('proxy-strips-upgrade', 'Apache whose ProxyPass of / comes first', async (skip) => {
  const made = await project()
  const running = await server('uvicorn', made)
  const proxy = await startApache([apacheTo(running, '/'), apacheTo(running, '/ws/', 'upgrade=websocket')].join('\n'))
  const answer = await doctor(made.root, { url: urlOf(keep(proxy ?? skip('no apache2')).port) })
  expect(answer.id, answer.evidence).toBe('proxy-strips-upgrade')
})

real('proxy-idle-timeout', 'Apache with a short Timeout and ProxyTimeout', async (skip) => {
  const made = await project()
  const proxy = await startApache(`Timeout 3\nProxyTimeout 3\n${apacheTo(await server('daphne', made), '/', 'upgrade=websocket')}`)
  const answer = await doctor(made.root, { url: urlOf(keep(proxy ?? skip('no apache2')).port) })
  expect(answer.id, answer.evidence).toBe('proxy-idle-timeout')
  expect(answer.diagnosis?.remedy.text).toMatch(/^Apache: timeout=3600 after the WebSocket's ProxyPass/)
})

test('Apache as its remedies have it is healthy', async ({ skip }) => {
  const made = await project()
  const running = await server('daphne', made)
  const lines = ['Timeout 3', 'ProxyTimeout 3', apacheTo(running, '/ws/', 'upgrade=websocket timeout=3600'), apacheTo(running, '/')]
  const proxy = await startApache(lines.join('\n'))
  expect(await doctor(made.root, { url: urlOf(keep(proxy ?? skip('no apache2')).port) })).toMatchObject({ ok: true, id: undefined })
})

real('proxy-redirects', 'nginx sends all to https', async () => {
  const made = await project()
  await server('daphne', made)
  const proxy = keep(await startNginx('return 301 https://votes.example$request_uri;'))
  const answer = await doctor(made.root, { url: urlOf(proxy.port) })
  expect(answer.id, answer.evidence).toBe('proxy-redirects')
  expect(answer.evidence).toContain('Location: https://votes.example/ws/election-updates/')
})

real('proxy-redirects', 'a redirect to another path, and no backend is up (a Node stand-in)', async () => {
  const made = await project()
  const port = await listening(
    keep,
    createServer((_, response) => response.writeHead(308, { Location: '/ws/updates/?token=abc' }).end()),
  )
  const answer = await doctor(made.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('proxy-redirects')
  expect(answer.evidence).not.toContain('abc')
})

real('proxy-auth', 'nginx asks for a password of its own', async () => {
  const made = await project()
  const running = await server('daphne', made)
  const proxy = keep(
    await startNginx(`auth_basic "staging"; auth_basic_user_file /dev/null; location / { ${to(running)} ${passesUpgrade} }`),
  )
  const answer = await doctor(made.root, { url: urlOf(proxy.port) })
  expect(answer.id, answer.evidence).toBe('proxy-auth')
  expect(answer.evidence).toContain('Basic')
  expect(answer.evidence).toContain(`Directly at the backend, port ${running.port}: 101`)
})

test("a proxy in front of a backend that is broken itself: the backend's cause is named, not the proxy", async () => {
  const made = await project({ consumer: raisesBeforeAccept })
  const running = await server('daphne', made)
  const proxy = keep(await startNginx(`location / { ${to(running)} ${passesUpgrade} }`))
  const answer = await doctor(made.root, { url: urlOf(proxy.port) })
  expect(answer.id, answer.evidence).toBe('consumer-exception')
  expect(answer.evidence).toContain('updates/consumers.py:6')
})

real('wrong-frontend-port', 'nginx leads to a port that nothing serves, while the backend listens on another', async () => {
  const made = await project()
  const running = await server('daphne', made)
  const proxy = keep(await startNginx(`location / { proxy_pass http://127.0.0.1:${await quietPort()}; ${passesUpgrade} }`))
  const answer = await doctor(made.root, { url: urlOf(proxy.port) })
  expect(answer.id, answer.evidence).toBe('wrong-frontend-port')
  expect(answer.evidence).toContain(`port ${running.port}: 101`)
})

real('allowed-hosts', 'nginx does not pass the Host on', async () => {
  const made = await project({ settings: 'MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]' })
  const running = await server('daphne', made)
  const proxy = keep(await startNginx(`location / { ${to(running)} ${passesUpgrade.replace('$http_host', 'backend.internal')} }`))
  const answer = await doctor(made.root, { url: urlOf(proxy.port) })
  expect(answer.id, answer.evidence).toBe('allowed-hosts')
  expect(answer.evidence).toMatch(/through nginx.*400/)
})
