/** The causes in Python's environment: facts in, one cause out. */
import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../src/checks/evidence.ts'
import { judge } from '../../src/checks/judgement.ts'
import {
  checkoutOf,
  deaf,
  environmentWith,
  evidenceOf,
  examinationOf,
  failing,
  fullPackages,
  ready,
  root,
  serverOf,
  unstarted,
} from '../support/evidence.ts'

const without = (...names: string[]) => fullPackages.filter((name) => !names.includes(name))
const requirements = (...names: string[]) => ({ kind: 'requirements', file: `${root}/backend/requirements.txt`, names }) as const
const lacking = (packages: readonly string[], missing: readonly string[]) =>
  ({ kind: 'packages-missing', environment: environmentWith(packages), missing, note: undefined }) as const
const other = '/home/ada/other'
const active = (hasDjango: boolean, hasDaphne: boolean): Partial<Evidence> => ({
  env: { VIRTUAL_ENV: other },
  pathPython: { executable: `${other}/bin/python3`, version: '3.11.7', hasDjango, hasDaphne },
})
const broken = {
  state: 'broken',
  label: 'backend/venv',
  folder: `${root}/backend/venv`,
  reason: 'backend/venv/bin/python is a link that leads nowhere',
  own: true,
} as const
const raised = (stage: string, type: string, message: string, causes: { type: string; message: string }[] = []) =>
  examinationOf({ facts: { application: null, consumer: null }, errors: [{ stage, type, message, causes, file: 'core/asgi.py', line: 3 }] })
const wrongVenv = { pid: 4711, python: `${other}/bin/python` }
const redisLayer = { layer_backend: 'channels_redis.core.RedisChannelLayer', layer_hosts: [] }
const cannotImport = {
  stage: 'layer',
  type: 'InvalidChannelLayerError',
  message: "Cannot import BACKEND 'channels_redis.core.RedisChannelLayer' specified for default",
}

describe('names', () => {
  test.each<[string, Evidence, string]>([
    ['venv-missing', unstarted({ choice: { kind: 'venv-missing', base: 'python3' }, examination: undefined }), 'python3 has no Django'],
    [
      'venv-missing: there is no python3 either',
      unstarted({ choice: { kind: 'venv-missing', base: undefined }, examination: undefined }),
      'no python3 on the PATH',
    ],
    [
      'missing-dep: an environment with the Channels of before',
      unstarted({
        choice: { kind: 'ready', environment: { ...environmentWith(), packages: new Map([['channels', '2.4.0']]) }, note: undefined },
        checkout: checkoutOf({
          requirements: {
            kind: 'requirements',
            file: `${root}/backend/requirements.txt`,
            names: [],
            lines: [{ name: 'channels', spec: 'channels>=4', marker: undefined, file: `${root}/backend/requirements.txt`, line: 2 }],
          },
        }),
      }),
      'backend/requirements.txt:2 asks for channels>=4',
    ],
    [
      'channels-unsupported',
      unstarted({ choice: { kind: 'venv-missing', base: 'python3' }, speaksOfChannels: false, examination: undefined }),
      'name channels, daphne or a WebSocket',
    ],
    [
      'foreign-environment',
      unstarted({
        choice: { kind: 'venv-missing', base: 'python3', isForeign: true },
        checkout: checkoutOf({
          python: {
            candidates: [{ state: 'foreign', label: 'backend/venv', folder: `${root}/backend/venv`, system: 'Windows' }],
            named: false,
          },
        }),
        examination: undefined,
      }),
      'backend/venv has the layout of Windows',
    ],
    [
      'python-not-available',
      unstarted({
        choice: {
          kind: 'venv-missing',
          base: 'python3',
          other: { kind: 'none', word: { spec: '>=3.14', source: 'pyproject.toml:6' }, versions: ['3.11.7'] },
        },
        examination: undefined,
      }),
      'pyproject.toml:6 asks for Python >=3.14',
    ],
    [
      'venv-broken: its interpreter is gone',
      unstarted({
        choice: { kind: 'venv-broken', folder: broken.folder, label: broken.label, reason: broken.reason, base: 'python3' },
        checkout: checkoutOf({ python: { candidates: [broken], named: false } }),
        examination: undefined,
      }),
      'leads nowhere',
    ],
    [
      'venv-broken: it was moved',
      unstarted({
        deadShebang: { script: `${root}/backend/venv/bin/daphne`, interpreter: '/gone/bin/python', folder: `${root}/backend/venv` },
      }),
      'backend/venv/bin/daphne:1',
    ],
    ['wrong-venv: the active one has no Django', unstarted(active(false, false)), other],
    ['wrong-venv: the active one has no daphne', unstarted(active(true, false)), 'no daphne'],
    [
      'wrong-venv: the server runs in one that lacks the layer',
      evidenceOf({
        wire: failing,
        examination: examinationOf({ facts: { settings: redisLayer } }),
        servingEnvironment: { ...wrongVenv, packages: new Map(without('channels-redis').map((name) => [name, '1'])) },
      }),
      `${other}/bin/python, which has no channels-redis`,
    ],
    ['missing-dep', unstarted({ examination: raised('settings', 'ModuleNotFoundError', "No module named 'corsheaders'") }), 'corsheaders'],
    [
      'missing-dep: all that is nowhere, and no name that is a guess',
      unstarted({
        examination: examinationOf({
          facts: {
            application: null,
            consumer: null,
            imports: {
              missing: [
                { module: 'decouple', file: 'core/settings.py', line: 2 },
                { module: 'of_nobody', file: 'core/urls.py', line: 3 },
                { module: 'PIL', file: 'core/models.py', line: 4 },
              ],
            },
          },
          errors: [
            { stage: 'settings', type: 'ModuleNotFoundError', message: "No module named 'decouple'", file: 'core/settings.py', line: 2 },
          ],
        }),
      }),
      'Nowhere either: of_nobody (its name on PyPI is not known): core/urls.py:3, PIL: core/models.py:4',
    ],
    [
      'dependency-conflict: the server is imported, and no installer sees it',
      unstarted({
        examination: examinationOf({
          facts: {
            clash: {
              importer: { name: 'Twisted', version: '22.10.0' },
              other: { name: 'attrs', version: '20.3.0' },
              asks: 'attrs>=19.2.0',
              type: 'ModuleNotFoundError',
              message: "No module named 'attrs'",
              file: 'systemd.py',
              line: 18,
            },
          },
          errors: [{ stage: 'application', type: 'ModuleNotFoundError', message: "No module named 'attrs'" }],
        }),
      }),
      'Twisted 22.10.0 asks for attrs>=19.2.0, which allows 20.3.0',
    ],
    [
      'stdlib-module-removed: distutils on Python 3.12',
      unstarted({
        examination: examinationOf({
          facts: { application: null, consumer: null, start: { python: '3.12.1' } },
          errors: [
            { stage: 'settings', type: 'ModuleNotFoundError', message: "No module named 'distutils'", file: 'core/settings.py', line: 2 },
          ],
        }),
      }),
      "No module named 'distutils'",
    ],
    [
      'missing-dep: the driver of the database',
      unstarted({
        examination: raised('application', 'ImproperlyConfigured', 'Error loading psycopg2 or psycopg module', [
          { type: 'ModuleNotFoundError', message: "No module named 'psycopg2'" },
        ]),
      }),
      'psycopg2',
    ],
    [
      'daphne-missing: there is no server at all',
      unstarted({ choice: lacking(without('daphne', 'uvicorn'), ['daphne']) }),
      'No module named daphne',
    ],
    [
      'daphne-missing: the requirements ask for it',
      unstarted({
        choice: { ...ready, environment: environmentWith(without('daphne')) },
        checkout: checkoutOf({ requirements: requirements('django', 'daphne') }),
      }),
      'backend/requirements.txt asks for it',
    ],
    [
      'ws-library-missing: uvicorn is the only server',
      unstarted({ choice: { ...ready, environment: environmentWith(without('daphne', 'websockets', 'wsproto', 'hypercorn')) } }),
      'neither websockets nor wsproto',
    ],
    [
      'daphne-missing: INSTALLED_APPS has it',
      unstarted({
        choice: { ...ready, environment: environmentWith(without('daphne')) },
        checkout: checkoutOf({}, { hasDaphneApp: true }),
      }),
      'INSTALLED_APPS',
    ],
    [
      'channels-redis-missing',
      evidenceOf({
        wire: failing,
        choice: { ...ready, environment: environmentWith(without('channels-redis')) },
        examination: examinationOf({ facts: { settings: redisLayer, layer: null, consumer: null }, errors: [cannotImport] }),
      }),
      'channels_redis.core.RedisChannelLayer',
    ],
    [
      'python-too-old: an f-string of 3.12',
      unstarted({ examination: raised('application', 'SyntaxError', "f-string: unmatched '[' (asgi.py, line 3)") }),
      '3.12',
    ],
    [
      'python-too-old: a name that a package takes from typing',
      unstarted({
        examination: examinationOf({
          facts: { start: { python: '3.8.18' }, application: null },
          errors: [
            { stage: 'settings', type: 'ImportError', message: "cannot import name 'ParamSpec' from 'typing' (/usr/lib/typing.py)" },
          ],
        }),
      }),
      'typing.ParamSpec came with Python 3.10',
    ],
    [
      'python-too-old: a module of 3.14 or later is not guessed, one of 3.11 is known',
      unstarted({
        examination: examinationOf({
          facts: { start: { python: '3.9.2' }, application: null },
          errors: [{ stage: 'settings', type: 'ModuleNotFoundError', message: "No module named 'tomllib'" }],
        }),
      }),
      'tomllib came with Python 3.11',
    ],
    [
      'module-shadowed',
      unstarted({
        examination: examinationOf({
          facts: { shadows: { files: [{ name: 'channels', file: 'channels.py' }] }, application: null },
          errors: [
            {
              stage: 'application',
              type: 'ModuleNotFoundError',
              message: "No module named 'channels.routing'; 'channels' is not a package",
            },
          ],
        }),
      }),
      'channels.py lies beside manage.py',
    ],
    [
      'module-shadowed: behind the layer',
      evidenceOf({
        wire: failing,
        examination: examinationOf({
          facts: { settings: redisLayer, layer: null, consumer: null, shadows: { files: [{ name: 'redis', file: 'redis.py' }] } },
          errors: [
            {
              ...cannotImport,
              causes: [{ type: 'ModuleNotFoundError', message: "No module named 'redis.asyncio'; 'redis' is not a package" }],
            },
          ],
        }),
      }),
      'redis.py lies beside manage.py',
    ],
    ['wrong-working-directory', deaf(serverOf({ cwd: root }, { program: 'uvicorn', reload: true })), `Its working folder is ${root}`],
  ])('%s', (title, evidence, telling) => {
    const { root: cause } = judge(evidence)
    expect(cause?.id, cause?.evidence.join('\n')).toBe(title.replace(/:.*/s, ''))
    expect(cause?.evidence.join('\n')).toContain(telling)
  })
})

describe('does not name', () => {
  test.each<[string, Evidence]>([
    ['venv-missing: a complete environment', unstarted()],
    ['venv-broken: another environment was taken', unstarted({ checkout: checkoutOf({ python: { candidates: [broken], named: false } }) })],
    ['wrong-venv: the active one has all', unstarted(active(true, true))],
    ['wrong-venv: no environment is active', unstarted({ ...active(false, false), env: {} })],
    ["wrong-venv: the active one is the project's", unstarted({ ...active(false, false), env: { VIRTUAL_ENV: `${root}/backend/venv` } })],
    [
      'wrong-venv: the server runs in another one, which is complete',
      evidenceOf({
        wire: failing,
        examination: examinationOf({ facts: { settings: redisLayer } }),
        servingEnvironment: { ...wrongVenv, packages: new Map(fullPackages.map((name) => [name, '1'])) },
      }),
    ],
    [
      'wrong-venv: it lacks a layer that nothing uses',
      evidenceOf({
        wire: failing,
        servingEnvironment: { ...wrongVenv, packages: new Map(without('channels-redis').map((name) => [name, '1'])) },
      }),
    ],
    [
      'missing-dep: a module of the project',
      unstarted({ examination: raised('application', 'ModuleNotFoundError', "No module named 'updates.rooms'") }),
    ],
    ['daphne-missing: uvicorn is the server', unstarted({ choice: { ...ready, environment: environmentWith(without('daphne')) } })],
    [
      'channels-redis-missing: it is installed, and the class has another name',
      evidenceOf({
        wire: failing,
        examination: examinationOf({ facts: { settings: redisLayer, layer: null, consumer: null }, errors: [cannotImport] }),
      }),
    ],
    [
      'python-too-old: a plain mistake',
      unstarted({ examination: raised('application', 'SyntaxError', "'(' was never closed (asgi.py, line 3)") }),
    ],
    [
      'python-too-old: the interpreter is new enough',
      unstarted({
        examination: examinationOf({
          facts: { start: { python: '3.13.0' }, application: null },
          errors: [{ stage: 'application', type: 'SyntaxError', message: "f-string: unmatched '['" }],
        }),
      }),
    ],
    [
      'module-shadowed: another module is missing',
      unstarted({
        examination: examinationOf({
          facts: { shadows: { files: [{ name: 'redis', file: 'redis.py' }] }, application: null },
          errors: [{ stage: 'settings', type: 'ModuleNotFoundError', message: "No module named 'corsheaders'" }],
        }),
      }),
    ],
    [
      'wrong-working-directory: it names the folder',
      deaf(serverOf({ cwd: root, argv: ['python', '-m', 'uvicorn', '--app-dir', 'backend'] }, { program: 'uvicorn' })),
    ],
    [
      'wrong-working-directory: it listens',
      evidenceOf({
        servers: { onPorts: [serverOf({ cwd: root })], ofProject: [serverOf({ cwd: root })], source: '/proc', problem: undefined },
      }),
    ],
  ])('%s', (title, evidence) => {
    const { root: cause, explained } = judge(evidence)
    expect([cause, ...explained].map((one) => one?.id)).not.toContain(title.replace(/:.*/s, ''))
  })
})

test('a healthy project has no cause, and nothing started is only that', () => {
  expect(judge(evidenceOf()).root).toBeUndefined()
  expect(judge(unstarted()).root?.id).toBe('server-not-running')
})

describe('what is printed', () => {
  const tooOld = { examination: raised('application', 'SyntaxError', "f-string: unmatched '[' (asgi.py, line 3)") }

  test('python-too-old: with an interpreter of the PATH, and the packages after it', () => {
    const cause = judge(unstarted({ ...tooOld, newerPython: { minor: 12, file: '/usr/bin/python3.13' } })).root
    expect(cause?.remedy.commands.map((words) => words.slice(0, 4))).toEqual([
      ['/usr/bin/python3.13', '-m', 'venv', '--clear'],
      ['backend/venv/bin/python', '-m', 'pip', 'install'],
    ])
  })

  test('python-too-old: without one there is nothing to run', () => {
    const { commands, text } = judge(unstarted({ ...tooOld, newerPython: { minor: 12, file: undefined } })).root?.remedy ?? {}
    expect(commands).toEqual([])
    expect(text).toContain('has to be installed first')
  })

  test('venv-broken: what serves at once, and another way', () => {
    const dead = { script: `${root}/backend/venv/bin/daphne`, interpreter: '/old/bin/python', folder: `${root}/backend/venv` }
    const { commands, alternatives } = judge(unstarted({ deadShebang: dead })).root?.remedy ?? {}
    expect(commands).toEqual([['election-dev', 'start']])
    expect(alternatives?.map((steps) => steps.map((words) => words.slice(1, 4)))).toEqual([
      [
        ['-m', 'venv', '--clear'],
        ['-m', 'pip', 'install'],
      ],
    ])
  })
})
