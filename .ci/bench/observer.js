// What the observer costs a server: the same small Django Channels project, plain and
// through the observer, in alternating pairs in one run. One process serves both, by the
// path: two processes differ by several percent from each other with the same code. Wall
// time is what a client sees; the event loop's own processor time is steadier on a
// machine that is shared. The garbage collector runs between the measurements: with
// thousands of sockets one pass of it takes longer than what is measured.
// usage: npm run bench:observer [-- PAIRS [SERVER]]
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const pairs = Number(process.argv[2] ?? 100)
const server = process.argv[3] ?? 'daphne'
/** One measurement: so many requests, on so many kept connections. */
const [requests, connections] = [100, 8]
const socketCount = 1000
const limit = 3

const cache = join(root, 'test', '.cache')
const environment = readdirSync(cache).find((name) => name.startsWith('venv-main-') && !name.endsWith('.lock'))
if (environment === undefined) throw new Error('npm test makes the Python environment that this needs: run it once')
const python = join(cache, environment, 'bin', 'python')
const folder = mkdtempSync(join(tmpdir(), 'election-bench-'))
const running = []
try {
  writeProject()
  const { pid, port, nonce } = await startServer()
  const lane = (path) => ({ pid, port, path, agent: new Agent({ keepAlive: true, maxSockets: connections }) })
  const both = [lane('/plain/'), lane('/observed/')]
  await openProbe({ port, path: '/observed/', nonce })

  await compare('HTTP requests', requests, both, (one) => fetchAll(one))
  for (const one of both) one.sockets = await openSockets(one)
  await compare(`echoes over ${socketCount} sockets`, socketCount, both, (one) => echoAll(one))
} finally {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}

/** Measures both in pairs, in any order, and prints what the difference is. */
async function compare(name, count, [plain, observed], work) {
  const differences = { wall: [], processor: [] }
  const rates = { plain: [], observed: [] }
  for (const one of [plain, observed, plain, observed]) await work(one)
  for (let pair = 0; pair < pairs; pair++) {
    if (pair % 10 === 0) await fetchOne({ ...plain, path: '/collect' })
    // not in turn: what happens in the server at regular times would fall on the same one
    const order = Math.random() < 0.5 ? [plain, observed] : [observed, plain]
    for (const one of order) one.last = await measure(one, work)
    differences.wall.push((observed.last.wall / plain.last.wall - 1) * 100)
    differences.processor.push((observed.last.processor / plain.last.processor - 1) * 100)
    rates.plain.push((count / plain.last.wall) * 1000)
    rates.observed.push((count / observed.last.wall) * 1000)
  }
  console.log(`${name} on ${server}: ${Math.round(median(rates.plain))} a second plain, ${Math.round(median(rates.observed))} observed`)
  for (const [kind, values] of Object.entries(differences)) {
    const [low, high] = confidence(values)
    console.log(
      `  ${kind === 'wall' ? 'wall time' : "the event loop's processor time"}: ${signed(median(values))} %, median of ${pairs} pairs; 95 % confidence ${signed(low)} to ${signed(high)} %`,
    )
  }
  if (median(differences.processor) >= limit) {
    console.log(`  more than ${limit} %`)
    process.exitCode = 1
  }
}

async function measure(one, work) {
  const processor = processorMs(one.pid)
  const started = performance.now()
  await work(one)
  return { wall: performance.now() - started, processor: processorMs(one.pid) - processor }
}

/** Time on a processor of the main thread, which is the event loop's and all that the observer works in, in milliseconds. */
function processorMs(pid) {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
}

async function fetchAll({ port, path, agent }) {
  let left = requests
  const lane = async () => {
    while (left-- > 0) await fetchOne({ port, path, agent })
  }
  await Promise.all(Array.from({ length: connections }, lane))
}

function fetchOne({ port, path, agent }) {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent }, (response) => response.resume().once('end', resolve)).once('error', reject)
  })
}

async function echoAll({ sockets }) {
  let left = sockets.length
  await new Promise((resolve) => {
    for (const socket of sockets) {
      socket.once('message', () => {
        if (--left === 0) resolve()
      })
      socket.send('a message of some length, as chats have them')
    }
  })
}

async function openSockets({ port, path }) {
  const sockets = []
  for (let index = 0; index < socketCount; index += 50) {
    const batch = Array.from({ length: 50 }, () => new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false }))
    await Promise.all(batch.map((socket) => once(socket, 'open')))
    sockets.push(...batch)
  }
  return sockets
}

/** As `start` does: from the first socket of the launcher's own on, the observer looks at consumers. */
async function openProbe({ port, path, nonce }) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { 'X-Election-Dev': nonce } })
  await once(socket, 'open')
  socket.terminate()
}

async function startServer() {
  const port = await freePort()
  const args = {
    daphne: ['-m', 'daphne', '--verbosity', '0', '-b', '127.0.0.1', '-p', port, 'both:application'],
    uvicorn: ['-m', 'uvicorn', '--log-level', 'error', '--host', '127.0.0.1', '--port', port, 'both:application'],
    hypercorn: ['-m', 'hypercorn', '--log-level', 'error', '--bind', `127.0.0.1:${port}`, '--workers', '0', 'both:application'],
  }[server]
  const env = {
    PATH: process.env.PATH,
    PYTHONPATH: join(root, 'src', 'inside'),
    ELECTION_DEV_APPLICATION: 'core.asgi:application',
    PYTHONDONTWRITEBYTECODE: '1',
  }
  const nonce = randomBytes(16).toString('hex')
  const child = spawn(python, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'] })
  running.push(child)
  child.stdio[3].write(`${JSON.stringify({ 'election-dev': nonce })}\n`)
  child.stdio[4].resume()
  while (!(await takesConnections(port))) await delay(20)
  return { pid: child.pid, port, nonce }
}

function writeProject() {
  mkdirSync(join(folder, 'core'))
  writeFileSync(
    join(folder, 'both.py'),
    `import gc
from election_dev_inside import application as observed
from election_dev_inside.sockets import Observer
from core.asgi import application as plain
assert isinstance(observed, Observer)

gc.disable()

async def application(scope, receive, send):
    if scope.get("path") == "/collect":
        gc.collect()
    lane = plain if scope.get("path", "").startswith("/plain/") else observed
    await lane(scope, receive, send)
`,
  )
  const files = {
    '__init__.py': '',
    'settings.py': `SECRET_KEY = "${randomBytes(16).toString('hex')}"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["channels"]
MIDDLEWARE = []
ROOT_URLCONF = "core.urls"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
`,
    'urls.py': `from django.http import HttpResponse
from django.urls import path

async def page(request):
    return HttpResponse("a page")

urlpatterns = [path("collect", page), path("plain/", page), path("observed/", page)]
`,
    'asgi.py': `import os
from django.core.asgi import get_asgi_application
os.environ["DJANGO_SETTINGS_MODULE"] = "core.settings"
http = get_asgi_application()
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

class Echo(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        await self.send(text_data=text_data)

application = ProtocolTypeRouter({"http": http, "websocket": URLRouter([path("plain/", Echo.as_asgi()), path("observed/", Echo.as_asgi())])})
`,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'core', name), text)
}

function takesConnections(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy()
      resolve(true)
    }).once('error', () => resolve(false))
  })
}

function freePort() {
  return new Promise((resolve) => {
    const listener = createServer().listen(0, '127.0.0.1', () => {
      const { port } = listener.address()
      listener.close(() => resolve(String(port)))
    })
  })
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Where the median lies with 95 % confidence, by drawing the pairs again. */
function confidence(values) {
  const medians = Array.from({ length: 2000 }, () => median(values.map(() => values[Math.floor(Math.random() * values.length)])))
  medians.sort((a, b) => a - b)
  return [medians[50], medians[1949]]
}

function signed(value) {
  return `${value < 0 ? '' : '+'}${value.toFixed(2)}`
}
