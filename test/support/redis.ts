/**
 * Real Redis servers for tests: each on a free loopback port (or a Unix
 * socket), in a temporary folder of its own, ended by its PID.
 */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { redisServer, type RedisVersion } from './tools.ts'

export interface RunningRedis {
  readonly host: string
  readonly port: number
  readonly socketPath: string | undefined
  readonly pid: number
  /** The server's working folder, which `stop` removes unless it was given. */
  readonly folder: string
  /** Sends one command, as the default user unless a login is given, and returns the reply. */
  readonly command: (command: string, ...args: string[]) => Promise<unknown>
  /** Kills the server and waits until it is gone. A second call does nothing. */
  readonly stop: () => Promise<void>
}

export interface RedisStart {
  readonly version?: RedisVersion
  /** Path of a server to start, in place of one by its version. */
  readonly program?: string
  /** Lines of redis.conf. */
  readonly config?: readonly string[]
  /** `127.0.0.1` unless given. */
  readonly host?: '127.0.0.1' | '::1'
  /** Listens on `redis.sock` in its folder only. */
  readonly unixSocket?: boolean
  /** Listens with TLS only, with these files. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clients: 'yes' | 'no' }
  /** The password of the default user, for `command`. */
  readonly password?: string
  /** A free port unless given. */
  readonly port?: number
  /** A folder to use instead of a new one. */
  readonly folder?: string
}

/** Starts a server and waits until it takes connections. */
export async function startRedis(options: RedisStart = {}): Promise<RunningRedis> {
  const { version = 'system', config = [], host = '127.0.0.1', unixSocket = false, tls, password } = options
  const binary = options.program ?? (await redisServer(version))
  if (binary === undefined && version === '3.2') return (await import('./old-redis.ts')).startOldRedisStandIn(standIn)
  if (binary === undefined)
    throw new Error(`no redis-server ${version} on this machine, and none can be made: it takes pip, make and a C compiler`)
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'redis-')))
  const port = options.port ?? (await freePort(host))
  const socketPath = unixSocket ? join(folder, 'redis.sock') : undefined
  const lines = [
    `bind ${host}`,
    `port ${unixSocket || tls !== undefined ? 0 : port}`,
    `dir ${folder}`,
    ...(socketPath === undefined ? [] : [`unixsocket ${socketPath}`]),
    ...(tls === undefined
      ? []
      : [
          `tls-port ${port}`,
          `tls-cert-file ${tls.cert}`,
          `tls-key-file ${tls.key}`,
          `tls-ca-cert-file ${tls.cert}`,
          `tls-auth-clients ${tls.clients}`,
        ]),
    ...(config.some((line) => line.startsWith('save ')) ? [] : ['save ""']),
    ...config,
  ]
  const file = join(folder, `redis-${port}.conf`)
  await writeFile(file, `${lines.join('\n')}\n`)

  const child = spawn(binary, [file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stdout.on('data', (data: Buffer) => (log += data.toString()))
  child.stderr.on('data', (data: Buffer) => (log += data.toString()))
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    // a stopped process (SIGSTOP) obeys nothing but this
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await ended
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
  }
  const place = socketPath === undefined ? { host, port } : { path: socketPath }
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`redis-server ${version} ended: ${log}`)
      return accepts(place)
    })
  } catch (error) {
    await stop()
    throw error
  }
  if (child.pid === undefined) throw new Error('redis-server has no PID')
  return {
    host,
    port,
    socketPath,
    pid: child.pid,
    folder,
    stop,
    command: async (command, ...args) => {
      const client = new Redis({
        ...place,
        ...(password === undefined ? {} : { password }),
        protocol: 2,
        disableClientInfo: true,
        enableReadyCheck: false,
        retryStrategy: null,
        disconnectTimeout: 0,
      })
      client.on('error', () => {})
      try {
        return await client.call(command, ...args)
      } finally {
        client.disconnect()
      }
    },
  }
}

export interface StandIn {
  readonly port: number
  /** What clients have sent, all of it. */
  readonly received: () => string
  readonly stop: () => Promise<void>
}

/** A TCP server on 127.0.0.1 for what no real server can be brought to do: `answer` gets each connection and what it sends. */
export async function standIn(
  greet: (socket: Socket) => void,
  answer: (socket: Socket, data: string) => void = () => {},
): Promise<StandIn> {
  const sockets = new Set<Socket>()
  let received = ''
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (data) => {
      received += data.toString()
      answer(socket, data.toString())
    })
    greet(socket)
  })
  return {
    port: await listen(server, '127.0.0.1'),
    received: () => received,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Ports that this process has handed out. */
const handedOut = new Set<number>()

/**
 * A port of the address on which nothing listens. It is below those that the
 * kernel gives to outgoing connections (from 32768 on Linux): a browser's or a
 * client's would take it before the test does.
 */
export async function freePort(host: string): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    if (handedOut.has(port)) continue
    handedOut.add(port)
    const server = createServer().listen(port, host)
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

/** Asks until the answer is true; an error ends it, and so does the deadline (milliseconds). */
export async function until(holds: () => Promise<boolean>, deadlineMs = 10_000): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs / 1000} s`)
    await pause(5)
  }
}

async function listen(server: Server, host: string): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

async function accepts(place: { host: string; port: number } | { path: string }): Promise<boolean> {
  const socket = connect(place)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
