/** A held port, and a page that names it: an older server of the project is ended where that is wished, and no page is left behind. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { startCli, startOnTerminal, type RunningCli } from '../support/cli.ts'
import { ending } from '../support/ends.ts'
import { listening } from '../support/node-servers.ts'
import { listens } from '../support/processes.ts'
import type { ProjectOptions, TestProject } from '../support/project.ts'
import { freePort, until } from '../support/redis.ts'
import { startProgram, type RunningServer } from '../support/servers.ts'
import { pythonOf, basePython } from '../support/tools.ts'
import { votesConsumer, writeViteFrontend } from '../support/vite-frontend.ts'
import { variants } from '../support/variants.ts'

const { keep, project } = ending()

const fixed = (port: number) => `'ws://localhost:${port}/ws/election-updates/'`
const byVariable = (port: number) => `\`\${import.meta.env.VITE_WS_URL ?? 'ws://localhost:${port}'}/ws/election-updates/\``

/** A checkout whose page opens what `socket` says, and a port that its own server, or another program, is to hold. */
async function checkout(
  socket: (port: number) => string,
  options: ProjectOptions = {},
): Promise<{ made: TestProject; port: number; page: number }> {
  const made = await project({ consumer: votesConsumer, style: 'plain', ...options })
  const [port, page] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')]
  await writeViteFrontend(made, { socket: socket(port), port: page })
  return { made, port, page }
}

/** `python manage.py COMMAND` of the project on the port; plain Django unless another interpreter is given. */
async function ownServer(made: TestProject, port: number, command = 'runserver', python = pythonOf('django')): Promise<RunningServer> {
  return keep(await startProgram(python, () => ['manage.py', command, `127.0.0.1:${port}`], { port, cwd: made.backend }))
}

function begin(made: TestProject, args: readonly string[], terminal = false): RunningCli {
  const cli = (terminal ? startOnTerminal : startCli)(args, { cwd: made.root })
  keep({ stop: () => cli.end('SIGINT') })
  return cli
}

const isGreen = async (cli: RunningCli, port: number, page: number) => {
  await cli.waitFor(new RegExp(`ws://127\\.0\\.0\\.1:${port}/\\S*[^\\n]*● connected`))
  await cli.waitFor(new RegExp(`http://localhost:${page}/\\S* +(?:\\S* )?● page 200`))
}

const servers: readonly (readonly [string, () => string, ProjectOptions])[] = [
  ['plain Django', () => pythonOf('django'), {}],
  ['ASGI-capable', () => pythonOf('main'), { installedApps: ['daphne'] }],
]

variants(
  servers,
  { title: 'a page that takes the port from a variable, beside its own runserver, %s: one start, a green page', quick: 1 },
  async (_, python, options) => {
    const { made, port, page } = await checkout(byVariable, options)
    const old = await ownServer(made, port, 'runserver', python())
    const cli = begin(made, ['start', '--port', String(port)])
    await isGreen(cli, port + 1, page)
    expect(cli.stdout()).toMatch(
      new RegExp(`an earlier server of this project, .* To end it and keep the port: election-dev start --takeover --port ${port}`),
    )
    expect(old.child.exitCode).toBeNull()
  },
)

variants(
  servers,
  { title: 'a page with the port fixed, beside its own runserver, %s: asked on a terminal, one start, a green page', quick: 0 },
  async (_, python, options) => {
    const { made, port, page } = await checkout(fixed, options)
    const old = await ownServer(made, port, 'runserver', python())
    const cli = begin(made, ['start', '--port', String(port)], true)
    await cli.waitFor(
      new RegExp(
        `Port ${port} is held by an earlier server of this project, .*runserver.*\\(PID \\d+.*\\), and the page names it: frontend/src/main\\.js:2 .*End it\\? \\[Y/n\\]`,
      ),
    )
    cli.child.stdin?.write('\n')
    await isGreen(cli, port, page)
    if (old.child.exitCode === null && old.child.signalCode === null) await once(old.child, 'exit')
  },
)

test('the same without a terminal: the run ends with the place, and its command leads to a green page', { tags: ['slow'] }, async () => {
  const { made, port, page } = await checkout(fixed)
  await ownServer(made, port)
  const refused = await begin(made, ['start', '--json', '--port', String(port)]).end()
  expect(refused.status).toBe(1)
  const [, commands = ''] = /"id":"port-in-use".*?"commands":(\[\[.*?\]\])/.exec(refused.stdout) ?? []
  expect(refused.stdout).toMatch(
    new RegExp(`frontend/src/main\\.js:2 \\(ws://localhost:${port}/ws/election-updates/\\) names port ${port}`),
  )
  const [[program, ...args]] = JSON.parse(commands)
  expect([program, ...args]).toEqual(['election-dev', 'start', '--takeover', '--port', String(port)])
  await isGreen(begin(made, args), port, page)
})

test('the port that the proxy names is where the backend goes, and doctor looks for it there', async () => {
  const made = await project({ consumer: votesConsumer, style: 'plain' })
  const [port, page] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')]
  await writeViteFrontend(made, {
    socket: '`ws://${location.host}/ws/election-updates/`',
    port: page,
    server: `proxy: { '/ws': { target: process.env.API_URL ?? 'http://127.0.0.1:${port}', ws: true } }`,
  })
  const ended = await begin(made, ['doctor', '--json']).end()
  expect(JSON.parse(ended.stdout)).toMatchObject({ targets: [{ url: expect.stringContaining(`:${port}/`) }] })
  await isGreen(begin(made, ['start']), port, page)
})

test('a no on the terminal ends the run, and nothing else', async () => {
  const { made, port } = await checkout(fixed)
  const old = await ownServer(made, port)
  const cli = begin(made, ['start', '--port', String(port)], true)
  await cli.waitFor(/End it\? \[Y\/n\]/)
  cli.child.stdin?.write('n\n')
  await cli.waitFor(/port-in-use/)
  expect(old.child.exitCode).toBeNull()
  expect(await listens(port)).toBe(true)
})

test('a page with the port fixed and another program on it: the commands free it, and the next start is green', async () => {
  const { made, port, page } = await checkout((at) => `\`ws://\${location.host.replace(/:\\d+$/, ':${at}')}/ws/election-updates/\``)
  const foreign = keep(await startProgram(basePython(), () => ['-m', 'http.server', '--bind', '127.0.0.1', String(port)], { port }))
  const refused = await begin(made, ['start', '--json', '--port', String(port)]).end()
  const [, commands = ''] = /"id":"port-in-use".*?"commands":(\[\[.*?\]\])/.exec(refused.stdout) ?? []
  expect(JSON.parse(commands)).toEqual([
    ['kill', String(foreign.pid)],
    ['election-dev', 'start', '--port', String(port)],
  ])
  process.kill(foreign.pid, 'SIGTERM')
  await until(async () => !(await listens(port)))
  await isGreen(begin(made, ['start', '--port', String(port)]), port, page)
})

test("a template of the backend's own that names it counts as well, and a link does not", { tags: ['slow'] }, async () => {
  const made = await project({ consumer: votesConsumer, style: 'plain' })
  const port = await listening(
    keep,
    createServer((_, response) => response.end('held')),
  )
  const { writeFile, mkdir } = await import('node:fs/promises')
  await mkdir(`${made.backend}/templates`)
  await writeFile(`${made.backend}/templates/room.html`, `<a href="http://localhost:${port}/">home</a>\n`)
  const moved = begin(made, ['start', '--json', '--port', String(port)])
  await moved.waitFor(/"event":"ready".*?"state":"connected"/)
  await moved.end('SIGINT')
  await writeFile(`${made.backend}/templates/room.html`, `<script>new WebSocket('ws://localhost:${port}/ws/election-updates/')</script>\n`)
  const refused = await begin(made, ['start', '--json', '--port', String(port)]).end()
  expect(refused.status).toBe(1)
  expect(refused.stdout).toMatch(/"id":"port-in-use".*backend\/templates\/room\.html:1/)
})

test('any command of its manage.py that listens is taken over', { tags: ['slow'] }, async () => {
  const command = `from http.server import HTTPServer, SimpleHTTPRequestHandler
from django.core.management.base import BaseCommand

class Command(BaseCommand):
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("at")

    def handle(self, at, **options):
        host, port = at.split(":")
        HTTPServer((host, int(port)), SimpleHTTPRequestHandler).serve_forever()
`
  const files = { 'backend/updates/management/commands/live.py': command, 'backend/updates/management/commands/runsslserver.py': command }
  for (const name of ['live', 'runsslserver']) {
    const { made, port, page } = await checkout(fixed, { files, installedApps: ['updates'] })
    await ownServer(made, port, name, pythonOf('main'))
    await isGreen(begin(made, ['start', '--port', String(port), '--takeover']), port, page)
  }
})
