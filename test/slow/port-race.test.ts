import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { portOwner } from '../../src/facts/listener.ts'
import { startCli, type RunningCli } from '../support/cli.ts'
import { testHost } from '../support/processes.ts'
import { freePort } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { basePython, pythonOf } from '../support/tools.ts'

let stands: Stand[] = []
let others: ChildProcess[] = []

afterEach(async () => {
  for (const stand of stands) await stand.remove()
  for (const child of others) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  ;[stands, others] = [[], []]
})

const webSocketBanner = /[\s\S]*(?:ready in|up after)[\s\S]*Channels.*/

/**
 * A project whose interpreter lets another program take the port, listening or
 * just bound, right before it starts the server: after the launcher's check.
 */
async function raceStand(hold: 'listening' | 'bound', options: Parameters<typeof makeStand>[0] = {}): Promise<Stand> {
  const stand = await makeStand({ ...options, environment: undefined })
  stands.push(stand)
  const grabber = join(stand.project.root, 'grab.py')
  await writeFile(
    grabber,
    `import os, socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", ${stand.port}))
${hold === 'listening' ? 's.listen()' : ''}
print("held", flush=True)
time.sleep(600)
`,
  )
  const python = join(stand.project.root, 'python-that-loses')
  const flag = join(stand.project.root, 'grabbed')
  // the port is taken by a program of nobody's, which the test starts when this one has come to its turn
  await writeFile(
    python,
    `#!/bin/sh
case "$*" in *${stand.port}*) if [ ! -e ${flag} ]; then
  while [ ! -e ${flag} ]; do : > ${flag}.wanted; sleep 0.02; done
fi;; esac
exec ${pythonOf('main')} "$@"
`,
  )
  await chmod(python, 0o755)
  return stand
}

/** Takes the port once the stand-in interpreter has come to its turn, as a program of nobody's. */
async function grabWhenAsked(stand: Stand): Promise<number | undefined> {
  const flag = join(stand.project.root, 'grabbed')
  for (;;) {
    const asked = await readFile(`${flag}.wanted`).then(
      () => true,
      () => false,
    )
    if (asked) break
    await new Promise((resolve) => setImmediate(resolve))
  }
  const child = spawn(basePython(), [join(stand.project.root, 'grab.py')], { stdio: ['ignore', 'pipe', 'inherit'] })
  others.push(child)
  await once(child.stdout, 'data')
  await writeFile(flag, '')
  return child.pid
}

const withDaphneApp = { installedApps: ['daphne', 'django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates'] }

test.each([
  ['daphne', 'listening', {}],
  ['daphne', 'bound', {}],
  ['uvicorn', 'listening', {}],
  ['hypercorn', 'listening', {}],
  ['runserver', 'listening', withDaphneApp],
  ['runserver', 'bound', withDaphneApp],
] as const)('%s loses the port between check and bind (%s): the next one, green', async (server, hold, options) => {
  const stand = await raceStand(hold, options)
  const cli = stand.start(['--server', server, '--python', join(stand.project.root, 'python-that-loses'), '--start-timeout', '20000'])
  await grabWhenAsked(stand)
  const [banner] = await cli.waitFor(webSocketBanner)
  expect(banner).toContain(`Port ${stand.port} was taken by another program in the meantime`)
  expect(banner).toContain('● connected')
  expect(banner).not.toContain(`ws://127.0.0.1:${stand.port}/`)
  expect((await cli.end('SIGINT')).status).toBe(130)
  expect(await stand.mark.processes()).toEqual([])
})

test.each([
  ['daphne', {}],
  ['runserver', withDaphneApp],
] as const)('%s with --strict-port: said, exit 1, though it exits with 0 or lives on', async (server, options) => {
  const stand = await raceStand('listening', options)
  const cli = stand.start([
    '--server',
    server,
    '--strict-port',
    '--python',
    join(stand.project.root, 'python-that-loses'),
    '--start-timeout',
    '20000',
  ])
  const asked = performance.now()
  await grabWhenAsked(stand)
  const { status, stdout } = await cli.end()
  expect(status).toBe(1)
  expect(stdout).toContain('port-in-use')
  expect(stdout).not.toContain('● connected')
  expect(performance.now() - asked).toBeLessThan(15_000)
  expect(await stand.mark.processes()).toEqual([])
})

test('5 launchers at once on the same wanted port: all green, each on a port of its own', { timeout: 120_000 }, async () => {
  const port = await freePort('127.0.0.1')
  const running: { cli: RunningCli; stand: Stand }[] = []
  for (let index = 0; index < 5; index++) {
    const stand = await makeStand()
    stands.push(stand)
    running.push({ stand, cli: startCli(['start', '--port', String(port)], { cwd: stand.project.root, env: stand.mark.env }) })
  }
  const ports: number[] = []
  await Promise.all(
    running.map(async ({ cli }) => {
      const [banner] = await cli.waitFor(webSocketBanner)
      expect(banner).toContain('● connected')
      const own = Number(/ws:\/\/127\.0\.0\.1:(\d+)/.exec(banner)?.[1])
      ports.push(own)
      expect(await portOwner(testHost, own, cli.child.pid ?? 0)).toBe('ours')
    }),
  )
  expect(new Set(ports).size).toBe(5)
  for (const { cli, stand } of running) {
    expect((await cli.end('SIGINT')).status).toBe(130)
    expect(await stand.mark.processes()).toEqual([])
  }
})
