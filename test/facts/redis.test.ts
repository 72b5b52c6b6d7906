import { execFile, spawn } from 'node:child_process'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { RedisEndpoint } from '../../src/facts/redis-endpoint.ts'
import { probeRedis, type RedisFact, type RedisProbeOptions, type RedisRefusal } from '../../src/facts/redis.ts'
import { oldRedisKind } from '../support/old-redis.ts'
import { freePort, standIn, startRedis, until, type RedisStart, type RunningRedis, type StandIn } from '../support/redis.ts'
import { root, type RedisVersion } from '../support/tools.ts'

const PASSWORD = 'vQ4-mJ7xN2wL'
const WRONG = 'hB9-tR3kZ6yD'
/** What channels_redis sends, and no more: it works for this user with a real layer. */
const LAYER = '+bzpopmin +zpopmin +eval +zadd +expire +zremrangebyscore +zcount +zrange +zrem +del +multi +exec'.split(' ')

async function redis(options: RedisStart = {}): Promise<RunningRedis> {
  const server = await startRedis(options)
  onTestFinished(server.stop)
  return server
}

async function impostor(...args: Parameters<typeof standIn>): Promise<StandIn> {
  const server = await standIn(...args)
  onTestFinished(server.stop)
  return server
}

function at(server: { host?: string; port: number }, more: Partial<RedisEndpoint> = {}): RedisEndpoint {
  return { host: server.host ?? '127.0.0.1', port: server.port, db: 0, tls: false, source: 'REDIS_HOST in environment', ...more }
}

/** Probes, and sees to what holds for every probe: it is over in 1.2 s and shows no password. */
async function probe(endpoint: RedisEndpoint, options?: RedisProbeOptions): Promise<RedisFact> {
  const before = performance.now()
  const fact = await probeRedis(endpoint, options)
  const elapsed = performance.now() - before
  expect(elapsed).toBeLessThan(1200)
  expect(fact.elapsedMs).toBeLessThanOrEqual(elapsed)
  for (const secret of [PASSWORD, WRONG]) expect(JSON.stringify(fact)).not.toContain(secret)
  return fact
}

/** A server and the login of a user with these rules. */
async function withUser(...rules: string[]): Promise<RedisEndpoint> {
  const server = await redis({ version: '8' })
  await server.command('ACL', 'SETUSER', 'web', 'on', `>${PASSWORD}`, 'resetchannels', ...rules)
  return at(server, { username: 'web', password: PASSWORD })
}

/** Writes a piece again and again, as long as it is read. */
function endless(socket: Socket, piece: string): void {
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
    if (!socket.destroyed) socket.once('drain', more)
  }
  more()
}

function expectRefusal(fact: RedisFact, id: RedisRefusal, ...evidence: RegExp[]): void {
  expect(fact).toMatchObject({ usable: false, id })
  for (const pattern of evidence) expect(fact.usable ? '' : fact.evidence.join('\n')).toMatch(pattern)
}

describe('as it is', async () => {
  it.each<[RedisVersion, RegExp]>([
    ['5.0', /^5\.0\./],
    ['system', /^\d+\./],
    ['8', /^8\./],
  ])('redis %s is usable', async (version, number) => {
    const server = await redis({ version })
    expect(await probe(at(server))).toMatchObject({ usable: true, product: 'redis', version: expect.stringMatching(number) as string })
  })

  it(`3.2 is too old (${await oldRedisKind()})`, async () => {
    const fact = await probe(at(await redis({ version: '3.2' })))
    expectRefusal(
      fact,
      'redis-too-old',
      /^redis-server 3\.2\.\d+ at 127\.0\.0\.1:\d+ answered `ERR unknown command 'BZPOPMIN'` to BZPOPMIN$/m,
    )
    expect(fact).toMatchObject({ product: 'redis', version: expect.stringMatching(/^3\.2\./) as string })
  })

  it('5.0 is too old for a redis-py that opens with HELLO 3', async () => {
    const server = await redis({ version: '5.0' })
    expectRefusal(await probe(at(server), { protocol: 3 }), 'redis-too-old', /unknown command `HELLO`/, /HELLO came with Redis 6\.0/)
    expect(await probe(at(await redis()), { protocol: 3 })).toMatchObject({ usable: true })
  })

  it('another database, and one that is not there', async () => {
    const server = await redis()
    expect(await probe(at(server, { db: 3 }))).toMatchObject({ usable: true })
    expectRefusal(
      await probe(at(server, { db: 99 })),
      'redis-unreachable',
      /127\.0\.0\.1:\d+\/99 answered `ERR DB index is out of range` to SELECT/,
    )
  })

  it('a Unix socket', async () => {
    const server = await redis({ unixSocket: true })
    const socketPath = server.socketPath ?? ''
    expect(await probe(at(server, { socketPath }))).toMatchObject({ usable: true })
    expectRefusal(await probe(at(server, { socketPath: `${socketPath}.gone` })), 'redis-unreachable', /ENOENT/)
  })

  it('localhost finds it on either family, and IPv6 by its address', async () => {
    const four = await redis({ host: '127.0.0.1' })
    const six = await redis({ host: '::1' })
    expect(await probe(at({ host: 'localhost', port: four.port }))).toMatchObject({ usable: true })
    // there are machines whose localhost is 127.0.0.1 only
    const names = (await lookup('localhost', { all: true })).map(({ address }) => address)
    expect(await probe(at({ host: 'localhost', port: six.port }))).toMatchObject({ usable: names.includes('::1') })
    expect(await probe(at(six))).toMatchObject({ usable: true })
  })

  it('leaves nothing behind: no key, no write, no client that waits', async () => {
    const server = await redis()
    await server.command('ZADD', 'asgi:group:mine', '1', 'specific.a!b')
    await server.command('CONFIG', 'RESETSTAT')
    expect(await probe(at(server))).toMatchObject({ usable: true })
    expect(await probe(at(server, { db: 2 }))).toMatchObject({ usable: true })
    await until(async () => /connected_clients:1\r/.test(String(await server.command('INFO', 'clients'))))
    expect(await server.command('DBSIZE')).toBe(1)
    expect(await server.command('INFO', 'clients')).toMatch(/blocked_clients:0\r/)
    expect(await server.command('INFO', 'keyspace')).not.toMatch(/db2/)
    const stats = String(await server.command('INFO', 'commandstats'))
    const called = [...stats.matchAll(/^cmdstat_([a-z|]+):calls=([1-9]\d*)/gm)].map(([, name]) => name)
    expect(called.filter((name) => name?.startsWith('config') !== true).toSorted()).toEqual([
      'dbsize',
      'discard',
      'eval',
      'exec',
      'info',
      'multi',
      'ping',
      'select',
      'zrange',
    ])
  })
})

describe('commands taken away', () => {
  it.each<[string, RedisRefusal]>([
    ['BZPOPMIN', 'redis-no-bzpopmin'],
    ['EVAL', 'redis-no-eval'],
  ])('%s renamed', async (command, id) => {
    const server = await redis({ config: [`rename-command ${command} ""`] })
    expectRefusal(await probe(at(server)), id, new RegExp(`unknown command .${command}.*to ${command}$`, 'm'))
  })
  it('BZPOPMIN renamed on 5.0', async () => {
    expectRefusal(await probe(at(await redis({ version: '5.0', config: ['rename-command BZPOPMIN ""'] }))), 'redis-no-bzpopmin')
  })
  it('INFO and PING renamed are no fault', async () => {
    const server = await redis({ config: ['rename-command INFO ""', 'rename-command PING ""'] })
    expect(await probe(at(server))).toMatchObject({ usable: true, product: 'unknown' })
  })
  it('AUTH renamed does not bring the password back', async () => {
    const server = await redis({ version: '5.0', config: ['rename-command AUTH ""'] })
    expectRefusal(await probe(at(server, { password: PASSWORD })), 'redis-acl-denied', /unknown command `AUTH`"/)
  })
})

describe('passwords', () => {
  it.each<RedisVersion>(['3.2', '5.0', 'system', '8'])('redis %s with a password', async (version) => {
    const server = await redis({ version, config: [`requirepass ${PASSWORD}`] })
    expectRefusal(await probe(at(server)), 'redis-auth-required', /`NOAUTH Authentication required\.` to PING/)
    expectRefusal(await probe(at(server, { password: WRONG })), 'redis-wrong-password', /to AUTH$/m)
    const right = await probe(at(server, { password: PASSWORD }))
    if (version === '3.2') expectRefusal(right, 'redis-too-old')
    else expect(right).toMatchObject({ usable: true })
  })
  it.each<RedisVersion>(['5.0', 'system', '8'])('redis %s has none, and one is given', async (version) => {
    expectRefusal(
      await probe(at(await redis({ version }), { password: PASSWORD })),
      'redis-unexpected-password',
      /to AUTH$/m,
      /without a password it answers `PONG`/,
    )
  })
  it('RESP3 logs in with HELLO, which takes any password where none is set', async () => {
    expect(await probe(at(await redis(), { password: PASSWORD }), { protocol: 3 })).toMatchObject({ usable: true })
    const server = await redis({ config: [`requirepass ${PASSWORD}`] })
    expect(await probe(at(server, { password: PASSWORD }), { protocol: 3 })).toMatchObject({ usable: true })
    expectRefusal(await probe(at(server, { password: WRONG }), { protocol: 3 }), 'redis-wrong-password', /WRONGPASS/)
    expectRefusal(await probe(at(server), { protocol: 3 }), 'redis-auth-required')
  })
  it('a user and a password for a server that knows no users', async () => {
    const server = await redis({ version: '5.0', config: [`requirepass ${PASSWORD}`] })
    expect(await probe(at(server, { username: 'default', password: PASSWORD }))).toMatchObject({ usable: true })
  })
})

describe('limited users', () => {
  it('the keys and the commands of the layer are enough', async () => {
    expect(await probe(await withUser('~asgi*', ...LAYER))).toMatchObject({ usable: true, product: 'unknown' })
    expect(await probe(await withUser('~asgi*', '+@all'))).toMatchObject({ usable: true, product: 'redis' })
  })
  it('other keys are not enough', async () => {
    const endpoint = await withUser('~site*', ...LAYER)
    expectRefusal(await probe(endpoint), 'redis-acl-denied', /access one of the keys|No permissions to access a key/)
  })
  it.each(['bzpopmin', 'eval', 'zadd', 'expire', 'zrange', 'del', 'multi', 'exec'])('without %s', async (command) => {
    const endpoint = await withUser('~asgi*', ...LAYER, `-${command}`)
    expectRefusal(await probe(endpoint), 'redis-acl-denied', new RegExp(`NOPERM .*'${command}' command.* to ${command.toUpperCase()}`))
  })
  it('without scripting', async () => {
    expectRefusal(await probe(await withUser('~asgi*', '+@all', '-@scripting')), 'redis-acl-denied', /'eval'/)
  })
  it('keys that may only be read', async () => {
    expectRefusal(await probe(await withUser('%R~asgi*', '+@all')), 'redis-acl-denied', /BZPOPMIN/, /ZADD/)
  })
  it('a wrong password, and a user who is not there', async () => {
    const endpoint = await withUser('~asgi*', ...LAYER)
    expectRefusal(await probe({ ...endpoint, password: WRONG }), 'redis-wrong-password')
    expectRefusal(await probe({ ...endpoint, username: 'nobody' }), 'redis-wrong-password')
  })
})

describe('states of a server', () => {
  it('a replica, and one whose master is gone', async () => {
    const master = await redis()
    const replica = await redis({ config: [`replicaof 127.0.0.1 ${master.port}`] })
    expectRefusal(await probe(at(replica)), 'redis-readonly', /READONLY You can't write against a read only replica/)
    const orphan = await redis({ config: [`replicaof 127.0.0.1 ${await freePort('127.0.0.1')}`, 'replica-serve-stale-data no'] })
    expectRefusal(await probe(at(orphan)), 'redis-readonly', /MASTERDOWN .* to PING/)
  })
  it.each<RedisVersion>(['5.0', 'system', '8'])('redis %s out of memory', async (version) => {
    const server = await redis({ version, config: ['maxmemory 1', 'maxmemory-policy noeviction'] })
    expectRefusal(await probe(at(server)), 'redis-oom', /OOM command not allowed/)
  })
  it('no free connection', async () => {
    const server = await redis({ config: ['maxclients 1'] })
    // the connection that saw it come up has to be gone first
    await until(async () => {
      const holder = connect({ host: server.host, port: server.port })
      holder.on('error', () => {})
      onTestFinished(() => void holder.destroy())
      holder.write('PING\r\n')
      const [answer] = (await once(holder, 'data')) as [Buffer]
      return answer.toString().includes('PONG')
    })
    expectRefusal(await probe(at(server)), 'redis-maxclients', /`ERR max number of clients reached`/)
  })
  it('loading its data', async () => {
    const server = await redis({ config: ['rdbcompression no'] })
    await server.command('EVAL', "for i = 1, 20000 do redis.call('SET', 'key' .. i, string.rep('x', 100)) end", '0')
    await server.command('SAVE')
    const second = await redis({ folder: server.folder, config: ['key-load-delay 500', 'loading-process-events-interval-bytes 1024'] })
    expectRefusal(await probe(at(second)), 'redis-loading', /LOADING Redis is loading the dataset in memory` to PING/)
  })
  it('unable to save to its disk', async () => {
    const server = await redis({ config: ['save 3600 1'] })
    // permissions don't stop a server that runs as root; a working folder that is gone does
    await rm(server.folder, { recursive: true })
    await server.command('BGSAVE').catch(() => undefined)
    await until(async () => /rdb_last_bgsave_status:err/.test(String(await server.command('INFO', 'persistence'))))
    expectRefusal(await probe(at(server)), 'redis-misconf', /MISCONF Redis is configured to save/)
  })
  it('a node of a cluster, without its slots and with all of them', async () => {
    const server = await redis({ version: '8', config: ['cluster-enabled yes', `cluster-port ${await freePort('127.0.0.1')}`] })
    expectRefusal(await probe(at(server)), 'redis-cluster', /CLUSTERDOWN|redis_mode:cluster/)
    await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await until(async () => /cluster_state:ok/.test(String(await server.command('CLUSTER', 'INFO'))))
    expectRefusal(await probe(at(server)), 'redis-cluster', /redis_mode:cluster|CROSSSLOT/)
  })
  it('protected (a stand-in: a real server is never protected from the loopback address)', async () => {
    const text =
      '-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. In this mode connections are only accepted from the loopback interface.\r\n'
    const server = await impostor((socket) => socket.end(text))
    expectRefusal(await probe(at(server)), 'redis-protected-mode', /`DENIED Redis is running in protected mode/)
  })
  it('stopped by SIGSTOP', async () => {
    const server = await redis()
    process.kill(server.pid, 'SIGSTOP')
    const fact = await probe(at(server))
    expectRefusal(fact, 'redis-unresponsive', /answered nothing to PING within 1000 ms/)
    expect(fact.elapsedMs).toBeGreaterThan(950)
  })
  it('silent after PING (a stand-in)', async () => {
    const server = await impostor(
      () => {},
      (socket, data) => void (data.includes('PING') && socket.write('+PONG\r\n')),
    )
    expectRefusal(
      await probe(at(server), { deadlineMs: 200 }),
      'redis-unresponsive',
      /answered PING, and not all of the rest within 200 ms/,
    )
  })
  it('ended after PING (a stand-in)', async () => {
    const server = await impostor(
      () => {},
      (socket, data) => void (data.includes('PING') ? socket.write('+PONG\r\n') : socket.end()),
    )
    expectRefusal(await probe(at(server)), 'redis-unresponsive', /answered PING and then ended the connection/)
  })
  it('queues EVAL and does not run a script on keys that it does not declare (a stand-in for Dragonfly)', async () => {
    let queueing = false
    const server = await impostor(
      () => {},
      (socket, data) => {
        for (const [, command = ''] of data.matchAll(/\*\d+\r\n\$\d+\r\n([A-Z]+)\r\n/g)) {
          if (command === 'MULTI' || command === 'DISCARD') {
            queueing = command === 'MULTI'
            socket.write('+OK\r\n')
          } else if (queueing) socket.write('+QUEUED\r\n')
          else if (command === 'PING') socket.write('+PONG\r\n')
          else socket.write(`-ERR ${command === 'EXEC' ? 'EXEC without MULTI' : 'script tried accessing undeclared key'}\r\n`)
        }
      },
    )
    expectRefusal(await probe(at(server)), 'redis-no-eval', /undeclared key` to EVAL/)
  })
  it('queues no write where MULTI is refused (a stand-in)', async () => {
    const server = await impostor(
      () => {},
      (socket, data) => {
        for (const [, command] of data.matchAll(/\*\d+\r\n\$\d+\r\n([A-Z]+)\r\n/g))
          socket.write(command === 'PING' ? '+PONG\r\n' : '-ERR no\r\n')
      },
    )
    expectRefusal(await probe(at(server)), 'redis-acl-denied')
    expect(server.received()).toMatch(/MULTI/)
    expect(server.received()).not.toMatch(/ZADD|BZPOPMIN/)
  })
})

describe('not there, or not Redis', () => {
  it('nothing listens', async () => {
    const port = await freePort('127.0.0.1')
    const fact = await probe(at({ port }))
    expectRefusal(fact, 'redis-unreachable', new RegExp(`connect ECONNREFUSED 127\\.0\\.0\\.1:${port}`))
    expect(fact.elapsedMs).toBeLessThan(500)
    expectRefusal(await probe(at({ host: 'localhost', port })), 'redis-unreachable', /ECONNREFUSED/)
    expectRefusal(await probe(at({ port }, { tls: true })), 'redis-unreachable', /ECONNREFUSED/)
  })
  it('an HTTP server, which never sees the password', async () => {
    const server = createServer((_request, response) => void response.end('hello'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    expectRefusal(await probe(at({ port: address.port })), 'redis-not-redis', /`HTTP\/1\.1 400 Bad Request`/)
    const mail = await impostor((socket) => void socket.write('220 mail ESMTP\r\n'))
    expectRefusal(await probe(at(mail, { password: PASSWORD })), 'redis-not-redis', /`220 mail ESMTP`/)
    expect(mail.received()).not.toContain(PASSWORD)
  })
  it('a server that says what it is sent', async () => {
    const echo = await impostor(
      () => {},
      (socket, data) => void socket.write(data),
    )
    expectRefusal(await probe(at(echo)), 'redis-not-redis')
  })
  it('a server that takes connections and closes them', async () => {
    const server = await impostor((socket) => void socket.end())
    expectRefusal(await probe(at(server)), 'redis-not-redis', /closed the connection without an answer/)
  })
})

describe('answers that no Redis gives', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['a negative bulk inside an array', (socket) => void socket.write('*1\r\n$-5\r\n')],
    ['a negative array', (socket) => void socket.write('*-7\r\n')],
    ['an array of 2 000 000 000', (socket) => void socket.write('*2000000000\r\n')],
    ['an array of 10^12', (socket) => void socket.write('*1000000000000\r\n')],
    ['200 000 arrays in each other', (socket) => void socket.write('*1\r\n'.repeat(200_000))],
    ['nothing, which nobody asked for', (socket) => void socket.write('$-1\r\n'.repeat(20))],
    ['a push', (socket) => void socket.write('>1\r\n_\r\n')],
    ['a length that is no number', (socket) => void socket.write('$abc\r\nabc\r\n')],
    ['a bulk without an end', (socket) => (socket.write('$999999999999\r\n'), endless(socket, 'x'.repeat(65_536)))],
    ['a line without an end', (socket) => (socket.write('+'), endless(socket, 'x'.repeat(65_536)))],
    ['an error without an end', (socket) => (socket.write('-'), endless(socket, 'x'.repeat(65_536)))],
    ['arrays without an end', (socket) => endless(socket, '*1\r\n:1\r\n'.repeat(1000))],
    ['only zeros', (socket) => endless(socket, '\0'.repeat(65_536))],
  ])('%s', async (_, answer) => {
    const before = process.memoryUsage().rss
    const server = await impostor(() => {}, answer)
    const fact = await probe(at(server, { password: PASSWORD }))
    expect(fact.usable).toBe(false)
    expect(JSON.stringify(fact).length).toBeLessThan(2000)
    expect(process.memoryUsage().rss - before).toBeLessThan(150e6)
  })
})

describe('TLS', () => {
  let folder = ''
  const files = { cert: '', key: '' }
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'redis-tls-'))
    files.cert = join(folder, 'cert.pem')
    files.key = join(folder, 'key.pem')
    const request =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost'
    await promisify(execFile)('openssl', [...request.split(' '), '-keyout', files.key, '-out', files.cert])
  })
  afterAll(async () => rm(folder, { recursive: true, force: true }))

  it.each<'yes' | 'no'>(['no', 'yes'])('a TLS server is spoken to in plain (client certificates: %s)', async (clients) => {
    const server = await redis({ tls: { ...files, clients } })
    expectRefusal(
      await probe(at(server)),
      'redis-tls',
      /ends a plain connection without an answer to PING/,
      clients === 'no' ? /after a TLS handshake on the same port it answered `PONG`/ : /certificate/,
    )
  })
  it('a TLS server is spoken to in TLS', async () => {
    const server = await redis({ tls: { ...files, clients: 'no' } })
    expectRefusal(
      await probe(at(server, { tls: true, password: PASSWORD })),
      'redis-tls',
      /certificate of .* isn't trusted: DEPTH_ZERO_SELF_SIGNED_CERT/,
    )
    expect(await probe(at(server, { tls: true, tlsVerify: false }))).toMatchObject({ usable: true })
    expect(await probe(at(server, { tls: true, tlsFiles: { ca: files.cert } }))).toMatchObject({ usable: true })
    expect(await probe(at({ host: 'localhost', port: server.port }, { tls: true, tlsFiles: { ca: files.cert } }))).toMatchObject({
      usable: true,
    })
    expectRefusal(await probe(at(server, { tls: true, tlsFiles: { ca: `${files.cert}.gone` } })), 'redis-tls', /can't be read: ENOENT/)
  })
  it('a server that wants a client certificate gets one', async () => {
    const server = await redis({ tls: { ...files, clients: 'yes' } })
    expect(await probe(at(server, { tls: true, tlsFiles: { ca: files.cert, cert: files.cert, key: files.key } }))).toMatchObject({
      usable: true,
    })
    expectRefusal(await probe(at(server, { tls: true, tlsVerify: false })), 'redis-tls', /ended the connection after the TLS handshake/)
    expectRefusal(await probe(at(server, { tls: true, tlsFiles: { cert: files.cert } })), 'redis-tls', /can't be used/)
  })
  it('a plain server is spoken to in TLS', async () => {
    expectRefusal(await probe(at(await redis(), { tls: true })), 'redis-tls', /asks for TLS/, /without TLS .* answered `PONG` to PING/)
  })
  it('an HTTPS server', async () => {
    const server = createSecureServer({ cert: readFileSync(files.cert), key: readFileSync(files.key) })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    expectRefusal(await probe(at({ port: address.port })), 'redis-not-redis', /HTTP\/1\.1 400/)
  })
})

describe('a process that probes', () => {
  let folder = ''
  let script = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'redis-probe-'))
    script = join(folder, 'probe.cjs')
    await build({
      stdin: {
        contents: `import { probeRedis } from './src/facts/redis.ts'
          void probeRedis({ host: '127.0.0.1', port: Number(process.argv[2]), db: 0, tls: false, source: 'default' }).then((fact) => console.log(fact.usable ? 'usable' : fact.id))`,
        resolveDir: root,
      },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: script,
      logLevel: 'silent',
    })
  })
  afterAll(async () => rm(folder, { recursive: true, force: true }))

  async function run(port: number): Promise<{ said: string; lingeredMs: number; status: number | null }> {
    const child = spawn(process.execPath, [script, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    const answered = performance.now()
    await ended
    return { said: said.toString().trim(), lingeredMs: performance.now() - answered, status: child.exitCode }
  }

  it.each<[string, string, () => Promise<number>]>([
    ['healthy', 'usable', async () => (await redis()).port],
    ['refused', 'redis-unreachable', async () => freePort('127.0.0.1')],
    ['silent', 'redis-unresponsive', async () => (await impostor(() => {})).port],
    ['not Redis', 'redis-not-redis', async () => (await impostor((socket) => void socket.write('hello\r\n'))).port],
    ['needs a password', 'redis-auth-required', async () => (await redis({ config: [`requirepass ${PASSWORD}`] })).port],
  ])('ends at once: %s', async (_name, said, start) => {
    const result = await run(await start())
    expect(result).toMatchObject({ said, status: 0 })
    expect(result.lingeredMs).toBeLessThan(300)
  })
})
