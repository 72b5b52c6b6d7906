/** Answers of strangers, in bulk, to what asks over a socket: each asker gets to its end by itself, soon, and throws nothing. */
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LauncherError } from '../../src/errors.ts'
import { probeRedis } from '../../src/facts/redis.ts'
import { askRun } from '../../src/run/control-client.ts'
import { serveControl } from '../../src/run/control-server.ts'
import { newestBackup } from '../../src/run/backup.ts'
import { shakeHands } from '../../src/verify/handshake.ts'
import { testHost } from './host.ts'

/** How long a case may take, in milliseconds: an answer that ends is no reason to wait for a deadline. */
const longest = 100

/** Bytes made of the words of a protocol and of any others. */
const bytesOf = (...words: readonly (string | readonly number[])[]): fc.Arbitrary<Buffer> => {
  const word = fc.constantFrom(...words).map((each) => (typeof each === 'string' ? Buffer.from(each) : Buffer.from([...each])))
  const part = fc.oneof(
    { weight: 6, arbitrary: word },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((each) => Buffer.from(each)) },
  )
  return fc.array(part, { maxLength: 12 }).map((parts) => Buffer.concat(parts))
}

const http = bytesOf(
  'HTTP/1.1 101 S\r\n',
  'HTTP/1.1 403 \r\n',
  'HTTP/1.0 200',
  '\r\n',
  '\r\n\r\n',
  ': ',
  'Upgrade: websocket\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: -1\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Location: //x\r\n',
  'ffffffff\r\n',
  '0\r\n\r\n',
  'a',
)
const frames = bytesOf(
  [0x81, 0x01, 0x61],
  [0x88, 0x02, 0x03, 0xe8],
  [0x88, 0x00],
  [0x89, 0x00],
  [0x8a, 0x00],
  [0x01, 0x01, 0xc3],
  [0x82, 0x7f, 0, 0, 1, 0, 0, 0, 0, 0],
  [0x81, 0x7e, 0xff, 0xff],
  [0xf1, 0x00],
  [0x88, 0x02, 0x00, 0x00],
  [0x81, 0x81, 1, 2, 3, 4, 5],
  [0x80, 0x01, 0x61],
)
const resp = bytesOf(
  '+OK\r\n',
  '+PONG\r\n',
  '-ERR x\r\n',
  '-NOAUTH x\r\n',
  '$-1\r\n',
  '$5\r\nhello\r\n',
  '$-2\r\n',
  '$99999999999\r\n',
  '*-1\r\n',
  '*2\r\n',
  '*1\r\n$-7\r\n',
  '*999999999\r\n',
  ':1\r\n',
  ':x\r\n',
  '%1\r\n',
  '_\r\n',
  '#t\r\n',
  '~2\r\n',
  '>1\r\n',
  '+QUEUED\r\n',
  '\r\n',
  'HTTP/1.1 400\r\n',
  '(1\r\n',
  ',nan\r\n',
  '=3\r\n',
  '|1\r\n',
)
const control = bytesOf(
  '{',
  '}',
  '"',
  ':',
  ',',
  '\n',
  'null',
  '"ok":true',
  '"ok":false',
  '"status":',
  '"code":"a"',
  '"message":"a"',
  '"hint":null',
  '{"ok":false,"code":"a","message":"a","hint":null}\n',
  '"key":"k"',
  '"ask":"status"',
  '"service":null',
  '{"key":"k","ask":"restart","service":"x"}\n',
)

/** The shortest of three: a machine that is busy with something else takes no part of the blame. */
async function expectSoon(work: () => Promise<void>): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 3 && least > longest; turn++) {
    const started = performance.now()
    await work()
    least = Math.min(least, performance.now() - started)
  }
  expect(least).toBeLessThan(longest)
}

/** What an asker is told next, and the socket at which it asks. */
interface Stranger {
  readonly path: string
  answer: (asked: string) => Buffer
}

/** Tests of so many cases each. */
export function fuzzAskers(cases: number): void {
  const stranger: Stranger = { path: '', answer: () => Buffer.alloc(0) }
  let root = ''
  let server: Server | undefined
  /** How many have asked. */
  let told = 0

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'fuzz-'))
    Object.assign(stranger, { path: join(root, 'socket') })
    server = createServer((socket: Socket) => {
      socket.on('error', () => {})
      socket.once('data', (data) => {
        told++
        socket.end(stranger.answer(data.toString('latin1')))
      })
    }).listen(stranger.path)
    await once(server, 'listening')
  })
  afterAll(async () => {
    server?.close()
    await rm(root, { recursive: true, force: true })
  })

  const fuzz = <Case>(name: string, given: fc.Arbitrary<Case>, work: (given: Case) => Promise<void>) =>
    test(`${name}: nothing is thrown, and it ends by itself`, async () => {
      const before = told
      await fc.assert(
        fc.asyncProperty(given, async (one) => expectSoon(async () => work(one))),
        { numRuns: cases, endOnFailure: true },
      )
      // what nobody was asked has shown nothing
      if (name.startsWith('an answer')) expect(told - before).toBeGreaterThanOrEqual(cases)
    }, 1_800_000)

  fuzz('an answer to a handshake', fc.tuple(fc.boolean(), http, frames), async ([isUpgraded, answer, rest]) => {
    stranger.answer = (asked) => {
      const key = /Sec-WebSocket-Key: (\S+)/i.exec(asked)?.[1] ?? ''
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      const head = `HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
      return isUpgraded ? Buffer.concat([Buffer.from(head), rest]) : answer
    }
    const { fact, socket } = await shakeHands({ url: `ws+unix:${stranger.path}:/`, headers: {}, subprotocols: [] }, { deadlineMs: 1000 })
    expect(fact.result).not.toBe('silent')
    await socket?.closed
  })

  fuzz('an answer of Redis', resp, async (answer) => {
    stranger.answer = () => answer
    const endpoint = { host: 'localhost', port: 6379, db: 0, tls: false, socketPath: stranger.path, source: 'default' }
    await probeRedis(endpoint, { protocol: 2 })
  })

  fuzz('an answer of a launcher', control, async (answer) => {
    stranger.answer = () => answer
    const outcome = await askRun({ control: { address: stranger.path, key: 'k' } }, 'status', { deadlineMs: 1000 })
    expect(outcome.kind).not.toBe('silent')
  })

  test('a request to a launcher: nothing is thrown, and nothing told without the key', async () => {
    const control = await serveControl(testHost(root), {
      status: () => ({ services: [], websocket: null, openSockets: null, lastError: null, page: null }),
      restart: async () => {},
      verify: async () => undefined,
      means: () => undefined,
      page: async () => [],
      stop: () => {},
    })
    await fc.assert(
      fc.asyncProperty(requests, async (request) =>
        expectSoon(async () => {
          const socket = connect(control.address).on('error', () => {})
          let told = ''
          socket.on('data', (data) => {
            told += data.toString()
          })
          socket.end(request)
          await once(socket, 'close')
          expect(told).toBe('')
        }),
      ),
      { numRuns: cases, endOnFailure: true },
    )
    await control.close()
  }, 1_800_000)

  fuzz('the list of what --undo puts back', manifests, async (manifest) => {
    const folder = join(root, 'checkout', '.election-dev', 'backups', '2026-01-01T00-00-00-000Z')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'manifest.json'), manifest)
    try {
      await newestBackup(testHost(root), join(root, 'checkout'))
    } catch (error) {
      expect(error).toBeInstanceOf(LauncherError)
    }
  })
}

const requests = control
const manifests = bytesOf(
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '"version":1',
  '"entries":',
  '{"kind":"ran","command":"x"}',
  '{"version":1,"entries":[',
  '{"kind":"ran"}',
  ']}',
  'null',
)
