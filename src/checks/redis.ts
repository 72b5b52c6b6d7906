import type { RedisRefusal } from '../facts/redis-refusal.ts'
import { inMemory } from './common-causes.ts'
import type { Diagnosis } from './diagnosis.ts'

interface Words {
  readonly title: (name: string, where: string) => string
  readonly remedy: string
  readonly memory?: true
}

/** What each refusal of Redis means, and what mends it. */
const words: Readonly<Record<RedisRefusal, Words>> = {
  'redis-unreachable': {
    title: (_, where) => `Nothing answers at ${where}, where the settings look for Redis`,
    remedy: 'Start Redis, correct REDIS_HOST and REDIS_PORT, or use the in-memory layer.',
    memory: true,
  },
  'redis-unresponsive': {
    title: (_, where) => `Redis at ${where} accepts the connection but never answers`,
    remedy: 'Restart Redis.',
    memory: true,
  },
  'redis-too-old': {
    title: (name, where) => `${name} at ${where} is too old for channels_redis`,
    remedy: 'Use the in-memory layer (no Redis needed with one server), or Redis 5 or newer.',
    memory: true,
  },
  'redis-no-bzpopmin': {
    title: (name, where) => `${name} at ${where} has no BZPOPMIN: it was renamed or disabled`,
    remedy: 'Remove rename-command BZPOPMIN.',
    memory: true,
  },
  'redis-no-eval': {
    title: (name, where) => `${name} at ${where} has no EVAL: it was renamed or disabled`,
    remedy: 'Remove rename-command EVAL.',
    memory: true,
  },
  'redis-auth-required': {
    title: (_, where) => `Redis at ${where} requires a password, but none is sent`,
    remedy: 'Set REDIS_PASSWORD, and pass it on in CHANNEL_LAYERS.',
  },
  'redis-wrong-password': {
    title: (_, where) => `Redis at ${where} refuses the password`,
    remedy: 'Correct REDIS_PASSWORD.',
  },
  'redis-unexpected-password': {
    title: (_, where) => `A password is sent to Redis at ${where}, which has none`,
    remedy: 'Empty REDIS_PASSWORD.',
  },
  'redis-acl-denied': {
    title: (_, where) => `The Redis user may not do what the channel layer needs at ${where}`,
    remedy: 'ACL SETUSER … ~asgi* +bzpopmin +zpopmin +eval +zadd +expire +zremrangebyscore +zcount +zrange +zrem +del +multi +exec',
  },
  'redis-oom': { title: (_, where) => `Redis at ${where} is full`, remedy: 'Free memory, or raise maxmemory.' },
  'redis-readonly': {
    title: (_, where) => `Redis at ${where} is a replica: it takes no writes`,
    remedy: 'Use the primary.',
  },
  'redis-loading': {
    title: (_, where) => `Redis at ${where} is still reading its data`,
    remedy: 'Wait: it ends by itself.',
  },
  'redis-misconf': {
    title: (_, where) => `Redis at ${where} can't save to disk and refuses writes`,
    remedy: 'Make its folder writable, or CONFIG SET stop-writes-on-bgsave-error no.',
  },
  'redis-maxclients': {
    title: (_, where) => `Redis at ${where} has no free connection`,
    remedy: 'Raise maxclients, and find who leaks connections.',
  },
  'redis-not-redis': { title: (_, where) => `What listens at ${where} isn't Redis`, remedy: 'Correct REDIS_PORT.' },
  'redis-protected-mode': {
    title: (_, where) => `Redis at ${where} is in protected mode`,
    remedy: 'Set a password, or reach it over loopback.',
  },
  'redis-tls': {
    title: (_, where) => `Redis at ${where} and the settings disagree about TLS`,
    remedy: 'rediss:// (or ssl=True) in hosts if Redis speaks TLS, else redis://.',
  },
  'redis-cluster': { title: (_, where) => `Redis at ${where} is a node of a cluster`, remedy: 'Use a stand-alone Redis.' },
}

/** What a refusal is told with. */
interface Told {
  readonly where: string
  readonly evidence: readonly string[]
  readonly version?: string | undefined
  /** How the backend's interpreter is called. */
  readonly python?: string
}

/** A refusal of Redis as a diagnosis. Pure. */
export function redisDiagnosis(id: RedisRefusal, { where, evidence, version, python = 'python' }: Told): Diagnosis {
  const { title, remedy, memory } = words[id]
  const name = `Redis${version === undefined ? '' : ` ${version}`}`
  // redis-py 8 opens with RESP3; every version before it with RESP2
  if (id === 'redis-too-old' && evidence.some((line) => /\bHELLO\b/.test(line)))
    return {
      id,
      title: `${name} at ${where} is too old for redis-py 8`,
      evidence,
      remedy: {
        text: 'Use the in-memory layer, Redis 6 or newer, or (with Redis 5) redis-py before 8.',
        commands: inMemory,
        alternatives: [[[python, '-m', 'pip', 'install', 'redis<8']]],
      },
    }
  return { id, title: title(name, where), evidence, remedy: { text: remedy, commands: memory === true ? inMemory : [] } }
}

/**
 * What redis-py raises, by the refusal that it comes from. It takes the prefix
 * off the errors that it has a class for (`NOPERM`, `LOADING`, `READONLY`) and
 * leaves the others as the server sends them. What a server says of everything
 * stands before what it says of one command.
 */
const raised: readonly (readonly [RegExp, RedisRefusal])[] = [
  [/Redis is running in protected mode/, 'redis-protected-mode'],
  [/max number of clients reached/, 'redis-maxclients'],
  [/\bBusyLoadingError\b|Redis is loading the dataset in memory/, 'redis-loading'],
  [/MISCONF Redis is configured to save|^MISCONF|: MISCONF /, 'redis-misconf'],
  [/\bReadOnlyError\b|write against a read only replica|MASTERDOWN Link with MASTER is down/, 'redis-readonly'],
  [
    /CLUSTERDOWN|Hash slot not served|non local key in a cluster|CROSSSLOT|do(?:n't| not) hash to the same slot|: MOVED \d+ /,
    'redis-cluster',
  ],
  [/command not allowed (?:under OOM prevention|when used memory > 'maxmemory')/, 'redis-oom'],
  [/called without any password configured|AUTH, but no password is set/, 'redis-unexpected-password'],
  [/invalid username-password pair|AuthenticationError: (?:ERR )?invalid password/i, 'redis-wrong-password'],
  [/(?:AuthenticationError|ResponseError|NoAuth\w*|NOAUTH).*Authentication required|NOAUTH Authentication required/, 'redis-auth-required'],
  [
    /\bNoPermissionError\b|has no permissions to run the|No permissions to access a key|executing the script can't|NOPERM /i,
    'redis-acl-denied',
  ],
  // RESP3 came with Redis 6.0, and so did HELLO, which redis-py 8 opens with
  [/unknown command ['"`]?HELLO/i, 'redis-too-old'],
  [/unknown command ['"`]?EVAL/i, 'redis-no-eval'],
  [/Protocol error, got|(?:InvalidResponse|ConnectionError): Protocol Error/i, 'redis-not-redis'],
]

/** The refusal of Redis that an exception's text names; undefined where it names none. Pure. */
export function redisRefusalIn(text: string): RedisRefusal | undefined {
  return raised.find(([pattern]) => pattern.test(text))?.[1]
}
