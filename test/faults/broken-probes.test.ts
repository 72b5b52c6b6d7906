/** Every probe broken on purpose: the doctor ends within its deadlines, and says what it could not find out. */
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { bin, cliEnvironment } from '../support/cli.ts'
import { doctor } from '../support/doctor.ts'
import { makeProject, openConsumer, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { startProgram, startServer, type RunningServer } from '../support/servers.ts'
import { pythonOf } from '../support/tools.ts'

let project: TestProject | undefined
let server: RunningServer | undefined
let plain: Server | undefined
afterEach(async () => {
  await server?.stop()
  plain?.close()
  await project?.remove()
  server = project = plain = undefined
})

const urlOf = (port: number) => `ws://127.0.0.1:${port}/ws/election-updates/`

/** The doctor in a mount namespace of its own, prepared by a line of shell: only root can do that. */
async function inNamespace(
  prepare: string,
  cwd: string,
  args: readonly string[],
): Promise<{ status: number | null; stdout: string; stderr: string; elapsedMs: number }> {
  const started = performance.now()
  const child = spawn('unshare', ['-m', 'sh', '-c', `${prepare} && exec "$@"`, 'sh', process.execPath, bin, 'doctor', '--json', ...args], {
    cwd,
    env: cliEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, stdout, stderr, elapsedMs: performance.now() - started }
}

async function namespaces(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const child = spawn('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /proc'], { stdio: 'ignore' })
  return new Promise((resolve) => {
    child.once('error', () => resolve(false))
    child.once('close', (code) => resolve(code === 0))
  })
}
const canMount = await namespaces()

describe('what the machine does not tell', () => {
  test.skipIf(!canMount)('no /proc: the WebSocket is judged, whose port it is stays unknown', async () => {
    project = await makeProject()
    server = await startServer('daphne', project)
    const { status, stdout, stderr } = await inNamespace('mount -t tmpfs none /proc', project.root, ['--url', urlOf(server.port)])
    const document = JSON.parse(stdout)
    expect([status, document.state, stderr]).toEqual([0, 'healthy', ''])
    expect(document.findings.find(({ id }: { id: string }) => id === 'port-in-use')).toMatchObject({ status: 'unknown' })
  })

  test.skipIf(!canMount)('no /proc and a broken consumer: the cause all the same', async () => {
    project = await makeProject({
      consumer: `${openConsumer}\n    async def websocket_connect(self, message):\n        raise LookupError("no such election")\n`,
    })
    server = await startServer('daphne', project)
    const { status, stdout } = await inNamespace('mount -t tmpfs none /proc', project.root, ['--url', urlOf(server.port)])
    expect([status, JSON.parse(stdout).diagnosis.id]).toEqual([1, 'consumer-exception'])
    expect(stdout).toContain('no such election')
  })

  test.skipIf(!canMount)('a name server that never answers: ended in time, with the reason', async () => {
    project = await makeProject()
    const folder = await mkdtemp(join(tmpdir(), 'resolver-'))
    // 192.0.2.1 is for documentation (RFC 5737): no packet to it is ever answered
    await writeFile(join(folder, 'resolv.conf'), 'nameserver 192.0.2.1\noptions timeout:30 attempts:5\n')
    const { status, stdout, elapsedMs } = await inNamespace(`mount --bind ${join(folder, 'resolv.conf')} /etc/resolv.conf`, project.root, [
      '--url',
      'ws://elections.example.org:8000/ws/election-updates/',
    ])
    await rm(folder, { recursive: true })
    expect([status, JSON.parse(stdout).diagnosis.id]).toEqual([1, 'server-not-running'])
    expect(JSON.parse(stdout).diagnosis.evidence.join()).toContain('elections.example.org')
    expect(elapsedMs).toBeLessThan(15_000)
  })
})

describe('what the project does not let be seen', () => {
  test('no Python anywhere: the WebSocket is judged, the inside is unknown', async () => {
    project = await makeProject({ environment: undefined })
    server = await startServer('daphne', project)
    const answer = await doctor(project.root, { url: urlOf(server.port), env: { PATH: '/nonexistent' } })
    expect([answer.status, answer.state, answer.stderr]).toEqual([0, 'healthy', ''])
    expect(answer.findings.find(({ id }) => id === 'no-websocket-route')?.status).toBe('unknown')
    expect(answer.findings.find(({ id }) => id === 'no-websocket-route')?.reason).not.toBe('')
  })

  test('an interpreter that dies at once', async () => {
    project = await makeProject()
    server = await startServer('daphne', project)
    const script = join(project.root, 'python')
    await writeFile(script, '#!/bin/sh\nkill -9 $$\n')
    await chmod(script, 0o755)
    const answer = await doctor(project.root, { url: urlOf(server.port), python: script })
    expect(answer.stderr).toBe('')
    expect([answer.status, answer.state]).toEqual([0, 'healthy'])
  })

  test('a .env that this user may not read', async () => {
    project = await makeProject({ dotenv: ['REDIS_PORT=6390'] })
    await chmod(join(project.backend, '.env'), 0o000)
    const answer = await doctor(project.root, { url: urlOf(await freePort('127.0.0.1')) })
    // root reads it all the same
    expect(answer.id).toBe(process.getuid?.() === 0 ? 'server-not-running' : 'env-not-loaded')
    await chmod(join(project.backend, '.env'), 0o600)
  })

  test('settings that end the interpreter', async () => {
    project = await makeProject({ settings: 'import os\nos._exit(7)' })
    const answer = await doctor(project.root, { url: urlOf(await freePort('127.0.0.1')) })
    expect(answer.status).toBe(1)
    expect(answer.findings.find(({ id }) => id === 'env-not-loaded')).toMatchObject({ status: 'unknown' })
  })
})

describe('answers that never end', () => {
  test('a server that answers a byte a second', { tags: ['slow'] }, async () => {
    project = await makeProject()
    const timers = new Set<NodeJS.Timeout>()
    plain = createServer((socket) => {
      let at = 0
      const text = 'HTTP/1.1 101 Switching Protocols\r\n'
      const timer = setInterval(() => socket.write(text[at++ % text.length] ?? ''), 1000)
      timers.add(timer)
      socket.on('error', () => {})
      socket.on('close', () => clearInterval(timer))
    })
    const port = await freePort('127.0.0.1')
    await new Promise<void>((resolve) => plain?.listen(port, '127.0.0.1', resolve))
    const started = performance.now()
    const answer = await doctor(project.root, { url: urlOf(port) })
    for (const timer of timers) clearInterval(timer)
    expect(performance.now() - started).toBeLessThan(20_000)
    expect([answer.status, answer.id]).toEqual([1, 'port-in-use'])
  })

  test('a server that writes a line of 100 MB into its log at every handshake', { tags: ['slow'] }, async () => {
    const big = `${openConsumer}\n    async def websocket_connect(self, message):\n        import sys\n        for _ in range(100):\n            sys.stderr.write("x" * 1000000)\n        sys.stderr.flush()\n        raise LookupError("behind a long line")\n`
    project = await makeProject({ consumer: big })
    const log = join(project.root, 'server.log')
    server = await startProgram(
      'sh',
      (port) => ['-c', `exec "$0" -m daphne -b 127.0.0.1 -p ${port} core.asgi:application >"${log}" 2>&1`, pythonOf('main')],
      { cwd: project.backend },
    )
    const answer = await doctor(project.root, { url: urlOf(server.port) })
    expect(answer.id, answer.evidence).toBe('consumer-exception')
    expect(answer.evidence).toContain('behind a long line')
    expect(answer.evidence.length).toBeLessThan(5000)
  })
})

test('nothing to judge at all: exit 2, and how to go on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nothing-'))
  const { runCli } = await import('../support/cli.ts')
  const result = await runCli(['doctor', '--json'], { cwd: folder })
  await rm(folder, { recursive: true })
  expect(result.status).toBe(2)
  expect(JSON.parse(result.stdout)).toMatchObject({ ok: false, code: 'no-project' })
})
