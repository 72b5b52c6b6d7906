import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { askDoctor, doctor, real } from '../support/doctor.ts'
import { ending, urlOf } from '../support/ends.ts'
import { listening, viteStandIn } from '../support/node-servers.ts'
import { secret } from '../support/secrets.ts'
import { selfSigned, startProgram } from '../support/servers.ts'
import { basePython, pythonOf } from '../support/tools.ts'

const { keep, project, server, folder, quietPort } = ending()
const path = '/ws/election-updates/'
const hasSix = Object.values(networkInterfaces()).some((entries) => entries?.some(({ address }) => address === '::1'))

real('wrong-frontend-port', "the page's source names a port that nothing serves", async () => {
  const port = await quietPort()
  const made = await project({
    files: { 'frontend/src/socket.js': `// the updates\nexport const socket = new WebSocket("ws://127.0.0.1:${port}${path}")\n` },
  })
  const running = await server('daphne', made)
  const answer = await doctor(made.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('wrong-frontend-port')
  expect(answer.evidence).toContain(`PID ${running.pid}`)
  expect(answer.evidence).toContain(`listens on port ${running.port}`)
  expect(answer.evidence).toContain('src/socket.js:2')
})

real('wrong-frontend-port', 'VITE_WS_URL of frontend/.env names it', async () => {
  const port = await quietPort()
  const made = await project({
    style: 'plain',
    package: 'votes',
    files: { 'frontend/.env': `VITE_TITLE=Votes\nVITE_WS_URL=ws://localhost:${port}${path}\n` },
  })
  const running = await server('uvicorn', made, { application: 'votes.asgi:application' })
  const answer = await doctor(made.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('wrong-frontend-port')
  expect(answer.evidence).toContain(`PID ${running.pid}`)
  expect(answer.evidence).toContain('.env:2')
  expect(answer.evidence).toContain('VITE_WS_URL')
})

test("the backend was moved: the page's variable and its proxy name the port before, and its socket works: a warning", async () => {
  const port = await quietPort()
  const made = await project({
    files: {
      'frontend/.env': `VITE_FEED_URL=ws://localhost:${port}\n`,
      'frontend/package.json': '{"private":true,"scripts":{"dev":"vite"},"devDependencies":{"vite":"^7"}}',
      'frontend/vite.config.js': `export default { server: { proxy: { '/ws': { target: 'ws://localhost:${port}', ws: true } } } }\n`,
    },
  })
  const running = await server('daphne', made)
  const answer = await doctor(made.root, { url: urlOf(running.port) })
  expect(answer).toMatchObject({ ok: true, status: 0 })
  const found = answer.findings.find(({ id }) => id === 'wrong-frontend-port')
  expect(found).toMatchObject({ status: 'fail' })
  expect(found?.evidence?.join('\n')).toMatch(/frontend\/\.env:1 .*VITE_FEED_URL=ws.*vite\.config\.js:1 passes \/ws on to ws/s)
})

real('wrong-frontend-port', "the URL leads to the frontend's dev server (a stand-in for Vite)", async () => {
  const made = await project()
  const running = await server('daphne', made)
  const port = await listening(keep, viteStandIn())
  const answer = await doctor(made.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('wrong-frontend-port')
  expect(answer.evidence).toContain(`port ${running.port}`)
})

real('wrong-frontend-port', 'the same, with no backend up', async () => {
  const made = await project()
  const answer = await doctor(made.root, { url: urlOf(await listening(keep, viteStandIn())) })
  expect(answer.id, answer.evidence).toBe('wrong-frontend-port')
})

if (hasSix) {
  real('ipv6-localhost', 'another program holds the port at ::1', async () => {
    const made = await project()
    const running = await server('daphne', made)
    const other = keep(
      await startProgram(basePython(), (port) => ['-m', 'http.server', '--bind', '::1', String(port)], {
        cwd: await folder(),
        host: '::1',
        port: running.port,
      }),
    )
    const answer = await doctor(made.root, { url: `ws://localhost:${running.port}${path}` })
    expect(answer.id, answer.evidence).toBe('ipv6-localhost')
    expect(answer.evidence).toContain('127.0.0.1: 101')
    expect(answer.evidence).toContain(`PID ${other.pid}`)
  })

  real('ipv6-localhost', 'the URL says ::1, and uvicorn listens on 127.0.0.1', async () => {
    const made = await project()
    const running = await server('uvicorn', made)
    const answer = await doctor(made.root, { url: `ws://[::1]:${running.port}${path}` })
    expect(answer.id, answer.evidence).toBe('ipv6-localhost')
    expect(answer.evidence).toContain(`PID ${running.pid}`)
    expect(answer.evidence).toContain('ECONNREFUSED')
    expect(answer.diagnosis?.remedy.text).toContain('127.0.0.1')
  })

  real('ipv6-localhost', 'the URL says 127.0.0.1, and daphne listens on ::1', async () => {
    const made = await project()
    const running = keep(
      await startProgram(pythonOf('main'), (port) => ['-m', 'daphne', '-b', '::1', '-p', String(port), 'core.asgi:application'], {
        cwd: made.backend,
        host: '::1',
      }),
    )
    const answer = await doctor(made.root, { url: urlOf(running.port) })
    expect(answer.id, answer.evidence).toBe('ipv6-localhost')
    expect(answer.evidence).toContain(`PID ${running.pid}`)
    expect(answer.diagnosis?.remedy.text).toContain('[::1]')
  })
}

test('localhost whose ::1 is free is healthy', async () => {
  const made = await project()
  const running = await server('daphne', made)
  expect(await doctor(made.root, { url: `ws://localhost:${running.port}${path}` })).toMatchObject({ ok: true, id: undefined, warnings: [] })
})

for (const kind of ['daphne', 'uvicorn', 'hypercorn'] as const) {
  real('wss-vs-ws', `wss:// to a plain ${kind}`, async () => {
    const made = await project()
    const running = await server(kind, made)
    const answer = await doctor(made.root, { url: `wss://127.0.0.1:${running.port}${path}` })
    expect(answer.id, answer.evidence).toBe('wss-vs-ws')
    expect(answer.evidence).toMatch(/ws:\/\/ on the same port got (?:101|403)/)
  })
}

const tlsOf = { uvicorn: ['--ssl-certfile', '--ssl-keyfile'], hypercorn: ['--certfile', '--keyfile'] } as const

for (const kind of ['uvicorn', 'hypercorn'] as const) {
  real('wss-vs-ws', `ws:// to ${kind} with TLS`, async () => {
    const made = await project()
    const { cert, key } = await selfSigned(await folder())
    const running = await server(kind, made, { args: [tlsOf[kind][0], cert, tlsOf[kind][1], key] })
    const answer = await doctor(made.root, { url: urlOf(running.port) })
    expect(answer.id, answer.evidence).toBe('wss-vs-ws')
    expect(answer.evidence).toContain('TLS handshake')
  })

  real('tls-untrusted', `a certificate of ${kind} that nobody trusts`, async () => {
    const made = await project()
    const { cert, key } = await selfSigned(await folder())
    const running = await server(kind, made, { args: [tlsOf[kind][0], cert, tlsOf[kind][1], key] })
    const url = `wss://127.0.0.1:${running.port}${path}`
    const trusted = await askDoctor(made.root, { url, origin: 'https://localhost', env: { NODE_EXTRA_CA_CERTS: cert } })
    expect(trusted).toMatchObject({ ok: true, id: undefined })
    const answer = await doctor(made.root, { url, origin: 'https://localhost' })
    expect(answer.id, answer.evidence).toBe('tls-untrusted')
    expect(answer.evidence).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(answer.evidence).toContain('101')
  })
}

for (const kind of ['daphne', 'uvicorn', 'hypercorn'] as const) {
  real('url-too-long', `a token of 80 KB for ${kind}`, async () => {
    const made = await project()
    const running = await server(kind, made)
    const answer = await doctor(made.root, { url: urlOf(running.port), token: secret('x'.repeat(80_000)) })
    expect(answer.id, answer.evidence).toBe('url-too-long')
    expect(answer.evidence).toMatch(/without the token got 101|431|414/)
  })
}

test('a token of 3 KB is healthy', async () => {
  const made = await project()
  const running = await server('daphne', made)
  expect(await doctor(made.root, { url: urlOf(running.port), token: secret('x'.repeat(3000)) })).toMatchObject({ ok: true, id: undefined })
})

for (const kind of ['daphne', 'uvicorn', 'hypercorn'] as const) {
  real('trailing-slash-missing', `${kind}: the URL lacks the slash`, async () => {
    const made = await project()
    const running = await server(kind, made)
    const answer = await doctor(made.root, { url: urlOf(running.port, '/ws/election-updates') })
    expect(answer.id, answer.evidence).toBe('trailing-slash-missing')
    expect(answer.evidence).toContain('with the slash got 101')
    expect(answer.diagnosis?.remedy.text).toContain('/ws/election-updates/')
  })
}

real('trailing-slash-missing', 'the URL has one too many', async () => {
  const made = await project({ style: 'plain', route: 'ws/updates' })
  const running = await server('daphne', made)
  const answer = await doctor(made.root, { url: urlOf(running.port, '/ws/updates/') })
  expect(answer.id, answer.evidence).toBe('trailing-slash-missing')
  expect(answer.evidence).toContain('without the slash got 101')
})
