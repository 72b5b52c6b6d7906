/** How long `start` takes to its banner on projects in odd shapes, against the first handshake of their bare server, in pairs: `npm run bench:field`. */
import { expect, test, type TestContext } from 'vitest'
import { WebSocket } from 'ws'
import { startCli } from '../support/cli.ts'
import { fillOdd, oddProjects, type OddProject } from '../support/odd-projects.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { startServer } from '../support/servers.ts'

const pairs = 5
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Milliseconds from the server's start until it has answered a handshake, with whatever. */
async function bare(project: TestProject, { path }: OddProject): Promise<number> {
  const began = performance.now()
  const server = await startServer('daphne', project)
  const url = `ws://127.0.0.1:${server.port}${path.source.replaceAll(/\\w\+/g, 'one').replaceAll(/[\\^$]/g, '')}`
  await new Promise<void>((resolve) => {
    const socket = new WebSocket(url)
    const end = () => {
      socket.terminate()
      resolve()
    }
    socket.once('open', end).once('error', end)
  })
  const elapsed = performance.now() - began
  await server.stop()
  return elapsed
}

/** Milliseconds to the banner, as it says itself. */
async function started(project: TestProject): Promise<number> {
  const cli = startCli(['start', '--json', '--no-frontend', '--port', String(await freePort('127.0.0.1'))], { cwd: project.root })
  const [, ms] = await cli.waitFor(/"event":"ready".*?"readyMs":([\d.]+)/)
  await cli.end('SIGINT')
  return Number(ms)
}

test.for(oddProjects.map((odd) => [odd.title, odd] as const))(
  '%s',
  { timeout: 120_000 },
  async ([, odd], { onTestFinished }: TestContext) => {
    const project = await makeProject(odd.options)
    onTestFinished(project.remove)
    await fillOdd(project, odd)
    const times: { readonly bare: number; readonly start: number }[] = []
    // the first pair warms the disk's cache and isn't counted
    for (let pair = -1; pair < pairs; pair++) {
      const time = { bare: await bare(project, odd), start: await started(project) }
      if (pair >= 0) times.push(time)
    }
    const [server, start] = [median(times.map((time) => time.bare)), median(times.map((time) => time.start))]
    process.stdout.write(`${odd.title}: bare ${server.toFixed(0)} ms, start ${start.toFixed(0)} ms, ${(start / server).toFixed(2)}×\n`)
    expect(start).toBeLessThan(1.5 * server + 500)
  },
)
