/** 160 endings of a whole stack, in every way that there is: no process of it is left, no listening port, no file. */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { exists } from '../../src/host/process-table.ts'
import { runCli, type RunningCli } from '../support/cli.ts'
import { figure } from '../support/figures.ts'
import { listens } from '../support/processes.ts'
import { until } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { redisServer } from '../support/tools.ts'

/** Of each kind so many, some at once. */
const [rounds, atOnce] = [4, 4]
let ended = 0

const stays = 'setInterval(() => {}, 1000)'
const node = (text: string) => [process.execPath, '-e', text]
const leaver = `require('child_process').spawn(process.execPath, ['-e', '${stays}'], {detached: true, stdio: 'ignore'}).unref(); console.log('left'); ${stays}`
const deaf = `process.on('SIGTERM', () => {}); process.on('SIGINT', () => {}); console.log('deaf'); ${stays}`
const bearing = `process.on('SIGTERM', () => { require('child_process').spawn(process.execPath, ['-e', '${stays}'], {detached: true, stdio: 'ignore'}).unref(); process.exit() }); console.log('bears'); ${stays}`
const services = {
  leaver: { command: node(leaver), ready: { log: 'left' } },
  deaf: { command: node(deaf), ready: { log: 'deaf' }, stopTimeout: 200 },
  bearing: { command: node(bearing), ready: { log: 'bears' }, dependsOn: ['backend'] },
}

/** How it ends, once it has come so far. */
const endings: readonly [name: string, at: RegExp, end: (cli: RunningCli, stand: Stand) => Promise<unknown>][] = [
  ['Ctrl+C', /"event":"ready"/, (cli) => cli.end('SIGINT')],
  [
    'Ctrl+C twice',
    /"event":"ready"/,
    (cli) => {
      cli.child.kill('SIGINT')
      return cli.end('SIGINT')
    },
  ],
  ['SIGTERM', /"event":"ready"/, (cli) => cli.end('SIGTERM')],
  ['a terminal that is closed', /"event":"ready"/, (cli) => cli.end('SIGHUP')],
  [
    'election-dev stop',
    /"event":"ready"/,
    (cli, { project, mark }) => Promise.all([runCli(['stop'], { cwd: project.root, env: mark.env }), cli.end()]),
  ],
  ['a launcher that is killed', /"event":"ready"/, (cli) => cli.end('SIGKILL')],
  [
    'a launcher that is killed while it ends',
    /"event":"ready"/,
    (cli) => {
      cli.child.kill('SIGINT')
      return cli.end('SIGKILL')
    },
  ],
  ['one that is killed while Redis starts', /"name":"redis"/, (cli) => cli.end('SIGKILL')],
  ['one that is killed while the backend starts', /Starting server|"name":"backend"/, (cli) => cli.end('SIGKILL')],
  ['Ctrl+C while the backend starts', /Starting server|"name":"backend"/, (cli) => cli.end('SIGINT')],
]

async function endOne(at: RegExp, end: (typeof endings)[number][2], path: string): Promise<void> {
  const stand = await makeStand({ files: { 'election-dev.config.json': JSON.stringify({ services }) } })
  try {
    const cli = stand.start(['--managed-redis', '--json'], { PATH: path })
    await cli.waitFor(at)
    await end(cli, stand)
    // Redis is given an environment of its own
    const redis = [...cli.stdout().matchAll(/"name":"redis","kind":"redis","state":"\w+","pid":(\d+)/g)].map(([, pid]) => Number(pid))
    // whoever is killed sees nobody out: the guards do
    await until(async () => (await stand.mark.processes()).length === 0 && !redis.some((pid) => exists(pid)), 20_000)
    expect(await listens(stand.port)).toBe(false)
    ended++
  } finally {
    await stand.remove()
  }
}

afterAll(() => figure(`endings of a whole stack: ${ended}, of which nothing was left`))

describe.skipIf(process.platform !== 'linux')('nothing is left of', () => {
  test.each(endings)('%s', { timeout: 300_000 }, async (_, at, end) => {
    const server = await redisServer('system')
    if (server === undefined) throw new Error('no redis-server can be had')
    const path = `${join(server, '..')}:${process.env['PATH'] ?? ''}`
    for (let round = 0; round < rounds; round++) await Promise.all(Array.from({ length: atOnce }, () => endOne(at, end, path)))
  })
})
