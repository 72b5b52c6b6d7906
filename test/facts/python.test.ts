import { chmod, mkdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mergeConfig } from '../../src/config/merge.ts'
import type { Flags } from '../../src/config/config.ts'
import { findProject } from '../../src/facts/project.ts'
import { interpreterOf, isDeserted } from '../../src/facts/environments.ts'
import { findPython, type Candidate, type PythonFact } from '../../src/facts/python.ts'
import { runToEnd } from '../../src/host/processes.ts'
import { choosePython } from '../../src/plan/environment.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { testHost } from '../support/host.ts'
import { basePython, environmentFolder, pythonOf } from '../support/tools.ts'

let root = ''
beforeEach(async () => {
  root = await filesIn(
    { 'backend/manage.py': 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")\n' },
    'Wahl – Zähler 2026',
  )
})
afterEach(removeFiles)

async function look(options: { env?: Record<string, string>; flags?: Flags } = {}): Promise<PythonFact> {
  const host = testHost(root, { PATH: process.env['PATH'] ?? '', ...options.env })
  const config = mergeConfig(host, options.flags ?? {}, undefined)
  return findPython(host, config, await findProject(host, config))
}

/** An environment without packages, made as `venv` lays it out; its interpreter is a link. */
async function environment(
  path: string,
  options: { config?: string; packages?: readonly string[]; version?: string } = {},
): Promise<string> {
  const folder = join(root, path)
  const real = (
    await runToEnd(basePython(), ['-c', 'import os,sys;print(os.path.realpath(sys.executable));print("%d.%d"%sys.version_info[:2])'], {
      deadlineMs: 10_000,
    })
  ).stdout.split(/\r?\n/)
  const site = join(folder, 'lib', `python${options.version ?? real[1] ?? ''}`, 'site-packages')
  await mkdir(site, { recursive: true })
  await mkdir(join(folder, 'bin'))
  await symlink(real[0] ?? '', join(folder, 'bin', 'python'))
  await writeFile(
    join(folder, 'pyvenv.cfg'),
    `home = ${dirname(real[0] ?? '')}\ninclude-system-site-packages = false\n${options.config ?? ''}`,
  )
  for (const name of options.packages ?? []) await mkdir(join(site, `${name}.dist-info`))
  return folder
}

const serving = ['Django-5.2', 'channels-4.2', 'daphne-4.1']

function labels(fact: PythonFact): string[] {
  return fact.candidates.map((candidate) =>
    candidate.state === 'usable' ? candidate.environment.label : `${candidate.label}: ${candidate.state}`,
  )
}

function broken(fact: PythonFact): Extract<Candidate, { state: 'broken' }> {
  const found = fact.candidates.find((candidate) => candidate.state === 'broken')
  if (found?.state !== 'broken') throw new Error(`nothing is broken: ${labels(fact).join(', ')}`)
  return found
}

describe.skipIf(process.platform === 'win32')('environments of the project', () => {
  test.each(['backend/.venv', 'backend/venv', 'backend/env', '.venv', 'venv', 'env'])('%s', async (path) => {
    const folder = await environment(path, { packages: serving })
    const fact = await look()
    expect(labels(fact)[0]).toBe(path)
    const choice = choosePython(fact)
    expect(choice).toMatchObject({ kind: 'ready', environment: { python: join(folder, 'bin', 'python'), isVirtual: true } })
  })

  test("the active one that lacks the packages loses to the project's own, and is named", async () => {
    const active = await environment('elsewhere/active')
    await environment('backend/venv', { packages: serving })
    const choice = choosePython(await look({ env: { VIRTUAL_ENV: active } }))
    expect(choice).toMatchObject({ kind: 'ready', environment: { label: 'backend/venv' } })
    expect('note' in choice && choice.note).toMatch(/VIRTUAL_ENV \(elsewhere\/active\) is passed over: it lacks django, channels, daphne/)
  })

  test('the active one that has the packages wins', async () => {
    const active = await environment('elsewhere/active', { packages: serving })
    await environment('backend/venv', { packages: serving })
    expect(choosePython(await look({ env: { VIRTUAL_ENV: active } }))).toMatchObject({
      kind: 'ready',
      environment: { label: 'VIRTUAL_ENV (elsewhere/active)' },
      note: undefined,
    })
  })

  test('the active one that is gone is no news', async () => {
    await environment('backend/venv', { packages: serving })
    expect(choosePython(await look({ env: { VIRTUAL_ENV: join(root, 'gone') } }))).toMatchObject({ kind: 'ready', note: undefined })
  })

  test('through a link', async () => {
    await symlink(environmentFolder('main'), join(root, 'backend', 'venv'))
    expect(choosePython(await look())).toMatchObject({
      kind: 'ready',
      environment: { label: 'backend/venv', python: join(root, 'backend', 'venv', 'bin', 'python') },
    })
  })

  test('a folder env that is something else is left alone', async () => {
    await mkdir(join(root, 'backend', 'env'))
    await writeFile(join(root, 'backend', 'env', 'production.txt'), '')
    expect(labels(await look())).not.toContain('backend/env')
  })

  test('one that was moved still runs: its interpreter is a link', async () => {
    await environment('backend/old', { packages: serving })
    await rename(join(root, 'backend', 'old'), join(root, 'backend', 'venv'))
    expect(choosePython(await look()).kind).toBe('ready')
  })

  test('a .pth file and the packages of the system: the interpreter is asked', async () => {
    const folder = await environment('backend/venv')
    const site = join(folder, 'lib', await readlinkVersion(folder), 'site-packages')
    await writeFile(join(site, 'more.pth'), `${join(root, 'more')}\n`)
    for (const name of serving) {
      await mkdir(join(root, 'more', `${name}.dist-info`), { recursive: true })
      await writeFile(
        join(root, 'more', `${name}.dist-info`, 'METADATA'),
        `Metadata-Version: 2.1\nName: ${name.split('-')[0] ?? ''}\nVersion: ${name.split('-')[1] ?? ''}\n`,
      )
    }
    const choice = choosePython(await look())
    expect(choice.kind).toBe('ready')
    await writeFile(join(folder, 'pyvenv.cfg'), `home = /nowhere\ninclude-system-site-packages = true\n`)
    expect(choosePython(await look()).kind).toBe('ready')
  })
})

/** `python3.11` of the environment's lib. */
async function readlinkVersion(folder: string): Promise<string> {
  return `python${/python(\d\.\d+)$/.exec(await readlink(join(folder, 'bin', 'python')))?.[1] ?? ''}`
}

describe.skipIf(process.platform === 'win32')('broken and missing are told apart', () => {
  test('missing', async () => {
    const fact = await look()
    expect(fact.candidates.some(({ state }) => state === 'broken')).toBe(false)
    expect(choosePython({ ...fact, candidates: fact.candidates.filter(({ state }) => state !== 'usable') })).toMatchObject({
      kind: 'venv-missing',
    })
  })

  test('its interpreter is a link that leads nowhere', async () => {
    const folder = await environment('backend/venv')
    await rm(join(folder, 'bin', 'python'))
    await symlink('/nowhere/python3.9', join(folder, 'bin', 'python'))
    const fact = await look()
    expect(broken(fact).reason).toMatch(/is a link that leads nowhere; pyvenv\.cfg says/)
    expect(choosePython(fact)).toMatchObject({ kind: 'venv-broken', folder })
  })

  test('it has no interpreter', async () => {
    const folder = await environment('backend/venv')
    await rm(join(folder, 'bin', 'python'))
    expect(broken(await look()).reason).toContain('it has no interpreter')
  })

  test('it is one of another system: passed over, whatever it is called', async () => {
    const folder = await environment('backend/.venv')
    await rename(join(folder, 'bin'), join(folder, 'Scripts'))
    await writeFile(join(folder, 'Scripts', 'python.exe'), 'MZ')
    expect((await look()).candidates).toContainEqual({ state: 'foreign', label: 'backend/.venv', folder, system: 'Windows' })
    await environment('backend/venv', { packages: serving })
    expect(choosePython(await look())).toMatchObject({ kind: 'ready', note: 'backend/.venv is passed over: it is one of Windows' })
  })

  test('it is itself a link that leads nowhere', async () => {
    await symlink(join(root, 'lost', 'venv'), join(root, 'backend', 'venv'))
    expect(broken(await look())).toMatchObject({ folder: join(root, 'lost', 'venv'), label: 'backend/venv' })
  })

  test('its Python was replaced by a newer one beneath it', async () => {
    await environment('backend/venv', { packages: serving, version: '3.1' })
    expect(broken(await look()).reason).toMatch(/it was made for Python 3\.1, and .* is 3\.\d+ now/)
  })

  test('its interpreter does not run', async () => {
    const folder = await environment('backend/venv')
    await rm(join(folder, 'bin', 'python'))
    await rm(join(folder, 'lib'), { recursive: true })
    await writeFile(join(folder, 'bin', 'python'), '#!/nowhere/sh\n')
    await chmod(join(folder, 'bin', 'python'), 0o755)
    expect(broken(await look()).reason).toContain("doesn't run")
  })
})

describe.skipIf(process.platform === 'win32')('environments that a tool keeps', () => {
  test.each<[string, Readonly<Record<string, string>>, string, string]>([
    ['pixi', { 'pixi.toml': '[workspace]\n' }, '.pixi/envs/default', 'pixi (.pixi/envs/default)'],
    ['direnv', { '.envrc': 'layout python3\n' }, '.direnv/python-3.11', 'direnv (.direnv/python-3.11)'],
    ['pdm', { '.pdm-python': 'ROOT/kept/by-pdm/bin/python\n' }, 'kept/by-pdm', 'pdm (kept/by-pdm)'],
    ['conda, in the checkout', { '.conda/conda-meta/history': '' }, '.conda', 'conda (.conda)'],
    [
      'conda, by its name',
      { 'environment.yml': 'name: wahl\n', 'home/.conda/environments.txt': '/other\nROOT/kept/wahl\n' },
      'kept/wahl',
      'conda (kept/wahl)',
    ],
  ])('%s', async (_, files, path, label) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true })
      await writeFile(join(root, name), text.replaceAll('ROOT', root))
    }
    await environment(path, { packages: serving })
    const env = { HOME: join(root, 'home') }
    expect(choosePython(await look({ env }))).toMatchObject({ kind: 'ready', environment: { label } })
    // it is the tool's file that says so
    for (const name of Object.keys(files)) await rm(join(root, name))
    if (!path.startsWith('.conda')) expect(labels(await look({ env }))).not.toContain(label)
  })

  test('hatch is asked where the project has its environments', async () => {
    await mkdir(join(root, 'bin'))
    await environment('kept/of-hatch', { packages: serving })
    // a stand-in for hatch, which is not installed here
    await writeFile(join(root, 'bin', 'hatch'), `#!/bin/sh\n[ "$*" = "env find default" ] && echo "${root}/kept/of-hatch"\n`, {
      mode: 0o755,
    })
    const env = { PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}` }
    expect(labels(await look({ env }))).not.toContain('hatch (kept/of-hatch)')
    await writeFile(join(root, 'pyproject.toml'), '[tool.hatch.envs.default]\ndependencies = []\n')
    expect(labels(await look({ env }))).toContain('hatch (kept/of-hatch)')
  })

  test("of a repository's root, far above manage.py", async () => {
    await mkdir(join(root, '.git'))
    await mkdir(join(root, 'services', 'api', 'src'), { recursive: true })
    await rename(join(root, 'backend', 'manage.py'), join(root, 'services', 'api', 'src', 'manage.py'))
    const folder = await environment('.venv', { packages: serving })
    const host = testHost(join(root, 'services', 'api', 'src'), { PATH: process.env['PATH'] ?? '' })
    const config = mergeConfig(host, {}, undefined)
    const fact = await findPython(host, config, await findProject(host, config))
    expect(choosePython(fact)).toMatchObject({ kind: 'ready', environment: { python: join(folder, 'bin', 'python') } })
  })
})

describe.skipIf(process.platform === 'win32')('an interpreter that is named and is no environment', () => {
  test('makes one, and never gets anything installed', async () => {
    expect(choosePython(await look({ flags: { python: 'python3' } }))).toMatchObject({ kind: 'venv-missing', base: 'python3' })
  })

  test('is that of the environment that was made with it; one of another version is left alone', async () => {
    await environment('backend/venv', { packages: serving })
    expect(choosePython(await look({ flags: { python: 'python3' } }))).toMatchObject({
      kind: 'ready',
      environment: { label: 'backend/venv' },
    })
    const other = `3.${Number(/\d+$/.exec(await versionOfBase())?.[0]) + 1}`
    const python = join(root, 'python-newer')
    await writeFile(python, `#!/bin/sh\necho '{"version": "${other}.1", "entries": []}'\n`, { mode: 0o755 })
    const fact = await look({ flags: { python } })
    expect(fact.candidates).toContainEqual(expect.objectContaining({ state: 'other-version', label: 'backend/venv' }))
    expect(choosePython(fact)).toMatchObject({ kind: 'venv-missing', base: python })
  })
})

/** `3.11` */
async function versionOfBase(): Promise<string> {
  return (await runToEnd(basePython(), ['-c', 'import sys;print("%d.%d"%sys.version_info[:2])'], { deadlineMs: 10_000 })).stdout.trim()
}

test('named by a flag: no other is taken', async () => {
  const fact = await look({ flags: { python: pythonOf('main') } })
  expect(fact).toMatchObject({ named: true, candidates: [{ state: 'usable', environment: { python: pythonOf('main') } }] })
  expect((await look({ flags: { python: './nowhere/python' } })).candidates).toMatchObject([{ state: 'broken' }])
})

test("named by its environment's folder; another folder is said to be none", async () => {
  await environment('kept/venv', { packages: serving })
  expect(choosePython(await look({ flags: { python: 'kept/venv' } }))).toMatchObject({
    kind: 'ready',
    environment: { python: join(root, 'kept', 'venv', 'bin', 'python'), isVirtual: true },
  })
  expect(choosePython(await look({ flags: { python: './backend' } }))).toMatchObject({
    kind: 'python-broken',
    reason: './backend is a folder, and no environment',
  })
})

test('a bare name by a flag is looked for on the PATH', async () => {
  expect((await look({ flags: { python: 'python3' } })).candidates).toMatchObject([{ state: 'usable', environment: { isVirtual: false } }])
})

test('python3 of the PATH is the last resort, and never one to install into', async () => {
  const fact = await look()
  const last = fact.candidates.at(-1)
  expect(last).toMatchObject({ state: 'usable', environment: { isVirtual: false } })
  expect(
    choosePython({
      named: false,
      candidates: [
        {
          state: 'usable',
          environment: { python: '/usr/bin/python3', label: 'python3', packages: new Map(), version: '3.11', isVirtual: false },
        },
      ],
    }),
  ).toEqual({ kind: 'venv-missing', base: '/usr/bin/python3', isForeign: false })
  expect((await look({ env: { PATH: root } })).candidates.at(-1)).toEqual({ state: 'absent', label: 'python3' })
})

test('where the interpreter of an environment is', () => {
  expect(interpreterOf('/a/venv', 'linux')).toBe('/a/venv/bin/python')
  expect(interpreterOf(String.raw`C:\a\venv`, 'win32')).toBe(String.raw`C:\a\venv\Scripts\python.exe`)
})

test.each([
  ['Python 3.13', { 'python.exe': '', 'python313.dll': '' }, false],
  ['PyPy', { 'pypy3.exe': '' }, false],
  ['what an uninstaller leaves', { 'Lib/site-packages/x.py': '', 'Scripts/pip.exe': '' }, true],
])('whether a home has an interpreter: %s', async (_, files, expected) => {
  const home = await filesIn(files)
  expect(await isDeserted(home)).toBe(expected)
  expect(await isDeserted(join(home, 'gone'))).toBe(true)
})
