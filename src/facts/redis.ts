import { connect, type Socket } from 'node:net'
import { errorMessage } from '../errors.ts'
import type { RedisConnection } from './redis-connection.ts'
import { converse, no, whoOf, type RedisNo, type RedisTalk, type RedisVerdict } from './redis-conversation.ts'
import { placeOf, showEndpoint, type RedisEndpoint } from './redis-endpoint.ts'
import { failureText, isTlsRecord, quoted, withoutPassword } from './redis-evidence.ts'
import { redisServerOf, type RedisAnswer, type RedisProduct, type RedisRefusal } from './redis-refusal.ts'
import { within } from '../host/race-stop.ts'

export type { RedisRefusal } from './redis-refusal.ts'

/** Whether channels_redis can work with a server; where it can't, the one cause and what was seen. Times in milliseconds. */
export type RedisFact =
  | { readonly usable: true; readonly product: RedisProduct; readonly version?: string; readonly elapsedMs: number }
  | {
      readonly usable: false
      readonly id: RedisRefusal
      readonly product?: RedisProduct
      readonly version?: string
      /** Sentences with the server's own words in them; never a password. */
      readonly evidence: readonly string[]
      readonly elapsedMs: number
    }

export interface RedisProbeOptions {
  /** Time for everything together, in milliseconds. 1000 unless given. */
  readonly deadlineMs?: number
  /**
   * The protocol that the project's redis-py opens with. 3 (redis-py 8) logs in
   * with HELLO, which servers before 6.0 don't know and which takes any
   * password where none is set; 2, the default, logs in with AUTH.
   */
  readonly protocol?: 2 | 3
}

/**
 * Asks the server at an endpoint whether channels_redis can work with it. The
 * commands of the layer are queued in a MULTI that is discarded, so that every
 * refusal shows and nothing runs; one script that only reads is run. No key is
 * written, nothing blocks, and no socket or timer is left.
 *
 * @returns Always, within the deadline. It never throws.
 */
export async function probeRedis(endpoint: RedisEndpoint, options: RedisProbeOptions = {}): Promise<RedisFact> {
  const started = performance.now()
  const { deadlineMs = 1000, protocol = 2 } = options
  const probe = new Probe(endpoint, protocol, deadlineMs)
  const verdict = (await within(deadlineMs, probe.run())) ?? probe.late()
  probe.close()
  const elapsedMs = performance.now() - started
  const { product = 'unknown', version } = probe.talk?.server ?? {}
  const known = { ...(version === undefined ? {} : { version }), elapsedMs }
  if (verdict === 'usable') return { usable: true, product, ...known }
  const evidence = verdict.evidence.map((line) => withoutPassword(line, endpoint.password))
  return { usable: false, id: verdict.id, ...(product === 'unknown' ? {} : { product }), evidence, ...known }
}

class Probe {
  readonly #endpoint: RedisEndpoint
  readonly #place: string
  readonly #protocol: 2 | 3
  readonly #deadlineMs: number
  readonly #connections: RedisConnection[] = []
  /** What the plain or the secure attempt found before another attempt was made; it stands if the other one gets nowhere. */
  #fallback: RedisNo | undefined
  #reached: Socket | undefined
  #answered = false
  #over = false
  /** What it has come to with a server that answers. */
  talk: RedisTalk | undefined

  constructor(endpoint: RedisEndpoint, protocol: 2 | 3, deadlineMs: number) {
    this.#endpoint = endpoint
    this.#place = showEndpoint(endpoint)
    this.#protocol = protocol
    this.#deadlineMs = deadlineMs
  }

  async run(): Promise<RedisVerdict> {
    return this.#endpoint.tls ? this.#runSecure() : this.#runPlain()
  }

  /** Ends it all. The run finds its connection closed and would look for TLS next: whatever it dials from now on is closed already. */
  close(): void {
    this.#over = true
    this.#reached?.destroy()
    for (const connection of this.#connections) connection.close()
  }

  /** What the run has come to when its time is over. */
  late(): RedisVerdict {
    if (this.#fallback !== undefined) return this.#fallback
    const connection = this.#connections.at(-1)
    if (connection === undefined || !connection.opened) {
      return no('redis-unreachable', `no connection to ${this.#place} within ${this.#deadlineMs} ms`)
    }
    if (!this.#answered && connection.received.length > 0) return this.#notRedis(connection)
    return no(
      'redis-unresponsive',
      this.#answered
        ? `${this.talk === undefined ? this.#place : whoOf(this.talk)} answered PING, and not all of the rest within ${this.#deadlineMs} ms`
        : `${this.#place} took the connection and answered nothing to PING within ${this.#deadlineMs} ms`,
    )
  }

  async #runPlain(): Promise<RedisVerdict> {
    const reached = await this.#reach()
    if (reached instanceof Error) return this.#unreachable(reached)
    const connection = await this.#dial(false, reached)
    if (!(await connection.connect())) return this.#unreachable(connection.failure)
    const ping = await this.#ping(connection)
    if (ping !== undefined) return this.#converse(connection, ping)
    if (connection.received.length > 0 && !isTlsRecord(connection.received)) return this.#notRedis(connection)
    return this.#lookForTls(connection)
  }

  /** The port closes on a plain PING without an answer, or answers with a TLS alert: one handshake decides. */
  async #lookForTls(plain: RedisConnection): Promise<RedisVerdict> {
    this.#fallback = no(
      'redis-not-redis',
      `${this.#place} closed the connection without an answer to PING${plain.failure === undefined ? '' : ` (${failureText(plain.failure)})`}`,
    )
    const silent = `${this.#place} ends a plain connection without an answer to PING`
    const secure = await this.#dial(true)
    if (!(await secure.connect())) {
      // an alert is TLS: the port speaks it and refused this handshake
      if (/alert/i.test(failureText(secure.failure))) {
        return no('redis-tls', silent, `a TLS handshake on the same port ended with \`${failureText(secure.failure)}\``)
      }
      return {
        ...this.#fallback,
        evidence: [...this.#fallback.evidence, `a TLS handshake on the same port failed: ${failureText(secure.failure)}`],
      }
    }
    this.#fallback = no('redis-tls', silent, 'on the same port a TLS handshake succeeds')
    const ping = await this.#ping(secure)
    if (ping !== undefined) {
      return no('redis-tls', silent, `after a TLS handshake on the same port it answered ${quoted(ping.text)} to PING`)
    }
    if (secure.received.length > 0) return this.#notRedis(secure)
    return secure.failure === undefined
      ? this.#fallback
      : no('redis-tls', ...this.#fallback.evidence, `then it ended with \`${failureText(secure.failure)}\``)
  }

  async #runSecure(): Promise<RedisVerdict> {
    let connection: RedisConnection
    try {
      connection = await this.#dial(true)
    } catch (error) {
      return no('redis-tls', `a file that the TLS options in ${this.#endpoint.source} name can't be read: ${errorMessage(error)}`)
    }
    // a plain Redis takes a TLS greeting for the beginning of a line and may wait for its end
    const connecting = connection.connect()
    let shaken = await within(this.#deadlineMs * 0.4, connecting)
    if (shaken === undefined && !connection.opened) shaken = await connecting
    if (shaken !== true) {
      // a key or a certificate that OpenSSL can't read: there was no socket yet
      if (connection.socket === undefined) {
        return no('redis-tls', `the TLS options in ${this.#endpoint.source} can't be used: ${failureText(connection.failure)}`)
      }
      if (!connection.opened) return this.#unreachable(connection.failure)
      return this.#lookForPlain(connection, shaken === false ? failureText(connection.failure) : 'no answer')
    }
    const { socket } = connection
    if (this.#endpoint.tlsVerify !== false && socket !== undefined && 'authorized' in socket && !socket.authorized) {
      return no(
        'redis-tls',
        `the certificate of ${this.#place} isn't trusted: ${String(socket.authorizationError)}; ssl_ca_certs in the URL can name its issuer`,
      )
    }
    const ping = await this.#ping(connection)
    if (ping !== undefined) return this.#converse(connection, ping)
    if (connection.received.length > 0) return this.#notRedis(connection)
    return no('redis-tls', `${this.#place} ended the connection after the TLS handshake: ${failureText(connection.failure)}`)
  }

  /** TLS is wanted and there was no handshake: does the port speak plain Redis? */
  async #lookForPlain(secure: RedisConnection, handshake: string): Promise<RedisVerdict> {
    secure.close()
    const plain = await this.#dial(false)
    if (!(await plain.connect())) return this.#unreachable(plain.failure)
    const ping = await this.#ping(plain)
    const wanted = `${this.#endpoint.source} asks for TLS, and the handshake with ${this.#place} failed: ${handshake}`
    if (ping !== undefined) {
      return no('redis-tls', wanted, `without TLS ${this.#place} answered ${quoted(ping.text)} to PING`)
    }
    if (plain.received.length > 0 && !isTlsRecord(plain.received)) return this.#notRedis(plain)
    return no('redis-tls', wanted)
  }

  async #converse(connection: RedisConnection, ping: RedisAnswer): Promise<RedisVerdict> {
    this.talk = { connection, endpoint: this.#endpoint, protocol: this.#protocol, server: redisServerOf(undefined) }
    return converse(this.talk, ping)
  }

  /** Whether anything takes a connection at all: most often nothing does, and no client has to be loaded then. */
  async #reach(): Promise<Socket | Error> {
    const socket = connect(placeOf(this.#endpoint))
    this.#reached = socket
    return new Promise((resolve) => {
      socket.once('connect', () => resolve(socket))
      socket.once('error', resolve)
    })
  }

  async #dial(secure: boolean, reached?: Socket): Promise<RedisConnection> {
    const { openConnection } = await import('./redis-connection.ts')
    // what a server says unasked is gone before the client listens for it: it is dialled anew
    const isFresh = reached?.readableLength === 0 && !reached.destroyed
    const connection = openConnection(this.#endpoint, secure, isFresh ? reached : undefined)
    this.#connections.push(connection)
    if (this.#over) connection.close()
    return connection
  }

  async #ping(connection: RedisConnection): Promise<RedisAnswer | undefined> {
    const answer = await connection.ask('PING')
    if (answer !== undefined) this.#answered = true
    return answer
  }

  #unreachable(failure: Error | undefined): RedisNo {
    return no('redis-unreachable', `no connection to ${this.#place} (${this.#endpoint.source}): ${failureText(failure)}`)
  }

  #notRedis(connection: RedisConnection): RedisNo {
    const [line = ''] = connection.received.toString('utf8').split(/\r?\n/)
    return no(
      'redis-not-redis',
      `${this.#place} answered ${quoted(withoutPassword(line, this.#endpoint.password))} to PING, which is no Redis protocol`,
    )
  }
}
