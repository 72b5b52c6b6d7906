/** Servers of other years, whose command lines and protocols differ: started, proven, and ended as they know it. */
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startCli } from '../support/cli.ts'
import { makeProject } from '../support/project.ts'
import { freePort, until } from '../support/redis.ts'
import { basePython, cache, makeEnvironment, run } from '../support/tools.ts'

interface Old {
  readonly server: 'daphne' | 'uvicorn' | 'hypercorn'
  readonly version: string
  readonly packages: readonly string[]
  /** What a broadcast to its sockets came to. */
  readonly broadcast: object | null
}

const both = { sent: 2, received: 2 }
const channels = ['Django>=4.2,<5', 'channels~=4.0']
const old: readonly Old[] = [
  // before `--timeout-graceful-shutdown`, which came with 0.22; websockets 14 ended the protocol that it uses
  { server: 'uvicorn', version: '0.17', packages: [...channels, 'uvicorn==0.17.*', 'websockets<11'], broadcast: both },
  // one worker is the process itself in 0.13, and a child of it in 0.14, where no observer is
  { server: 'hypercorn', version: '0.13', packages: [...channels, 'hypercorn==0.13.*'], broadcast: both },
  { server: 'hypercorn', version: '0.14', packages: [...channels, 'hypercorn==0.14.*'], broadcast: null },
  { server: 'daphne', version: '3.0', packages: ['Django>=4.2,<5', 'channels~=3.0', 'daphne==3.0.*'], broadcast: both },
]

/** Starts a project in that environment, to its ready line or its end. */
async function start(environment: string) {
  const project = await makeProject({ style: 'plain', environment: undefined })
  onTestFinished(project.remove)
  await symlink(environment, join(project.backend, 'venv'))
  const port = await freePort('127.0.0.1')
  const cli = startCli(['start', '--json', '--no-frontend', '--port', String(port)], { cwd: project.root })
  onTestFinished(async () => void (await cli.end('SIGKILL')))
  await until(async () => /"event":"(?:ready|end)".*\n/.test(cli.stdout()), 60_000)
  // one that has come to its end is asked for nothing more
  const { stdout, status } = await cli.end(cli.stdout().includes('"event":"end"') ? undefined : 'SIGINT')
  const lineOf = (event: string): unknown => JSON.parse(new RegExp(`.*"event":"${event}".*`).exec(stdout)?.[0] ?? '{}')
  return { ready: lineOf('ready'), diagnosis: lineOf('diagnosis'), status, stdout, project }
}

test.for(old.map((each) => [`${each.server} ${each.version}`, each] as const))(
  '%s: proven, and ended',
  { timeout: 180_000 },
  async ([name, { server, version, packages, broadcast }]) => {
    const environment = join(cache, `venv-old-${name.replace(' ', '-')}`)
    await makeEnvironment(environment, basePython(), packages)
    const { ready, status, stdout } = await start(environment)
    expect(ready, stdout).toMatchObject({
      websocket: { state: 'connected', broadcast },
      backend: { server, serverVersion: expect.stringContaining(`${version}.`) },
    })
    expect(status).toBe(130)
  },
)

// Channels 3 asks for daphne 3: an older one is there by force alone
test('daphne 2.5 beside Channels 3: named, and the command that it gives helps', { timeout: 180_000 }, async () => {
  const environment = await mkdtemp(join(tmpdir(), 'election-daphne-'))
  onTestFinished(() => rm(environment, { recursive: true, force: true }))
  const fresh = join(environment, 'venv')
  await makeEnvironment(fresh, basePython(), ['pip', 'Django>=4.2,<5', 'daphne==2.5.*'])
  const python = join(fresh, 'bin', 'python')
  await run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', 'channels==3.0.5'])
  const { diagnosis, status, stdout, project } = await start(fresh)
  const command = [join(project.backend, 'venv', 'bin', 'python'), '-m', 'pip', 'install', 'daphne~=3.0'] as const
  expect(diagnosis, stdout).toMatchObject({ diagnosis: { id: 'daphne-missing', remedy: { commands: [command] } } })
  expect(status).toBe(1)
  const [file, ...args] = command
  await run(file, args)
  const { ready, stdout: then } = await start(fresh)
  expect(ready, then).toMatchObject({ websocket: { state: 'connected' }, backend: { server: 'daphne' } })
})
