/** Causes that a server's answers tell, nearest to the root first: what has to be mended before the next one can show. */
const PRECEDENCE = [
  'redis-protected-mode',
  'redis-maxclients',
  'redis-not-redis',
  'redis-wrong-password',
  'redis-unexpected-password',
  'redis-auth-required',
  'redis-unresponsive',
  'redis-cluster',
  'redis-too-old',
  'redis-no-bzpopmin',
  'redis-no-eval',
  'redis-unreachable',
  'redis-loading',
  'redis-readonly',
  'redis-acl-denied',
  'redis-oom',
  'redis-misconf',
] as const

/** The causes for which a Redis server can't carry a channel layer. */
export type RedisRefusal = (typeof PRECEDENCE)[number] | 'redis-tls'

/** Those that depend on who asks. */
export const refusalsOfLogin: ReadonlySet<RedisRefusal> = new Set([
  'redis-auth-required',
  'redis-wrong-password',
  'redis-unexpected-password',
  'redis-acl-denied',
])

export type RedisProduct = 'redis' | 'valkey' | 'keydb' | 'dragonfly' | 'unknown'

/** One command and what the server answered to it. */
export interface RedisAnswer {
  /** The command's name, in capitals. */
  readonly asked: string
  /** The answer without its RESP marker: `PONG`, `QUEUED`, `NOAUTH Authentication required.` */
  readonly text: string
  readonly isError: boolean
}

/** What `INFO server` tells. Every field may be missing: a limited user may not ask. */
export interface RedisServer {
  readonly product: RedisProduct
  /** The product's own version. */
  readonly version?: string
  /** The version of Redis that the server says it is compatible with. */
  readonly redisVersion?: string
  readonly cluster: boolean
}

export interface Refused {
  readonly id: RedisRefusal
  /** The answer that proves it. */
  readonly answer: RedisAnswer
  /** Other commands that were refused for the same cause. */
  readonly also: readonly string[]
}

/**
 * The commands that channels_redis 4 sends, with arguments inside its key
 * space; source: `channels_redis/core.py`. They are meant to be queued in a
 * MULTI that is discarded. EVAL has two keys, so that a cluster shows itself.
 * The layer's `prefix` is taken to be `asgi`, as it is unless the settings say otherwise.
 *
 * @param nonce Makes the keys ones that nobody uses.
 */
export function layerCommands(nonce: string): readonly (readonly [string, ...string[]])[] {
  const channel = `asgispecific.${nonce}!`
  const backup = `${channel}$inflight`
  const group = `asgi:group:${nonce}`
  return [
    ['BZPOPMIN', channel, '0'],
    ['ZPOPMIN', backup],
    ['EVAL', 'return 0', '2', channel, group],
    ['ZADD', group, '0', nonce],
    ['ZADD', channel, '0', nonce],
    ['ZADD', backup, '0', nonce],
    ['EXPIRE', group, '60'],
    ['EXPIRE', channel, '60'],
    ['ZREMRANGEBYSCORE', group, '0', '0'],
    ['ZREMRANGEBYSCORE', channel, '0', '0'],
    ['ZCOUNT', channel, '-inf', '+inf'],
    ['ZRANGE', group, '0', '-1'],
    ['ZRANGE', backup, '0', '-1', 'WITHSCORES'],
    ['ZREM', group, nonce],
    ['DEL', backup],
  ]
}

/**
 * A script that only reads, on a key that it doesn't declare, as the script of
 * channels_redis that runs before every BZPOPMIN does. It shows what no queued
 * EVAL shows: whether a script runs, and on keys that aren't declared.
 */
export function layerScript(nonce: string): readonly [string, ...string[]] {
  return ['EVAL', "return redis.call('ZRANGE', ARGV[1], 0, -1, 'WITHSCORES')", '0', `asgispecific.${nonce}!$inflight`]
}

/** Reads the answer to `INFO server`; undefined in, an unknown server out. */
export function redisServerOf(info: string | undefined): RedisServer {
  const field = (name: string): string | undefined => new RegExp(`^${name}:([^\\r\\n]+)`, 'm').exec(info ?? '')?.[1]?.trim()
  const redisVersion = field('redis_version')
  const own: readonly [RedisProduct, string | undefined] =
    field('dragonfly_version') !== undefined
      ? ['dragonfly', field('dragonfly_version')?.replace(/^(?:df-)?v?/, '')]
      : field('valkey_version') !== undefined || field('server_name') === 'valkey'
        ? ['valkey', field('valkey_version') ?? redisVersion]
        : /keydb/i.test(`${field('executable') ?? ''} ${field('server_name') ?? ''}`)
          ? ['keydb', redisVersion]
          : [redisVersion === undefined ? 'unknown' : 'redis', redisVersion]
  const [product, version] = own
  return {
    product,
    ...(version === undefined ? {} : { version }),
    ...(redisVersion === undefined ? {} : { redisVersion }),
    cluster: field('redis_mode') === 'cluster' || field('cluster_enabled') === '1',
  }
}

/** `redis-server 7.0.15`, `valkey-server 8.0.1`, or `the server` where it doesn't say. */
export function serverName(server: Pick<RedisServer, 'product' | 'version'>): string {
  if (server.product === 'unknown') return 'the server'
  const name = server.product === 'dragonfly' ? 'dragonfly' : `${server.product}-server`
  return server.version === undefined ? name : `${name} ${server.version}`
}

/**
 * The one cause among a server's answers, or undefined where none of them is a
 * refusal of anything that channels_redis needs.
 */
export function refusalAmong(answers: readonly RedisAnswer[], server: RedisServer): Refused | undefined {
  const refusals = answers.flatMap((answer) => {
    const id = refusalOf(answer, answers, server)
    return id === undefined ? [] : [{ id, answer }]
  })
  const info = answers.find((answer) => answer.asked === 'INFO')
  if (server.cluster && info !== undefined) {
    refusals.push({ id: 'redis-cluster', answer: { asked: 'INFO server', text: 'redis_mode:cluster', isError: false } })
  }
  for (const id of PRECEDENCE) {
    const [first, ...rest] = refusals.filter((refusal) => refusal.id === id)
    if (first === undefined) continue
    const also = new Set(rest.map((refusal) => refusal.answer.asked))
    also.delete(first.answer.asked)
    return { id, answer: first.answer, also: [...also] }
  }
  return undefined
}

/** Commands of the probe that channels_redis doesn't send: a user may lack them, a server may not know them. */
const OUR_OWN = new Set(['PING', 'INFO', 'DISCARD'])

function refusalOf(answer: RedisAnswer, answers: readonly RedisAnswer[], server: RedisServer): RedisRefusal | undefined {
  const { asked, text, isError } = answer
  if (!isError) return asked === 'PING' && text !== 'PONG' ? 'redis-not-redis' : undefined
  const general = anyCommand(text)
  if (general !== undefined) return general
  if (asked === 'AUTH' || asked === 'HELLO') {
    const refused = loginRefusal(text)
    if (refused !== undefined) return refused
  }
  if (OUR_OWN.has(asked)) return undefined
  if (asked === 'EXEC' && /without MULTI/i.test(text)) return undefined
  if (/unknown command/i.test(text)) {
    // RESP3 came with Redis 6.0, and so did HELLO
    if (asked === 'HELLO') return 'redis-too-old'
    if (asked === 'BZPOPMIN') return isTooOld(answers, server) ? 'redis-too-old' : 'redis-no-bzpopmin'
    if (asked === 'ZPOPMIN' && isTooOld(answers, server)) return 'redis-too-old'
    if (asked === 'EVAL') return 'redis-no-eval'
    return 'redis-acl-denied'
  }
  // the database that the settings look for isn't there
  if (asked === 'SELECT')
    return /cluster mode/i.test(text) ? 'redis-cluster' : text.startsWith('NOPERM') ? 'redis-acl-denied' : 'redis-unreachable'
  if (/^NOPERM|ACL failure in script|user executing the script can't/.test(text)) return 'redis-acl-denied'
  return asked === 'EVAL' ? 'redis-no-eval' : 'redis-acl-denied'
}

/** Answers that mean the same whatever was asked. Where a script met one, it stands inside the sentence. */
const ANY_COMMAND: readonly (readonly [RegExp, RedisRefusal])[] = [
  [/^DENIED\b/, 'redis-protected-mode'],
  [/max number of clients/i, 'redis-maxclients'],
  [/^NOAUTH\b|operation not permitted$/, 'redis-auth-required'],
  [/^LOADING\b/, 'redis-loading'],
  [/^BUSY\b/, 'redis-unresponsive'],
  [/^MASTERDOWN\b|\bREADONLY\b/, 'redis-readonly'],
  [/^(?:CLUSTERDOWN|MOVED|ASK|CROSSSLOT|TRYAGAIN)\b|non local key in a cluster|do not hash to the same slot/, 'redis-cluster'],
  [/\bOOM\b/, 'redis-oom'],
  [/\bMISCONF\b|^NOREPLICAS\b/, 'redis-misconf'],
]

function anyCommand(text: string): RedisRefusal | undefined {
  return ANY_COMMAND.find(([pattern]) => pattern.test(text))?.[1]
}

function loginRefusal(text: string): RedisRefusal | undefined {
  if (/without any password configured|no password is set/i.test(text)) return 'redis-unexpected-password'
  if (/^WRONGPASS\b|invalid password|invalid username-password/i.test(text)) return 'redis-wrong-password'
  return undefined
}

/** BZPOPMIN and ZPOPMIN came with Redis 5.0: where the version isn't known, lacking both speaks for age, lacking one for `rename-command`. */
function isTooOld(answers: readonly RedisAnswer[], server: RedisServer): boolean {
  const major = Number.parseInt(server.redisVersion ?? '', 10)
  if (!Number.isNaN(major)) return major < 5
  const lacks = (name: string): boolean =>
    answers.some((answer) => answer.asked === name && answer.isError && /unknown command/i.test(answer.text))
  return lacks('BZPOPMIN') && lacks('ZPOPMIN')
}
