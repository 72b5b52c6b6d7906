import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { layerBlock } from '../../src/fix/planners/layer-block.ts'
import { runCli } from '../support/cli.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { secret } from '../support/secrets.ts'
import { environmentFolder, pythonOf, run } from '../support/tools.ts'
import { symlink } from 'node:fs/promises'

afterEach(removeFiles)

const apps = 'INSTALLED_APPS = ["channels"]\nASGI_APPLICATION = "core.asgi.application"\n'
const memory = 'CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}\n'
const redis = `CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",  # of production
        "CONFIG": {"hosts": [("redis.internal", 6390)]},
    },
}
AFTER = CHANNEL_LAYERS["default"]["BACKEND"]
`

/** A checkout with these settings, saved with Windows' line ends. */
async function checkout(settings: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = await filesIn({
    'backend/manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")\n',
    'backend/core/__init__.py': '',
    'backend/core/settings.py': settings.replaceAll('\n', '\r\n'),
    ...more,
  })
  await symlink(environmentFolder('main'), join(root, 'backend', 'venv'))
  return root
}

/** Imports the settings once for each environment, in one interpreter. */
const importer = `
import importlib, json, os, sys
sys.path.insert(0, os.getcwd())
given, layers = dict(os.environ), []
for env in json.loads(sys.argv[1]):
    os.environ.clear()
    os.environ.update(given, **env)
    for name in [name for name in sys.modules if name.split(".")[0] in ("core", "decouple", "environ", "dotenv")]:
        del sys.modules[name]
    layers.append(importlib.import_module("core.settings").CHANNEL_LAYERS["default"])
print(json.dumps(layers))
`

/** What Python has for the layer once it has imported the settings, for each environment. */
async function layersOf(root: string, envs: readonly Readonly<Record<string, string>>[]): Promise<unknown> {
  const { stdout } = await run(pythonOf('main'), ['-c', importer, JSON.stringify(envs)], {
    cwd: join(root, 'backend'),
    env: { PATH: process.env['PATH'] ?? '', PYTHONDONTWRITEBYTECODE: '1' },
  })
  return JSON.parse(stdout)
}

const inMemory = { BACKEND: 'channels.layers.InMemoryChannelLayer' }
const atRedis = (host: object) => ({
  BACKEND: 'channels_redis.core.RedisChannelLayer',
  CONFIG: { hosts: [{ ...host, socket_timeout: null }] },
})

test.each<[string, string, string, number]>([
  ['decouple, none yet', `from decouple import config\n\nDEBUG = config("DEBUG", default=True, cast=bool)\n${apps}`, '127.0.0.1', 6379],
  [
    'decouple under another name, a literal of Redis',
    `from decouple import Csv, config as setting\n${apps}${redis}`,
    'redis.internal',
    6390,
  ],
  ['decouple as a module', `import decouple\n${apps}${memory}`, '127.0.0.1', 6379],
  [
    'environ, in memory until now',
    `import environ\nfrom pathlib import Path\nenv = environ.Env(DEBUG=(bool, False))\nenviron.Env.read_env(Path(__file__).parent.parent / ".env")\n${apps}${memory}`,
    '127.0.0.1',
    6379,
  ],
  ['plain, with os', `import os\n${apps}${redis}`, 'redis.internal', 6390],
  [
    'plain, without os, behind a docstring',
    `"""Settings\nimport nothing\n"""\n\nfrom __future__ import annotations\nfrom pathlib import Path\n\n${apps}${memory}`,
    '127.0.0.1',
    6379,
  ],
  ['plain, with no import at all', apps, '127.0.0.1', 6379],
  [
    'a literal whose client reads without a limit',
    `${apps}${redis.replace('("redis.internal", 6390)', '{"host": "redis.internal", "port": 6390, "socket_timeout": None}')}`,
    'redis.internal',
    6390,
  ],
  ['python-dotenv', `from dotenv import load_dotenv\nload_dotenv()\n${apps}`, '127.0.0.1', 6379],
])('%s: the variable chooses the layer, CRLF kept', async (_, settings, host, port) => {
  const root = await checkout(settings)
  const result = await runCli(['init', '--settings', '--yes', '--ci', 'none'], { cwd: root })
  expect(result.stdout).toContain('+USE_REDIS_FOR_CHANNELS = ')
  expect(result.status).toBe(0)
  const after = await readFile(join(root, 'backend/core/settings.py'), 'utf8')
  expect(after.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  const on = { USE_REDIS_FOR_CHANNELS: 'True' }
  const password = secret()
  const envs = [
    {},
    { USE_REDIS_FOR_CHANNELS: 'False', REDIS_HOST: 'elsewhere' },
    on,
    { ...on, REDIS_HOST: 'h', REDIS_PORT: '7', REDIS_PASSWORD: password },
    { ...on, REDIS_URL: 'redis://u:1/2' },
  ]
  // what had Redis whatever is set has it still where nobody sets anything
  const isRedis = settings.includes('RedisChannelLayer')
  expect(await layersOf(root, envs)).toEqual([
    isRedis ? atRedis({ host, port, password: null }) : inMemory,
    inMemory,
    atRedis({ host, port, password: null }),
    atRedis({ host: 'h', port: 7, password }),
    atRedis({ address: 'redis://u:1/2' }),
  ])
  if (!/decouple|environ|dotenv/.test(settings)) return
  await writeFile(join(root, 'backend/.env'), 'USE_REDIS_FOR_CHANNELS=True\n')
  expect(await layersOf(root, [{}])).toMatchObject([{ BACKEND: 'channels_redis.core.RedisChannelLayer' }])
})

test.each([
  ['channels-redis==3.4.1', undefined, `${apps}${redis}`, { address: ['redis.internal', 6390], password: null }],
  ['channels_redis==2.4.2', undefined, apps, { address: ['127.0.0.1', 6379], password: null }],
  ['channels-redis==3.4.1', { REDIS_URL: 'redis://u:1/2', REDIS_PASSWORD: 'p' }, apps, { address: 'redis://u:1/2', password: 'p' }],
])('%s has another client: it gets an address alone, %j', async (spec, more, settings, host) => {
  const root = await checkout(settings, { 'backend/requirements.txt': `django\nchannels\n${spec}\n` })
  await rm(join(root, 'backend', 'venv'))
  expect((await runCli(['init', '--settings', '--yes', '--ci', 'none'], { cwd: root })).status).toBe(0)
  expect(await layersOf(root, [{ USE_REDIS_FOR_CHANNELS: '1', ...more }])).toEqual([
    { BACKEND: 'channels_redis.core.RedisChannelLayer', CONFIG: { hosts: [host] } },
  ])
})

test('settings that let a variable choose already are left alone', async () => {
  const root = await checkout(`import os\n${apps}if os.environ.get("USE_REDIS_FOR_CHANNELS"):\n    ${memory}`)
  const result = await runCli(['init', '--settings', '--ci', 'none'], { cwd: root })
  expect(result.stdout).toContain('A variable already chooses the channel layer in the settings.')
  expect(result.stdout).not.toContain('settings.py')
})

test('what the layer is of no use without is told, and the module may be named', async () => {
  const root = await checkout('import os\n', { 'backend/core/local.py': 'import os\r\nDEBUG = True\r\n' })
  const result = await runCli(['init', '--settings', 'core.local', '--yes', '--ci', 'none'], { cwd: root })
  expect(result.stdout).toContain('"channels" is not in INSTALLED_APPS')
  expect(result.stdout).toContain('ASGI_APPLICATION is not set')
  expect(await readFile(join(root, 'backend/core/local.py'), 'utf8')).toContain('USE_REDIS_FOR_CHANNELS')
  expect(await readFile(join(root, 'backend/core/settings.py'), 'utf8')).toBe('import os\r\n')
})

test.each<[string, string, string]>([
  ['a condition', 'import os\nif DEBUG:\n    CHANNEL_LAYERS = {}\n', 'CHANNEL_LAYERS is set under a condition'],
  ['two of them', `${memory}${memory}`, 'CHANNEL_LAYERS is set more than once'],
  ['changed later', `${memory}CHANNEL_LAYERS["default"]["CONFIG"] = {}\n`, 'CHANNEL_LAYERS is changed after it is set'],
  ['a function', 'CHANNEL_LAYERS = layers()\n', 'CHANNEL_LAYERS is no plain dict'],
  [
    'a dict and more',
    'CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}} | EXTRA\n',
    'CHANNEL_LAYERS is no plain dict',
  ],
  [
    'spread',
    'CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", **MORE}}\n',
    'CHANNEL_LAYERS is no plain literal',
  ],
  [
    'two layers',
    'CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}, "b": {}}\n',
    'CHANNEL_LAYERS has more than the default layer',
  ],
  [
    'another class',
    'CHANNEL_LAYERS = {"default": {"BACKEND": "channels_rabbitmq.core.RabbitmqChannelLayer"}}\n',
    'the layer is channels_rabbitmq.core.RabbitmqChannelLayer',
  ],
  [
    'more of CONFIG',
    'CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": ["redis://h"], "capacity": 9}}}\n',
    'its CONFIG has "capacity", which would be lost',
  ],
  [
    'hosts that are read',
    'CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [(HOST, 6379)]}}}\n',
    'its hosts are no plain literal',
  ],
  [
    'a login',
    'CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": ["redis://:x@h"]}}}\n',
    'its URL holds a login, which belongs into .env',
  ],
  ['a .env that comes later', `${memory}from dotenv import load_dotenv\nload_dotenv()\n`, 'the .env is read below it'],
])('refused with the block to paste: %s', (_, text, why) => {
  const block = layerBlock({
    files: [{ file: 'settings.py', text }],
    reader: undefined,
    variable: 'USE_REDIS_FOR_CHANNELS',
    variables: new Set(),
  })
  expect(block).toMatchObject({ kind: 'refused', why })
  expect(block.kind === 'refused' && block.block.join('\n')).toContain('InMemoryChannelLayer')
})

test('a file of the settings that does not end in a newline gets none', () => {
  const block = layerBlock({
    files: [{ file: 's.py', text: '\u{feff}import os\nX = 1' }],
    reader: undefined,
    variable: 'USE_REDIS',
    variables: new Set(),
  })
  expect(block.kind === 'edit' && block.after).toMatch(/^\u{feff}import os\nX = 1\n\n# In memory[^]*InMemoryChannelLayer"\}\}$/u)
})

test('in several files: where INSTALLED_APPS is set, whichever is used', async () => {
  const root = await checkout('from .base import *\n', { 'backend/core/base.py': `import os\n${apps}` })
  const result = await runCli(['init', '--settings', '--yes'], { cwd: root })
  expect(result.status).toBe(0)
  expect(result.stdout).not.toContain('.github')
  expect(await readFile(join(root, 'backend/core/base.py'), 'utf8')).toContain('USE_REDIS_FOR_CHANNELS')
  expect(await layersOf(root, [{}])).toEqual([inMemory])
})
