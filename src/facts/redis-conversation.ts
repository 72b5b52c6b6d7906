import { randomBytes } from 'node:crypto'
import type { RedisConnection } from './redis-connection.ts'
import { showEndpoint, type RedisEndpoint } from './redis-endpoint.ts'
import { failureText, quoted, withoutArguments } from './redis-evidence.ts'
import {
  layerCommands,
  layerScript,
  redisServerOf,
  refusalAmong,
  refusalsOfLogin,
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

/** A cause with what was seen of it. */
export function no(id: RedisRefusal, ...evidence: readonly string[]): RedisNo {
  return { id, evidence }
}

export type RedisVerdict = 'usable' | RedisNo

/** Answers to PING after which nothing more is to be had. */
const FINAL: ReadonlySet<RedisRefusal> = new Set(['redis-protected-mode', 'redis-maxclients', 'redis-not-redis', 'redis-unresponsive'])
/** Answers to a login after which everything else is refused as well, or would be told of another user. A state (loading, no disk, no master) is no such thing. */
const LOGIN: ReadonlySet<RedisRefusal> = new Set([...refusalsOfLogin, 'redis-too-old'])

/** Whom a conversation is with. */
export interface RedisTalk {
  readonly connection: RedisConnection
  readonly endpoint: RedisEndpoint
  /** What redis-py opens with: 2 logs in with AUTH, 3 with HELLO. */
  readonly protocol: 2 | 3
  /** What the server says of itself, as soon as it has. */
  server: RedisServer
}

/** `redis-server 7.0.15 at 127.0.0.1:6379` */
export function whoOf({ server, endpoint }: RedisTalk): string {
  return `${serverName(server)} at ${showEndpoint(endpoint)}`
}

/** What is asked of a server that has answered PING: to let us in, to say its version, and to take what channels_redis sends. */
export async function converse(talk: RedisTalk, ping: RedisAnswer): Promise<RedisVerdict> {
  const { connection, endpoint } = talk
  const refusedPing = refusalAmong([ping], talk.server)
  if (refusedPing !== undefined && FINAL.has(refusedPing.id)) return refusedBy(talk, refusedPing, [ping])

  const login = await logIn(talk)
  const asked = [ping, ...login]
  if (login.some((answer) => !answer.isError)) asked.shift()

  const asking = [
    connection.ask('INFO', 'server'),
    ...(endpoint.db === 0 ? [] : [connection.ask('SELECT', String(endpoint.db))]),
    // outside a MULTI, EXEC only says whether it may be sent
    connection.ask('EXEC'),
    connection.ask('MULTI'),
  ]
  const answers = (await Promise.all(asking)).filter((answer) => answer !== undefined)
  const [info] = answers
  if (info?.asked === 'INFO' && !info.isError) talk.server = redisServerOf(info.text)
  // a server that doesn't know HELLO lets this client in with no password
  const hello = login.find(({ asked: name, text, isError }) => name === 'HELLO' && isError && /unknown command/i.test(text))
  const refusedLogin = refusalAmong(hello === undefined ? asked : [hello], talk.server)
  if (refusedLogin !== undefined && LOGIN.has(refusedLogin.id)) return refusedBy(talk, refusedLogin, asked)
  const multi = answers.at(-1)
  if (answers.length < asking.length || multi === undefined) return cutOff(talk)
  asked.push(...answers)
  // without a MULTI the next commands would run
  if (multi.text !== 'OK')
    return refusedBy(talk, refusalAmong(asked, talk.server) ?? { id: 'redis-acl-denied', answer: multi, also: [] }, asked)

  const nonce = randomBytes(8).toString('hex')
  const queued = layerCommands(nonce).map(async ([command, ...args]) => connection.ask(command, ...args))
  const discarded = connection.ask('DISCARD')
  for (const pending of queued) {
    const answer = await pending
    if (answer === undefined) return cutOff(talk)
    asked.push(answer)
  }
  const refused = refusalAmong(asked, talk.server)
  if (refused !== undefined) return refusedBy(talk, refused, asked)
  // a user who may not DISCARD would queue the script as well: closing the connection discards for them
  if ((await discarded)?.isError !== false) return 'usable'

  const [command, ...args] = layerScript(nonce)
  const script = await connection.ask(command, ...args)
  if (script === undefined) return cutOff(talk)
  const refusedScript = refusalAmong([script], talk.server)
  return refusedScript === undefined ? 'usable' : refusedBy(talk, refusedScript, [script])
}

/** The answers to the login that redis-py would do; none where it would do none. */
async function logIn({ connection, endpoint: { username, password }, protocol }: RedisTalk): Promise<RedisAnswer[]> {
  const credentials =
    username === undefined && password === undefined ? [] : [username, password ?? ''].filter((part) => part !== undefined)
  if (protocol === 3) {
    const auth = credentials.length === 0 ? [] : ['AUTH', username ?? 'default', password ?? '']
    return present(await connection.ask('HELLO', '3', ...auth))
  }
  if (credentials.length === 0) return []
  const answer = await connection.ask('AUTH', ...credentials)
  // servers before 6.0 take a password alone; redis-py tries again in the same way
  const again = answer?.isError === true && credentials.length === 2 && /wrong number of arguments/i.test(answer.text)
  return present(again ? await connection.ask('AUTH', password ?? '') : answer)
}

function refusedBy(talk: RedisTalk, { id, answer, also }: Refused, answers: readonly RedisAnswer[]): RedisNo {
  const evidence = [`${whoOf(talk)} answered ${quoted(withoutArguments(answer))} to ${answer.asked}`]
  if (also.length > 0) evidence.push(`it refuses ${also.join(', ')} for the same cause`)
  if (id === 'redis-too-old') evidence.push(answer.asked === 'HELLO' ? 'HELLO came with Redis 6.0' : 'BZPOPMIN came with Redis 5.0')
  if (id === 'redis-unexpected-password' && answers.some(({ asked, text }) => asked === 'PING' && text === 'PONG'))
    evidence.push('without a password it answers `PONG` to PING')
  return { id, evidence }
}

function cutOff(talk: RedisTalk): RedisNo {
  const { failure } = talk.connection
  const why = failure === undefined ? '' : ` (${failureText(failure)})`
  return no('redis-unresponsive', `${whoOf(talk)} answered PING and then ended the connection${why}`)
}

function present(answer: RedisAnswer | undefined): RedisAnswer[] {
  return answer === undefined ? [] : [answer]
}
