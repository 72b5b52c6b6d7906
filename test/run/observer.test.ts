/** The observer around an application on real servers: nothing changes for anybody, and the launcher knows what happens. */
import { markName, ownMark } from '../../src/host/run-mark.ts'
import { lookServed } from '../../src/facts/examine.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi, type TestContext } from 'vitest'
import { WebSocket } from 'ws'
import type { Observed } from '../../src/facts/observed.ts'
import { handshakeSince } from '../../src/look/outcome.ts'
import type { Observer } from '../../src/run/observer.ts'
import { isPong } from '../../src/verify/held-socket.ts'
import { openSecond, proveBroadcast } from '../../src/verify/broadcast.ts'
import type { Endpoint } from '../../src/verify/endpoint.ts'
import { requestOf } from '../../src/verify/endpoint.ts'
import { shakeHands } from '../../src/verify/handshake.ts'
import { bin, cliEnvironment } from '../support/cli.ts'
import { appFolder, commandOf, conversation, servers, startObserved, type ObservedServer, type ServerName } from '../support/observed.ts'
import { plainApp, withoutLifespan } from '../support/observed-app.ts'
import { listens, makeMark, type Mark, testHost } from '../support/processes.ts'
import { makeProject, openConsumer, type ProjectOptions } from '../support/project.ts'
import { freePort, startRedis, until } from '../support/redis.ts'
import { makeStand } from '../support/stand.ts'
import { pythonOf } from '../support/tools.ts'

vi.setConfig({ testTimeout: 60_000 })

const application = 'app:application'

async function startApp(
  { onTestFinished }: TestContext,
  server: ServerName,
  options: { source?: string; observed?: boolean; env?: Readonly<Record<string, string>> } = {},
): Promise<ObservedServer & { folder: string }> {
  const { folder, remove } = await appFolder(options.source ?? plainApp)
  onTestFinished(remove)
  const started = await startObserved(server, folder, { application, ...options })
  onTestFinished(started.stop)
  return { ...started, folder }
}

async function startProject(
  { onTestFinished }: TestContext,
  server: ServerName,
  options: ProjectOptions,
): Promise<ObservedServer & { observer: Observer }> {
  const project = await makeProject({ style: 'plain', settings: `DATABASES = {}\n${options.settings ?? ''}`, ...options })
  onTestFinished(project.remove)
  const started = await startObserved(server, project.backend)
  onTestFinished(started.stop)
  return { ...started, observer: observerOf(started) }
}

function observerOf({ running }: ObservedServer): Observer {
  if (running.observer === undefined) throw new Error('it runs without an observer')
  return running.observer
}

/** Waits for an event of that kind and gives it. */
async function eventOf<Name extends Observed['event']>(
  observer: Observer,
  name: Name,
  mark = 0,
): Promise<Extract<Observed, { event: Name }>> {
  const isOfKind = (event: Observed): event is Extract<Observed, { event: Name }> => event.event === name
  const found = await observer.first(mark, (event) => (isOfKind(event) ? event : undefined), 5000)
  if (found === undefined) throw new Error(`no ${name} within 5 s: ${JSON.stringify(observer.since(0))}`)
  return found
}

function endpointOf(port: number, nonce: string | undefined, path = '/ws/election-updates/'): Endpoint {
  return {
    url: new URL(`ws://127.0.0.1:${port}${path}`),
    origin: `http://127.0.0.1:${port}`,
    token: undefined,
    tokenIn: 'query',
    tokenName: undefined,
    cookie: undefined,
    subprotocols: [],
    ping: false,
    nonce,
  }
}

/** What the application sees of its own process. */
async function inside({
  port,
  folder,
}: {
  port: number
  folder: string
}): Promise<{ environ: object; path: string[]; child: number[]; fork: number[] }> {
  const text = await (await fetch(`http://127.0.0.1:${port}/inside`)).text()
  return JSON.parse(text.replaceAll(folder, '/folder'))
}

/** Process and port are gone within 2 s: a process that is ending has lost its environment before its sockets. */
async function expectGone(mark: Mark, port: number): Promise<void> {
  await until(async () => (await mark.processes()).length === 0 && !(await listens(port)), 2000)
}

/** Everything that clients see of the application. */
async function behaviour(port: number): Promise<Record<string, unknown>> {
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init)
    const headers = [...response.headers].filter(([name]) => name !== 'date')
    return { status: response.status, headers, body: await response.text() }
  }
  return {
    body: await get('/body', { method: 'POST', body: 'written backwards' }),
    stream: await get('/stream'),
    absent: await get('/absent'),
    raising: (await get('/raise')).status,
    text: await conversation(port, '/echo', ['one', 'two']),
    binary: await conversation(port, '/echo', [Buffer.from('abc')]),
    subprotocol: await conversation(port, '/echo', [], ['first', 'second']),
    closing: await conversation(port, '/close', []),
    rejecting: await conversation(port, '/reject', []),
    raisingSocket: await conversation(port, '/raise', []),
    raisingLate: await conversation(port, '/late', []),
    headers: await conversation(port, '/headers', []),
  }
}

describe.each(servers)('%s', (server) => {
  test('clients see the same with the observer and without', async (context) => {
    const plain = await behaviour((await startApp(context, server, { observed: false })).port)
    expect(plain).toMatchObject({
      body: { status: 200, body: 'sdrawkcab nettirw' },
      stream: { status: 200, body: 'one two three' },
      absent: { status: 404, body: 'nothing here' },
      raising: 500,
      text: { seen: ['hello', 'ONE', 'TWO'], code: 1000 },
      binary: { seen: ['hello', { binary: 'cba' }] },
      subprotocol: { protocol: 'second' },
      closing: { code: 4321 },
      rejecting: { status: 403 },
      raisingSocket: { status: 500 },
    })
    expect(await behaviour((await startApp(context, server)).port)).toEqual(plain)
  })

  test('the application sees its lifespan', async (context) => {
    const started = await startApp(context, server)
    await fetch(`http://127.0.0.1:${started.port}/body`)
    await started.stop()
    const seen = await readFile(join(started.folder, 'lifespan.txt'), 'utf8').catch(() => '')
    expect(seen).toBe(server === 'daphne' ? '' : 'lifespan.startup\nlifespan.shutdown\n')
  })

  test('an application without lifespan is served', async (context) => {
    const { port } = await startApp(context, server, { source: withoutLifespan })
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('a page')
  })

  test('nothing of the observer is in the environment, the path or a child of the application', async (context) => {
    const env = { PYTHONPATH: '/somewhere' }
    const [plain, observed] = [await startApp(context, server, { observed: false, env }), await startApp(context, server, { env })]
    const found = await inside(observed)
    const { environ, path } = await inside(plain)
    expect(found).toMatchObject({ environ, path, fork: [] })
    expect(environ).toMatchObject(env)
    // hypercorn makes its listening socket inheritable
    expect(found.child.filter((fd) => fd === 3 || fd === 4)).toEqual([])
    // every process of a run bears its mark, observed or not
    expect(found.environ).toMatchObject({ [markName]: ownMark })
    const others = Object.fromEntries(Object.entries(found.environ).filter(([name]) => name !== markName))
    expect(JSON.stringify({ ...found, environ: others })).not.toMatch(/election_dev|ELECTION_DEV/)
  })

  test('the launcher is told of every socket, and of nothing that it carries', async (context) => {
    const started = await startApp(context, server)
    const observer = observerOf(started)
    await conversation(started.port, '/echo?token=hidden-query', ['hidden-text'])
    expect(await eventOf(observer, 'opened')).toMatchObject({ path: '/echo', probe: false, page: true })
    expect(await eventOf(observer, 'accepted')).toMatchObject({ open: 1 })
    expect(await eventOf(observer, 'closed')).toMatchObject({ code: server === 'hypercorn' ? 1006 : 1000, open: 0 })
    let mark = observer.mark()
    await conversation(started.port, '/reject', [])
    expect(await eventOf(observer, 'refused', mark)).toMatchObject({
      by: 'application',
      code: 4001,
      place: { file: 'app.py', function: 'socket' },
    })
    mark = observer.mark()
    await conversation(started.port, '/raise', [])
    expect(await eventOf(observer, 'raised', mark)).toMatchObject({
      type: 'ValueError',
      message: 'no such socket',
      phase: 'before',
      path: '/raise',
      place: { file: 'app.py', function: 'socket' },
    })
    mark = observer.mark()
    await conversation(started.port, '/late', [])
    expect(await eventOf(observer, 'raised', mark)).toMatchObject({ type: 'KeyError', phase: 'after' })
    // the server has its traceback as well
    await until(async () => started.running.lastLines().join('\n').includes('no such socket'))
    expect(JSON.stringify(observer.since(0))).not.toMatch(/hidden/)
  })

  test('only the nonce makes a client the launcher, and the application never sees it', async (context) => {
    const started = await startApp(context, server)
    const observer = observerOf(started)
    const headers = async (nonce: string) => {
      const socket = new WebSocket(`ws://127.0.0.1:${started.port}/headers`, {
        headers: { 'X-Election-Dev': nonce },
        perMessageDeflate: false,
      })
      const [data] = await once(socket, 'message')
      socket.terminate()
      return String(data)
    }
    expect(await headers('0'.repeat(observer.nonce.length))).toContain('x-election-dev')
    expect(await eventOf(observer, 'opened')).toMatchObject({ probe: false })
    const mark = observer.mark()
    expect(await headers(observer.nonce)).not.toContain('x-election-dev')
    expect(await eventOf(observer, 'opened', mark)).toMatchObject({ probe: true })
    // the doctor, say, who doesn't know the nonce
    const next = observer.mark()
    await shakeHands(requestOf(endpointOf(started.port, undefined, '/reject')), { deadlineMs: 5000 })
    expect(await eventOf(observer, 'opened', next)).toMatchObject({ probe: false, page: false })
  })

  test('a broadcast reaches both sockets of the launcher and nobody else', async (context) => {
    const started = await startProject(context, server, { consumer: openConsumer })
    const page = new WebSocket(`ws://127.0.0.1:${started.port}/ws/election-updates/`, { origin: `http://127.0.0.1:${started.port}` })
    const seen: string[] = []
    page.on('message', (data) => seen.push(data.toString()))
    await once(page, 'message')
    const endpoint = endpointOf(started.port, started.observer.nonce)
    const { socket } = await shakeHands(requestOf(endpoint), { deadlineMs: 5000 })
    if (socket === undefined) throw new Error('no handshake')
    const { fact } = await proveBroadcast(socket, await openSecond(endpoint), started.observer)
    expect(fact).toMatchObject({ sent: 2, received: 2 })
    // of the groups that were joined, ours is not one
    const looked = { tell: ['settings', 'consumer'] as const, settingsModule: 'core.settings', application: undefined, deadlineMs: 5000 }
    expect(await lookServed(testHost, started.observer, looked).get('consumer')).toMatchObject({ consumer: 'Updates', groups: ['updates'] })
    // what had been sent to the page before its own pong has come before it
    page.send('{"type":"ping"}')
    await until(async () => seen.length > 1)
    expect(seen.map((text): unknown => JSON.parse(text))).toEqual([{ type: 'welcome' }, { type: 'pong' }])
    page.terminate()
    socket.terminate()
  })

  test('a server that nobody has asked anything ends with its launcher', async (context) => {
    const { folder, remove } = await appFolder(plainApp)
    context.onTestFinished(remove)
    const mark = await makeMark()
    context.onTestFinished(async () => {
      // where the server has not ended by itself, which is what the test is about
      for (const pid of await mark.processes()) process.kill(pid, 'SIGKILL')
      await mark.remove()
    })
    const port = await freePort('127.0.0.1')
    const { args, env } = commandOf(server, application, port, true)
    const launcher = spawn(
      process.execPath,
      [
        '-e',
        `const { spawn } = require('node:child_process')
         const child = spawn(process.argv[1], process.argv.slice(2), { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true })
         child.stdio[3].write('{"election-dev":"nonce"}\\n')`,
        pythonOf('main'),
        ...args,
      ],
      { cwd: folder, env: { ...cliEnvironment(mark.env), ...env, PYTHONDONTWRITEBYTECODE: '1' }, stdio: 'ignore' },
    )
    await until(() => listens(port), 30_000)
    launcher.kill('SIGKILL')
    await expectGone(mark, port)
  })

  test('kill -9 of the launcher with a page on an open socket', server === 'daphne' ? {} : { tags: ['slow'] }, async (context) => {
    const stand = await makeStand()
    context.onTestFinished(stand.remove)
    const parent = spawn('sh', ['-c', '"$@" & wait', 'sh', process.execPath, bin, ...stand.args, '--server', server], {
      cwd: stand.project.root,
      env: cliEnvironment(stand.mark.env),
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    let output = ''
    parent.stdout.on('data', (data: Buffer) => (output += data.toString()))
    await until(async () => /broadcast 2\/2/.test(output), 30_000)
    const page = new WebSocket(`ws://127.0.0.1:${stand.port}/ws/election-updates/`, { origin: `http://127.0.0.1:${stand.port}` })
    page.on('error', () => {})
    await once(page, 'open')
    if (parent.pid === undefined) throw new Error('no PID')
    // the shell and the launcher; the server leads a group of its own
    process.kill(-parent.pid, 'SIGKILL')
    await expectGone(stand.mark, stand.port)
    page.terminate()
  })
})

test('runserver: a broadcast over what it finds, and kill -9 of its launcher', async (context) => {
  const stand = await makeStand({ installedApps: ['daphne', 'django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates'] })
  context.onTestFinished(stand.remove)
  const cli = stand.start(['--server', 'runserver', '--verbose', '--no-parent-watch'])
  await cli.waitFor(/ready in[\s\S]*broadcast 2\/2[\s\S]*Channels/)
  cli.child.kill('SIGKILL')
  await expectGone(stand.mark, stand.port)
})

test('over Redis a broadcast reaches both sockets and leaves no key', async (context) => {
  const redis = await startRedis()
  context.onTestFinished(redis.stop)
  await redis.command('SET', 'of-somebody-else', '1')
  const consumer = openConsumer.replace('        await self.channel_layer.group_add("updates", self.channel_name)\n', '')
  const settings = `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", ${redis.port})]}}}`
  const [one, other] = [
    await startProject(context, 'daphne', { consumer, settings: `DATABASES = {}\n${settings}` }),
    await startProject(context, 'uvicorn', { consumer, settings: `DATABASES = {}\n${settings}` }),
  ]
  const held = async ({ port, observer }: typeof one) => {
    const endpoint = endpointOf(port, observer.nonce)
    const { socket } = await shakeHands(requestOf(endpoint), { deadlineMs: 5000 })
    if (socket === undefined) throw new Error('no handshake')
    context.onTestFinished(() => socket.terminate())
    return { endpoint, socket }
  }
  const [first, second] = [await held(one), await held(other)]
  const { fact } = await proveBroadcast(first.socket, await openSecond(first.endpoint), one.observer)
  expect(fact).toMatchObject({ sent: 2, received: 2 })
  await eventOf(one.observer, 'broadcast')
  await until(async () => (await redis.command('DBSIZE')) === 1)
  // the other instance's socket has got its welcome and no more
  expect(await second.socket.ask({ type: 'ping' }, isPong, 2000)).toMatchObject({ result: 'pong' })
  expect(second.socket.messages).toBe(2)
})

const syncRefusing = `
from channels.generic.websocket import WebsocketConsumer

class Updates(WebsocketConsumer):
    def connect(self):
        self.close(code=4003)
`

const asyncRefusing = `
from channels.generic.websocket import AsyncWebsocketConsumer

class Updates(AsyncWebsocketConsumer):
    async def connect(self):
        await self.close(code=4003)
`

test.for([
  [
    'an asynchronous consumer',
    asyncRefusing,
    'http://127.0.0.1',
    { by: 'application', code: 4003, class: 'Updates', place: { file: 'updates/consumers.py', line: 6 } },
  ],
  [
    'a synchronous consumer',
    syncRefusing,
    'http://127.0.0.1',
    { by: 'application', code: 4003, class: 'Updates', place: { file: 'updates/consumers.py', line: 6 } },
  ],
  ['the Origin validator', asyncRefusing, 'http://votes.example', { by: 'origin', class: 'OriginValidator', place: undefined }],
] as const)('who refuses is known: %s', async ([, consumer, origin, refused], context) => {
  const { port, observer } = await startProject(context, 'uvicorn', { consumer })
  const endpoint = { ...endpointOf(port, observer.nonce), origin }
  const { fact } = await shakeHands(requestOf(endpoint), { deadlineMs: 5000 })
  expect(fact).toMatchObject({ result: 'refused', status: 403 })
  const seen = await handshakeSince(observer, 0, '/ws/election-updates/')
  expect({ place: undefined, ...seen?.refused }).toMatchObject(refused)
})

test.each<[string, string, RegExp]>([
  ['an attribute that is missing', 'other = 1\n', /^AttributeError: module 'app' has no attribute 'application'/],
  ['an exception of the module', 'raise LookupError("no election")\n', /^LookupError: no election/],
])('an import that fails says so as it is: %s', async (_, source, last) => {
  const { folder, remove } = await appFolder(source)
  const started = startObserved('daphne', folder, { application })
  await expect(started).rejects.toThrow()
  const message = await started.catch((error: unknown) => String(error))
  expect(String(message).trim().split('\n').at(-1)).toMatch(last)
  await remove()
})
