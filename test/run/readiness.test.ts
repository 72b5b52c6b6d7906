import { createServer as createHttp } from 'node:http'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import type { ServicePlan } from '../../src/plan/service.ts'
import { untilReady } from '../../src/run/readiness.ts'
import { launchServer, type RunningServer } from '../../src/run/server.ts'
import { makeMark, testHost, type Mark } from '../support/processes.ts'
import { freePort } from '../support/redis.ts'
import { nodeService, runsOn } from '../support/services.ts'

let mark: Mark
let port: number
let running: RunningServer | undefined
let foreign: (() => Promise<void>) | undefined

beforeEach(async () => {
  mark = await makeMark()
  port = await freePort('127.0.0.1')
})

afterEach(async () => {
  await running?.stop(2000)
  await foreign?.()
  ;[running, foreign] = [undefined, undefined]
  expect(await mark.processes()).toEqual([])
  await mark.remove()
})

/** Runs the script and waits until it is ready. */
async function ready(script: string, more: Partial<ServicePlan>): Promise<string> {
  const plan = nodeService(mark, 'service', script, { readyTimeoutMs: 8000, ...more })
  const listeners = new Set<(line: string) => void>()
  const over = new AbortController()
  const server = launchServer(testHost, plan, (line) => {
    for (const listener of listeners) listener(line)
  })
  running = server
  void (async () => {
    await server.exited
    over.abort()
  })()
  const listen = (callback: (line: string) => void) => {
    listeners.add(callback)
    return () => void listeners.delete(callback)
  }
  const outcome = await untilReady(testHost, plan, { pid: await server.born, listen, over: over.signal })
  return outcome.kind === 'late' ? outcome.why : outcome.kind
}

/** Somebody else's server on the port. */
async function hold(server: Server): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  foreign = async () => {
    server.close()
    await once(server, 'close')
  }
}

const listening = (host: string, after = 100) =>
  `setTimeout(() => require('net').createServer((s) => s.destroy()).listen(${'PORT'}, '${host}'), ${after}); ${runsOn}`
const on = (script: string) => script.replaceAll('PORT', String(port))
/** A server that answers the first requests with 503. */
const pages = `let n = 0; require('http').createServer((q, r) => { r.statusCode = n++ < 2 ? 503 : 200; r.end(q.headers.accept) }).listen(PORT, '127.0.0.1'); ${runsOn}`
const upgrade = (accept: string, status = '101 Switching Protocols') =>
  `require('http').createServer((q, r) => { r.statusCode = 426; r.end() }).on('upgrade', (q, s) => { const key = q.headers['sec-websocket-key']; s.write('HTTP/1.1 ${status}\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + (${accept}) + '\\r\\n\\r\\n'); if (!'${status}'.startsWith('101')) s.end() }).listen(PORT, '127.0.0.1'); ${runsOn}`
const goodAccept = `require('crypto').createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')`
const short = { readyTimeoutMs: 1200 }

test('without a sign it is ready at once', async () => {
  expect(await ready(runsOn, { ready: undefined })).toBe('ready')
})

test.each(['127.0.0.1', '::1'])('port on %s: once it listens', async (host) => {
  expect(await ready(on(listening(host)), { ready: { port } })).toBe('ready')
})

test('port: in a child of its own', async () => {
  const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(on(listening('127.0.0.1', 0)))}]); ${runsOn}`
  expect(await ready(script, { ready: { port } })).toBe('ready')
})

test('port: nobody listens', async () => {
  expect(await ready(runsOn, { ready: { port }, ...short })).toBe(
    `it was not ready within 1.2 s: nothing accepts connections on port ${port}`,
  )
})

test.each(['port', 'http', 'websocket'] as const)('%s: another program’s answer is none', async (kind) => {
  const server = createHttp((_, response) => response.end())
  const sockets = new WebSocketServer({ server })
  await hold(server)
  const url = `127.0.0.1:${port}/`
  const signs = { port: { port }, http: { http: `http://${url}` }, websocket: { websocket: `ws://${url}` } }
  const why = await ready(runsOn, { ready: signs[kind], ...short })
  for (const socket of sockets.clients) socket.terminate()
  expect(why).toMatch(new RegExp(`port ${port} is held by .*PID ${process.pid}.*no process of this service`))
})

test('port: a container’s listener is a process of its engine', async () => {
  // stands for the engine by its name; its "container" listens elsewhere, a moment later
  const { symlink } = await import('node:fs/promises')
  const docker = `${mark.env['TMPDIR']}/docker`
  await symlink(process.execPath, docker)
  setTimeout(() => void hold(createServer((socket) => socket.destroy())), 200)
  expect(await ready(runsOn, { file: docker, ready: { port } })).toBe('ready')
})

test('http: a page below 400, not the 503 before it', async () => {
  expect(await ready(on(pages), { ready: { http: `http://localhost:${port}/` } })).toBe('ready')
})

test('http: 404 is no page', async () => {
  const script = on(`require('http').createServer((q, r) => { r.statusCode = 404; r.end() }).listen(PORT, '127.0.0.1'); ${runsOn}`)
  expect(await ready(script, { ready: { http: `http://127.0.0.1:${port}/x` }, ...short })).toMatch(/\/x answered 404$/)
})

test('http: no proxy of the environment is asked', async () => {
  const before = process.env['http_proxy']
  process.env['http_proxy'] = 'http://127.0.0.1:1'
  expect(await ready(on(pages), { ready: { http: `http://127.0.0.1:${port}/` } })).toBe('ready')
  if (before === undefined) delete process.env['http_proxy']
  else process.env['http_proxy'] = before
})

test('websocket: a handshake with the right answer', async () => {
  expect(await ready(on(upgrade(goodAccept)), { ready: { websocket: `ws://127.0.0.1:${port}/ws/` } })).toBe('ready')
})

test.each([
  ['a wrong Sec-WebSocket-Accept', upgrade(`'bm9uc2Vuc2U='`), /101 with a wrong Sec-WebSocket-Accept$/],
  ['403', upgrade(goodAccept, '403 Forbidden'), /answered the handshake with 403$/],
  ['a server of pages', pages, /answered the handshake with (?:200|503)$/],
])('websocket: %s is none', async (_, script, why) => {
  expect(await ready(on(script), { ready: { websocket: `ws://127.0.0.1:${port}/` }, ...short })).toMatch(why)
})

test('log: a line that fits, colours taken out', async () => {
  const script = `setTimeout(() => process.stderr.write('\\x1b[32mcelery@host\\x1b[0m ready.\\n'), 100); ${runsOn}`
  expect(await ready(script, { ready: { log: '^celery@\\w+ ready\\.$' } })).toBe('ready')
})

test('log: no line fits', async () => {
  expect(await ready(`console.log('almost ready'); ${runsOn}`, { ready: { log: '^ready' }, ...short })).toBe(
    'it was not ready within 1.2 s: no line of its output fits /^ready/',
  )
})

test('log: of a line only so much is looked at that no expression takes long', async () => {
  const script = `console.log('x'.repeat(2000) + 'ready'); ${runsOn}`
  expect(await ready(script, { ready: { log: 'ready' }, ...short })).toMatch(/no line of its output fits/)
})

test.each(['^(x+)+$', '(x|xx)+y', '.*.*.*.*.*z$'])('log: an expression that goes back and forth, %s, is given up and said', async (log) => {
  const script = `setInterval(() => console.log('x'.repeat(400) + '!'), 20)`
  const began = performance.now()
  expect(await ready(script, { ready: { log }, ...short, readyTimeoutMs: 20_000 })).toMatch(/takes too long to be matched/)
  expect(performance.now() - began).toBeLessThan(5000)
})

test('command: until it ends with 0', async () => {
  const file = `${mark.env['TMPDIR']}/there`
  const command = [process.execPath, '-e', `process.exit(require('fs').existsSync('${file}') ? 0 : 5)`]
  const script = `setTimeout(() => require('fs').writeFileSync('${file}', ''), 300); ${runsOn}`
  expect(await ready(script, { ready: { command } })).toBe('ready')
})

test.each([
  [`console.error('no answer'); process.exitCode = 5`, /ended with 5: no answer$/],
  [`require('child_process').spawn(process.execPath, ['-e', '${runsOn}']); ${runsOn}`, /nothing of it was seen$/],
])('command: %j is not ready, and nothing of it is left', async (script, why) => {
  expect(await ready(runsOn, { ready: { command: [process.execPath, '-e', script] }, ...short })).toMatch(why)
})

test.each([{ port: 1 }, { http: 'http://127.0.0.1:1/' }, { log: 'never' }, { command: [process.execPath, '-e', runsOn] }])(
  '%j: a process that ends isn’t waited for',
  async (sign) => {
    const asked = performance.now()
    expect(await ready('setTimeout(() => {}, 100)', { ready: sign, readyTimeoutMs: 20_000 })).toBe('over')
    expect(performance.now() - asked).toBeLessThan(5000)
  },
)
