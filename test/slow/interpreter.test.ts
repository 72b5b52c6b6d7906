/** Which interpreter a new environment gets, with real ones. */
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { interpreters, type Interpreter } from '../../src/facts/pythons.ts'
import { runToEnd } from '../../src/host/processes.ts'
import { startCli, type RunningCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, type FreshProject } from '../support/fresh-project.ts'
import { testHost } from '../support/host.ts'
import { freePort } from '../support/redis.ts'
import { prepareEnvironment } from '../support/tools.ts'

const minor = ({ version }: Interpreter) => Number(version.split('.')[1])

let project: FreshProject | undefined
let cli: RunningCli | undefined
/** One that isn't `python3` of the PATH. */
let another: Interpreter | undefined

beforeAll(async () => {
  await prepareEnvironment('uv')
  const env = installerEnvironment(false)
  const usual = (
    await runToEnd('python3', ['-c', 'import sys;print("%d.%d" % sys.version_info[:2])'], { env, deadlineMs: 10_000 })
  ).stdout.trim()
  // what the project's own packages take
  another = (await interpreters(testHost('/', { ...process.env, ...env }))).find(
    (each) => minor(each) >= 10 && minor(each) <= 13 && !each.version.startsWith(`${usual}.`),
  )
}, 120_000)

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

async function isGreenWith(
  version: string,
  args: readonly string[],
  uv: boolean,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  project = await freshProject({ files })
  const { root, backend } = project
  const port = String(await freePort('127.0.0.1'))
  cli = startCli(['start', '--json', '--no-frontend', '--port', port, ...args], {
    cwd: root,
    env: { ...installerEnvironment(uv), HOME: process.env['HOME'] ?? root },
  })
  await cli.waitFor(/"event":"(?:ready|end)"/)
  const { stdout } = await cli.end('SIGINT')
  expect(stdout).toMatch(/"event":"ready".*"state":"connected"/)
  const made = await runToEnd(join(backend, 'venv', 'bin', 'python'), ['-c', 'import sys;print("%d.%d.%d" % sys.version_info[:3])'], {
    deadlineMs: 10_000,
  })
  expect(made.stdout.trim()).toBe(version)
}

for (const uv of [false, true]) {
  const by = uv ? 'uv' : 'venv'
  test(`a .python-version chooses it, by ${by}`, { timeout: 240_000 }, async (context) => {
    if (another === undefined) return context.skip('there is one Python alone on this machine')
    const { version } = another
    // said, or known to a python3 of pyenv's itself
    await isGreenWith(version, ['--setup'], uv, { '.python-version': `${version}\n` })
  })

  test(
    `--python makes the environment with it and installs nothing into it, by ${by}; without --setup it is used then`,
    { timeout: 240_000 },
    async (context) => {
      if (another === undefined) return context.skip('there is one Python alone on this machine')
      const { python, version } = another
      const list = async () => (await runToEnd(python, ['-m', 'pip', 'list', '--format', 'freeze'], { deadlineMs: 30_000 })).stdout
      const before = await list()
      await isGreenWith(version, ['--setup', '--python', python], uv)
      expect(await list()).toBe(before)
      const { root } = project ?? { root: '' }
      cli = startCli(['start', '--json', '--no-frontend', '--port', String(await freePort('127.0.0.1')), '--python', python], {
        cwd: root,
        env: installerEnvironment(uv),
      })
      await cli.waitFor(/"event":"ready".*"state":"connected"/)
      await cli.end('SIGINT')
      expect(await realpath(join(root, 'backend', 'venv', 'bin', 'python'))).toBe(await realpath(python))
    },
  )
}
