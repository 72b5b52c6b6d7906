import { expect, test } from 'vitest'
import { backendEnvironment, planLaunch } from '../../src/plan/launch.ts'
import type { LayerDecision } from '../../src/plan/channel-layer.ts'

const layer: LayerDecision = {
  layer: 'memory',
  environment: { USE_REDIS_FOR_CHANNELS: 'False' },
  write: undefined,
  warning: undefined,
  error: undefined,
  why: '',
}

test('the command: interpreter, arguments for any port, folder', () => {
  const plan = planLaunch({
    config: { host: '127.0.0.1', reload: false, settings: undefined, observer: false },
    project: { backend: '/project/backend', settingsModule: 'core.settings' },
    way: 'asgi',
    application: 'core.asgi:application',
    environment: {
      version: '3.12.3',
      isVirtual: true,
      python: '/project/backend/venv/bin/python',
      label: 'backend/venv',
      packages: new Map([['daphne', '4.1']]),
    },
    server: { kind: 'server', name: 'daphne', version: '4.1', why: 'installed' },
    layer,
    env: { PATH: '/bin' },
    color: false,
    platform: 'linux',
    inside: '/ours',
  })
  expect(plan).toMatchObject({ file: '/project/backend/venv/bin/python', cwd: '/project/backend' })
  expect(plan.argsFor(8000)).toContain('8000')
  expect(plan.argsFor(8001)).toContain('8001')
  expect(plan.argsFor(8000).at(-1)).toBe('core.asgi:application')
  // an ASGI module that lacks its settings fails here as it does anywhere else
  expect(plan.env).toMatchObject({ PATH: '/bin', DJANGO_SETTINGS_MODULE: undefined })
})

test("our token and password are none of the backend's business", () => {
  const env = backendEnvironment({
    env: { ELECTION_DEV_TOKEN: 'a', ELECTION_DEV_PASSWORD: 'b', OTHER: 'c' },
    config: { settings: undefined },
    layer,
    color: false,
  })
  expect(env).not.toHaveProperty('ELECTION_DEV_TOKEN')
  expect(env).not.toHaveProperty('ELECTION_DEV_PASSWORD')
  expect(env).toMatchObject({ OTHER: 'c' })
})

test("the layer's choice and the settings module that was asked for win over what the shell had", () => {
  const env = backendEnvironment({
    env: { USE_REDIS_FOR_CHANNELS: 'True', DJANGO_SETTINGS_MODULE: 'other.settings', PYTHONUNBUFFERED: '' },
    config: { settings: 'core.settings' },
    layer,
    color: false,
  })
  expect(env).toEqual({ USE_REDIS_FOR_CHANNELS: 'False', DJANGO_SETTINGS_MODULE: 'core.settings', PYTHONUNBUFFERED: '1' })
})

test('what the launcher was started with is not changed', () => {
  const shell = Object.freeze({ ELECTION_DEV_TOKEN: 'a' })
  backendEnvironment({ env: shell, config: { settings: undefined }, layer, color: true })
  expect(shell).toEqual({ ELECTION_DEV_TOKEN: 'a' })
})

test.each([
  ['wanted', {}, true, '1'],
  ['wanted, and the shell says how many', { FORCE_COLOR: '3' }, true, '3'],
  ['not wanted', {}, false, undefined],
] as const)('colours %s', (_, env, color, force) => {
  expect(backendEnvironment({ env, config: { settings: undefined }, layer, color })['FORCE_COLOR']).toBe(force)
})

test('with the observer: its folder comes before what the user has, and only the server sees it', () => {
  const facts = {
    config: { host: '127.0.0.1', reload: false, settings: undefined, observer: true },
    project: { backend: '/project/backend', settingsModule: 'core.settings' },
    way: 'asgi',
    application: 'core.asgi:application',
    environment: {
      version: '3.12.3',
      isVirtual: true,
      python: '/project/backend/venv/bin/python',
      label: 'backend/venv',
      packages: new Map([['daphne', '4.1']]),
    },
    server: { kind: 'server', name: 'daphne', version: '4.1', why: 'installed' },
    layer,
    env: { PYTHONPATH: '/theirs' },
    color: false,
    platform: 'linux',
    inside: '/ours',
  } as const
  const plan = planLaunch(facts)
  expect(plan.argsFor(8000).at(-1)).toBe('election_dev_inside:application')
  expect(plan.serverEnv).toMatchObject({ PYTHONPATH: '/ours:/theirs', ELECTION_DEV_APPLICATION: 'core.asgi:application' })
  expect(plan.env).toMatchObject({ PYTHONPATH: '/theirs' })
  expect(plan.env).not.toHaveProperty('ELECTION_DEV_APPLICATION')
  expect(planLaunch({ ...facts, env: {} }).serverEnv).toMatchObject({ PYTHONPATH: '/ours' })
  expect(planLaunch({ ...facts, platform: 'win32' }).serverEnv).toMatchObject({ PYTHONPATH: '/ours;/theirs' })
  const runserver = planLaunch({ ...facts, server: { ...facts.server, name: 'runserver' } })
  expect(runserver.argsFor(8000).slice(0, 4)).toEqual(['-m', 'election_dev_inside', 'manage.py', 'runserver'])
  expect(runserver.observed).toBe('application')
  // what the parent has around the application, the child that serves can't reach
  const child = planLaunch({ ...facts, server: { ...facts.server, name: 'hypercorn', version: '0.14.4' } })
  expect([child.observed, child.argsFor(8000).at(-1), child.serverEnv]).toEqual(['none', 'core.asgi:application', child.env])
  // what manage.py does first is done by the package, with an observer or without
  const followed = planLaunch({ ...facts, way: 'manage', config: { ...facts.config, observer: false } })
  expect(followed.argsFor(8000).at(-1)).toBe('election_dev_inside:application')
  expect(followed).toMatchObject({ observed: 'none', serverEnv: { PYTHONPATH: '/ours:/theirs', ELECTION_DEV_PREAMBLE: 'core.settings' } })
  expect(plan.serverEnv).not.toHaveProperty('ELECTION_DEV_PREAMBLE')
  // under --reload no compiled code is kept: Python may take it for fresh
  expect(planLaunch({ ...facts, config: { ...facts.config, reload: true } }).env['PYTHONDONTWRITEBYTECODE']).toBe('1')
  expect(plan.env).not.toHaveProperty('PYTHONDONTWRITEBYTECODE')
})
