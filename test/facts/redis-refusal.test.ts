import { describe, expect, it } from 'vitest'
import { quoted, withoutArguments, withoutPassword } from '../../src/facts/redis-evidence.ts'
import {
  layerCommands,
  redisServerOf,
  refusalAmong,
  serverName,
  type RedisAnswer,
  type RedisRefusal,
} from '../../src/facts/redis-refusal.ts'

/** `BZPOPMIN -ERR …` is an error, `PING PONG` is not. */
function answer(line: string): RedisAnswer {
  const space = line.indexOf(' ')
  const text = line.slice(space + 1)
  const isError = text.startsWith('-')
  return { asked: line.slice(0, space), text: isError ? text.slice(1) : text, isError }
}

const redis = (version: string): string => `# Server\r\nredis_version:${version}\r\nredis_mode:standalone\r\n`
const unknown7 = (name: string): string => `${name} -ERR unknown command '${name}', with args beginning with: 'asgispecific.0!' '0' `

describe('one answer, one cause', () => {
  const cases: [string, string, RedisRefusal | undefined][] = [
    ['PONG', 'PING PONG', undefined],
    ['QUEUED', 'BZPOPMIN QUEUED', undefined],
    ['EXEC where there is no MULTI', 'EXEC -ERR EXEC without MULTI', undefined],
    ['3.2 without BZPOPMIN', "BZPOPMIN -ERR unknown command 'BZPOPMIN'", 'redis-no-bzpopmin'],
    ['a password is wanted', 'PING -NOAUTH Authentication required.', 'redis-auth-required'],
    [
      'a password is wanted, RESP3',
      'HELLO -NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used',
      'redis-auth-required',
    ],
    ['a password is wanted, 2.x', 'PING -ERR operation not permitted', 'redis-auth-required'],
    ['wrong password, 6 and newer', 'AUTH -WRONGPASS invalid username-password pair or user is disabled.', 'redis-wrong-password'],
    ['wrong password, before 6', 'AUTH -ERR invalid password', 'redis-wrong-password'],
    ['wrong password, RESP3', 'HELLO -WRONGPASS invalid username-password pair or user is disabled.', 'redis-wrong-password'],
    [
      'unexpected password, 6 and newer',
      'AUTH -ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
      'redis-unexpected-password',
    ],
    ['unexpected password, before 6', 'AUTH -ERR Client sent AUTH, but no password is set', 'redis-unexpected-password'],
    ['HELLO before 6', "HELLO -ERR unknown command 'HELLO'", 'redis-too-old'],
    ['PING refused to a limited user', "PING -NOPERM this user has no permissions to run the 'ping' command", undefined],
    ['INFO refused to a limited user', "INFO -NOPERM this user has no permissions to run the 'info' command", undefined],
    ['DISCARD refused to a limited user', "DISCARD -NOPERM this user has no permissions to run the 'discard' command", undefined],
    ['PING renamed', "PING -ERR unknown command 'PING'", undefined],
    [
      'BZPOPMIN refused to a limited user',
      "BZPOPMIN -NOPERM this user has no permissions to run the 'bzpopmin' command",
      'redis-acl-denied',
    ],
    ['a key refused', 'ZADD -NOPERM this user has no permissions to access one of the keys used as arguments', 'redis-acl-denied'],
    [
      'a key refused in a script, 7',
      'EVAL -ERR ACL failure in script: No permissions to access a key script: 9d1e, on @user_script:1.',
      'redis-acl-denied',
    ],
    [
      'a key refused in a script, 6',
      "EVAL -ERR The user executing the script can't access at least one of the keys mentioned in the command arguments",
      'redis-acl-denied',
    ],
    ['EXEC refused to a limited user', "EXEC -NOPERM this user has no permissions to run the 'exec' command", 'redis-acl-denied'],
    ['EXPIRE renamed', unknown7('EXPIRE'), 'redis-acl-denied'],
    ['EVAL renamed', unknown7('EVAL'), 'redis-no-eval'],
    [
      'a script may not touch keys it does not declare',
      'EVAL -ERR Error running script (call to 9d1e): script tried accessing undeclared key',
      'redis-no-eval',
    ],
    ['full', "ZADD -OOM command not allowed when used memory > 'maxmemory'.", 'redis-oom'],
    [
      'full, met by a script',
      "EVAL -ERR OOM command not allowed when used memory > 'maxmemory'. script: 9d1e, on @user_script:1.",
      'redis-oom',
    ],
    ['a replica', "ZADD -READONLY You can't write against a read only replica.", 'redis-readonly'],
    [
      'a replica whose master is gone',
      "PING -MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      'redis-readonly',
    ],
    ['loading', 'PING -LOADING Redis is loading the dataset in memory', 'redis-loading'],
    ['no disk', "PING -MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.", 'redis-misconf'],
    ['too few replicas', 'ZADD -NOREPLICAS Not enough good replicas to write.', 'redis-misconf'],
    ['no free connection', 'PING -ERR max number of clients reached', 'redis-maxclients'],
    ['protected', 'PING -DENIED Redis is running in protected mode because protected mode is enabled', 'redis-protected-mode'],
    [
      'a script that does not end',
      'PING -BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
      'redis-unresponsive',
    ],
    ['a cluster without slots', 'BZPOPMIN -CLUSTERDOWN Hash slot not served', 'redis-cluster'],
    ['a cluster with the slot elsewhere', 'BZPOPMIN -MOVED 3999 127.0.0.1:6381', 'redis-cluster'],
    ['a cluster and two keys', "EVAL -CROSSSLOT Keys in request don't hash to the same slot", 'redis-cluster'],
    [
      'a cluster and a script, before 7',
      'EVAL -ERR Error running script: Script attempted to access a non local key in a cluster node',
      'redis-cluster',
    ],
    [
      'a cluster and a script, 7',
      'EVAL -ERR Script attempted to access keys that do not hash to the same slot script: 9d1e',
      'redis-cluster',
    ],
    ['a cluster has one database', 'SELECT -ERR SELECT is not allowed in cluster mode', 'redis-cluster'],
    ['a database that is not there', 'SELECT -ERR DB index is out of range', 'redis-unreachable'],
    ['a database refused', "SELECT -NOPERM this user has no permissions to run the 'select' command", 'redis-acl-denied'],
    ['not PONG', 'PING OK POP3 ready', 'redis-not-redis'],
  ]
  it.each(cases)('%s', (_name, line, id) => {
    expect(refusalAmong([answer(line)], redisServerOf(undefined))?.id).toBe(id)
  })
})

describe('several answers, the one nearest to the root', () => {
  const cases: [string, string | undefined, string[], RedisRefusal | undefined][] = [
    ['3.2 is too old', redis('3.2.100'), ["BZPOPMIN -ERR unknown command 'BZPOPMIN'", 'EVAL QUEUED'], 'redis-too-old'],
    [
      '4.0 is too old',
      redis('4.0.14'),
      ['BZPOPMIN -ERR unknown command `BZPOPMIN`, with args beginning with: `asgi`, `0`, '],
      'redis-too-old',
    ],
    ['5.0 has it renamed', redis('5.0.0'), ["BZPOPMIN -ERR unknown command 'BZPOPMIN'"], 'redis-no-bzpopmin'],
    ['10.0 is no 1.0', redis('10.0.0'), ["BZPOPMIN -ERR unknown command 'BZPOPMIN'"], 'redis-no-bzpopmin'],
    [
      'without a version, both unknown is age',
      undefined,
      ["BZPOPMIN -ERR unknown command 'BZPOPMIN'", "ZPOPMIN -ERR unknown command 'ZPOPMIN'"],
      'redis-too-old',
    ],
    [
      'without a version, one unknown is a rename',
      undefined,
      ["BZPOPMIN -ERR unknown command 'BZPOPMIN'", 'ZPOPMIN QUEUED'],
      'redis-no-bzpopmin',
    ],
    ['an old number that can do all is fine', redis('4.9.0'), ['BZPOPMIN QUEUED', 'ZPOPMIN QUEUED', 'EVAL QUEUED'], undefined],
    [
      'dragonfly counts by its compatibility, not by its own 1.x',
      'redis_version:7.4.0\r\ndragonfly_version:df-v1.25.1\r\n',
      ["BZPOPMIN -ERR unknown command 'BZPOPMIN'"],
      'redis-no-bzpopmin',
    ],
    ['too old before no EVAL', redis('4.0.14'), [unknown7('EVAL'), unknown7('BZPOPMIN')], 'redis-too-old'],
    ['no BZPOPMIN before full', redis('7.0.15'), ['ZADD -OOM command not allowed', unknown7('BZPOPMIN')], 'redis-no-bzpopmin'],
    [
      'wrong password before a password is wanted',
      undefined,
      ['PING -NOAUTH Authentication required.', 'AUTH -WRONGPASS invalid username-password pair'],
      'redis-wrong-password',
    ],
    ['no disk gives way to age', redis('4.0.14'), ['PING -MISCONF Redis is configured', unknown7('BZPOPMIN')], 'redis-too-old'],
    ['a cluster by its own word', 'redis_version:7.0.15\r\nredis_mode:cluster\r\n', ['INFO …', 'BZPOPMIN QUEUED'], 'redis-cluster'],
    ['a replica before a limited user', redis('7.0.15'), ['EVAL -NOPERM this user', "ZADD -READONLY You can't write"], 'redis-readonly'],
  ]
  it.each(cases)('%s', (_name, info, lines, id) => {
    expect(refusalAmong(lines.map(answer), redisServerOf(info))?.id).toBe(id)
  })

  it('names the other commands that are refused for the same cause, once', () => {
    const denied = ['BZPOPMIN', 'ZADD', 'ZADD', 'BZPOPMIN', 'EVAL'].map((name) => answer(`${name} -NOPERM this user`))
    expect(refusalAmong(denied, redisServerOf(undefined))).toMatchObject({ answer: { asked: 'BZPOPMIN' }, also: ['ZADD', 'EVAL'] })
  })
})

describe('what INFO server says', () => {
  it.each([
    ['redis', redis('7.0.15'), 'redis-server 7.0.15'],
    ['valkey', 'redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n', 'valkey-server 8.0.1'],
    ['keydb', 'redis_version:6.3.4\r\nexecutable:/usr/bin/keydb-server\r\n', 'keydb-server 6.3.4'],
    ['dragonfly', 'redis_version:6.2.11\r\ndragonfly_version:df-v1.14.2\r\n', 'dragonfly 1.14.2'],
    ['unknown', undefined, 'the server'],
    ['unknown', 'something:else\r\n', 'the server'],
  ])('%s', (product, info, name) => {
    const server = redisServerOf(info)
    expect(server.product).toBe(product)
    expect(serverName(server)).toBe(name)
  })
})

describe('evidence', () => {
  it('stays on one line, is cut, and quotes what has backquotes in it in double quotes', () => {
    expect(quoted('NOAUTH Authentication required.')).toBe('`NOAUTH Authentication required.`')
    expect(quoted('ERR unknown command `X`, with\r\nmore')).toBe('"ERR unknown command `X`, with more"')
    expect(quoted('x'.repeat(500))).toHaveLength(163)
  })
  it('has no password in it', () => {
    const password = 'kW3-pq/81Zt'
    expect(withoutPassword(`said ${password} and ${encodeURIComponent(password)}`, password)).toBe('said *** and ***')
    // masking every p of a sentence would tell what it is
    expect(withoutPassword('no permissions', 'p')).toBe('no permissions')
    expect(withoutArguments(answer('AUTH -ERR unknown command `AUTH`, with args beginning with: `p`, '))).toBe('ERR unknown command `AUTH`')
  })
})

describe('what is asked', () => {
  it('keeps to the key space of the layer', () => {
    const keys = layerCommands('0a1b').flatMap(([command, ...args]) => (command === 'EVAL' ? args.slice(2) : args.slice(0, 1)))
    expect(keys).toHaveLength(16)
    expect(keys.filter((key) => !key.startsWith('asgi'))).toEqual([])
  })
})
