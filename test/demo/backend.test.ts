import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { startRedis } from '../support/redis.ts'
import { type Demo, type Server, makeDemo, until } from './demo.ts'

interface Tally {
  total: number
  candidates: { id: number; name: string; votes: number }[]
}

interface Message {
  type: string
  tally?: Tally
  detail?: string
}

/** A client that keeps what it is told until somebody asks for it. */
class Client {
  readonly messages: Message[] = []
  readonly socket: WebSocket

  constructor(url: string, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, options)
    this.socket.on('message', (data: Buffer) => this.messages.push(JSON.parse(data.toString())))
    this.socket.on('error', () => undefined)
  }

  async next(type: string): Promise<Message> {
    let found: Message | undefined
    await until(() => {
      const index = this.messages.findIndex((message) => message.type === type)
      if (index >= 0) [found] = this.messages.splice(index, 1)
      return index >= 0
    })
    if (found === undefined) throw new Error(`no ${type} arrived`)
    return found
  }
}

async function setActive(demo: Demo, active: boolean): Promise<void> {
  const value = active ? 'True' : 'False'
  await demo.manage('shell', '-c', `from django.contrib.auth.models import User; User.objects.update(is_active=${value})`)
}

describe('the demo backend behind daphne', () => answers('daphne'))
describe('the demo backend behind uvicorn', { tags: ['slow'] }, () => answers('uvicorn'))

function answers(server: Server): void {
  let demo: Demo
  let token: string
  const clients: Client[] = []

  beforeAll(async () => {
    demo = await makeDemo(server)
    await demo.start()
    const response = await post('/api/auth/login/', { username: demo.user, password: demo.password })
    const { access } = (await response.json()) as { access: string }
    token = access
  })

  afterAll(async () => {
    for (const { socket } of clients) socket.terminate()
    await demo?.remove()
  })

  function post(path: string, body: unknown, bearer?: string): Promise<Response> {
    return fetch(demo.http + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }) },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  }

  async function tally(): Promise<Tally> {
    const response = await fetch(`${demo.http}/api/tally/`)
    return (await response.json()) as Tally
  }

  async function connect(): Promise<Client> {
    const client = new Client(`${demo.ws}?token=${token}`, { origin: demo.http })
    clients.push(client)
    const welcome = await client.next('connection_success')
    expect(welcome.tally).toEqual(await tally())
    return client
  }

  /** The HTTP status that a refused handshake gets, or 101. */
  function handshake(query: string, origin = demo.http): Promise<number> {
    const client = new Client(demo.ws + query, { origin })
    clients.push(client)
    return new Promise((resolve) => {
      client.socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
      client.socket.on('open', () => resolve(101))
    })
  }

  it('signs in with the right password only', async () => {
    const me = await fetch(`${demo.http}/api/auth/me/`, { headers: { Authorization: `Bearer ${token}` } })
    expect(me.status).toBe(200)
    expect(await me.json()).toEqual({ username: demo.user })

    const wrong = await post('/api/auth/login/', { username: demo.user, password: 'not the password' })
    expect(wrong.status).toBe(401)
    expect(await wrong.json()).toEqual({ detail: 'Wrong username or password.' })
  })

  it('refuses to sign in with a body it can not read', async () => {
    for (const body of [
      'not json',
      '[]',
      '{}',
      '{"username": "clerk"}',
      '{"username": 1, "password": 2}',
      '{"username": "clerk", "password": "\\ud800"}',
      '['.repeat(100_000),
    ]) {
      expect((await post('/api/auth/login/', body)).status).toBe(400)
    }
  })

  it('counts a vote', async () => {
    const before = await tally()
    expect(before.candidates).toHaveLength(4)
    const [first, ...others] = before.candidates
    if (first === undefined) throw new Error('no candidates')

    const response = await post('/api/vote/', { candidate: first.id }, token)
    expect(response.status).toBe(200)
    const after = { total: before.total + 1, candidates: [{ ...first, votes: first.votes + 1 }, ...others] }
    expect(await response.json()).toEqual(after)
    expect(await tally()).toEqual(after)
  })

  it('loses no vote of many at once', async () => {
    const before = await tally()
    const responses = await Promise.all(Array.from({ length: 20 }, () => post('/api/vote/', { candidate: 2 }, token)))
    expect(responses.map((response) => response.status)).toEqual(Array.from({ length: 20 }, () => 200))
    expect((await tally()).total).toBe(before.total + 20)
  })

  it('refuses a vote that it can not count', async () => {
    const before = await tally()
    for (const body of ['not json', '{}', '{"candidate": "1"}', '{"candidate": true}', '[1]']) {
      expect((await post('/api/vote/', body, token)).status).toBe(400)
    }
    for (const candidate of [0, -1, 999, 10 ** 15]) {
      expect((await post('/api/vote/', { candidate }, token)).status).toBe(404)
    }
    expect((await post('/api/vote/', `{"candidate": ${'9'.repeat(40)}}`, token)).status).toBe(404)
    expect((await post('/api/vote/', { candidate: 1 })).status).toBe(401)
    expect((await post('/api/vote/', { candidate: 1 }, 'not-a-token')).status).toBe(401)
    expect(await tally()).toEqual(before)
  })

  it('allows the right method only', async () => {
    for (const path of ['/api/auth/login/', '/api/vote/']) expect((await fetch(demo.http + path)).status).toBe(405)
    for (const path of ['/', '/api/tally/', '/api/auth/me/']) expect((await post(path, {}, token)).status).toBe(405)
  })

  it('refuses a socket without a valid token, or from a foreign page', async () => {
    expect(await handshake('')).toBe(403)
    expect(await handshake('?token=')).toBe(403)
    expect(await handshake('?token=not-a-token')).toBe(403)
    expect(await handshake(`?token=${token.slice(0, -4)}AAAA`)).toBe(403)
    expect(await handshake('?token=%FF%00')).toBe(403)
    expect(await handshake(`?token=${token}`, 'http://elsewhere.example')).toBe(403)
    expect(await handshake(`?token=${token}`)).toBe(101)
  })

  it('answers a ping', async () => {
    const client = await connect()
    client.socket.send('{"type": "ping"}')
    await client.next('pong')
  })

  it('survives what is not a message', async () => {
    const client = await connect()
    for (const data of ['hello', '', '['.repeat(100_000), Buffer.from([0, 1, 2])]) {
      client.socket.send(data)
      expect((await client.next('error')).detail).toBe('That is not a JSON message.')
    }
    for (const data of ['1', 'null', '[]', '{}', '{"type": "no such type"}']) client.socket.send(data)
    client.socket.send('{"type": "ping"}')
    await client.next('pong')
    expect(client.messages).toEqual([])
  })

  it('tells two sockets of a vote', async () => {
    const [one, two] = await Promise.all([connect(), connect()])
    const response = await post('/api/vote/', { candidate: 3 }, token)
    const after = (await response.json()) as Tally
    expect((await one.next('election_update')).tally).toEqual(after)
    expect((await two.next('election_update')).tally).toEqual(after)
  })

  it('takes no token from a user who is no longer active', async () => {
    await setActive(demo, false)
    try {
      expect(await handshake(`?token=${token}`)).toBe(403)
      expect((await post('/api/vote/', { candidate: 1 }, token)).status).toBe(401)
      expect((await post('/api/auth/login/', { username: demo.user, password: demo.password })).status).toBe(401)
    } finally {
      await setActive(demo, true)
    }
  })

  it('says no secret and no traceback', () => {
    const log = demo.log()
    expect(log.includes('Traceback')).toBe(false)
    expect(log.includes(token)).toBe(false)
    expect(log.includes(demo.password)).toBe(false)
    expect(log).toContain('WebSocket refused: no token')
  })
}

describe('the demo as it is copied', () => {
  let demo: Demo

  beforeAll(async () => {
    demo = await makeDemo('daphne', { DEBUG: 'False' })
  })

  afterAll(() => demo?.remove())

  it('fills the sign-in form in DEBUG only', async () => {
    await demo.start()
    const page = await (await fetch(`${demo.http}/`)).text()
    expect(page).toContain('id="login-form"')
    expect(page.includes(demo.password)).toBe(false)
  })

  it('makes its user again with the password of .env', async () => {
    const file = join(demo.backend, '.env')
    const password = randomBytes(12).toString('hex')
    expect(await demo.manage('demo_user')).toBe('Updated the user clerk.\n')
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^DEMO_PASSWORD=.*$/m, `DEMO_PASSWORD=${password}`))
    expect(await demo.manage('demo_user')).toBe('Updated the user clerk.\n')
    const body = JSON.stringify({ username: demo.user, password })
    expect((await fetch(`${demo.http}/api/auth/login/`, { method: 'POST', body })).status).toBe(200)
  })

  it('has a migration for every model', async () => {
    expect(await demo.manage('makemigrations', '--check', '--dry-run')).toContain('No changes')
  })

  it('carries no secret', async () => {
    const example = await readFile(join(demo.backend, '.env.example'), 'utf8')
    expect(example).toMatch(/^SECRET_KEY=$/m)
    expect(example).toMatch(/^DEMO_PASSWORD=$/m)
    expect(await readFile(join(demo.backend, '..', '.gitignore'), 'utf8')).toMatch(/^\.env$/m)
  })
})

it('keeps a socket open that gets no message, over Redis too', { timeout: 60_000, tags: ['slow'] }, async () => {
  const redis = await startRedis()
  onTestFinished(redis.stop)
  const demo = await makeDemo('daphne', { USE_REDIS_FOR_CHANNELS: 'True', REDIS_PORT: String(redis.port) })
  onTestFinished(demo.remove)
  await demo.start()
  const body = JSON.stringify({ username: demo.user, password: demo.password })
  const { access } = (await (await fetch(`${demo.http}/api/auth/login/`, { method: 'POST', body })).json()) as { access: string }
  const { socket } = new Client(`${demo.ws}?token=${access}`, { origin: demo.http })
  await once(socket, 'open')
  const over = new AbortController()
  // twice as long as redis-py 8 reads by itself
  const outcome = await Promise.race([once(socket, 'close').then(([code]) => `ended with ${code}`), delay(12_000, 'open', over)])
  over.abort()
  socket.terminate()
  expect(outcome, demo.log()).toBe('open')
})
