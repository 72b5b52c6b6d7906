/** What a run of the doctor tells of itself. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { makeProject } from '../support/project.ts'
import { startServer } from '../support/servers.ts'

test('the time that it tells began with its process', async ({ onTestFinished }) => {
  const cwd = await mkdtemp(join(tmpdir(), 'doctor-'))
  onTestFinished(() => rm(cwd, { recursive: true }))
  // what comes before the first line of ours counts
  const slow = `data:text/javascript,${encodeURIComponent('await new Promise((resolve) => setTimeout(resolve, 3000))')}`
  const { stdout } = await runCli(['doctor', '--json', '--url', 'ws://127.0.0.1:1/ws/'], { cwd, env: { NODE_OPTIONS: `--import ${slow}` } })
  expect(JSON.parse(stdout)).toHaveProperty(
    'elapsedMs',
    expect.toSatisfy((elapsed: number) => elapsed >= 3000),
  )
})

test(
  "a stranger's server on the port says nothing of a project that isn't set up, and is nobody's to end",
  { tags: ['slow'] },
  async ({ onTestFinished }) => {
    const mine = await makeProject({ environment: undefined, files: { 'backend/requirements.txt': 'channels\ndaphne\n' } })
    const theirs = await makeProject({ package: 'shop', route: 'ws/election-updates/' })
    const server = await startServer('daphne', theirs, { application: 'shop.asgi:application' })
    onTestFinished(async () => {
      await server.stop()
      await Promise.all([mine.remove(), theirs.remove()])
    })
    const port = String(server.port)
    const doctor = await runCli(['doctor', '--json', '--port', port], { cwd: mine.root })
    expect(doctor.status).toBe(1)
    expect(JSON.parse(doctor.stdout)).toMatchObject({
      diagnosis: { id: 'venv-missing' },
      findings: expect.arrayContaining([expect.objectContaining({ id: 'port-in-use', explainedBy: 'venv-missing' })]),
    })
    expect(doctor.stdout).not.toContain('"kill"')
    const verify = await runCli(['verify', '--port', port], { cwd: mine.root })
    expect(verify).toMatchObject({ status: 1, stdout: expect.stringContaining('venv-missing') })
    expect(server.child.exitCode).toBe(null)
  },
)

test('the help of --undo names all that it takes back', async () => {
  const { stdout } = await runCli(['doctor', '--help'], { cwd: tmpdir() })
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    'the last doctor --fix, start --setup or init changed or created (files, an environment)',
  )
})
