import type { IdsOfFamily } from '../vocabulary.ts'
import { withCode, type Page } from './page.ts'

const useMemory = ['election-dev', 'env', '--channel-layer', 'memory', '--write']

const passwordInHosts = [
  '"hosts": [{',
  '    "host": config("REDIS_HOST", default="127.0.0.1"),',
  '    "port": config("REDIS_PORT", default=6379, cast=int),',
  '    "password": config("REDIS_PASSWORD", default="") or None,',
  '}]',
]

/** Redis, where the channel layer uses it. */
export const redisPages: Readonly<Record<IdsOfFamily<'redis'>, Page>> = {
  'redis-unreachable': {
    what: 'The backend is set to pass its live updates through Redis, and no Redis answers where it looks. Pages may work, but every WebSocket fails with 500 or is refused; the browser says 1006.',
    tells: [
      'Connecting is refused, or the name has no address. In the log: `Error 111 connecting to 127.0.0.1:6379` (61 on macOS, 10061 on Windows), `Error -2` or `Error -3` for the name.',
      'It shows at the first socket: 500, or 403 where the consumer catches the error and closes.',
      'Settings that fall back to memory say so once when they are loaded.',
      'A port in the host name (`127.0.0.1:6379:6379`) is `env-value-malformed`. A connection that opens and stays silent is `redis-unresponsive`.',
    ],
    mend: [
      'Without need for Redis (one server process): `USE_REDIS_FOR_CHANNELS=False` in .env.',
      'Else start it: `redis-server`, `systemctl start redis-server`, `brew services start redis`, `docker run -p 6379:6379 redis:7`. On Windows use Docker or WSL.',
      'Or correct REDIS_HOST and REDIS_PORT. In Docker the host is the name of the service.',
      'Then restart the backend.',
    ],
    commands: [useMemory, ['redis-server'], ['redis-cli', '-h', '127.0.0.1', '-p', '6379', 'PING']],
    background:
      'Redis keeps the list of who is in a group and hands messages from one server process to the others. One process can do that in its own memory. The layer connects when a consumer first uses it, so the start looks fine.',
  },
  'redis-unresponsive': {
    what: 'Something accepts connections at the address of Redis and never answers a command: the process is stopped, stuck, or the machine has no memory left. WebSockets hang for seconds, then fail with 1006.',
    tells: [
      'TCP opens, and PING gets no answer within its time limit.',
      'The process of Redis is in state T (stopped), or the machine is swapping; `redis-cli --latency` shows nothing.',
      'Daphne resets the handshake after about 5 seconds, as with `accept-missing`; here Redis explains it.',
      'A port that answers with something else is `redis-not-redis`; one that closes a plain PING and speaks TLS is `redis-tls`.',
    ],
    mend: [
      'Restart Redis: `systemctl restart redis-server`, `docker restart NAME`. A process that Ctrl+Z stopped goes on with `fg`.',
      'If a slow script or KEYS on a big database blocks it, `redis-cli SLOWLOG GET` names it afterwards.',
      'Until then, one server process can use the in-memory layer.',
    ],
    commands: [['redis-cli', '-h', '127.0.0.1', '-p', '6379', 'PING'], useMemory],
    background:
      'The operating system accepts connections for a stopped process, so an open port proves little. redis-py has a time limit of its own only in its newest versions; with the others, and without `socket_timeout` in `hosts`, consumers wait as long as the server lets them.',
  },
  'redis-too-old': {
    what: 'Redis answers, but it is older than 5.0 and lacks a command that the channel layer needs. The socket opens, the page even gets its welcome, and within a second it is closed: the dot flickers.',
    tells: [
      '`INFO server` says `redis_version` 3.2 or 4.0. The Redis for Windows that many have installed is 3.0 or 3.2.',
      'The handshake is 101, then the socket ends within a second: 1011 from daphne, 1006 from uvicorn, 1000 from hypercorn.',
      "The log has `unknown command 'BZPOPMIN'`; the quotes and what follows differ by version.",
      'With a version of 5 or newer it is `redis-no-bzpopmin`, or it is the client: redis-py 8 opens with HELLO, which came with Redis 6.0 (the log says that HELLO is an unknown command).',
    ],
    mend: [
      'In development, with one server process: `USE_REDIS_FOR_CHANNELS=False`.',
      'For Redis, install 5 or newer: `docker run -p 6379:6379 redis:7`; on Windows in Docker, in WSL, or Memurai. Look that the old service no longer holds port 6379.',
      'For redis-py 8 on Redis 5: Redis 6 or newer, or an older client: `python -m pip install "redis<8"`.',
    ],
    commands: [useMemory, ['redis-cli', 'INFO', 'server']],
    background:
      'Each open socket waits for its messages with BZPOPMIN, a command that waits for the smallest entry of a sorted set and came with Redis 5.0. Joining a group and accepting need only older commands, so the fault shows one step later, when the wait begins.',
  },
  'redis-no-bzpopmin': {
    what: 'Redis is new enough, but the command BZPOPMIN was renamed or taken away in its configuration, or a service that only resembles Redis lacks it. The socket opens and is closed within a second.',
    tells: [
      "On the wire as with `redis-too-old`: 101, then 1011, 1006 or 1000. The log has `unknown command 'BZPOPMIN'`.",
      '`INFO server` says version 5 or newer, and `COMMAND INFO BZPOPMIN` gives nothing.',
      'If the command is known and forbidden for the user (`NOPERM`), it is `redis-acl-denied`.',
    ],
    mend: [
      'Take the line `rename-command BZPOPMIN …` out of redis.conf and restart Redis.',
      'Hosted services: look at their list of commands that are switched off, or take another plan.',
      'Or use the layer that needs neither this command nor scripts: `channels_redis.pubsub.RedisPubSubChannelLayer` as BACKEND. One server process can use the in-memory layer.',
    ],
    commands: [['redis-cli', 'COMMAND', 'INFO', 'BZPOPMIN'], useMemory],
    background:
      'rename-command was the way to guard a Redis before users with rights came in version 6. Blocking commands are often on such lists because they hold a connection. The channel layer has no way to be told another name.',
  },
  'redis-no-eval': {
    what: "Redis doesn't know the command EVAL, which runs a small script: it was renamed or taken away. Sockets open and stay open, and the first broadcast fails: whoever sends an update gets an error 500, and no page hears of it.",
    tells: [
      "`unknown command 'EVAL'` in the log, at the first broadcast, with a good handshake before.",
      '`COMMAND INFO EVAL` gives nothing, and BZPOPMIN works.',
      'If it is forbidden for the user (`NOPERM`), it is `redis-acl-denied`.',
    ],
    mend: [
      'Take the line `rename-command EVAL …` out of redis.conf and restart Redis.',
      'Or use the layer that needs no scripts: `channels_redis.pubsub.RedisPubSubChannelLayer` as BACKEND.',
      'One server process can use the in-memory layer.',
    ],
    commands: [['redis-cli', 'EVAL', 'return 1', '0'], useMemory],
    background:
      'To send to a group, the layer has to put one message into many queues and look at the length of each. It does so in one Lua script, to save a round trip for each member.',
  },
  'redis-auth-required': {
    what: 'Redis asks for a password, and the backend sends none. Every WebSocket fails with an error 500, and the browser says 1006.',
    tells: [
      'PING gets `-NOAUTH Authentication required.`; the log has `Authentication required.`',
      "REDIS_PASSWORD is empty; or it is set, and the settings don't hand it to the layer in `hosts`.",
      'If a password is sent and refused, it is `redis-wrong-password`.',
    ],
    mend: [
      'Put the password into backend/.env as REDIS_PASSWORD. It is behind `requirepass` in redis.conf, or in the docker-compose file.',
      withCode('Hand it to the layer:', ...passwordInHosts),
      'As a URL: `redis://:PASSWORD@127.0.0.1:6379/0`, with special characters percent-encoded. Restart the backend.',
    ],
    commands: [['redis-cli', '-h', '127.0.0.1', '-p', '6379', '--askpass', 'PING']],
    background:
      'A variable in .env has an effect only where the settings use it. The short form of a host, the pair (host, port), has no place for a password: with it REDIS_PASSWORD is never sent.',
  },
  'redis-wrong-password': {
    what: 'The backend sends Redis a password, and Redis says that it is wrong. Every WebSocket fails with an error 500, and the browser says 1006.',
    tells: [
      'AUTH gets `-WRONGPASS invalid username-password pair or user is disabled.` from Redis 6 on, `-ERR invalid password` before.',
      'The log has the same words.',
      'If Redis has no password at all, it is `redis-unexpected-password`.',
    ],
    mend: [
      'Correct REDIS_PASSWORD in backend/.env. Quotes, a comment or a space behind the value may be part of it.',
      'In a URL, special characters have to be percent-encoded: `@` is %40, `/` is %2F, `#` is %23.',
      'With users (Redis 6 and newer) name the user too: `"username"` in the dict of the host.',
      'If it still differs, a variable of the shell may win: see `env-shadowed`.',
    ],
    commands: [['redis-cli', '-h', '127.0.0.1', '-p', '6379', '--askpass', 'PING']],
    background:
      'Since Redis 6, a password without a user name is that of the user `default`. Such a user can be switched off, and then even its right password is refused with the same words.',
  },
  'redis-unexpected-password': {
    what: 'The backend sends a password to a Redis that has none set, and Redis refuses to take it. Every WebSocket fails with an error 500, although Redis would be open to all.',
    tells: [
      'AUTH gets `-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?`; before version 6 `-ERR Client sent AUTH, but no password is set`.',
      'Without AUTH, PING gets PONG.',
      'Typical: the .env of a server used with the Redis of the own machine.',
    ],
    mend: [
      'Empty it in backend/.env: `REDIS_PASSWORD=`.',
      'And let the settings send nothing then: `config("REDIS_PASSWORD", default="") or None`.',
      'Or give Redis the password: `requirepass` in redis.conf.',
    ],
    commands: [['redis-cli', '-h', '127.0.0.1', '-p', '6379', 'PING']],
    background:
      'Redis makes it an error on purpose: a client that sends a password believes to talk to a guarded server, and may be talking to the wrong one.',
  },
  'redis-acl-denied': {
    what: 'The user with whom the backend logs in to Redis lacks the right to run a command, or to touch a key, that the channel layer needs. Depending on which, the socket fails at once, a second later, or with the first broadcast.',
    tells: [
      "`-NOPERM this user has no permissions to run the 'bzpopmin' command` (newer: `User X has no permissions …`), the same with eval, or `to access one of the keys`.",
      "Inside a script: `The user executing the script can't access at least one of the keys`.",
      '`ACL WHOAMI` names the user, `ACL LOG` what was refused and when.',
      'If the command is unknown rather than forbidden, it is `redis-no-bzpopmin` or `redis-no-eval`.',
    ],
    mend: [
      withCode(
        'Give the user what the layer needs, on its own keys; in redis-cli as one line:',
        'ACL SETUSER NAME ~asgi* +bzpopmin +zpopmin +eval +zadd +expire +zremrangebyscore',
        '    +zcount +zrange +zrem +del +multi +exec',
      ),
      'With another prefix in CHANNEL_LAYERS, that instead of asgi.',
      'Keep it: `ACL SAVE`, where redis.conf has an aclfile; else put it into redis.conf.',
    ],
    commands: [
      ['redis-cli', 'ACL', 'WHOAMI'],
      ['redis-cli', 'ACL', 'LOG', '5'],
    ],
    background:
      'A user limited to keys that begin with `asgi` and to these commands is sound: a test with any other key would raise a false alarm. `COMMAND INFO` describes a command also to somebody who may not run it.',
  },
  'redis-oom': {
    what: "Redis has reached the limit of memory that it was given, and refuses everything that would need more. Sockets can't join their group and fail with 500, or updates stop.",
    tells: [
      "Writing gets `-OOM command not allowed when used memory > 'maxmemory'.`; PING is fine.",
      '`INFO memory` shows used_memory at maxmemory, and `maxmemory_policy:noeviction`.',
    ],
    mend: [
      "Find what fills it: `redis-cli --bigkeys`. The channel layer's own keys begin with asgi and expire by themselves.",
      'Raise the limit in redis.conf, or for now: `redis-cli CONFIG SET maxmemory 512mb`.',
      'Let the cache and the channel layer use separate Redis servers, so that a full cache does not stop the updates.',
    ],
    commands: [
      ['redis-cli', 'INFO', 'memory'],
      ['redis-cli', '--bigkeys'],
    ],
    background:
      'Reading and deleting go on at the limit, which is why most tests pass. An eviction policy such as allkeys-lru would make room, but may throw away group memberships: those users then silently get no updates.',
  },
  'redis-readonly': {
    what: 'The address leads to a replica, a copy of another Redis that may only be read. The channel layer has to write, so every WebSocket fails with an error 500.',
    tells: [
      "Writing gets `-READONLY You can't write against a read only replica.`",
      '`ROLE` says slave. With its primary gone, even PING may get `-MASTERDOWN Link with MASTER is down`.',
      'Typical after a failover: the address stayed, the role changed.',
    ],
    mend: [
      'Point REDIS_HOST and REDIS_PORT to the primary: `INFO replication` of the replica names it as master_host and master_port.',
      withCode(
        'With Sentinel, let the layer ask who it is:',
        '"hosts": [{"sentinels": [("127.0.0.1", 26379)], "master_name": "mymaster"}]',
      ),
      'On your own machine: `redis-cli REPLICAOF NO ONE` makes it a primary (SLAVEOF before Redis 5).',
    ],
    commands: [
      ['redis-cli', 'ROLE'],
      ['redis-cli', 'INFO', 'replication'],
    ],
    background:
      'A replica takes all its data from the primary; what was written to it would be lost with the next sync. Receiving writes as well: BZPOPMIN takes the message out of the queue.',
  },
  'redis-loading': {
    what: 'Redis has just been started and is reading its data from disk. It answers nothing else until that is done, so WebSockets fail with 500 for some seconds or minutes. Nothing is broken.',
    tells: [
      'Every command, PING too, gets `-LOADING Redis is loading the dataset in memory`.',
      '`INFO persistence` shows `loading:1` and how much is left.',
      'If it never ends, Redis is being restarted again and again: its log tells why.',
    ],
    mend: [
      'Wait, and try again; the page has to reconnect as well.',
      'On a development machine with a big old dump that nobody needs: stop Redis, move dump.rdb or appendonlydir away, start it.',
    ],
    commands: [['redis-cli', 'INFO', 'persistence']],
    background:
      'Redis keeps everything in memory and reads it whole at the start. Unlike most faults it mends itself, so it is worth telling apart from a Redis that is gone.',
  },
  'redis-misconf': {
    what: 'Redis could not save its data to disk, and refuses writes until it can: the disk is full, or the folder may not be written to. Every WebSocket fails with an error 500.',
    tells: [
      "Commands get `-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.` PING gets it too.",
      '`INFO persistence` shows `rdb_last_bgsave_status:err`; the log of Redis has the reason, such as `Permission denied` or `No space left on device`.',
      'Typical: redis-server was started by hand in a folder like /etc or a mounted one, and saves there.',
    ],
    mend: [
      'See where it saves: `redis-cli CONFIG GET dir`. Make that folder writable, free space, or start Redis in another one.',
      'In development, where nothing has to be kept: `redis-cli CONFIG SET stop-writes-on-bgsave-error no`, or start it with `redis-server --save ""`.',
      'If fork failed with `Cannot allocate memory`: `sysctl vm.overcommit_memory=1`.',
    ],
    commands: [
      ['redis-cli', 'INFO', 'persistence'],
      ['redis-cli', 'CONFIG', 'GET', 'dir'],
    ],
    background:
      "By default Redis rather refuses than takes data that would be lost without anybody noticing. The channel layer's messages live for a minute and need no disk, but Redis can't know that.",
  },
  'redis-maxclients': {
    what: 'Redis has as many connections as it allows and takes no more. Whether a WebSocket works depends on luck: who came first goes on, the next ones fail with an error 500.',
    tells: [
      'The first answer on a new connection is `-ERR max number of clients reached`, and it is closed.',
      '`INFO clients` (over an old connection) shows connected_clients at the limit; `CLIENT LIST` shows who they are.',
    ],
    mend: [
      'Find the leak in `CLIENT LIST`: many from one address with a high `idle` are connections that nobody closes, as from code that makes a new client for each request.',
      "Raise the limit: `redis-cli CONFIG SET maxclients 10000`, and `maxclients` in redis.conf. The system's limit on open files has to allow it.",
      'Let Redis drop dead ones: `timeout 300`. Mind that a waiting BZPOPMIN is not idle.',
    ],
    commands: [
      ['redis-cli', 'CLIENT', 'LIST'],
      ['redis-cli', 'CONFIG', 'GET', 'maxclients'],
    ],
    background:
      'The layer uses one connection per process to wait on, and further ones while it sends. Hosted plans often allow 20 or 30 in all, which several workers, Celery and a cache use up together.',
  },
  'redis-not-redis': {
    what: "At the address where the settings look for Redis, another program listens. It answers in its own language, and the backend can't make sense of it: every WebSocket fails with an error 500.",
    tells: [
      "The answer to PING is not Redis's: `<!DOCTYPE HTML>`, `HTTP/1.1 400 Bad Request`, a greeting of MySQL.",
      'redis-py says `Protocol Error: b\'…\'` or `Protocol error, got "<" as reply type byte`.',
      'If nothing comes back at all, it may be `redis-unresponsive` or `redis-tls`.',
    ],
    mend: [
      'Correct REDIS_PORT: the usual one is 6379; 8000 is the backend, 5432 PostgreSQL, 8001 RedisInsight.',
      'If the port is right, another program took it. Linux: `ss -ltnp`; macOS: `lsof -nP -iTCP:6379 -sTCP:LISTEN`; Windows: `netstat -ano`.',
    ],
    commands: [
      ['redis-cli', '-h', '127.0.0.1', '-p', '6379', 'PING'],
      ['ss', '-ltnp'],
    ],
    background:
      "Every answer of Redis begins with one of a few signs: `+` a word, `-` an error, `:` a number, `$` and `*` data. Anything else is another protocol, whatever the port's number says.",
  },
  'redis-protected-mode': {
    what: 'Redis has no password and is reached over the network, which it refuses to protect itself. Every WebSocket fails with an error 500, while `redis-cli` on the machine of Redis works.',
    tells: [
      'The first answer on the connection is `-DENIED Redis is running in protected mode because protected mode is enabled and no password is set`, and it is closed.',
      'REDIS_HOST is not a loopback address: from WSL to Windows, from a container to its host, to another machine.',
    ],
    mend: [
      'If Redis runs on the same machine, use 127.0.0.1.',
      'Else give it a password (`requirepass` in redis.conf), and put it into REDIS_PASSWORD.',
      'Between containers use the official image, which is open within their network, and do not publish its port to the outside.',
    ],
    commands: [['redis-cli', '-h', '127.0.0.1', 'CONFIG', 'GET', 'protected-mode']],
    background:
      'Since 3.2 a Redis without password answers only to its own machine, because thousands that stood open on the internet were taken over. Switching the mode off instead makes yours one of them as soon as the port is reachable.',
  },
  'redis-tls': {
    what: "Redis and the backend don't agree on encryption: the one speaks TLS and the other doesn't. The connection breaks before the first command, and every WebSocket fails with an error 500.",
    tells: [
      'A plain PING is reset without a byte, and after a TLS handshake on the same port it gets PONG.',
      'The other way round, with `rediss://` on a plain port: `WRONG_VERSION_NUMBER`, or no answer.',
      'redis-py says `Connection closed by server` or `Connection reset by peer`.',
      'If the TLS handshake fails for the certificate, the log has `CERTIFICATE_VERIFY_FAILED`.',
    ],
    mend: [
      withCode('Redis speaks TLS: use rediss:// with two s.', '"hosts": ["rediss://:PASSWORD@HOST:6380/0"]'),
      "It doesn't: use `redis://`, or leave `ssl` out.",
      withCode(
        'With a certificate of your own authority:',
        '"hosts": [{"address": "rediss://HOST:6380/0", "ssl_ca_certs": "/path/ca.pem"}]',
      ),
    ],
    commands: [['redis-cli', '-h', 'HOST', '-p', '6380', '--tls', 'PING']],
    background:
      'TLS came to Redis itself with version 6; hosted services mostly require it, often on port 6380. The pair (host, port) in `hosts` has no place to ask for it.',
  },
  'redis-cluster': {
    what: 'The address leads to one node of a Redis cluster, where the keys are spread over several servers. The channel layer expects a single Redis with all keys: some WebSockets work, others fail with 500, seemingly at random.',
    tells: [
      '`INFO server` says `redis_mode:cluster`.',
      'Commands get `-MOVED 1234 10.0.0.2:6379`, `-CLUSTERDOWN Hash slot not served`, or in a script `Script attempted to access a non local key in a cluster node`.',
      'It depends on the name of the group or channel: the same one always works or always fails.',
    ],
    mend: [
      'Use a stand-alone Redis for the channel layer: it needs little memory and no persistence.',
      'Hosted services: choose `cluster mode disabled`.',
      'On your own machine: `cluster-enabled no` in redis.conf, then restart.',
    ],
    commands: [
      ['redis-cli', 'INFO', 'server'],
      ['redis-cli', 'CLUSTER', 'INFO'],
    ],
    background:
      "A cluster decides by the hash of a key which node has it, and a script may only touch keys of one node. The layer's script for a group touches the queues of all its members, so it can't run there.",
  },
}
