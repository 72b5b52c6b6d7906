import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect } from 'vitest'
import { real } from '../support/doctor.ts'
import { fixes } from '../support/fix.ts'
import { makeProject, type ProjectOptions, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'

let project: TestProject | undefined
afterEach(async () => {
  await project?.remove()
  project = undefined
})

async function broken(options: ProjectOptions): Promise<{ project: TestProject; url: string; settings: string; env: string }> {
  project = await makeProject(options)
  const port = await freePort('127.0.0.1')
  return {
    project,
    url: `ws://127.0.0.1:${port}/ws/election-updates/`,
    settings: join(project.backend, options.package ?? 'core', 'settings.py'),
    env: join(project.backend, '.env'),
  }
}

const text = (file: string) => readFile(file, 'utf8')

real('env-bool-typo', 'the nearest word is written', async () => {
  const { project, url, env } = await broken({ dotenv: ['USE_REDIS_FOR_CHANNELS=Flase'] })
  await fixes('env-bool-typo', project, { url }, { undone: false })
  expect(await text(env)).toContain('USE_REDIS_FOR_CHANNELS=False')
})

real('env-encoding', 'UTF-16, as PowerShell writes it', async () => {
  const { project, url, env } = await broken({})
  const before = await text(env)
  await writeFile(env, Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(before, 'utf16le')]))
  await fixes('env-encoding', project, { url, yes: false }, { undone: false })
  expect(await text(env)).toBe(before)
})

real('env-encoding', 'a byte order mark', async () => {
  const { project, url, env } = await broken({})
  const before = (await text(env)).replace('# of the tests\n', '')
  await writeFile(env, `\u{feff}${before}`)
  await fixes('env-encoding', project, { url, yes: false })
})

real('env-value-malformed', 'a comment behind a number', async () => {
  const { project, url, env } = await broken({ dotenv: ['WORKERS=4   # of them'], settings: 'WORKERS = config("WORKERS", cast=int)' })
  await fixes('env-value-malformed', project, { url, yes: false }, { undone: false })
  expect(await text(env)).toContain('WORKERS=4\n')
})

real('env-not-loaded', 'a .env.txt beside it', async () => {
  const { project, url, env } = await broken({})
  await rename(env, `${env}.txt`)
  await fixes('env-not-loaded', project, { url })
})

real('env-not-loaded', 'only the example is there: its copy gets a key of its own', async () => {
  const { project, url, env } = await broken({ hasDotenv: false, files: { 'backend/.env.example': 'SECRET_KEY=change-me\nDEBUG=False\n' } })
  await fixes('env-not-loaded', project, { url }, { undone: false })
  secret(/SECRET_KEY=(.*)/.exec(await text(env))?.[1] ?? '')
  expect(await text(env)).toMatch(/^SECRET_KEY=[\w-]{40,}\nDEBUG=True\n$/)
})

real('env-variables-missing', 'a key that the file lacks: a signing key is made', async () => {
  const { project, url, env } = await broken({ hasDotenv: false, files: { 'backend/.env': 'DEBUG=True\n' } })
  await fixes('env-variables-missing', project, { url })
  expect(await text(env)).toBe('DEBUG=True\n')
})

real('env-variables-missing', 'settings that load no file: the configuration gives them', async () => {
  const { project, url } = await broken({
    style: 'plain',
    settings: 'LIMIT = int(os.environ["VOTE_LIMIT"])',
    files: {
      'election-dev.config.json': '{ "port": 8123 }\n',
      'compose.yaml': 'services:\n  web:\n    build: backend\n    environment: [VOTE_LIMIT=12]\n',
    },
  })
  await fixes('env-variables-missing', project, { url }, { undone: false })
  expect(await text(join(project.root, 'election-dev.config.json'))).toBe('{ "port": 8123, "env": {"VOTE_LIMIT":"12"} }\n')
})

real('own-module-missing', 'the sample is copied', async () => {
  const { project, url } = await broken({
    style: 'plain',
    settings: 'from core.local import *\n',
    files: { 'backend/core/local.example.py': 'ELECTION = "spring"\n' },
  })
  await fixes('own-module-missing', project, { url })
})

real('log-dir-missing', 'LOGGING with a file handler', async () => {
  const { project, url } = await broken({
    settings:
      'LOGGING["handlers"]["file"] = {"class": "logging.FileHandler", "filename": str(BASE_DIR / "var" / "logs" / "django.log")}\nLOGGING["root"]["handlers"].append("file")',
  })
  await fixes('log-dir-missing', project, { url, yes: false }, { undone: false })
})

real('asgi-application-setting-wrong', 'a name that no module has', async () => {
  const { project, url, settings } = await broken({
    installedApps: ['daphne', 'django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates'],
    settings: 'ASGI_APPLICATION = "core.asgi.app"',
  })
  await fixes('asgi-application-setting-wrong', project, { url, yes: false })
  expect(await text(settings)).toContain('core.asgi.app"')
})

real('daphne-app-order', 'after staticfiles', async () => {
  const { project, url, settings } = await broken({
    installedApps: ['django.contrib.contenttypes', 'django.contrib.staticfiles', 'daphne', 'channels', 'updates'],
    settings: 'STATIC_URL = "static/"',
  })
  await fixes('daphne-app-order', project, { url, yes: false }, { undone: false })
  expect(await text(settings)).toContain(
    'INSTALLED_APPS = ["daphne", "django.contrib.contenttypes", "django.contrib.staticfiles", "channels", "updates"]',
  )
})

real('daphne-app-order', 'added in a way that no list shows', async () => {
  const { project, url } = await broken({
    installedApps: ['django.contrib.contenttypes', 'django.contrib.staticfiles', 'channels', 'updates'],
    settings: 'STATIC_URL = "static/"\nINSTALLED_APPS += ["daph" + "ne"]',
  })
  await fixes('daphne-app-order', project, { url, yes: false })
})

real('module-shadowed', 'channels.py beside manage.py', async () => {
  const { project, url } = await broken({ files: { 'backend/channels.py': 'NAMES = ["a"]\n' } })
  await fixes('module-shadowed', project, { url })
})
