import { describe, expect, test } from 'vitest'
import { bareOf, decoded, nearestBoolean } from '../../src/fix/planners/dotenv.ts'
import { hostsWith } from '../../src/fix/planners/hosts.ts'
import { withoutLimit } from '../../src/fix/planners/layer-hosts.ts'
import { appended, assignmentsOf, elementsOf, entryOf, literalOf } from '../../src/fix/planners/python-text.ts'
import { asHosts, nearestBackend } from '../../src/fix/planners/settings.ts'
import { changed } from '../../src/fix/planners/url.ts'
import { causes } from '../../src/causes/causes.ts'
import { renderSourceDiff } from '../../src/report/diff.ts'

test.each(causes.map((cause) => [cause.id, cause] as const))(
  '%s: what may be fixed has a fix, or a reason why no program knows the right value; what is left to the user has none',
  (_, { automatic, fix }) => {
    expect(fix === undefined).toBe(automatic === 'no')
  },
)

describe('env-bool-typo: the nearest word', () => {
  test.each([
    ['Flase', 'False'],
    ['ture', 'True'],
    ["'Tru'", 'True'],
    ['FALSEE', 'False'],
    ['maybe', undefined],
    ['', undefined],
    ['2', undefined],
  ])('%s', (written, word) => {
    expect(nearestBoolean(written)).toBe(word)
  })
})

describe('env-value-malformed: the bare value', () => {
  test.each([
    ['REDIS_PORT', '6379  # default', [['REDIS_PORT', '6379']]],
    ['REDIS_PORT', '"6379" # default', [['REDIS_PORT', '6379']]],
    [
      'REDIS_HOST',
      '127.0.0.1:6380',
      [
        ['REDIS_HOST', '127.0.0.1'],
        ['REDIS_PORT', '6380'],
      ],
    ],
    [
      'REDIS_HOST',
      'redis://cache:6380/',
      [
        ['REDIS_HOST', 'cache'],
        ['REDIS_PORT', '6380'],
      ],
    ],
    [
      'REDIS_HOST',
      '[::1]:6380',
      [
        ['REDIS_HOST', '::1'],
        ['REDIS_PORT', '6380'],
      ],
    ],
    ['REDIS_PORT', 'abc', undefined],
    ['REDIS_PORT', '6379', undefined],
    ['REDIS_HOST', 'user@host', undefined],
  ])('%s=%s', (key, value, pairs) => {
    expect(bareOf(key, value)).toEqual(pairs)
  })
})

describe('env-encoding: the text of bytes', () => {
  test.each([
    ['UTF-16 LE with its mark', [0xff, 0xfe, 0x41, 0, 0x3d, 0], 'A='],
    ['UTF-16 BE with its mark', [0xfe, 0xff, 0, 0x41, 0, 0x3d], 'A='],
    ['UTF-16 LE without', [0x41, 0, 0x3d, 0], 'A='],
    ['UTF-8 with its mark', [0xef, 0xbb, 0xbf, 0x41], 'A'],
    ['windows-1252', [0x41, 0xe9], 'A\u{e9}'],
    ['bytes that are no text', [0x41, 0x42, 0, 0x43], undefined],
  ])('%s', (_, bytes, text) => {
    expect(decoded(new Uint8Array(bytes))).toBe(text)
  })
})

describe('allowed-hosts: the list with one more', () => {
  test.each([
    [[], 'example.org', ['localhost', '127.0.0.1', '[::1]', 'example.org']],
    [['a.org'], 'b.org', ['a.org', 'b.org']],
    [['http://localhost:5173', ' a.org '], 'localhost', ['localhost', 'a.org']],
    [['a.org'], 'a.org', ['a.org']],
  ])('%j and %s', (current, host, list) => {
    expect(hostsWith(current, host)).toEqual(list)
  })
})

describe('channel-layer-backend-wrong: the nearest class', () => {
  test.each([
    ['channels_redis.core.RedisChannelayer', false, 'channels_redis.core.RedisChannelLayer'],
    ['channels_redis.pubsub.RedisPubSubLayer', false, 'channels_redis.pubsub.RedisPubSubChannelLayer'],
    ['channels.layer.InMemoryChannelLayer', false, 'channels.layers.InMemoryChannelLayer'],
    ['channels.MemoryLayer', true, 'channels.layers.InMemoryChannelLayer'],
    [undefined, true, 'channels_redis.core.RedisChannelLayer'],
    [undefined, false, 'channels.layers.InMemoryChannelLayer'],
  ])('%s, hosts %s', (written, hosts, right) => {
    expect(nearestBackend(written, hosts)).toBe(right)
  })
})

describe('channel-layer-config-wrong: hosts as a list', () => {
  test.each([
    ['("127.0.0.1", 6379)', '[("127.0.0.1", 6379)]'],
    ['"redis://127.0.0.1:6379/0"', '["redis://127.0.0.1:6379/0"]'],
    ['"127.0.0.1:6379"', '["redis://127.0.0.1:6379"]'],
    ['["127.0.0.1", 6379]', '[("127.0.0.1", 6379)]'],
    ['["localhost:6379"]', '["redis://localhost:6379"]'],
    ['REDIS_URL', '[REDIS_URL]'],
    ['[("127.0.0.1", 6379)]', undefined],
    ['["redis://a:1", "redis://b:1"]', undefined],
  ])('%s', (written, right) => {
    expect(asHosts(written)).toBe(right)
  })
})

describe('the URL with one thing changed, its layout kept', () => {
  test.each([
    ['wrong-frontend-port', 'ws://localhost:8001/ws/x/', { port: 8000 }, 'ws://localhost:8000/ws/x/'],
    ['wrong-frontend-port', 'http://localhost:8001', { port: 8000 }, 'http://localhost:8000'],
    ['wss-vs-ws', 'wss://localhost:8000/ws/x/', { scheme: 'ws' as const }, 'ws://localhost:8000/ws/x/'],
    ['wss-vs-ws', 'https://localhost:8000', { scheme: 'ws' as const }, 'http://localhost:8000'],
    ['trailing-slash-missing', 'ws://localhost:8000/ws/x', { path: '/ws/x/' }, 'ws://localhost:8000/ws/x/'],
    ['trailing-slash-missing', 'ws://localhost:8000', { path: '/ws/x/' }, undefined],
    ['ipv6-localhost', 'ws://localhost:8000/ws/x/', { host: '[::1]' }, 'ws://[::1]:8000/ws/x/'],
    ['nothing', 'localhost:8000', { port: 1 }, undefined],
  ])('%s: %s', (_, text, change, right) => {
    expect(changed(text, change)).toBe(right)
  })
})

describe('statements of Python', () => {
  const source = `A = [  # the first
    "x",  # ]
    'y]',
]
if B:
    A += ["z"]
TEXT = """
A = 1
"""
AA = 2
A == 3
A: list = (1,
  2)  # end
`
  test('are found by name, not in strings and not as comparisons', () => {
    expect(assignmentsOf(source, 'A').map(({ operator, span }) => [operator, source.slice(span.start, span.end)])).toEqual([
      ['=', `[  # the first\n    "x",  # ]\n    'y]',\n]`],
      ['+=', '["z"]'],
      ['=', '(1,\n  2)'],
    ])
  })
  test('have elements', () => {
    const { elements, close } = elementsOf(source, source.indexOf('['))
    expect(elements.map(({ start, end }) => source.slice(start, end))).toEqual(['"x"', "'y]'"])
    expect(source[close]).toBe(']')
  })
  test('have entries, however deep', () => {
    const dict = '{"default": {"BACKEND": "a.B", "CONFIG": {"hosts": [("h", 1)], }}}'
    const hosts = entryOf(dict, { start: 0, end: dict.length }, 'hosts')
    expect(dict.slice(hosts?.start, hosts?.end)).toBe('[("h", 1)]')
  })
  test.each([
    ['"a"', 'a'],
    ["'a'", 'a'],
    ['f"{a}"', undefined],
    ['"a" + "b"', undefined],
  ])('literal %s', (written, text) => {
    expect(literalOf(written)).toBe(text)
  })
  test('are appended after a blank line', () => {
    expect(appended('A = 1', ['B = 2'])).toBe('A = 1\n\nB = 2')
    expect(appended('A = 1\n', ['B = 2'])).toBe('A = 1\n\nB = 2\n')
  })
})

test('the diff of a source shows no secret, and the names of variables', () => {
  const diff = renderSourceDiff(
    'core/settings.py',
    'SECRET_KEY = "of the run"\nDEBUG = True\n',
    'SECRET_KEY = config("SECRET_KEY")\nDEBUG = True\n',
  )
  expect(diff).toEqual([
    '--- core/settings.py',
    '+++ core/settings.py',
    '@@ -1,2 +1,2 @@',
    '-SECRET_KEY = "***"',
    '+SECRET_KEY = config("SECRET_KEY")',
    ' DEBUG = True',
  ])
})

describe('redis-client-timeout: hosts that are read without a limit', () => {
  test.each([
    ['[("127.0.0.1", 6379)]', '[{"host": "127.0.0.1", "port": 6379, "socket_timeout": None}]'],
    ['[(HOST, int(os.environ.get("PORT", 6379)),)]', '[{"host": HOST, "port": int(os.environ.get("PORT", 6379)), "socket_timeout": None}]'],
    ["['redis://127.0.0.1:6379/1']", `[{"address": 'redis://127.0.0.1:6379/1', "socket_timeout": None}]`],
    ['[f"redis://:{PASSWORD}@{HOST}:6379"]', '[{"address": f"redis://:{PASSWORD}@{HOST}:6379", "socket_timeout": None}]'],
    ['[{"host": HOST, "port": 6379}]', '[{"host": HOST, "port": 6379, "socket_timeout": None}]'],
    ['[{"address": URL, "socket_timeout": 5}]', '[{"address": URL, "socket_timeout": None}]'],
    [
      '[\n    {\n        "address": URL,  # of the cache\n    },\n]',
      '[\n    {\n        "address": URL,\n        "socket_timeout": None,  # of the cache\n    },\n]',
    ],
    [
      '["redis://a:6379", ("b", 6379)]',
      '[{"address": "redis://a:6379", "socket_timeout": None}, {"host": "b", "port": 6379, "socket_timeout": None}]',
    ],
    ['[REDIS_URL]', undefined],
    ['[env("REDIS_URL")]', undefined],
    ['[("redis", 6379, 1)]', undefined],
    ['hosts', undefined],
    ['[dict(host="a")]', undefined],
    ['[{key: value for key, value in HOST.items()}]', undefined],
    ['[{"address": URL, "socket_timeout": None}]', undefined],
    ['[]', undefined],
  ])('%s', (written, right) => {
    expect(withoutLimit(written)).toBe(right)
  })
})
