import { randomBytes } from 'node:crypto'
import type { RedisConnection } from './redis-connection.ts'
import { showEndpoint, type RedisEndpoint } from './redis-endpoint.ts'
import { failureText, quoted, withoutArguments } from './redis-evidence.ts'
import {
  layerCommands,
  layerScript,
  redisServerOf,
  refusalAmong,
  serverName,
  type RedisAnswer,
  type RedisRefusal,
  type RedisServer,
  type Refused,
} from './redis-refusal.ts'

/** A cause and what was seen that proves it. */
export interface RedisNo {
  readonly id: RedisRefusal
  readonly evidence: readonly string[]
}

export type RedisVerdict = 'usable' | RedisNo

/** Answers to PING after which nothing more is to be had. */
const FINAL: ReadonlySet<RedisRefusal> = new Set(['redis-protected-mode', 'redis-maxclients', 'redis-not-redis', 'redis-unresponsive'])
/** Answers to a login after which everything else is refused as well, or would be told of another user. A state (loading, no disk, no master) is no such thing. */
const LOGIN: ReadonlySet<RedisRefusal> = new Set([
  'redis-auth-required',
  'redis-wrong-password',
  'redis-unexpected-password',
  'redis-too-old',
  'redis-acl-denied',
])

/** What is asked of a server that has answered PING: to let us in, to say its version, and to take what channels_redis sends. */
export class RedisConversation {
  /** What the server says of itself, as soon as it has. */
  server: RedisServer = redisServerOf(undefined)
  readonly #connection: RedisConnection
  readonly #endpoint: RedisEndpoint
  readonly #prefix: string
  readonly #protocol: 2 | 3

  /** @param protocol What redis-py opens with: 2 logs in with AUTH, 3 with HELLO. */
  constructor(connection: RedisConnection, endpoint: RedisEndpoint, prefix: string, protocol: 2 | 3) {
    this.#connection = connection
    this.#endpoint = endpoint
    this.#prefix = prefix
    this.#protocol = protocol
  }

  /** `redis-server 7.0.15 at 127.0.0.1:6379` */
  who(): string {
    return `${serverName(this.server)} at ${showEndpoint(this.#endpoint)}`
  }

  /** From the answer to PING on to a verdict. */
  async run(ping: RedisAnswer): Promise<RedisVerdict> {
    const refusedPing = refusalAmong([ping], this.server)
    if (refusedPing !== undefined && FINAL.has(refusedPing.id)) return this.#refused(refusedPing, [ping])

    const login = await this.#login()
    const asked = [ping, ...login]
    if (login.some((answer) => !answer.isError)) asked.shift()

    const { db } = this.#endpoint
    const asking = [
      this.#connection.ask('INFO', 'server'),
      ...(db === 0 ? [] : [this.#connection.ask('SELECT', String(db))]),
      // outside a MULTI, EXEC only says whether it may be sent
      this.#connection.ask('EXEC'),
      this.#connection.ask('MULTI'),
    ]
    const answers = (await Promise.all(asking)).filter((answer) => answer !== undefined)
    const [info] = answers
    if (info?.asked === 'INFO' && !info.isError) this.server = redisServerOf(info.text)
    // a server that doesn't know HELLO lets this client in with no password
    const hello = login.find(({ asked: name, text, isError }) => name === 'HELLO' && isError && /unknown command/i.test(text))
    const refusedLogin = refusalAmong(hello === undefined ? asked : [hello], this.server)
    if (refusedLogin !== undefined && LOGIN.has(refusedLogin.id)) return this.#refused(refusedLogin, asked)
    const multi = answers.at(-1)
    if (answers.length < asking.length || multi === undefined) return this.#cutOff()
    asked.push(...answers)
    // without a MULTI the next commands would run
    if (multi.text !== 'OK') {
      return this.#refused(refusalAmong(asked, this.server) ?? { id: 'redis-acl-denied', answer: multi, also: [] }, asked)
    }

    const nonce = randomBytes(8).toString('hex')
    const queued = layerCommands(this.#prefix, nonce).map(async ([command, ...args]) => this.#connection.ask(command, ...args))
    const discarded = this.#connection.ask('DISCARD')
    for (const pending of queued) {
      const answer = await pending
      if (answer === undefined) return this.#cutOff()
      asked.push(answer)
    }
    const refused = refusalAmong(asked, this.server)
    if (refused !== undefined) return this.#refused(refused, asked)
    // a user who may not DISCARD would queue the script as well: closing the connection discards for them
    if ((await discarded)?.isError !== false) return 'usable'

    const [command, ...args] = layerScript(this.#prefix, nonce)
    const script = await this.#connection.ask(command, ...args)
    if (script === undefined) return this.#cutOff()
    const refusedScript = refusalAmong([script], this.server)
    return refusedScript === undefined ? 'usable' : this.#refused(refusedScript, [script])
  }

  /** The answers to the login that redis-py would do; none where it would do none. */
  async #login(): Promise<RedisAnswer[]> {
    const { username, password } = this.#endpoint
    const credentials =
      username === undefined && password === undefined ? [] : [username, password ?? ''].filter((part) => part !== undefined)
    if (this.#protocol === 3) {
      const auth = credentials.length === 0 ? [] : ['AUTH', username ?? 'default', password ?? '']
      return present(await this.#connection.ask('HELLO', '3', ...auth))
    }
    if (credentials.length === 0) return []
    const answer = await this.#connection.ask('AUTH', ...credentials)
    // servers before 6.0 take a password alone; redis-py tries again in the same way
    if (answer?.isError === true && credentials.length === 2 && /wrong number of arguments/i.test(answer.text)) {
      return present(await this.#connection.ask('AUTH', password ?? ''))
    }
    return present(answer)
  }

  #refused({ id, answer, also }: Refused, answers: readonly RedisAnswer[]): RedisNo {
    const evidence = [`${this.who()} answered ${quoted(withoutArguments(answer))} to ${answer.asked}`]
    if (also.length > 0) evidence.push(`it refuses ${also.join(', ')} for the same cause`)
    if (id === 'redis-too-old' && answer.asked === 'HELLO') evidence.push('HELLO came with Redis 6.0')
    else if (id === 'redis-too-old') evidence.push('BZPOPMIN came with Redis 5.0')
    if (id === 'redis-unexpected-password' && answers.some(({ asked, text }) => asked === 'PING' && text === 'PONG')) {
      evidence.push('without a password it answers `PONG` to PING')
    }
    return { id, evidence }
  }

  #cutOff(): RedisNo {
    const { failure } = this.#connection
    const why = failure === undefined ? '' : ` (${failureText(failure)})`
    return { id: 'redis-unresponsive', evidence: [`${this.who()} answered PING and then ended the connection${why}`] }
  }
}

function present(answer: RedisAnswer | undefined): RedisAnswer[] {
  return answer === undefined ? [] : [answer]
}
