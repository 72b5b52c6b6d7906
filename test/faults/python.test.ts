/** Python's environment: what is missing, broken, hidden or another one than the project's. */
import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { barePath, makeBench, makeVenv, nobody, urlOf } from '../support/bench.ts'
import { doctor, real } from '../support/doctor.ts'
import { openConsumer } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { ownIndex } from '../support/packages.ts'
import { environmentFolder, prepareEnvironment, pythonOf, run } from '../support/tools.ts'

const bench = makeBench()

real('venv-missing', 'no environment anywhere, and a python3 without packages', async () => {
  const project = await bench.project({ environment: undefined, files: { 'backend/requirements.txt': 'Django\nchannels\ndaphne\n' } })
  const answer = await doctor(project.root, { url: await nobody(), env: { PATH: await barePath(bench) } })
  expect(answer.id, answer.evidence).toBe('venv-missing')
  expect(answer.evidence).toContain('has no Django')
  expect(answer.diagnosis?.remedy.commands).toEqual([
    [expect.stringMatching(/python/), '-m', 'venv', 'backend/venv'],
    ['backend/venv/bin/python', '-m', 'pip', 'install', '-r', 'backend/requirements.txt'],
  ])
})

real('venv-missing', 'no environment and no requirements file', async () => {
  const project = await bench.project({ environment: undefined, style: 'plain', package: 'config' })
  const answer = await doctor(project.root, { url: await nobody(), env: { PATH: await barePath(bench) } })
  expect(answer.id, answer.evidence).toBe('venv-missing')
  // there is no file to name: the packages are named
  expect(answer.diagnosis?.remedy.commands[1]?.slice(0, 4)).toEqual(['backend/venv/bin/python', '-m', 'pip', 'install'])
  expect(answer.diagnosis?.remedy.commands[1]).not.toContain('-r')
})

real('channels-unsupported', 'Channels 2 is what the requirements ask for', async () => {
  const files = { 'backend/requirements.txt': 'Django==2.2.28\nchannels==2.4.0\nchannels-redis==2.4.2\n' }
  const project = await bench.project({ environment: undefined, files })
  const answer = await doctor(project.root, { url: await nobody(), env: { PATH: await barePath(bench) } })
  expect(answer.id, answer.evidence).toBe('channels-unsupported')
  expect(answer.evidence).toContain('backend/requirements.txt:2 asks for channels==2.4.0')
  expect(answer.diagnosis?.remedy.commands).toEqual([])
})

real('channels-unsupported', 'a Django project that has no WebSocket', async () => {
  const root = await bench.folder()
  const files = {
    'manage.py':
      'import os, sys\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n',
    'shop/__init__.py': '',
    'shop/settings.py': 'SECRET_KEY = "x"\nINSTALLED_APPS = ["django.contrib.auth"]\nROOT_URLCONF = "shop.urls"\n',
    'shop/urls.py': 'urlpatterns = []\n',
    'shop/asgi.py': 'from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n',
    'requirements.txt': 'Django\n',
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  const answer = await doctor(root, { url: await nobody(), env: { PATH: await barePath(bench) } })
  expect(answer.id, answer.evidence).toBe('channels-unsupported')
  expect(answer.diagnosis?.title).toBe('This Django project has no Channels')
})

real('foreign-environment', 'one of Windows, in a checkout that both sides share', async () => {
  const project = await bench.project({
    environment: undefined,
    files: {
      'backend/requirements.txt': 'Django\nchannels\ndaphne\n',
      'backend/.venv/pyvenv.cfg': 'home = C:\\Python313\n',
      'backend/.venv/Scripts/python.exe': 'MZ',
    },
  })
  const answer = await doctor(project.root, { url: await nobody(), env: { PATH: await barePath(bench) } })
  expect(answer.id, answer.evidence).toBe('foreign-environment')
  expect(answer.evidence).toContain('backend/.venv has the layout of Windows: it is left alone')
  expect(answer.diagnosis?.remedy.commands[0]?.slice(1)).toEqual(['-m', 'venv', 'backend/venv'])
})

real('python-not-available', 'requires-python that no interpreter meets', async () => {
  const project = await bench.project({
    environment: undefined,
    files: {
      'backend/pyproject.toml': '[project]\nname = "votes"\nversion = "1"\nrequires-python = ">=3.60"\ndependencies = ["django"]\n',
    },
  })
  const answer = await doctor(project.root, { url: await nobody(), env: { PATH: await barePath(bench) } })
  expect(answer.id, answer.evidence).toBe('python-not-available')
  expect(answer.evidence).toMatch(/backend\/pyproject\.toml:4 asks for Python >=3\.60[^]*Found on this machine: \d/)
})

real('venv-broken', 'its Python was uninstalled: bin/python is a link that leads nowhere', async () => {
  const project = await bench.project({ environment: undefined })
  const venv = await makeVenv(join(project.backend, 'venv'), 'main')
  await Promise.all((await readdir(join(venv, 'bin'))).map((name) => (name.startsWith('python') ? rm(join(venv, 'bin', name)) : undefined)))
  await symlink('/opt/python-3.11.4/bin/python3', join(venv, 'bin', 'python'))
  const answer = await doctor(project.root, { url: await nobody(), env: { PATH: await barePath(bench) } })
  expect(answer.id, answer.evidence).toBe('venv-broken')
  expect(answer.evidence).toMatch(/venv\/bin\/python is a link that leads nowhere; pyvenv\.cfg says its Python was in \S+/)
  expect(answer.diagnosis?.remedy.commands[0]?.slice(1)).toEqual(['-m', 'venv', '--clear', 'backend/venv'])
})

real('venv-broken', 'it was moved: the first line of bin/daphne names where it was', async () => {
  const project = await bench.project({ environment: undefined })
  const made = await makeVenv(join(project.root, 'made-here'), 'main')
  await writeFile(join(made, 'bin', 'daphne'), `#!${made}/bin/python\nfrom daphne.cli import CommandLineInterface\n`)
  await chmod(join(made, 'bin', 'daphne'), 0o755)
  await rename(made, join(project.backend, 'venv'))
  await expect(run(join(project.backend, 'venv', 'bin', 'daphne'))).rejects.toThrow('ENOENT')
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('venv-broken')
  expect(answer.evidence).toContain(`backend/venv/bin/daphne:1 is \`#!${made}/bin/python\``)
})

real('wrong-venv', 'an empty environment is active', async () => {
  const project = await bench.project()
  const other = await makeVenv(join(await bench.folder(), 'other'))
  const env = { VIRTUAL_ENV: other, PATH: `${join(other, 'bin')}:${process.env['PATH'] ?? ''}` }
  const answer = await doctor(project.root, { url: await nobody(), env })
  expect(answer.id, answer.evidence).toBe('wrong-venv')
  expect(answer.evidence).toContain(other)
  expect(answer.evidence).toContain('backend/venv has them')
  expect(answer.diagnosis?.remedy.commands.flat()).toContain('backend/venv/bin/python')
})

real('wrong-venv', 'the active environment has Django and no daphne', async () => {
  const project = await bench.project({ installedApps: ['daphne', 'django.contrib.contenttypes', 'channels', 'updates'] })
  const other = environmentFolder('django')
  const answer = await doctor(project.root, {
    url: await nobody(),
    env: { VIRTUAL_ENV: other, PATH: `${join(other, 'bin')}:${process.env['PATH'] ?? ''}` },
  })
  expect(answer.id, answer.evidence).toBe('wrong-venv')
  expect(answer.evidence).toContain('has no daphne')
})

real('wrong-venv', 'the server runs in another environment, which lacks the Redis layer', async () => {
  const redis = await bench.redis()
  const project = await bench.project({ style: 'plain', files: { 'backend/requirements.txt': 'Django\nchannels\nchannels-redis\n' } })
  const env = { USE_REDIS_FOR_CHANNELS: 'True', REDIS_PORT: String(redis.port) }
  const server = await bench.program(
    pythonOf('uvicorn'),
    (port) => ['-m', 'uvicorn', '--host', '127.0.0.1', '--port', String(port), 'core.asgi:application'],
    { cwd: project.backend, env },
  )
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('wrong-venv')
  expect(answer.evidence).toContain(`PID ${server.pid}`)
  expect(answer.evidence).toContain('channels-redis')
})

test('the project environment is active: nothing is wrong', async () => {
  const project = await bench.project()
  const server = await bench.serve('daphne', project)
  const venv = join(project.backend, 'venv')
  const answer = await doctor(project.root, {
    url: urlOf(server.port),
    env: { VIRTUAL_ENV: venv, PATH: `${join(venv, 'bin')}:${process.env['PATH'] ?? ''}` },
  })
  expect(answer.id, answer.evidence).toBeUndefined()
})

test('another complete environment is active and serves: nothing is wrong', async () => {
  const project = await bench.project({ style: 'plain' })
  const other = await makeVenv(join(await bench.folder(), 'other'), 'main')
  const server = await bench.program(
    join(other, 'bin', 'python'),
    (port) => ['-m', 'daphne', '-b', '127.0.0.1', '-p', String(port), 'core.asgi:application'],
    { cwd: project.backend },
  )
  const answer = await doctor(project.root, {
    url: urlOf(server.port),
    env: { VIRTUAL_ENV: other, PATH: `${join(other, 'bin')}:${process.env['PATH'] ?? ''}` },
  })
  expect(answer.id, answer.evidence).toBeUndefined()
})

real('missing-dep', 'the settings import django-environ, which is not installed', async () => {
  const project = await bench.project({ style: 'environ', environment: 'uvicorn' })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('missing-dep')
  expect(answer.evidence).toContain("No module named 'environ'")
  expect(answer.evidence).toContain('core/settings.py:')
  expect(answer.diagnosis?.remedy.commands).toEqual([['backend/venv/bin/python', '-m', 'pip', 'install', 'django-environ']])
})

real('stdlib-module-removed', 'binhex, which Python 3.11 left out', async () => {
  const project = await bench.project({ style: 'plain', settings: 'import binhex' })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('stdlib-module-removed')
  expect(answer.diagnosis?.title).toMatch(/^binhex is gone: Python 3\.11 left it out, and this is Python 3\.\d+/)
  // nobody carries it on
  expect(answer.diagnosis?.remedy.commands).toEqual([])
})

real(
  'dependency-conflict',
  'the Twisted of daphne, and an attrs that is older than the module which it imports',
  async () => {
    await prepareEnvironment('clash')
    const project = await bench.project({ style: 'plain', environment: 'clash' })
    const answer = await doctor(project.root, { url: await nobody() })
    expect(answer.id, answer.evidence).toBe('dependency-conflict')
    expect(answer.diagnosis?.title).toBe('Twisted 22.10.0 and attrs 20.3.0 are incompatible')
    expect(answer.evidence).toContain('Twisted 22.10.0 asks for attrs')
    expect(answer.diagnosis?.remedy.commands).toEqual([
      ['backend/venv/bin/python', '-m', 'pip', 'install', '--upgrade', 'Twisted', 'attrs'],
    ])
    expect(answer.findings.filter(({ status }) => status === 'fail').map(({ id }) => id)).not.toContain('missing-dep')
  },
  300_000,
)

real('dependency-conflict', 'two packages of the settings: the command resolves it', async () => {
  const project = await bench.project({ style: 'plain', environment: undefined, settings: 'import loom_shuttle' })
  await prepareEnvironment('uv')
  const venv = await makeVenv(join(project.backend, 'venv'))
  const [version = ''] = await readdir(join(venv, 'lib'))
  const [of = ''] = await readdir(join(environmentFolder('main'), 'lib'))
  const own = join(venv, 'lib', version, 'site-packages')
  await writeFile(join(own, 'main.pth'), join(environmentFolder('main'), 'lib', of, 'site-packages'))
  // the packages of before, and those that fit
  const shuttle = { name: 'loom-shuttle', requires: ['loom-warp>=1'], source: 'from loom_warp import weave' }
  const uv = join(environmentFolder('uv'), 'bin')
  const folder = await bench.folder()
  const before = await ownIndex(join(folder, 'before'), [
    { ...shuttle, version: '1.0' },
    { name: 'loom-warp', version: '1.0' },
  ])
  const env = { ...process.env, PATH: `${uv}:${process.env['PATH'] ?? ''}` }
  await run('uv', ['pip', 'install', '--python', join(venv, 'bin', 'python'), 'loom-shuttle'], { env: { ...env, ...before } })
  const after = await ownIndex(join(folder, 'after'), [
    { ...shuttle, version: '2.0' },
    { name: 'loom-warp', version: '2.0', source: 'def weave(): pass' },
  ])
  const answer = await doctor(project.root, { url: await nobody(), env: after })
  expect(answer.id, answer.evidence).toBe('dependency-conflict')
  expect(answer.evidence).toContain("cannot import name 'weave' from 'loom_warp'")
  const [file = '', ...args] = answer.diagnosis?.remedy.commands[0] ?? []
  expect([file, ...args]).toEqual(['backend/venv/bin/python', '-m', 'pip', 'install', '--upgrade', 'loom-shuttle', 'loom-warp'])
  await run(join(project.root, file), args, { cwd: project.root, env: { ...env, ...after } })
  expect((await doctor(project.root, { url: await nobody() })).id).toBe('server-not-running')
})

real('missing-dep', 'three in one go: imported, named as an app, and imported by an app of the project', async () => {
  const project = await bench.project({
    style: 'plain',
    settings: 'import dj_database_url\nINSTALLED_APPS += ["corsheaders"]\nROOT_URLCONF = "updates.urls"',
    files: {
      'backend/updates/urls.py':
        'import debug_toolbar.urls\nimport of_nobody\ntry:\n    import optional_one\nexcept ImportError:\n    pass\nurlpatterns = []\n',
    },
  })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('missing-dep')
  expect(answer.diagnosis?.title).toBe(
    "3 packages that the code imports aren't installed: dj-database-url, django-cors-headers, django-debug-toolbar",
  )
  expect(answer.diagnosis?.remedy.commands).toEqual([
    ['backend/venv/bin/python', '-m', 'pip', 'install', 'dj-database-url', 'django-cors-headers', 'django-debug-toolbar'],
  ])
  expect(answer.evidence).toContain('of_nobody (its name on PyPI is not known): updates/urls.py:2')
  expect(answer.evidence).not.toContain('optional_one')
})

real('missing-dep', 'the driver of the database', async () => {
  const project = await bench.project({
    style: 'plain',
    settings: 'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "x", "HOST": "127.0.0.1"}}',
  })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('missing-dep')
  expect(answer.diagnosis?.remedy.commands[0]?.at(-1)).toBe('psycopg2-binary')
})

real('missing-dep', 'an import inside connect(), with the server up', async () => {
  const project = await bench.project({
    style: 'plain',
    consumer: openConsumer.replace('    async def connect(self):\n', '    async def connect(self):\n        import yaml_of_nobody\n'),
  })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('missing-dep')
  expect(answer.evidence).toContain('updates/consumers.py:')
  // nobody knows what package that would be
  expect(answer.diagnosis?.remedy).toMatchObject({ commands: [], automatic: 'no' })
})

real('daphne-missing', 'Django and Channels, and no server at all', async () => {
  const project = await bench.project({
    style: 'plain',
    environment: 'django',
    files: { 'backend/requirements.txt': 'Django\nchannels\n' },
  })
  const answer = await doctor(project.root, { url: await nobody(), env: { PATH: await barePath(bench) } })
  expect(answer.id, answer.evidence).toBe('daphne-missing')
  expect(answer.diagnosis?.remedy.commands).toEqual([['backend/venv/bin/python', '-m', 'pip', 'install', 'daphne']])
})

real('daphne-missing', 'uvicorn is there, and INSTALLED_APPS has daphne', async () => {
  const project = await bench.project({
    style: 'plain',
    environment: 'uvicorn',
    installedApps: ['daphne', 'django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates'],
  })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('daphne-missing')
  expect(answer.evidence).toContain('INSTALLED_APPS')
})

test('a project for uvicorn that never named daphne: nothing is wrong', async () => {
  const project = await bench.project({
    style: 'plain',
    environment: 'uvicorn',
    files: { 'backend/requirements.txt': 'Django\nchannels\nuvicorn\n' },
  })
  const server = await bench.serve('uvicorn', project, { environment: 'uvicorn' })
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})

real('channels-redis-missing', 'the first socket is the first to miss it', async () => {
  const redis = await bench.redis()
  const project = await bench.project({
    style: 'plain',
    environment: 'uvicorn',
    settings: `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", ${redis.port})]}}}`,
  })
  const server = await bench.serve('uvicorn', project, { environment: 'uvicorn' })
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('channels-redis-missing')
  expect(answer.evidence).toContain("Cannot import BACKEND 'channels_redis.core.RedisChannelLayer'")
  expect(answer.diagnosis?.remedy.commands).toEqual([['backend/venv/bin/python', '-m', 'pip', 'install', 'channels-redis']])
})

real('channels-redis-missing', 'a consumer that hides it behind a refusal', async () => {
  const project = await bench.project({
    style: 'plain',
    environment: 'hypercorn',
    settings:
      'CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": ["redis://127.0.0.1:6379/1"]}}}',
    consumer: openConsumer
      .replace('        await self.channel_layer', '        try:\n            await self.channel_layer')
      .replace(
        '        await self.accept()',
        '        except Exception:\n            await self.close(4001)\n            return\n        await self.accept()',
      ),
  })
  const server = await bench.serve('hypercorn', project, { environment: 'hypercorn' })
  const answer = await doctor(project.root, { url: urlOf(server.port), token: 'opaque-of-the-tests' })
  expect(answer.id, answer.evidence).toBe('channels-redis-missing')
})

/** Syntax of a Python newer than the one of the environments, and what brought it. */
async function newerThan(python: string): Promise<{ code: string; minor: number } | undefined> {
  const { stdout } = await run(python, ['-c', 'import sys; print(sys.version_info[1])'])
  const minor = Number(stdout)
  if (minor < 12) return { code: 'label = f"{dict(a=1)["a"]}"', minor: 12 }
  return minor < 14 ? { code: 'try:\n    pass\nexcept ValueError, KeyError:\n    pass', minor: 14 } : undefined
}

real('python-too-old', 'syntax of a newer Python in the consumers', async (skip) => {
  const newer = await newerThan(pythonOf('main'))
  if (newer === undefined) return skip('no Python has a syntax that this one lacks')
  const project = await bench.project({ style: 'plain', consumer: `${openConsumer}\n${newer.code}\n` })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('python-too-old')
  expect(answer.evidence).toContain(`Python 3.${newer.minor}`)
  expect(answer.evidence).toContain('updates/consumers.py:')
})

/** An interpreter of 3.8 or 3.9 on this machine. */
async function oldPython(): Promise<string | undefined> {
  const versions = join(homedir(), '.pyenv', 'versions')
  const installed = (await readdir(versions).catch(() => [])).filter((name) => /^3\.[89]\./.test(name))
  const candidates = [...installed.map((name) => join(versions, name, 'bin', 'python3')), 'python3.9', 'python3.8']
  for (const python of candidates) {
    const found = await run(python, ['-c', 'import venv']).then(
      () => true,
      () => false,
    )
    if (found) return python
  }
  return undefined
}

real('python-too-old', 'an old interpreter, and types as 3.10 has them', async (skip) => {
  const python = await oldPython()
  if (python === undefined) return skip('a Python 3.8 or 3.9')
  const project = await bench.project({ style: 'plain', environment: undefined, settings: 'RETRIES: int | None = None' })
  const venv = await makeVenv(join(project.backend, 'venv'), undefined, python)
  const [version = ''] = await readdir(join(venv, 'lib'))
  const packages = join(environmentFolder('main'), 'lib')
  const [of = ''] = await readdir(packages)
  const target = join(venv, 'lib', version, 'site-packages')
  await rm(target, { recursive: true })
  await symlink(join(packages, of, 'site-packages'), target)
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('python-too-old')
  expect(answer.evidence).toContain('core/settings.py:')
  expect(answer.evidence).toMatch(/interpreter is 3\.[89]\./)
})

real('module-shadowed', 'channels.py beside manage.py', async () => {
  const project = await bench.project({ style: 'plain', files: { 'backend/channels.py': '# to be written\n' } })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('module-shadowed')
  expect(answer.evidence).toContain('channels.py lies beside manage.py')
})

real('module-shadowed', 'redis.py beside manage.py, which the layer finds in place of the package', async () => {
  const redis = await bench.redis()
  const project = await bench.project({
    dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${redis.port}`],
    files: { 'backend/redis.py': 'HOST = "127.0.0.1"\n' },
  })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('module-shadowed')
  expect(answer.evidence).toContain('redis.py lies beside manage.py')
})

test('a folder with the name of a package that nothing imports: nothing is wrong', async () => {
  const project = await bench.project({ style: 'plain', files: { 'backend/redis/__init__.py': '', 'backend/jwt/__init__.py': '' } })
  const server = await bench.serve('daphne', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})

real('wrong-working-directory', 'uvicorn with a reloader, started in the checkout and not in backend/', async () => {
  const project = await bench.project({ style: 'plain' })
  const port = await freePort('127.0.0.1')
  const server = await bench.living(pythonOf('main'), ['-m', 'uvicorn', '--reload', '--port', String(port), 'core.asgi:application'], {
    cwd: project.root,
    says: /Could not import module|No module named/,
  })
  const answer = await doctor(project.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('wrong-working-directory')
  expect(answer.evidence).toContain(`PID ${server.pid}`)
  expect(answer.evidence).toContain(project.root)
})

test('uvicorn in the checkout with --app-dir backend: nothing is wrong', async () => {
  const project = await bench.project({ style: 'plain' })
  const server = await bench.program(
    pythonOf('main'),
    (port) => ['-m', 'uvicorn', '--app-dir', 'backend', '--port', String(port), 'core.asgi:application'],
    { cwd: project.root },
  )
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBeUndefined()
})
