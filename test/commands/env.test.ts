import { chmod, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort, startRedis, type RunningRedis } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'

let project: TestProject | undefined
let redis: RunningRedis | undefined

afterEach(async () => {
  await redis?.stop()
  redis = undefined
  await project?.remove()
})

const dotenvOf = (made: TestProject) => readFile(join(made.backend, '.env'), 'utf8')

test('shows what it would write as a diff and writes nothing', async () => {
  project = await makeProject({ dotenv: ['REDIS_PORT=1', '# the end'] })
  const before = await dotenvOf(project)
  const result = await runCli(['env'], { cwd: project.root })
  expect(result.status).toBe(0)
  expect(result.stdout).toContain('--- backend/.env')
  expect(result.stdout).toContain('+USE_REDIS_FOR_CHANNELS=False')
  expect(result.stdout).toContain('--write')
  expect(await dotenvOf(project)).toBe(before)
})

test('--write changes the one key; a second run has nothing to change', async () => {
  project = await makeProject({ dotenv: ['# keep me', "USE_REDIS_FOR_CHANNELS = 'False'", 'REDIS_PORT=1'] })
  redis = await startRedis()
  const before = await dotenvOf(project)
  const args = ['env', '--channel-layer', 'redis', '--write']
  const env = { REDIS_PORT: String(redis.port) }
  expect((await runCli(args, { cwd: project.root, env })).status).toBe(0)
  expect(await dotenvOf(project)).toBe(before.replace("'False'", "'True'"))
  const { ino } = await stat(join(project.backend, '.env'))
  const again = await runCli(args, { cwd: project.root, env })
  expect(again.stdout).toContain('nothing to change')
  expect((await stat(join(project.backend, '.env'))).ino).toBe(ino)
})

test('Redis that is asked for and not usable is an error, and nothing is written', async () => {
  project = await makeProject({ dotenv: ['USE_REDIS_FOR_CHANNELS=False', `REDIS_PORT=${await freePort('127.0.0.1')}`] })
  const before = await dotenvOf(project)
  const result = await runCli(['env', '--channel-layer', 'redis', '--write', '--json'], { cwd: project.root })
  expect(result.status).toBe(1)
  expect(JSON.parse(result.stdout)).toMatchObject({ ok: false, written: false, error: { id: 'redis-unreachable' } })
  expect(await dotenvOf(project)).toBe(before)
})

test('a project whose settings read no such variable is never written to', async () => {
  project = await makeProject({ dotenv: ['WISH=1'], settings: '' })
  const settings = join(project.backend, 'core', 'settings.py')
  await writeFile(settings, (await readFile(settings, 'utf8')).replaceAll('USE_REDIS_FOR_CHANNELS', 'SOMETHING_ELSE'))
  const before = await dotenvOf(project)
  const result = await runCli(['env', '--channel-layer', 'memory', '--write'], { cwd: project.root })
  expect(result.status).toBe(1)
  expect(result.stdout).toContain('channel-layer-not-chosen')
  expect(await dotenvOf(project)).toBe(before)
})

test('no secret of .env is shown, the link and the permissions stay', async () => {
  const [key, password] = [secret(), secret()]
  project = await makeProject({
    dotenv: [`API_TOKEN=${key}`, `REDIS_PASSWORD=${password}`, 'USE_REDIS_FOR_CHANNELS=True', `DATABASE_URL=postgres://u:${password}@db/x`],
  })
  const real = join(project.root, 'shared.env')
  await writeFile(real, await dotenvOf(project))
  await chmod(real, 0o640)
  await (await import('node:fs/promises')).rm(join(project.backend, '.env'))
  await symlink('../shared.env', join(project.backend, '.env'))
  const result = await runCli(['env', '--channel-layer', 'memory', '--write', '--verbose'], { cwd: project.root })
  expect(result.status).toBe(0)
  expect(result.stdout).toContain('Written')
  expect(result.stdout + result.stderr).not.toContain(key)
  expect(result.stdout + result.stderr).not.toContain(password)
  expect((await stat(real)).mode & 0o777).toBe(0o640)
  expect(await readFile(real, 'utf8')).toContain('USE_REDIS_FOR_CHANNELS=False')
})

test('a .env that is not UTF-8 is left alone and said', async () => {
  project = await makeProject()
  const file = join(project.backend, '.env')
  const bytes = Buffer.from('\uFEFFSECRET_KEY=x\n', 'utf16le')
  await writeFile(file, bytes)
  const result = await runCli(['env', '--channel-layer', 'memory', '--write'], { cwd: project.root })
  expect(result.status).toBe(1)
  expect(result.stderr).toContain('env-encoding')
  expect(await readFile(file)).toEqual(bytes)
})
