/** Settings that can't be imported. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeBench, nobody, urlOf, write } from '../support/bench.ts'
import { doctor, real } from '../support/doctor.ts'
import { freePort } from '../support/redis.ts'
import { pythonOf } from '../support/tools.ts'
import type { TestProject } from '../support/project.ts'

const bench = makeBench()

const daphne = (port: number) => ['-m', 'daphne', '-b', '127.0.0.1', '-p', String(port), 'core.asgi:application']
const serveWith = (project: TestProject, env: Readonly<Record<string, string>>) =>
  bench.program(pythonOf('main'), daphne, { cwd: project.backend, env })

real('wrong-settings-module', 'a variable of the shell, left over from another project', async () => {
  const project = await bench.project()
  const url = await nobody()
  const answer = await doctor(project.root, { url, env: { DJANGO_SETTINGS_MODULE: 'core.settings_production' } })
  expect(answer.id, answer.evidence).toBe('wrong-settings-module')
  expect(answer.evidence).toContain('DJANGO_SETTINGS_MODULE=core.settings_production')
  const { port } = new URL(url)
  expect(answer.diagnosis?.remedy.commands).toEqual([['env', '-u', 'DJANGO_SETTINGS_MODULE', 'election-dev', 'start', '--port', port]])
})

real('wrong-settings-module', 'asgi.py names one that is not there', async () => {
  const project = await bench.project({ style: 'plain', package: 'config' })
  const asgi = await readFile(join(project.backend, 'config/asgi.py'), 'utf8')
  await write(project, 'backend/config/asgi.py', asgi.replace('config.settings', 'config.setings'))
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('wrong-settings-module')
  expect(answer.evidence).toContain('config/asgi.py names config.setings')
})

real('wrong-settings-module', "a variable in the environment of the server's shell, behind a reloader that lives", async () => {
  const project = await bench.project()
  const port = await freePort('127.0.0.1')
  const server = await bench.living(pythonOf('main'), ['-m', 'uvicorn', '--reload', '--port', String(port), 'core.asgi:application'], {
    cwd: project.backend,
    env: { DJANGO_SETTINGS_MODULE: 'core.settings_production' },
    says: /No module named 'core\.settings_production'/,
  })
  const answer = await doctor(project.root, { url: urlOf(port) })
  expect(answer.id, answer.evidence).toBe('wrong-settings-module')
  expect(answer.evidence).toContain(`PID ${server.pid}`)
})

test('settings in a package that the variable names rightly: nothing is wrong', async () => {
  const project = await bench.project({
    style: 'plain',
    files: { 'backend/core/settings_local.py': 'from core.settings import *\nDEBUG = False\n' },
  })
  const server = await serveWith(project, { DJANGO_SETTINGS_MODULE: 'core.settings_local' })
  const answer = await doctor(project.root, { url: urlOf(server.port), origin: 'http://localhost:5173' })
  expect(answer.id, answer.evidence).toBeUndefined()
})

real('settings-import-hang', 'the settings wait for a message of a good Redis', async () => {
  const redis = await bench.redis()
  const project = await bench.project({
    style: 'plain',
    settings: `import redis\nredis.Redis(port=${redis.port}).bzpopmin("ready", 0)`,
  })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('settings-import-hang')
  expect(answer.evidence).toMatch(/core\/settings\.py:\d+/)
})

real('settings-import-hang', 'a ping without a time limit to something silent, with daphne running', async () => {
  const port = await bench.silence()
  const project = await bench.project({
    style: 'plain',
    settings: `import redis\nprint("asks", flush=True)\nredis.Redis(port=${port}).ping()`,
  })
  const url = await nobody()
  await bench.living(pythonOf('main'), daphne(Number(new URL(url).port)), { cwd: project.backend, says: /asks/ })
  const answer = await doctor(project.root, { url })
  expect(answer.id, answer.evidence).toBe('settings-import-hang')
  expect(answer.evidence).toMatch(/core\/settings\.py:\d+/)
})

real('settings-import-hang', 'the settings ask a question', async () => {
  const project = await bench.project({ style: 'plain', settings: 'PASSPHRASE = input("Passphrase: ")' })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('settings-import-hang')
  expect(answer.evidence).toContain('EOFError')
})

test('settings that take four seconds, with nothing started: the import is not to blame', async () => {
  const project = await bench.project({ style: 'plain', settings: 'import time\ntime.sleep(4)' })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('server-not-running')
})

real('log-dir-missing', 'LOGGING has a file in a folder that git does not keep', async () => {
  const project = await bench.project({
    style: 'plain',
    settings: 'LOGGING["handlers"]["file"] = {"class": "logging.FileHandler", "filename": BASE_DIR / "logs" / "django.log"}',
  })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('log-dir-missing')
  expect(answer.evidence).toContain(join(project.backend, 'logs'))
  expect(answer.diagnosis?.remedy.commands).toEqual([['mkdir', '-p', 'backend/logs']])
})

test('a log file that is opened at its first line: its folder is not to blame', async () => {
  const project = await bench.project({
    style: 'plain',
    settings: 'LOGGING["handlers"]["file"] = {"class": "logging.FileHandler", "delay": True, "filename": BASE_DIR / "logs" / "django.log"}',
  })
  const answer = await doctor(project.root, { url: await nobody() })
  expect(answer.id, answer.evidence).toBe('server-not-running')
})
