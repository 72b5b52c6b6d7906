import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { mergeConfig } from '../../src/config/merge.ts'
import type { Flags } from '../../src/config/config.ts'
import { LauncherError } from '../../src/errors.ts'
import { surveyDotenv } from '../../src/facts/dotenv-survey.ts'
import { absoluteModule } from '../../src/facts/modules.ts'
import { findProject, type Project } from '../../src/facts/project.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { testHost } from '../support/host.ts'

afterEach(removeFiles)

const manage = (settings = 'core.settings', head = '') =>
  `${head}import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")\n`
const settings = 'ASGI_APPLICATION = "core.asgi.application"\n'
const asgi = 'application = get_asgi_application()\n'

async function projectIn(root: string, options: { env?: Record<string, string>; flags?: Flags } = {}): Promise<Project> {
  const host = testHost(root, options.env)
  return findProject(host, mergeConfig(host, options.flags ?? {}, undefined))
}

async function refusal(root: string, options: Parameters<typeof projectIn>[1] = {}): Promise<LauncherError> {
  const error: unknown = await projectIn(root, options).catch((thrown: unknown) => thrown)
  if (error instanceof LauncherError) return error
  throw new Error(`no refusal: ${String(error)}`)
}

describe('where manage.py is', () => {
  test.each([
    ['in backend/', 'backend'],
    ['in the folder itself', ''],
    ['one level down', 'server'],
    ['deeper', 'services/api'],
    ['as deep as it is looked for', 'a/b/c/d/e'],
    ['in a folder whose name has spaces and other letters', 'Wahl Zähler'],
  ])('%s', async (_, folder) => {
    const root = await filesIn({ [join(folder, 'manage.py')]: manage(), [join(folder, 'core/settings.py')]: settings }, 'Wahl – 2026')
    const project = await projectIn(root)
    expect(project.backend).toBe(join(root, folder))
    expect(project.settingsModule).toBe('core.settings')
    expect(project.application).toBe('core.asgi:application')
  })

  test('nowhere: exit 2, and what to do', async () => {
    const error = await refusal(
      await filesIn({ 'readme.md': '', 'venv/manage.py': manage(), 'node_modules/manage.py': manage(), 'a/b/c/d/e/f/manage.py': manage() }),
      { flags: { setup: true, port: 8001 } },
    )
    expect(error).toMatchObject({ code: 'no-project', exitCode: 2 })
    expect(error.hint).toContain('election-dev start --backend path/to/folder --port 8001 --setup\n')
  })

  test('in three folders: exit 2, and all are listed, what speaks of Channels first, each with a command that keeps what was given', async () => {
    const files = { 'one/manage.py': manage(), 'the other/manage.py': manage(), 'plain/manage.py': manage() }
    const speaking = Object.keys(files).filter((file) => !file.startsWith('plain'))
    const settings = Object.fromEntries(
      speaking.map((file) => [file.replace('manage.py', 'core/settings.py'), 'INSTALLED_APPS = ["channels"]\n']),
    )
    const error = await refusal(await filesIn({ ...files, ...settings }), { flags: { python: 'python3.12', port: 8001 } })
    expect(error).toMatchObject({ code: 'several-projects', exitCode: 2 })
    expect(error.evidence.slice(0, 2).toSorted()).toEqual([
      'one/manage.py   election-dev start --backend one --python python3.12 --port 8001',
      'the other/manage.py   election-dev start --backend "the other" --python python3.12 --port 8001',
    ])
    expect(error.evidence[2]).toBe('plain/manage.py   election-dev start --backend plain --python python3.12 --port 8001')
  })

  test.each([
    ['one level down', 'api', 'admin'],
    ['deeper, and the other one not as deep', 'kits/live/server', 'kits/example'],
  ])('in two folders, one of which speaks of Channels: %s', async (_, live, plain) => {
    const root = await filesIn({
      [`${live}/manage.py`]: manage(),
      [`${live}/core/settings.py`]: 'INSTALLED_APPS = ["channels"]\n',
      [`${plain}/manage.py`]: manage(),
      [`${plain}/core/settings.py`]: 'INSTALLED_APPS = []\n',
    })
    expect((await projectIn(root)).backend).toBe(join(root, live))
  })

  test('in two folders, one of which is named', async () => {
    const root = await filesIn({ 'api/manage.py': manage(), 'admin/manage.py': manage() })
    expect((await projectIn(root, { flags: { backend: 'admin' } })).backend).toBe(join(root, 'admin'))
    expect(await refusal(root, { flags: { backend: 'nowhere' } })).toMatchObject({ code: 'no-project', exitCode: 2 })
  })

  test('a link to the same folder is no second project', async () => {
    const root = await filesIn({ 'backend/manage.py': manage() })
    await symlink(join(root, 'backend'), join(root, 'server'))
    expect((await projectIn(root)).backend).toBe(join(root, 'backend'))
  })
})

describe('the settings module', () => {
  const files = { 'backend/manage.py': manage() }
  test('of a flag, before all others', async () => {
    const project = await projectIn(await filesIn(files), { flags: { settings: 'a.b' }, env: { DJANGO_SETTINGS_MODULE: 'c.d' } })
    expect(project).toMatchObject({ settingsModule: 'a.b', settingsSource: '--settings' })
  })
  test('of the environment, before manage.py', async () => {
    const project = await projectIn(await filesIn(files), { env: { DJANGO_SETTINGS_MODULE: 'c.d' } })
    expect(project).toMatchObject({ settingsModule: 'c.d', settingsSource: 'DJANGO_SETTINGS_MODULE' })
  })
  test('of manage.py', async () => {
    expect(await projectIn(await filesIn(files))).toMatchObject({ settingsModule: 'core.settings', settingsSource: 'backend/manage.py' })
  })
  test('of the .env that manage.py reads', async () => {
    const root = await filesIn({
      'backend/manage.py': manage('core.settings', 'from dotenv import load_dotenv\nload_dotenv()\n'),
      'backend/.env': '# mine\nDJANGO_SETTINGS_MODULE=core.local\n',
    })
    expect(await projectIn(root)).toMatchObject({ settingsModule: 'core.local', settingsSource: 'backend/.env:2' })
  })
  test('a .env that manage.py does not read has no say', async () => {
    expect(await projectIn(await filesIn({ ...files, 'backend/.env': 'DJANGO_SETTINGS_MODULE=core.local\n' }))).toMatchObject({
      settingsModule: 'core.settings',
    })
  })
  test('nowhere: exit 2', async () => {
    expect(await refusal(await filesIn({ 'manage.py': 'import sys\n' }))).toMatchObject({ code: 'settings-unknown', exitCode: 2 })
  })
})

describe('settings in a package', () => {
  test('base, dev, and what they import, without what is no part of the project', async () => {
    const root = await filesIn({
      'manage.py': manage('config.settings.dev'),
      'config/settings/__init__.py': '',
      'config/settings/dev.py': 'from .base import *\nDEBUG = True\n',
      'config/settings/base.py':
        'from config.env import env\nfrom pathlib import Path\nfrom .channels import *\nINSTALLED_APPS = ["daphne"]\n',
      'config/settings/channels.py': 'X = env.bool("USE_REDIS_FOR_CHANNELS")\n',
      'config/env.py': 'import environ\nenv = environ.Env()\n',
      'config/asgi.py': asgi,
    })
    const project = await projectIn(root)
    expect(project.settingsFiles).toEqual(
      ['config/settings/dev.py', 'config/settings/base.py', 'config/settings/channels.py', 'config/env.py'].map((name) => join(root, name)),
    )
    expect(project).toMatchObject({
      application: 'config.asgi:application',
      applicationSource: 'config/asgi.py',
      dotenvReader: 'environ',
      hasDaphneApp: true,
    })
    expect(project.variables.has('USE_REDIS_FOR_CHANNELS')).toBe(true)
  })

  test('two that import each other end', async () => {
    const root = await filesIn({ 'manage.py': manage('s.a'), 's/a.py': 'from .b import *\n', 's/b.py': 'from .a import *\n' })
    expect((await projectIn(root)).settingsFiles).toHaveLength(2)
  })

  test('what is imported last wins', async () => {
    const root = await filesIn({
      'manage.py': manage('s'),
      's/__init__.py': 'from .base import *\nfrom .local import *\n',
      's/base.py': 'ASGI_APPLICATION = "base.asgi.application"\n',
      's/local.py': 'ASGI_APPLICATION = "local.asgi.application"\n',
    })
    expect((await projectIn(root)).application).toBe('local.asgi:application')
  })

  test.each([
    ['.base', 'core.settings.dev', false, 'core.settings.base'],
    ['.base', 'core.settings', true, 'core.settings.base'],
    ['..env', 'core.settings.dev', false, 'core.env'],
    ['core.settings.base', 'core.settings.dev', false, 'core.settings.base'],
  ])('%s seen from %s', (imported, from, isPackage, expected) => {
    expect(absoluteModule(from, imported, isPackage)).toBe(expected)
  })
})

describe('the application', () => {
  test.each([
    ['named by a flag', { flags: { application: 'x.y:z' } }, settings, { application: 'x.y:z', applicationSource: '--application' }],
    ['named by the settings', {}, settings, { application: 'core.asgi:application', applicationSource: 'ASGI_APPLICATION' }],
    [
      'put together: asgi.py tells',
      {},
      'ASGI_APPLICATION = f"{NAME}.asgi.application"\n',
      { application: 'core.asgi:application', applicationSource: 'core/asgi.py' },
    ],
    ['not named: asgi.py tells', {}, '', { application: 'core.asgi:application', applicationSource: 'core/asgi.py' }],
  ])('%s', async (_, options, text, expected) => {
    expect(
      await projectIn(await filesIn({ 'manage.py': manage(), 'core/settings.py': text, 'core/asgi.py': asgi }), options),
    ).toMatchObject(expected)
  })

  test('neither named nor in asgi.py: left to the interpreter', async () => {
    const root = await filesIn({ 'manage.py': manage(), 'core/settings.py': '', 'core/asgi.py': 'app = get_asgi_application()\n' })
    expect((await projectIn(root)).application).toBeUndefined()
  })
})

describe('the .env', () => {
  const project = { 'backend/manage.py': manage(), 'backend/core/settings.py': 'from decouple import config\n' }
  test.each([
    ['beside the settings', ['backend/core/.env', 'backend/.env', '.env'], 'backend/core/.env'],
    ['in the backend', ['backend/.env', '.env'], 'backend/.env'],
    ['in the root', ['.env'], '.env'],
    ['nowhere', [], 'backend/.env'],
    ['nowhere, but its example is in the backend', ['backend/.env.example'], 'backend/.env'],
    ['nowhere, but its example is in the root', ['.env.example'], '.env'],
  ])('%s', async (_, there, expected) => {
    const root = await filesIn({ ...project, ...Object.fromEntries(there.map((name) => [name, 'A=1\n'])) })
    const found = await projectIn(root)
    expect(found.dotenv).toBe(join(root, expected))
    const example = there.find((name) => name.endsWith('.example'))
    expect(found.dotenvExample).toBe(example === undefined ? undefined : join(root, example))
  })

  test('django-environ reads it where the settings say, whatever folder the example is in', async () => {
    const root = await filesIn({ 'backend/manage.py': manage(), 'backend/core/settings.py': 'import environ\n', '.env.example': 'A=1\n' })
    expect(await projectIn(root)).toMatchObject({ dotenv: join(root, 'backend/.env'), dotenvExample: join(root, '.env.example') })
  })

  test('named by a flag', async () => {
    const root = await filesIn({ ...project, 'backend/.env': '', 'deploy/.env.local': '' })
    expect((await projectIn(root, { flags: { envFile: 'deploy/.env.local' } })).dotenv).toBe(join(root, 'deploy/.env.local'))
  })
})

test.each([
  ['', ['backend/ballots/.env']],
  ['load_dotenv(BASE_DIR / "ballots" / ".env")\n', []],
])('a .env in the folder of an app, where the settings have %j: unread are %j', async (load, unread) => {
  const root = await filesIn({
    'backend/manage.py': manage(),
    'backend/core/settings.py': `from dotenv import load_dotenv\n${load}${settings}`,
    'backend/ballots/.env': 'REDIS_PORT=6380\n',
  })
  const survey = await surveyDotenv(testHost(root), await projectIn(root))
  expect(survey.unread.map(({ shown }) => shown)).toEqual(unread)
})
