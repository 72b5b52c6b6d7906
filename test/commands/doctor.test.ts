/** What a run of the doctor tells of itself. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'

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

test('the help of --undo names all that it takes back', async () => {
  const { stdout } = await runCli(['doctor', '--help'], { cwd: tmpdir() })
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    'the newest of doctor --fix, start --setup and init changed or made (files, an environment)',
  )
})
