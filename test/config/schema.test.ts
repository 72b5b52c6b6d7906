import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Ajv } from 'ajv'
import { beforeAll, describe, expect, test } from 'vitest'
import { flagsOf } from '../../src/config/flags.ts'
import { checkConfig, configSchema } from '../../src/config/schema.ts'
import { runCli } from '../support/cli.ts'
import { root } from '../support/tools.ts'

describe('every option has its key', () => {
  test.each(['start', 'verify', 'env', 'demo'])('of %s --help', async (command) => {
    const { status, stdout } = await runCli([command, '--help'], { cwd: root })
    expect(status).toBe(0)
    const names = [...stdout.matchAll(/^ {2}(?:-\w, )?--(no-)?([a-z-]+)/gm)].flatMap((match) => match[2] ?? [])
    expect(names.length).toBeGreaterThan(3)
    const options = Object.fromEntries(
      names.filter((name) => name !== 'help').map((name) => [name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()), false]),
    )
    // `beside` is what is no key
    const { beside, ...keys } = flagsOf(options)
    expect(beside).toBeDefined()
    const missing = Object.keys(keys).filter((key) => !(key in configSchema.entries))
    expect(missing).toEqual([])
  })
})

describe('dist/config.schema.json takes and refuses what the loader does', () => {
  let validate: (value: unknown) => boolean
  beforeAll(async () => {
    const schema: { $schema?: string } = JSON.parse(await readFile(join(root, 'dist', 'config.schema.json'), 'utf8'))
    const ajv = schema.$schema?.includes('2020') === true ? new Ajv2020() : new Ajv()
    const compiled = ajv.compile(schema)
    validate = (value) => compiled(value)
  })

  const taken: unknown[] = [
    {},
    { $schema: './node_modules/election-dev/dist/config.schema.json' },
    { backend: 'api', settings: 'core.settings', application: 'core.asgi:application', python: 'venv/bin/python', server: 'uvicorn' },
    { host: '0.0.0.0', port: 65_535, strictPort: true, path: '/ws/', origin: 'http://localhost:3000' },
    { tokenIn: 'subprotocol', tokenName: 'jwt', subprotocols: ['a', 'b'], ping: false },
    { ping: { type: 'ping', id: 1 }, login: { path: '/login/', username: 'u', usernameField: 'email' } },
    {
      channelLayer: 'redis',
      channelLayerVariable: 'USE_REDIS',
      strict: false,
      envFile: '.env.local',
      setup: true,
      watch: false,
      parentWatch: false,
      hold: 1,
      startTimeout: 3_600_000,
      stopTimeout: 1,
      json: true,
      verbose: true,
    },
  ]
  const refused: unknown[] = [
    [],
    'port',
    { prot: 1 },
    { port: '8000' },
    { port: 0 },
    { port: 1.5 },
    { settings: '' },
    { server: 'gunicorn' },
    { application: 'core.asgi' },
    { path: 'ws/' },
    { login: { path: '/login/' } },
    { login: { path: '/login/', username: 'u', password: 'p' } },
    { subprotocols: [''] },
    { subprotocols: 'a' },
    { ping: true },
    { channelLayerVariable: '1X' },
    { hold: 0 },
    { port: null },
  ]
  test.each(taken.map((value) => [JSON.stringify(value), value]))('taken: %s', (_, value) => {
    expect('config' in checkConfig(value)).toBe(true)
    expect(validate(value)).toBe(true)
  })
  test.each(refused.map((value) => [JSON.stringify(value), value]))('refused: %s', (_, value) => {
    expect('config' in checkConfig(value)).toBe(false)
    expect(validate(value)).toBe(false)
  })
})
