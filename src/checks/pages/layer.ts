import type { IdsOfFamily } from '../vocabulary.ts'
import { withCode, type Page } from './page.ts'

/** The channel layer, over which server processes and consumers talk to each other. */
export const layerPages: Readonly<Record<IdsOfFamily<'layer'>, Page>> = {
  'channel-layer-unset': {
    what: 'The settings have no CHANNEL_LAYERS, so there is nothing that could pass messages between consumers. The consumer fails when it wants to join its group: an error 500, and 1006 in the browser.',
    tells: [
      "`AttributeError: 'NoneType' object has no attribute 'group_add'` (or group_send) in the log.",
      "With a list of `groups` in the consumer's class: `InvalidChannelLayerError: BACKEND is unconfigured or doesn't support groups`.",
      'If CHANNEL_LAYERS is in a file, look whether that settings file is the one in use, and whether the key is `default`.',
    ],
    mend: [
      withCode(
        'For one server process, in the settings:',
        'CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}',
      ),
      'For several processes, the Redis layer: see `layer-inmemory-multi-instance`. Then restart the server.',
    ],
    commands: [['python', 'manage.py', 'shell', '-c', 'from channels.layers import get_channel_layer; print(get_channel_layer())']],
    background:
      'Channels works without a layer as long as consumers only talk to their own client. So get_channel_layer() gives None instead of an error, and the fault shows at the first use.',
  },
  'channel-layer-backend-wrong': {
    what: "BACKEND in CHANNEL_LAYERS names a class that doesn't exist: a slip, or the name that an old version had. The server starts, and every WebSocket is an error 500.",
    tells: [
      "`InvalidChannelLayerError: Cannot import BACKEND '…' specified for default`, and channels_redis is installed.",
      'If it is not installed, the name may be right: see `channels-redis-missing`.',
      'Old names: `asgi_redis.RedisChannelLayer`, `channels_redis.RedisChannelLayer`, `channels.layers.InMemory`.',
    ],
    mend: [
      withCode(
        'Use one of these:',
        '"BACKEND": "channels_redis.core.RedisChannelLayer"',
        '"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"',
        '"BACKEND": "channels.layers.InMemoryChannelLayer"',
      ),
      'Restart the server.',
    ],
    commands: [['python', '-c', 'import channels_redis.core as core; print(core.RedisChannelLayer)']],
    background:
      'The setting is a text that is imported only when the first consumer asks for the layer, so neither the start nor `manage.py check` notices.',
  },
  'channel-layer-config-wrong': {
    what: "The layer's BACKEND is right, and its CONFIG isn't what that class takes: hosts as a single text, say, or an option that it does not know. The server starts, and every WebSocket is an error 500.",
    tells: [
      '`ValueError: You must pass a list of Redis hosts, even if there is only one.`',
      'Or `TypeError: … got an unexpected keyword argument`, as with `host` instead of `hosts`, or with the options of Redis on the in-memory layer.',
      "The traceback ends in the layer's constructor, not in a connection.",
    ],
    mend: [
      withCode(
        'hosts is a list, of pairs, URLs or dicts:',
        '"CONFIG": {"hosts": [(REDIS_HOST, REDIS_PORT)]}',
        '"CONFIG": {"hosts": ["redis://127.0.0.1:6379/0"]}',
        '"CONFIG": {"hosts": [{"host": REDIS_HOST, "port": REDIS_PORT, "password": REDIS_PASSWORD or None}]}',
      ),
      'A tuple in Python needs its comma, and port a number: `config("REDIS_PORT", cast=int)`.',
    ],
    commands: [['python', 'manage.py', 'shell', '-c', 'from channels.layers import get_channel_layer; print(get_channel_layer().hosts)']],
    background:
      'CONFIG is handed to the class as keyword arguments. Several hosts mean that groups are spread over several Redis servers, which is why it is always a list.',
  },
  'layer-inmemory-multi-instance': {
    what: "Several server processes run, and each has its own in-memory layer. An update reaches only the users who happen to be connected to the process that sent it: some pages update, others don't, and a reload changes which.",
    tells: [
      'The settings use InMemoryChannelLayer, and there are two servers of this project, or one with `-w N` or `--workers N`.',
      'Handshake, welcome and ping always work. With four workers about one broadcast in four arrives (11 of 40 were measured).',
      'A management command or a Celery task that sends updates is another process too: its updates never arrive.',
      'With Redis as the layer and the same picture it is `layer-split`.',
    ],
    mend: [
      'For development, one process: end the second server, drop `--workers`.',
      withCode(
        'For several, the Redis layer and Redis 5 or newer:',
        'USE_REDIS_FOR_CHANNELS=True',
        'REDIS_HOST=127.0.0.1',
        'REDIS_PORT=6379',
      ),
      'Restart all of them.',
    ],
    commands: [['election-dev', 'env', '--channel-layer', 'redis', '--write']],
    background:
      'The in-memory layer is a dictionary in the memory of one process. Its own documentation calls it fit for tests and development. One good broadcast proves nothing with several workers: count the processes.',
  },
  'layer-split': {
    what: "Several server processes use the Redis layer, but not the same Redis, the same database in it, or the same prefix. Each works by itself, and updates don't cross from one to the other.",
    tells: [
      'The environments of the processes differ in REDIS_HOST, REDIS_PORT, REDIS_DB or the prefix.',
      '`CLIENT LIST` in Redis shows connections with two different `db=`, or the second process is not in it.',
      'If the layer is the in-memory one, it is `layer-inmemory-multi-instance`; if not even users of one process get updates, `group-name-mismatch`.',
    ],
    mend: [
      'Give all of them the same host, port, database and prefix, and restart them all: a process keeps the environment that it was started with.',
      'In Docker, 127.0.0.1 is the container itself: use the name of the Redis service.',
      'Celery workers and scheduled tasks count as well.',
    ],
    commands: [
      ['redis-cli', 'CLIENT', 'LIST'],
      ['redis-cli', 'INFO', 'keyspace'],
    ],
    background:
      'Databases of one Redis are as separate as two servers. Groups are kept under keys that begin with the prefix (asgi unless set), so two projects on one Redis should differ in it and two processes of one project must not.',
  },
}
