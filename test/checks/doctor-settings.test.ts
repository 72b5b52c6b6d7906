/** The causes in the settings and .env: facts in, one cause out. */
import type { ExaminationOf } from '../../src/facts/examination.ts'
import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../src/checks/evidence.ts'
import { judge } from '../../src/checks/judgement.ts'
import {
  checkoutOf,
  deaf,
  dotenvOf,
  evidenceOf,
  examinationOf,
  failing,
  handshakes,
  root,
  serverOf,
  unreadOf,
  unstarted,
  wireOf,
  type Looked,
} from '../support/evidence.ts'

const raised = (type: string, message: string, more: Partial<NonNullable<Looked['errors']>[number]> = {}) =>
  examinationOf({
    facts: { settings: null, application: null, consumer: null },
    errors: [{ stage: 'settings', type, message, file: 'core/settings.py', line: 7, ...more }],
  })
const standing = (stage: 'settings' | 'consumer', how: 'timeout' | 'ended' = 'timeout') =>
  examinationOf({
    how,
    stage,
    facts: {
      settings: null,
      application: null,
      consumer: null,
      standing: {
        stage,
        seconds: 6,
        frames: [
          { file: 'core/settings.py', line: 40, function: '<module>', own: true },
          { file: 'redis/connection.py', line: 500, function: 'read_response', own: false },
        ],
      },
    },
  })
const undefinedKey = raised('UndefinedValueError', 'SECRET_KEY not found. Declare it as envvar or define a default value.')
const asking = (missing: ExaminationOf<'variables'>['missing']) =>
  examinationOf({
    facts: {
      settings: null,
      application: null,
      consumer: null,
      variables: { missing, loads: [{ reader: 'decouple', path: `${root}/backend/.env`, sure: true }] },
    },
    errors: [{ stage: 'settings', type: 'UndefinedValueError', message: 'SECRET_KEY not found.', file: 'core/settings.py', line: 7 }],
  })
const example = { shown: 'backend/.env.example', path: `${root}/backend/.env.example`, kind: 'example' } as const

/** The layer uses a Redis at this port, which doesn't answer. */
const gone = (port: number): Partial<Evidence> => ({
  wire: failing,
  redis: {
    where: `127.0.0.1:${port}`,
    source: 'CHANNEL_LAYERS',
    malformed: undefined,
    hasPassword: false,
    fact: { usable: false, id: 'redis-unreachable', elapsedMs: 2, evidence: [`no connection to 127.0.0.1:${port}`] },
  },
  examination: examinationOf({
    facts: {
      settings: {
        layer_backend: 'channels_redis.core.RedisChannelLayer',
        layer_hosts: [{ host: '127.0.0.1', port, db: 0, tls: false, password: false }],
      },
    },
  }),
})

const usable: NonNullable<Evidence['redisOfFile']> = {
  where: '127.0.0.1:6380',
  source: 'REDIS_PORT in backend/.env:2',
  malformed: undefined,
  hasPassword: false,
  fact: { usable: true, product: 'redis', version: '7.0.0', elapsedMs: 2 },
}
const wish = (redis: boolean) => ({ kind: 'set', redis, source: 'the environment' }) as const
const takesText = { file: 'backend/core/settings.py', line: 9, text: 'if bool(os.environ.get("USE_REDIS_FOR_CHANNELS")):' }
const refused = wireOf({
  token: { kind: 'current' },
  handshake: handshakes.denied,
  session: undefined,
  experiments: { unknownPath: handshakes.error },
})
const closes = examinationOf({ facts: { consumer: { outcome: 'closed', code: 4001 } } })

describe('names', () => {
  test.each<[string, Evidence, string]>([
    [
      'wrong-settings-module: a variable of the shell',
      unstarted({
        env: { DJANGO_SETTINGS_MODULE: 'core.settings_production' },
        examination: raised('ModuleNotFoundError', "No module named 'core.settings_production'"),
      }),
      'The environment: DJANGO_SETTINGS_MODULE=core.settings_production',
    ],
    [
      "wrong-settings-module: in the server's environment",
      deaf(serverOf({ env: { DJANGO_SETTINGS_MODULE: 'core.prod' } }, { program: 'uvicorn' }), {
        env: { DJANGO_SETTINGS_MODULE: 'core.prod' },
        examination: raised('ModuleNotFoundError', "No module named 'core.prod'"),
      }),
      'uvicorn (PID 4711): DJANGO_SETTINGS_MODULE=core.prod',
    ],
    [
      'wrong-settings-module: asgi.py names it',
      unstarted({
        examination: raised('ModuleNotFoundError', "No module named 'core.setings'", {
          stage: 'application',
          file: 'core/asgi.py',
          settings_module: 'core.setings',
        }),
      }),
      'core/asgi.py names core.setings',
    ],
    ['settings-import-hang', unstarted({ examination: standing('settings') }), 'core/settings.py:40'],
    ['settings-import-hang: a question', unstarted({ examination: raised('EOFError', 'EOF when reading a line') }), 'EOFError'],
    [
      'env-bool-typo',
      unstarted({ dotenv: dotenvOf('SECRET_KEY=x\nDEBUG=ture\n'), examination: raised('ValueError', 'Invalid truth value: ture') }),
      'backend/.env:2: DEBUG=ture',
    ],
    [
      'env-bool-typo: every text is true to the settings',
      evidenceOf({
        ...gone(6379),
        env: { USE_REDIS_FOR_CHANNELS: 'False' },
        checkout: checkoutOf({ wish: wish(false) }),
        settingsLines: [takesText],
      }),
      'backend/core/settings.py:9 reads any text as true',
    ],
    [
      'env-not-loaded: there is an example',
      unstarted({ dotenv: dotenvOf(undefined, { others: [example] }), examination: undefinedKey }),
      'backend/.env.example is there',
    ],
    [
      'env-not-loaded: it lacks the key',
      unstarted({ dotenv: dotenvOf('DEBUG=True\n'), examination: undefinedKey }),
      "SECRET_KEY isn't among its keys",
    ],
    [
      'env-not-loaded: the default port, and a file elsewhere that names another',
      evidenceOf({ ...gone(6379), dotenv: dotenvOf(undefined, { unread: [unreadOf('backend/updates/.env', 'REDIS_PORT=6380\n')] }) }),
      'backend/updates/.env:1: REDIS_PORT=6380',
    ],
    [
      'env-not-loaded: Redis by default, and a file elsewhere that wants none',
      evidenceOf({
        ...gone(6379),
        dotenv: dotenvOf(undefined, { unread: [unreadOf('backend/.env.txt', '\nUSE_REDIS_FOR_CHANNELS=False\n')] }),
      }),
      'backend/.env.txt:2: USE_REDIS_FOR_CHANNELS=False',
    ],
    [
      'env-not-loaded: the SECRET_KEY of the tokens',
      evidenceOf({ wire: refused, examination: closes, dotenv: dotenvOf(undefined), otherKeys: ['backend/updates/.env:1'] }),
      'backend/updates/.env:1: SECRET_KEY=***',
    ],
    [
      'env-variables-missing: two, of which a file says one',
      unstarted({
        dotenv: dotenvOf('DEBUG=True\n', {
          sources: {
            said: [{ name: 'LIMIT', value: '12', file: 'compose.yml', line: 8, kind: 'compose' }],
            hasDatabase: false,
            configuration: undefined,
          },
        }),
        examination: asking([
          { name: 'SECRET_KEY', file: 'core/settings.py', line: 7, cast: 'str', by: 'decouple' },
          { name: 'LIMIT', file: 'core/settings.py', line: 9, cast: 'int', by: 'decouple' },
        ]),
      }),
      'LIMIT   core/settings.py:9   12 in compose.yml:8',
    ],
    [
      'own-module-missing: its sample lies beside it',
      unstarted({
        examination: examinationOf({
          errors: [{ stage: 'settings', type: 'ModuleNotFoundError', message: "No module named 'core.local_settings'" }],
          facts: {
            samples: {
              modules: [
                {
                  module: 'core.local_settings',
                  file: 'core/settings.py',
                  line: 7,
                  path: 'core/local_settings.py',
                  sample: 'core/local_settings.py.sample',
                },
              ],
            },
          },
        }),
      }),
      'core/settings.py:7 imports core.local_settings',
    ],
    ['env-encoding: a byte order mark', unstarted({ dotenv: dotenvOf('\u{feff}SECRET_KEY=x\n'), examination: undefinedKey }), 'EF BB BF'],
    [
      'env-encoding: UTF-16',
      unstarted({
        dotenv: dotenvOf('', {
          fact: {
            kind: 'unreadable',
            path: `${root}/backend/.env`,
            code: 'env-encoding',
            reason: 'it is UTF-16 (its first bytes are FF FE)',
          },
        }),
        examination: raised('UnicodeDecodeError', "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
      }),
      'FF FE',
    ],
    [
      'env-value-malformed',
      unstarted({
        dotenv: dotenvOf('REDIS_PORT=6379  # default\n'),
        examination: raised('ValueError', "invalid literal for int() with base 10: '6379  # default'"),
      }),
      'backend/.env:1: REDIS_PORT=6379  # default',
    ],
    [
      'env-value-malformed: of several that are empty the one on the line',
      unstarted({
        dotenv: dotenvOf('TITLE=\nMAX_VOTES=\n'),
        examination: raised('ValueError', "invalid literal for int() with base 10: ''"),
        brokenLine: 'MAX_VOTES = config("MAX_VOTES", cast=int)',
      }),
      'backend/.env:2: MAX_VOTES=',
    ],
    [
      'env-not-loaded: the file has the key, and what asks does not read it',
      unstarted({ dotenv: dotenvOf('DEBUG=True\nSECRET_KEY=of-no-worth\n'), examination: raised('KeyError', "'SECRET_KEY'") }),
      'backend/.env:2 has SECRET_KEY',
    ],
    [
      'env-value-malformed: a port in the host',
      evidenceOf({
        ...gone(6379),
        redis: {
          where: 'REDIS_HOST',
          source: 'backend/.env:3',
          fact: undefined,
          hasPassword: false,
          malformed: {
            kind: 'malformed',
            id: 'env-value-malformed',
            name: 'REDIS_HOST',
            source: 'backend/.env:3',
            evidence: ['REDIS_HOST in backend/.env:3 is `127.0.0.1:6379`: there is a port in it'],
          },
        },
      }),
      'there is a port in it',
    ],
    [
      'env-shadowed: the port of Redis',
      evidenceOf({ ...gone(6379), redisOfFile: usable, env: { REDIS_PORT: '6379' }, dotenv: dotenvOf('SECRET_KEY=x\nREDIS_PORT=6380\n') }),
      'backend/.env:2: REDIS_PORT=6380',
    ],
    [
      'env-shadowed: the layer itself',
      evidenceOf({
        ...gone(6379),
        env: { USE_REDIS_FOR_CHANNELS: 'True' },
        dotenv: dotenvOf('USE_REDIS_FOR_CHANNELS=False\n'),
        checkout: checkoutOf({ wish: wish(true) }),
      }),
      'backend/.env:1: USE_REDIS_FOR_CHANNELS=False',
    ],
    [
      'env-shadowed: SECRET_KEY',
      evidenceOf({ wire: refused, examination: closes, env: { SECRET_KEY: 'other' }, dotenv: dotenvOf('SECRET_KEY=mine\n') }),
      'backend/.env:1: SECRET_KEY=***',
    ],
    [
      'log-dir-missing',
      unstarted({ examination: examinationOf({ facts: { folders: { missing: [{ folder: `${root}/backend/logs`, handler: 'file' }] } } }) }),
      `Handler 'file' writes into ${root}/backend/logs`,
    ],
  ])('%s', (title, evidence, telling) => {
    const { root: cause } = judge(evidence)
    expect(cause?.id, cause?.evidence.join('\n')).toBe(title.replace(/:.*/s, ''))
    expect(cause?.evidence.join('\n')).toContain(telling)
  })
})

describe('does not name', () => {
  test.each<[string, Evidence]>([
    [
      'wrong-settings-module: another module of the project is missing',
      unstarted({
        env: { DJANGO_SETTINGS_MODULE: 'core.settings' },
        examination: raised('ModuleNotFoundError', "No module named 'core.local'"),
      }),
    ],
    [
      'settings-import-hang: it came to its end',
      unstarted({ examination: examinationOf({ facts: { standing: { stage: 'settings', seconds: 3, frames: [] } } }) }),
    ],
    ['settings-import-hang: the consumer stood', unstarted({ examination: standing('consumer') })],
    [
      'env-bool-typo: the layer is in memory as it was asked',
      evidenceOf({ checkout: checkoutOf({ wish: wish(false) }), settingsLines: [takesText] }),
    ],
    [
      'env-bool-typo: the settings cast it',
      evidenceOf({
        ...gone(6379),
        checkout: checkoutOf({ wish: wish(false) }),
        settingsLines: [{ ...takesText, text: 'if config("USE_REDIS_FOR_CHANNELS", default=False, cast=bool):' }],
      }),
    ],
    [
      'env-not-loaded: the file elsewhere says what the settings have',
      evidenceOf({ ...gone(6380), dotenv: dotenvOf(undefined, { unread: [unreadOf('backend/updates/.env', 'REDIS_PORT=6380\n')] }) }),
    ],
    [
      'env-not-loaded: the environment says it',
      evidenceOf({
        ...gone(6379),
        env: { REDIS_PORT: '6379' },
        dotenv: dotenvOf(undefined, { unread: [unreadOf('backend/updates/.env', 'REDIS_PORT=6380\n')] }),
      }),
    ],
    [
      'env-not-loaded: the file that is read has the key',
      evidenceOf({
        ...gone(6379),
        dotenv: dotenvOf('REDIS_PORT=6379\n', { unread: [unreadOf('backend/updates/.env', 'REDIS_PORT=6380\n')] }),
      }),
    ],
    ['env-not-loaded: all works by the defaults', evidenceOf({ dotenv: dotenvOf(undefined, { others: [example] }) })],
    ['env-encoding: a mark that harms nothing', evidenceOf({ dotenv: dotenvOf('\u{feff}# mine\nSECRET_KEY=x\n') })],
    ['env-value-malformed: a number', evidenceOf({ ...gone(6379), dotenv: dotenvOf('REDIS_PORT=6379\n') })],
    [
      'env-shadowed: the same value',
      evidenceOf({ ...gone(6379), redisOfFile: usable, env: { REDIS_PORT: '6380' }, dotenv: dotenvOf('REDIS_PORT=6380\n') }),
    ],
    [
      'env-shadowed: the file leads to no better Redis',
      evidenceOf({ ...gone(6379), env: { REDIS_PORT: '6379' }, dotenv: dotenvOf('REDIS_PORT=6380\n') }),
    ],
    ['env-shadowed: all works', evidenceOf({ env: { REDIS_PORT: '6379' }, dotenv: dotenvOf('REDIS_PORT=6380\n') })],
    [
      'log-dir-missing: the server is up',
      evidenceOf({ examination: examinationOf({ facts: { folders: { missing: [{ folder: '/x', handler: 'file' }] } } }) }),
    ],
  ])('%s', (title, evidence) => {
    const { root: cause, explained } = judge(evidence)
    expect([cause, ...explained].map((one) => one?.id)).not.toContain(title.replace(/:.*/s, ''))
  })
})

test('settings that a flag names in vain: the flag is what is told, and no command keeps it', () => {
  const { root } = judge(
    unstarted({
      given: [
        ['--settings', 'core.prod'],
        ['--port', '9000'],
      ],
      env: { DJANGO_SETTINGS_MODULE: 'core.prod' },
      examination: raised('ModuleNotFoundError', "No module named 'core.prod'"),
    }),
  )
  expect(root).toMatchObject({ id: 'wrong-settings-module', title: "--settings names core.prod, which isn't there" })
  expect(root?.remedy.commands).toEqual([['election-dev', 'start', '--port', '9000']])
})
