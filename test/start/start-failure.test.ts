import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { launchServer } from '../../src/run/server.ts'
import { testHost } from '../support/processes.ts'
import type { ProjectOptions } from '../support/project.ts'
import { until } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { pythonOf } from '../support/tools.ts'
import { variants } from '../support/variants.ts'

let stand: Stand

afterEach(async () => {
  await stand.remove()
})

/** Starts a backend that dies, and gives how long the launcher took to say it after the last backend process was seen. */
async function endAfterDeath(cli: ReturnType<Stand['start']>): Promise<{ status: number | null; stdout: string; lateMs: number }> {
  await until(async () => (await stand.mark.processes()).length > 1)
  let died = performance.now()
  const watching = (async () => {
    while (cli.child.exitCode === null) {
      if ((await stand.mark.processes()).some((pid) => pid !== cli.child.pid)) died = performance.now()
    }
  })()
  const { status, stdout } = await cli.end()
  const lateMs = performance.now() - died
  await watching
  return { status, stdout, lateMs }
}

variants<[string, ProjectOptions, RegExp]>(
  [
    ['a syntax error', { asgi: 'application = (\n' }, /asgi-syntax-error/],
    ['settings that raise', { settings: 'raise RuntimeError("no election today")' }, /RuntimeError: no election today/],
    ['a module that is not there', { settings: 'import no_such_module_of_ours' }, /missing-dep/],
    ['an end without a word', { settings: 'import os\nos._exit(7)' }, /exit status 7/],
  ],
  { title: '%s: said at once, with exit status and last lines', quick: 1 },
  async (_, options, said) => {
    stand = await makeStand(options)
    const { status, stdout, lateMs } = await endAfterDeath(stand.start())
    expect(status).toBe(1)
    expect(stdout).toMatch(said)
    expect(stdout).toMatch(/ended after \d+ ms with exit status \d/)
    expect(lateMs).toBeLessThan(3000)
    await stand.expectNothingLeft()
  },
)

test('a backend that never listens is said and ended at --start-timeout', { tags: ['slow'] }, async () => {
  stand = await makeStand({ asgi: 'import time\nprint("waiting", flush=True)\ntime.sleep(600)\n' })
  const cli = stand.start(['--start-timeout', '2000', '--stop-timeout', '2000'])
  const { status, stdout } = await cli.end()
  expect(status).toBe(1)
  expect(stdout).toContain('after 2 s')
  await stand.expectNothingLeft()
})

test.each([
  ['a file that may not be run', '#!/bin/sh\n', 0o644, ''],
  ['a script whose interpreter is gone', '#!/no/such/python\n', 0o755, ''],
  // Node throws this one where the others come as an event
  ['a file in a file', '#!/bin/sh\n', 0o755, '/python'],
])('a server that cannot be started: %s', async (_, text, mode, inside) => {
  stand = await makeStand()
  const file = join(stand.project.root, 'python-broken')
  await writeFile(file, text)
  await chmod(file, mode)
  const server = launchServer(testHost, { file: `${file}${inside}`, args: [], cwd: stand.project.root, env: stand.mark.env }, () => {})
  const exit = await server.exited
  expect(exit.exitCode).toBeUndefined()
  expect(exit.spawnError).toMatch(/^E[A-Z]+ /)
  await server.stop(1000)
})

test('an interpreter that breaks after it was chosen is said at once, exit 1', async () => {
  stand = await makeStand()
  const python = join(stand.project.root, 'python-that-breaks')
  // it answers what its packages are, and is gone when it is to start the server
  await writeFile(python, `#!/bin/sh\ncase "$*" in *daphne*) exec /no/such/python;; esac\nexec ${pythonOf('main')} "$@"\n`)
  await chmod(python, 0o755)
  const { status, stdout } = await stand.start(['--python', python]).end()
  expect(status).toBe(1)
  expect(stdout).toMatch(/exit status 127[^]*\/no\/such\/python/)
  expect(await stand.mark.processes()).toEqual([])
})

test('many servers leave no exit handler behind', async () => {
  stand = await makeStand()
  const before = process.listenerCount('exit')
  for (let round = 0; round < 12; round++) {
    const server = launchServer(
      testHost,
      { file: '/bin/sh', args: ['-c', 'echo one; exec sleep 600'], cwd: stand.project.root, env: stand.mark.env },
      () => {},
    )
    await until(async () => server.lastLines().length > 0)
    await server.stop(5000)
  }
  expect(process.listenerCount('exit')).toBe(before)
  expect(await stand.mark.processes()).toEqual([])
})

test('settings that the flag names in vain: it is the flag that is told', async () => {
  stand = await makeStand()
  const { status, stderr } = await stand.start(['--settings', 'nowhere.settings']).end()
  expect(status).toBeGreaterThan(0)
  expect(stderr).toMatch(/--settings names nowhere\.settings, which isn't there\s+wrong-settings-module/)
  expect(stderr).not.toContain('ASGI_APPLICATION')
  await stand.expectNothingLeft()
})
