import { judgeClientLimit, judgeClientNote, judgeClientStruck } from '../checks/redis-client.ts'
import { judgeRedis, judgeRedisNote, judgeRedisUnready } from '../checks/redis-layer.ts'
import { waitForRedis } from '../fix/planners/database.ts'
import { emptyPassword, memoryInstead } from '../fix/planners/dotenv.ts'
import { endlessRead } from '../fix/planners/layer-hosts.ts'
import { own, type Cause } from './cause.ts'

const redis = {
  family: 'redis',
  severity: 'error',
  rules: { unready: judgeRedisUnready, inside: judgeRedis, working: judgeRedis, note: judgeRedisNote },
} as const

/** Redis, where the channel layer uses it. */
export const redisCauses = [
  { ...redis, id: 'redis-unreachable', automatic: 'ask', title: 'Nothing answers where the settings look for Redis', fix: memoryInstead },
  { ...redis, id: 'redis-unresponsive', automatic: 'ask', title: 'Redis accepts the connection but never answers', fix: memoryInstead },
  { ...redis, id: 'redis-too-old', automatic: 'ask', title: 'Redis is older than 5.0, which channels_redis needs', fix: memoryInstead },
  { ...redis, id: 'redis-no-bzpopmin', automatic: 'no', title: 'Redis has BZPOPMIN renamed or disabled' },
  { ...redis, id: 'redis-no-eval', automatic: 'no', title: 'Redis has EVAL renamed or disabled' },
  {
    ...redis,
    id: 'redis-auth-required',
    noCommands: own.redisValue,
    automatic: 'no',
    title: 'Redis requires a password, but none is sent',
  },
  {
    ...redis,
    id: 'redis-wrong-password',
    noCommands: own.redisValue,
    automatic: 'no',
    title: 'Redis refuses the password',
  },
  {
    ...redis,
    id: 'redis-unexpected-password',
    noCommands: own.redisValue,
    automatic: 'yes',
    title: 'A password is sent to a Redis that has none',
    fix: emptyPassword,
  },
  {
    ...redis,
    id: 'redis-acl-denied',
    noCommands: own.redis,
    automatic: 'no',
    title: 'The Redis user may not do what the channel layer needs',
  },
  {
    ...redis,
    id: 'redis-oom',
    noCommands: own.redis,
    automatic: 'no',
    title: 'Redis is full and refuses writes',
  },
  {
    ...redis,
    id: 'redis-readonly',
    noCommands: own.redis,
    automatic: 'no',
    title: 'Redis is a replica, which takes no writes',
  },
  {
    ...redis,
    id: 'redis-loading',
    noCommands: 'it ends by itself',
    automatic: 'yes',
    title: 'Redis is still reading its data',
    fix: waitForRedis,
  },
  {
    ...redis,
    id: 'redis-misconf',
    noCommands: own.redis,
    automatic: 'no',
    title: "Redis can't save to disk and refuses writes",
  },
  {
    ...redis,
    id: 'redis-maxclients',
    noCommands: own.redis,
    automatic: 'no',
    title: 'Redis has no connection left',
  },
  {
    ...redis,
    id: 'redis-not-redis',
    noCommands: own.redisValue,
    automatic: 'no',
    title: 'What listens on REDIS_PORT is not Redis',
  },
  {
    ...redis,
    id: 'redis-protected-mode',
    noCommands: own.redis,
    automatic: 'no',
    title: 'Redis in protected mode is reached from outside loopback',
  },
  {
    ...redis,
    id: 'redis-tls',
    noCommands: own.redisValue,
    automatic: 'no',
    title: "Redis speaks TLS and the settings don't, or the other way round",
  },
  {
    ...redis,
    id: 'redis-client-timeout',
    automatic: 'yes',
    title: 'The Redis client stops reading too early, which ends idle sockets',
    rules: { unready: judgeClientLimit, inside: judgeClientStruck, working: judgeClientLimit, note: judgeClientNote },
    fix: endlessRead,
  },
  {
    ...redis,
    id: 'redis-cluster',
    noCommands: own.redis,
    automatic: 'no',
    title: 'Redis is a node of a cluster',
  },
] as const satisfies readonly Cause[]
