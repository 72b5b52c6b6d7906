import { describe, expect, test } from 'vitest'
import { flagsOf } from '../../src/config/flags.ts'
import { mergeConfig, readAs } from '../../src/config/merge.ts'
import type { Flags } from '../../src/config/config.ts'
import type { PartialConfig } from '../../src/config/schema.ts'
import { LauncherError } from '../../src/errors.ts'
import { testHost } from '../support/host.ts'

function merged(flags: Flags, env: Record<string, string>, file: PartialConfig | undefined) {
  return mergeConfig(testHost('/', env), flags, file === undefined ? undefined : { name: 'election-dev.config.json', config: file })
}

describe('flags, environment, file, defaults: in that order, with the source of each', () => {
  const file = { port: 8003, settings: 'file.settings' }
  const env = { ELECTION_DEV_PORT: '8002', ELECTION_DEV_SETTINGS: 'env.settings' }
  test.each([
    [{ port: 8001 }, env, file, 8001, '--port'],
    [{}, env, file, 8002, 'ELECTION_DEV_PORT'],
    [{}, {}, file, 8003, 'election-dev.config.json'],
    [{}, {}, undefined, 8000, 'default'],
    [{}, { ELECTION_DEV_PORT: '' }, file, 8003, 'election-dev.config.json'],
  ])('%j %j %j', (flags, variables, config, port, source) => {
    const result = merged(flags, variables, config)
    expect([result.port, result.source('port')]).toEqual([port, source])
  })

  test('each key for itself', () => {
    const result = merged({ port: 8001 }, { ELECTION_DEV_STRICT_PORT: 'yes' }, { host: '0.0.0.0' })
    expect(result).toMatchObject({ port: 8001, strictPort: true, host: '0.0.0.0', stopTimeout: 5000 })
    expect((['port', 'strictPort', 'host', 'stopTimeout'] as const).map((key) => result.source(key))).toEqual([
      '--port',
      'ELECTION_DEV_STRICT_PORT',
      'election-dev.config.json',
      'default',
    ])
  })

  test('false on the command line beats true in the file', () => {
    const result = merged(flagsOf({ watch: false, ping: false }), {}, { watch: true, ping: { a: 1 } })
    expect(result).toMatchObject({ watch: false, ping: false })
    expect([result.source('watch'), result.source('ping')]).toEqual(['--no-watch', '--no-ping'])
  })

  test('a negated option that was not given has no say', () => {
    expect(merged(flagsOf({ watch: true, parentWatch: true, ping: true }), {}, { watch: false })).toMatchObject({
      watch: false,
      parentWatch: true,
      ping: { type: 'ping' },
    })
  })

  test('a token is registered as a secret wherever it comes from', () => {
    for (const [env_, config] of [
      [{ ELECTION_DEV_TOKEN: 'op4que-T0ken-1x' }, undefined],
      [{}, { token: 'op4que-T0ken-1x' }],
    ] as const) {
      const host = testHost('/', { ...env_ })
      mergeConfig(host, {}, config === undefined ? undefined : { name: 'f', config })
      expect(host.secrets.mask('the op4que-T0ken-1x here')).toBe('the *** here')
    }
  })
})

test.each([
  ['port', '8001', 8001],
  ['port', '8x', '8x'],
  ['strict', 'TRUE', true],
  ['strict', 'off', false],
  ['strict', 'constructor', 'constructor'],
  ['subprotocols', 'a, b', ['a', 'b']],
  ['ping', 'false', false],
  ['ping', '{"type":"hi"}', { type: 'hi' }],
  ['ping', '{', '{'],
  ['settings', '8', '8'],
])('the variable of %s: %s', (key, text, value) => {
  expect(readAs(key, text)).toEqual(value)
})

test.each([
  [{ port: 0 }, {}, '--port is 0; allowed: a whole number from 1 to 65535'],
  [{ settings: '' }, {}, '--settings is 0; allowed: a text that is not empty'],
  [{}, { ELECTION_DEV_PORT: 'abc' }, 'ELECTION_DEV_PORT is "abc"; allowed: number'],
  [{}, { ELECTION_DEV_SERVER: 'gunicorn' }, 'ELECTION_DEV_SERVER is "gunicorn"; allowed: "daphne", "uvicorn", "hypercorn", "runserver"'],
  [{}, { ELECTION_DEV_STRICT: 'ture' }, 'ELECTION_DEV_STRICT is "ture"; allowed: boolean'],
])('%j %j is refused: exit 2', (flags, env, message) => {
  const attempt = () => merged(flags, env, undefined)
  expect(attempt).toThrow(LauncherError)
  expect(attempt).toThrow(message)
})
