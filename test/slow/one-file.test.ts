/** What is added as CONTRIBUTING.md says, one file and one line, or one row, is in all of the product once that is built. */
import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { bin, runCli, startCli } from '../support/cli.ts'
import { buildWith, type Addition, type Extended } from '../support/extended.ts'
import { ownEnvironment } from '../support/own-environment.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { startProgram } from '../support/servers.ts'

/** A server that nobody knows: its record, and its line in the list. */
const server: Addition = {
  files: {
    'src/servers/standin.ts': `import type { Server } from './server.ts'

export const standin = {
  name: 'standin',
  preference: 9,
  install: 'standin',
  header: 'standin',
  launch: { args: ({ host, port, application }) => ['--listen', \`\${host}:\${port}\`, application] },
  deploy: { args: (application, port) => ['--listen', \`0.0.0.0:\${port}\`, application] },
  table: { valued: '--listen -l', flags: '', abbreviates: true, others: 'flag' },
  read: (options, { readBind }) => readBind(options.value('--listen') ?? '127.0.0.1:8000'),
} as const satisfies Server
`,
  },
  lines: [{ file: 'src/servers/servers.ts', before: 'export { uvicorn', line: "export { standin } from './standin.ts'" }],
}

/** An option: its row. */
const option: Addition = {
  lines: [
    {
      file: 'src/config/options/stack.ts',
      before: '} as const satisfies',
      line: "  dotColour: { takes: 'text', flag: '<name>', at: ['start'], default: 'red', about: 'colour of the dot' },",
    },
  ],
}

/** A stand-in for the package of such a server: it has options of its own, and uvicorn serves in it. */
const standIn = `import argparse

import uvicorn

parser = argparse.ArgumentParser(prog="standin")
parser.add_argument("--listen", "-l", required=True)
parser.add_argument("application")
told = parser.parse_args()
host, _, port = told.listen.rpartition(":")
uvicorn.run(told.application, host=host, port=int(port), server_header=False, headers=[("Server", "standin")], timeout_graceful_shutdown=2)
`

let built: Extended
beforeAll(async () => void (built = await buildWith([server, option])), 240_000)
afterAll(() => built?.remove())

/** A project whose environment has that package as well. */
async function projectWithIt(): Promise<TestProject & { readonly python: string }> {
  const project = await makeProject({ style: 'plain', environment: undefined })
  onTestFinished(project.remove)
  const packages = await ownEnvironment(join(project.backend, 'venv'), 'main', /^$/)
  await mkdir(join(packages, 'standin'))
  await writeFile(join(packages, 'standin', '__init__.py'), '')
  await writeFile(join(packages, 'standin', '__main__.py'), standIn)
  await mkdir(join(packages, 'standin-1.0.dist-info'))
  await writeFile(join(packages, 'standin-1.0.dist-info', 'METADATA'), 'Metadata-Version: 2.1\nName: standin\nVersion: 1.0\n')
  return { ...project, python: join(project.backend, 'venv', 'bin', 'python') }
}

const said = async (...args: readonly string[]): Promise<string> => {
  const { status, stdout, stderr } = await runCli(args, { cwd: built.folder, bin: built.bin })
  expect(status, stderr).toBe(0)
  return stdout
}

test('both are in the help', async () => {
  const help = await said('start', '--help')
  expect(help).toMatch(/--server <name>[^-]*"standin"/)
  expect(help).toMatch(/--dot-colour <name>\s+colour of the dot/)
})

test('and in the JSON schema of the configuration', async () => {
  const { properties } = JSON.parse(await readFile(join(built.folder, 'dist', 'config.schema.json'), 'utf8'))
  expect(properties.server.enum).toContain('standin')
  expect(properties.dotColour).toMatchObject({ type: 'string', description: 'Colour of the dot; default: red' })
})

test('and in what a shell completes', async () => {
  expect(await said('completion', 'bash', '--', 'start', '--server', ':st')).toBe('standin\n')
  expect(await said('completion', 'bash', '--', 'start', ':--dot')).toMatch(/^--dot-colour\t/)
})

test("and in the README's table, which is told to be written anew", async () => {
  const readme = (...args: readonly string[]) => spawnSync(process.execPath, [join(built.folder, '.ci', 'readme.js'), ...args]).status
  expect(readme('--check')).toBe(1)
  expect(readme()).toBe(0)
  const text = await readFile(join(built.folder, 'README.md'), 'utf8')
  expect(text).toMatch(/^\| `server` \|.*`standin`/m)
  expect(text).toMatch(/^\| `dotColour` \| `red` \| colour of the dot \|$/m)
})

test('start launches the server, and proves its WebSocket', async () => {
  const project = await projectWithIt()
  const port = await freePort('127.0.0.1')
  const args = ['start', '--json', '--no-frontend', '--server', 'standin', '--port', String(port)]
  const cli = startCli(args, { cwd: project.root, bin: built.bin })
  onTestFinished(async () => void (await cli.end('SIGKILL')))
  const [line] = await cli.waitFor(/.*"event":"(?:ready|end|diagnosis)".*/)
  expect(JSON.parse(line)).toMatchObject({
    event: 'ready',
    websocket: { state: 'connected', broadcast: { sent: 2, received: 2 } },
    backend: { server: 'standin', serverVersion: '1.0' },
  })
  expect((await cli.end('SIGINT')).status).toBe(130)
})

const byHand = (port: number) => ['-m', 'standin', `--listen=127.0.0.1:${port}`, 'core.asgi:application']

test('one that somebody else has started is known by its command line', async () => {
  const project = await projectWithIt()
  const { port, stop } = await startProgram(project.python, byHand, { cwd: project.backend })
  onTestFinished(stop)
  const doctor = async (by: string): Promise<unknown> =>
    JSON.parse((await runCli(['doctor', '--json'], { cwd: project.root, bin: by })).stdout)
  expect(await doctor(built.bin)).toMatchObject({ ok: true, targets: [{ url: `ws://127.0.0.1:${port}/ws/election-updates/` }] })
  // who doesn't know it takes it for no server of this project
  expect(JSON.stringify(await doctor(bin))).not.toContain(`:${port}/`)
})
