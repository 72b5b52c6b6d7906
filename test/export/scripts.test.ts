/** The scripts of a set-up, run as a container runs them: the probe on real servers, the entry, Redis's start. */
import { createServer } from 'node:net'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simplejwtConsumer, makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { startProgram, startServer, type RunningServer, type ServerKind } from '../support/servers.ts'
import { basePython, redisServer, root } from '../support/tools.ts'
import { outcomeOf } from '../support/validators.ts'
import { variants } from '../support/variants.ts'

const script = (name: string): string => join(root, 'templates', 'export', name)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'export-scripts-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const probe = (kind: string, port: number, path = '/ws/election-updates/', env = {}) =>
  outcomeOf(basePython(), [script('probe.py'), kind], { PROBE_PORT: String(port), PROBE_PATH: path, ...env })

describe('the probe', () => {
  const kinds: [ServerKind][] = [['daphne'], ['uvicorn'], ['hypercorn']]
  variants(kinds, { title: 'tells a healthy %s from a wrong path, and both from nothing', quick: 1 }, async (kind) => {
    const project = await makeProject()
    const server = await startServer(kind, project)
    expect(await probe('live', server.port)).toMatchObject({ ok: true })
    expect(await probe('ready', server.port)).toMatchObject({ ok: true })
    expect(await probe('ready', server.port, '/ws/none/')).toMatchObject({ ok: false })
    await server.stop()
    expect(await probe('live', server.port)).toMatchObject({ ok: false })
    expect(await probe('ready', server.port)).toMatchObject({ ok: false })
    await project.remove()
  })

  it('takes a refusal of the application for ready, and an application without its Redis for not ready', async () => {
    const withToken: TestProject = await makeProject({ consumer: simplejwtConsumer })
    const noRedis = String(await freePort('127.0.0.1'))
    const asked = await startServer('daphne', withToken)
    const lost: TestProject = await makeProject({ dotenv: ['USE_REDIS_FOR_CHANNELS=True', `REDIS_PORT=${noRedis}`] })
    const server: RunningServer = await startServer('daphne', lost)
    expect(await probe('ready', asked.port)).toMatchObject({ ok: true })
    expect(await probe('live', server.port)).toMatchObject({ ok: true })
    expect(await probe('ready', server.port)).toMatchObject({ ok: false })
    await Promise.all([asked.stop(), server.stop()])
    await Promise.all([withToken.remove(), lost.remove()])
  })

  it('does not wait for a server that says nothing', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const since = performance.now()
    expect(await probe('live', port, '/', { PROBE_SECONDS: '0.3' })).toMatchObject({
      ok: false,
      text: expect.stringContaining('timed out'),
    })
    expect(performance.now() - since).toBeLessThan(4000)
    silent.close()
  })
})

describe('the entry', () => {
  it('hands a secret on as a variable, and lays root down', async () => {
    const password = secret('p@ss/w:rd%1')
    const file = join(folder, 'password')
    await writeFile(file, `${password}\n`, { mode: 0o600 })
    // files below /run/secrets alone are read: the test has its own
    const entry = join(folder, 'entry.py')
    await writeFile(entry, (await readFile(script('entry.py'), 'utf8')).replace('"/run/secrets/"', JSON.stringify(`${folder}/`)))
    const show = 'import json,os; print(json.dumps([os.getuid(), os.getgroups(), dict(os.environ)]))'
    const { ok, text } = await outcomeOf(basePython(), [entry, basePython(), '-c', show], {
      REDIS_PASSWORD_FILE: file,
      OTHER_FILE: '/etc/hostname',
      REDIS_URL_FROM_PARTS: '1',
      REDIS_HOST: 'redis',
      RUN_AS_UID: '10001',
    })
    expect(ok).toBe(true)
    const [uid, groups, env] = JSON.parse(text)
    expect(env).toMatchObject({
      REDIS_PASSWORD: password,
      REDIS_URL: 'redis://:p%40ss%2Fw%3Ard%251@redis:6379/0',
      OTHER_FILE: '/etc/hostname',
    })
    expect(Object.keys(env)).not.toContain('REDIS_PASSWORD_FILE')
    if (process.getuid?.() === 0) expect([uid, groups]).toEqual([10_001, []])
  })

  it('becomes the command: its status is the command’s', async () => {
    expect(await outcomeOf(basePython(), [script('entry.py'), basePython(), '-c', 'raise SystemExit(0)'])).toMatchObject({ ok: true })
    expect(await outcomeOf(basePython(), [script('entry.py'), basePython(), '-c', 'raise SystemExit(3)'])).toMatchObject({ ok: false })
  })
})

describe("Redis's start", () => {
  it('takes any password of its file, and shows it in no command line', async () => {
    const password = secret(String.raw`a"b\c d'$(x)e`)
    const bin = join(folder, 'bin')
    await mkdir(bin)
    await mkdir(join(folder, 'data'))
    await writeFile(join(folder, 'redis-password'), password, { mode: 0o600 })
    const binary = await redisServer('system')
    if (binary === undefined) throw new Error('no redis-server on this machine')
    // the image's own entry, which becomes what it is given
    await writeFile(join(bin, 'docker-entrypoint.sh'), `#!/bin/sh\nshift\nexec ${binary} "$@"\n`)
    await chmod(join(bin, 'docker-entrypoint.sh'), 0o755)
    const port = await freePort('127.0.0.1')
    const env = {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      REDIS_PASSWORD_FILE: join(folder, 'redis-password'),
      REDIS_CONF_FOLDER: folder,
      REDIS_DATA_FOLDER: join(folder, 'data'),
      REDIS_PORT: String(port),
    }
    const server = await startProgram('sh', () => [script('redis.sh')], { port, env })
    const shown = await readFile(`/proc/${server.pid}/cmdline`, 'utf8').catch(() => '')
    expect(shown).not.toContain(password)
    const { Redis } = await import('ioredis')
    const client = new Redis({ port, password, retryStrategy: null, disconnectTimeout: 0 })
    client.on('error', () => {})
    expect(await client.ping()).toBe('PONG')
    expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'yes'])
    client.disconnect()
    await server.stop()
  })
})
