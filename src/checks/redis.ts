import type { RedisFact } from '../facts/redis.ts'
import type { RedisRefusal } from '../facts/redis-refusal.ts'
import type { Automatic, Diagnosis } from './diagnosis.ts'

interface Words {
  readonly title: (name: string, where: string) => string
  readonly remedy: string
  readonly automatic: Automatic
  readonly memory?: true
}

/** What each refusal of Redis means, and what mends it. */
const words: Readonly<Record<RedisRefusal, Words>> = {
  'redis-unreachable': {
    title: (_, where) => `Nothing answers at ${where}, where the settings look for Redis`,
    remedy: 'Start Redis, correct REDIS_HOST and REDIS_PORT, or use the in-memory layer.',
    automatic: 'ask',
    memory: true,
  },
  'redis-unresponsive': {
    title: (_, where) => `Redis at ${where} accepts the connection and never answers`,
    remedy: 'Restart Redis.',
    automatic: 'ask',
    memory: true,
  },
  'redis-too-old': {
    title: (name, where) => `${name} at ${where} is too old for channels_redis`,
    remedy: 'Use the in-memory layer (no Redis needed with one server), or Redis 5 or newer.',
    automatic: 'ask',
    memory: true,
  },
  'redis-no-bzpopmin': {
    title: (name, where) => `${name} at ${where} has no BZPOPMIN: it was renamed or taken away`,
    remedy: 'Take out rename-command BZPOPMIN.',
    automatic: 'no',
    memory: true,
  },
  'redis-no-eval': {
    title: (name, where) => `${name} at ${where} has no EVAL: it was renamed or taken away`,
    remedy: 'Take out rename-command EVAL.',
    automatic: 'no',
    memory: true,
  },
  'redis-auth-required': {
    title: (_, where) => `Redis at ${where} wants a password, and none is sent`,
    remedy: 'Set REDIS_PASSWORD, and pass it on in CHANNEL_LAYERS.',
    automatic: 'no',
  },
  'redis-wrong-password': {
    title: (_, where) => `Redis at ${where} refuses the password`,
    remedy: 'Correct REDIS_PASSWORD.',
    automatic: 'no',
  },
  'redis-unexpected-password': {
    title: (_, where) => `A password is sent to Redis at ${where}, which has none`,
    remedy: 'Empty REDIS_PASSWORD.',
    automatic: 'yes',
  },
  'redis-acl-denied': {
    title: (_, where) => `The Redis user may not do what the channel layer needs at ${where}`,
    remedy: 'ACL SETUSER … ~asgi* +bzpopmin +zpopmin +eval +zadd +expire +zremrangebyscore +zcount +zrange +zrem +del +multi +exec',
    automatic: 'no',
  },
  'redis-oom': { title: (_, where) => `Redis at ${where} is full`, remedy: 'Free memory, or raise maxmemory.', automatic: 'no' },
  'redis-readonly': {
    title: (_, where) => `Redis at ${where} is a replica: it takes no writes`,
    remedy: 'Use the primary.',
    automatic: 'no',
  },
  'redis-loading': {
    title: (_, where) => `Redis at ${where} is still reading its data`,
    remedy: 'Wait: it ends by itself.',
    automatic: 'yes',
  },
  'redis-misconf': {
    title: (_, where) => `Redis at ${where} can't save to disk and refuses writes`,
    remedy: 'Make its folder writable, or CONFIG SET stop-writes-on-bgsave-error no.',
    automatic: 'no',
  },
  'redis-maxclients': {
    title: (_, where) => `Redis at ${where} has no free connection`,
    remedy: 'Raise maxclients, and find who leaks connections.',
    automatic: 'no',
  },
  'redis-not-redis': { title: (_, where) => `What listens at ${where} isn't Redis`, remedy: 'Correct REDIS_PORT.', automatic: 'no' },
  'redis-protected-mode': {
    title: (_, where) => `Redis at ${where} is in protected mode`,
    remedy: 'Set a password, or reach it over loopback.',
    automatic: 'no',
  },
  'redis-tls': {
    title: (_, where) => `Redis at ${where} and the settings do not agree about TLS`,
    remedy: 'rediss:// (or ssl=True) in hosts where Redis speaks TLS; redis:// where it does not.',
    automatic: 'no',
  },
  'redis-cluster': { title: (_, where) => `Redis at ${where} is a node of a cluster`, remedy: 'Use a stand-alone Redis.', automatic: 'no' },
}

/** A Redis that can't be used, as a diagnosis; `besides` is what the WebSocket showed of it. */
export function redisVerdict(fact: Extract<RedisFact, { usable: false }>, where: string, besides: readonly string[] = []): Diagnosis {
  const { title, remedy, automatic, memory } = words[fact.id]
  const name = `Redis${fact.version === undefined ? '' : ` ${fact.version}`}`
  return {
    id: fact.id,
    title: title(name, where),
    evidence: [...besides, ...fact.evidence],
    remedy: { text: remedy, automatic, commands: memory === true ? [['election-dev', 'start', '--channel-layer', 'memory']] : [] },
  }
}
