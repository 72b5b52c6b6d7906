import type { RedisRefusal } from '../facts/redis-refusal.ts'

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
