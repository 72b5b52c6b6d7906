import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { AbstractConnector, Redis, ReplyError } from 'ioredis'
import { readBytesSync } from '../host/files.ts'
import { isRecord } from '../host/json.ts'
import { placeOf, type RedisEndpoint } from './redis-endpoint.ts'
import type { RedisAnswer } from './redis-refusal.ts'

/** As much of what a server sends first as is kept to quote from, in bytes. */
const KEPT = 512

/** More than all that is asked can be answered with, in bytes: who sends more sends without end. */
const MOST = 4_000_000

/** The same for lines. */
const MOST_PIECES = 5000

/** The same for arrays in each other: ioredis goes through all that are open with each line. The slots of a cluster are four deep. */
const DEEPEST = 16

/** What an answer begins with, in RESP2 and RESP3; a push is none. */
const ANSWERS = '+-:$*_#,(=!%~|'
/** A whole line of one, and the length of the string behind it. Of what it isn't, ioredis makes room for a billion, or two answers. */
const ANSWER = /^(?:[+\-,(][^\r\n]*|:[+-]?\d+|[$=!](?:-1|(\d{1,12}))|[*%~|](?:-1|\d{1,5})|_|#[tf])\r\n$/
const newLine = 10

/** Of arrays that still want so many members each, those that do after one more: the last member of one makes that one whole. */
function afterMember(open: readonly number[]): number[] {
  const last = open.at(-1)
  if (last === undefined) return []
  const others = open.slice(0, -1)
  return last > 1 ? [...others, last - 1] : afterMember(others)
}

/**
 * One conversation with a server, in RESP2 and with nothing in it that wasn't
 * asked for: no login, no database, no name, no second try. Nothing here
 * throws, and after `close` nothing keeps the process alive.
 */
export class RedisConnection {
  /** The other side took the TCP connection (or the Unix socket). */
  opened = false
  /** Commands can be sent: opened and, with TLS, the handshake is done. */
  ready = false
  /** What ended the connection, as the system or OpenSSL says it. */
  failure: Error | undefined
  readonly #socket: () => Socket | TLSSocket | undefined
  readonly #redis: Redis
  #received = Buffer.alloc(0)
  #closed = false

  /** @param dial Opens the socket; `secure` says that it speaks TLS. */
  constructor(dial: () => Socket | TLSSocket, secure: boolean) {
    let socket: Socket | TLSSocket | undefined
    const listen = (fresh: Socket | TLSSocket): void => {
      this.opened = !fresh.connecting && !fresh.destroyed
      fresh.once('connect', () => (this.opened = true))
      fresh.on('error', (error) => (this.failure ??= error))
      let size = 0
      fresh.on('data', (data: Buffer) => {
        size += data.length
        if (size > MOST) {
          this.failure ??= new Error(`it sent more than ${MOST / 1_000_000} MB`)
          fresh.destroy()
        }
        if (this.#received.length < KEPT) this.#received = Buffer.concat([this.#received, data]).subarray(0, KEPT)
      })
    }
    /** Our own socket, to see its first bytes and its failure, and to end it without the timer that ioredis 6's connector sets. */
    class OneSocket extends AbstractConnector {
      constructor() {
        super(0)
      }
      override async connect(): Promise<Socket | TLSSocket> {
        socket = dial()
        listen(socket)
        return socket
      }
      override disconnect(): void {
        this.connecting = false
        socket?.destroy()
      }
    }
    this.#socket = () => socket
    this.#redis = new Redis({
      Connector: OneSocket,
      ...(secure ? { tls: {} } : {}),
      lazyConnect: true,
      protocol: 2,
      enableReadyCheck: false,
      disableClientInfo: true,
      enableAutoPipelining: false,
      autoResendUnfulfilledCommands: false,
      retryStrategy: null,
      connectTimeout: 0,
      disconnectTimeout: 0,
    })
    // ioredis prints an error that nobody listens to
    this.#redis.on('error', () => {})
  }

  /** Opens the connection. True where commands can be sent, else `failure` says why. */
  async connect(): Promise<boolean> {
    if (this.#closed) return false
    try {
      await this.#redis.connect()
      this.#guard()
      this.ready = true
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error))
    }
    return this.ready
  }

  /**
   * Hands ioredis what comes line by line, and nothing that nobody asked for: of an answer without a command, and of a
   * push, it makes an exception that nobody can catch (DataHandler, `dispatch`). No two answers end in one line, nor in a
   * string with a length; what isn't in this shape is handed on no further.
   */
  #guard(): void {
    const socket = this.#socket()
    const [parse, ...others] = socket?.listeners('data') ?? []
    if (socket === undefined || parse === undefined) return
    let pieces = 0
    /** A line that isn't whole yet. */
    let line = Buffer.alloc(0)
    /** Bytes of a string with a length that are still to come, its line end with them. */
    let left = 0
    /** How many members the arrays still want that aren't whole, the outermost first. */
    const open: number[] = []
    const take = (piece: Buffer): string | undefined => {
      if (++pieces > MOST_PIECES) return 'it sent more than any answer has'
      if (!this.#waits()) return 'it sent an unsolicited answer'
      if (left > 0) {
        left -= piece.length
        parse.call(socket, piece)
        return undefined
      }
      line = Buffer.concat([line, piece])
      if (!ANSWERS.includes(line.toString('latin1', 0, 1))) return 'it sent no answer of RESP'
      if (line.at(-1) !== newLine) return undefined
      const whole = line
      line = Buffer.alloc(0)
      const [text, length] = ANSWER.exec(whole.toString('latin1')) ?? []
      if (text === undefined) return 'it sent no answer of RESP'
      const [, kind, members] = /^([*%~|])([1-9]\d*)/.exec(text) ?? []
      if (members !== undefined) open.push(Number(members) * (kind === '*' || kind === '~' ? 1 : 2))
      else open.splice(0, open.length, ...afterMember(open))
      if (open.length > DEEPEST) return 'it sent more arrays in each other than any answer has'
      if (length !== undefined) left = Number(length) + 2
      parse.call(socket, whole)
      return undefined
    }
    socket.removeAllListeners('data')
    socket.on('data', (data: Buffer) => {
      for (const listener of others) listener.call(socket, data)
      for (let at = 0; at < data.length;) {
        const next = Math.min(data.length, left > 0 ? at + left : data.indexOf('\n', at) + 1 || data.length)
        const refused = take(data.subarray(at, next))
        if (refused !== undefined) {
          this.failure ??= new Error(refused)
          socket.destroy()
          return
        }
        at = next
      }
    })
  }

  /** A command was sent, and has no answer yet. */
  #waits(): boolean {
    const queue: unknown = Reflect.get(this.#redis, 'commandQueue')
    return isRecord(queue) && queue['length'] !== 0
  }

  /** Sends a command. Undefined where no answer came: the connection ended, or what came isn't RESP. */
  async ask(command: string, ...args: readonly string[]): Promise<RedisAnswer | undefined> {
    try {
      const reply = await this.#redis.call(command, ...args)
      return { asked: command, text: textOf(reply), isError: false }
    } catch (error) {
      if (error instanceof ReplyError && error instanceof Error) return { asked: command, text: error.message, isError: true }
      return undefined
    }
  }

  /** The socket, where one was opened. */
  get socket(): Socket | TLSSocket | undefined {
    return this.#socket()
  }

  /** The first bytes that the server sent, whatever they are. */
  get received(): Buffer {
    return this.#received
  }

  /** Ends it at once and for good; whatever still waits for an answer gets undefined. */
  close(): void {
    this.#closed = true
    this.#redis.disconnect()
    this.#socket()?.destroy()
  }
}

/**
 * A connection to an endpoint, not yet opened, in TLS or not, whatever the endpoint asks for. Throws where a file
 * that its TLS options name can't be read. `reached`: a plain socket that is connected already.
 */
export function openConnection(endpoint: RedisEndpoint, secure: boolean, reached?: Socket): RedisConnection {
  const { host, tlsFiles } = endpoint
  const place = placeOf(endpoint)
  const tls: ConnectionOptions = secure
    ? {
        ...(isIP(host) === 0 ? { servername: host } : {}),
        // the handshake has to succeed for anything to be told; the probe judges the certificate
        rejectUnauthorized: false,
        // redis-py checks names only since version 6
        checkServerIdentity: () => undefined,
        ...(tlsFiles?.ca === undefined ? {} : { ca: readBytesSync(tlsFiles.ca) }),
        ...(tlsFiles?.cert === undefined ? {} : { cert: readBytesSync(tlsFiles.cert), key: readBytesSync(tlsFiles.key ?? tlsFiles.cert) }),
      }
    : {}
  return new RedisConnection(() => (secure ? connectTls({ ...place, ...tls }) : (reached ?? connectPlain(place))), secure)
}

function textOf(reply: unknown): string {
  return Array.isArray(reply) ? reply.map(textOf).join(' ') : String(reply)
}
