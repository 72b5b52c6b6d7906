import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { logsFolder, parseRun, runsFolder, type RunState } from '../../src/facts/run-state.ts'
import { send } from '../../src/host/process-table.ts'
import { bin, cliEnvironment, runCli, startCli, startOnTerminal, type CliResult } from '../support/cli.ts'
import { listenerOf, listens } from '../support/processes.ts'
import { until } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { secret } from '../support/secrets.ts'
import { basePython, root } from '../support/tools.ts'

let stand: Stand

beforeEach(async () => {
  stand = await makeStand()
})

afterEach(async () => {
  await stand.remove()
})

const worker = { command: ['/bin/sh', '-c', 'echo at work; exec sleep 600'] }

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')))
}

const cli = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: stand.project.root, env: stand.mark.env })

async function runFile(): Promise<string> {
  const [name = ''] = await readdir(runsFolder(stand.project.root))
  return join(runsFolder(stand.project.root), name)
}

async function state(): Promise<RunState> {
  const run = parseRun(await readFile(await runFile(), 'utf8'))
  if (typeof run === 'string') throw new Error(run)
  return run
}

test('start --detach, status, logs, restart, stop: one run from its start to its end', async () => {
  await writeFile(join(stand.project.root, 'election-dev.config.json'), JSON.stringify({ services: { worker } }))
  const token = secret()
  const started = await runCli([...stand.args, '--detach'], {
    cwd: stand.project.root,
    env: { ...stand.mark.env, ELECTION_DEV_TOKEN: token },
  })
  expect(started).toMatchObject({ status: 0, stderr: '' })
  expect(started.stdout).toMatch(/ready in[\s\S]*● connected[\s\S]*Running in the background: election-dev status · logs -f · stop\n$/)
  // it runs, and its starter is gone
  expect(await listens(stand.port)).toBe(true)
  await until(async () => (await state()).processes.length === 2)
  const { launcher, control, processes } = await state()
  expect((await stat(await runFile())).mode & 0o777).toBe(0o600)
  expect(await readFile(join(stand.project.root, '.election-dev', '.gitignore'), 'utf8')).toBe('*\n')
  expect(processes.map(({ service }) => service).toSorted()).toEqual(['backend', 'worker'])
  const backend = processes.find(({ service }) => service === 'backend')?.pid
  expect(backend).toBe(await listenerOf(stand.port))
  const kept = await filesBelow(join(stand.project.root, '.election-dev'))
  expect(kept.length).toBeGreaterThan(2)
  expect(kept.filter((text) => text.includes(token))).toEqual([])

  const text = await cli('status')
  expect(text).toMatchObject({ status: 0, stderr: '' })
  expect(text.stdout).toMatch(
    new RegExp(`in the background · PID ${launcher.pid}\\n[\\s\\S]*WebSocket .*● connected[\\s\\S]*backend .*PID ${backend}`),
  )
  const json = await cli('status', '--json')
  const document: unknown = JSON.parse(json.stdout)
  const schema: unknown = JSON.parse(await readFile(join(root, 'dist', 'status.schema.json'), 'utf8'))
  const validate = new Ajv2020({ strict: false, formats: { 'date-time': true } }).compile(Object(schema))
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
  expect(document).toMatchObject({ ok: true, runs: [{ pid: launcher.pid, live: true, websocket: { state: 'connected' }, openSockets: 0 }] })
  // the key of the control socket stands in the 0600 file alone
  expect(json.stdout).not.toContain(control?.key ?? 'no key')

  const again = await cli(...stand.args, '--detach')
  expect(again.status).toBe(0)
  expect(again.stdout).toContain(`PID ${launcher.pid}`)
  expect(again.stdout).toContain('It runs already')

  const logs = await cli('logs', 'backend')
  expect(logs.status).toBe(0)
  expect(logs.stdout).toMatch(/^backend │ .*Listening on TCP address/m)
  expect((await cli('logs', 'worker')).stdout).toBe('worker │ at work\n')
  expect(await cli('logs', 'nobody')).toMatchObject({ status: 2, stderr: expect.stringContaining('no-such-service') })

  const follower = startCli(['logs', '-f', '-n', '0'], { cwd: stand.project.root, env: stand.mark.env })
  const restarted = await cli('restart', 'backend')
  expect(restarted.status, restarted.stderr).toBe(0)
  expect(restarted.stdout).toContain('● connected')
  expect(await listenerOf(stand.port)).not.toBe(backend)
  await follower.waitFor(/backend │ .*Listening on TCP address/)
  expect(await cli('restart', 'nobody')).toMatchObject({ status: 2, stderr: expect.stringContaining('There is no service nobody') })

  const stopped = await cli('stop')
  expect(stopped.status).toBe(0)
  expect(stopped.stdout).toMatch(new RegExp(`Stopped: launcher \\(PID ${launcher.pid}\\), `))
  // whoever follows the log is let go by the end of the run
  expect((await follower.end()).status).toBe(0)
  expect(await stand.mark.processes()).toEqual([])
  expect(await listens(stand.port)).toBe(false)
  expect(await stand.mark.temporary()).toEqual([])
  await expect(stat(runsFolder(stand.project.root))).rejects.toThrow('ENOENT')

  expect(await cli('stop')).toMatchObject({ status: 0, stdout: '  Nothing runs in this folder\n' })
  expect(await cli('status')).toMatchObject({ status: 1, stderr: expect.stringContaining('nothing-runs') })
  // the log of the last run is still there
  expect((await cli('logs', 'election-dev')).stdout).toContain('Stopping (election-dev stop)')
})

test('status while the backend is started again tells of that, and not of what was before', { tags: ['slow'] }, async () => {
  await stand.remove()
  const gate = 'import time\nwhile not (BASE_DIR / "gate").exists():\n    time.sleep(0.02)\n'
  stand = await makeStand({ settings: gate, files: { 'backend/gate': '' } })
  const run = startCli([...stand.args, '--json'], { cwd: stand.project.root, env: stand.mark.env })
  await run.waitFor(/"event":"ready".*"state":"connected"/)
  const before = await listenerOf(stand.port)
  const file = join(stand.project.backend, 'gate')
  await rm(file)
  const restarting = startCli(['restart', 'backend'], { cwd: stand.project.root, env: stand.mark.env })
  await until(async () => /"event":"restarting"[^]*"kind":"backend","state":"restarting","pid":(?!null)/.test(run.stdout()))
  // as soon as it is asked for: the old process is still there
  const told = run
    .stdout()
    .split('\n')
    .slice(
      run
        .stdout()
        .split('\n')
        .findIndex((line) => line.includes('"event":"restarting"')),
    )
  expect(told.find((line) => line.includes('"kind":"backend"'))).toContain(`"state":"restarting","pid":${before}`)
  await until(async () => {
    const { stdout } = await cli('status', '--json')
    const [, pid] = /"kind":"backend","state":"restarting","pid":(\d+)/.exec(stdout) ?? []
    return pid !== undefined && Number(pid) !== before
  })
  expect(await cli('status', '--json')).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/"websocket":\{"url":"ws:[^"]*","state":"not-connected"/),
  })
  expect((await cli('status')).stdout).not.toContain('● connected')
  await writeFile(file, '')
  expect((await restarting.end()).stdout).toContain('● connected')
  expect(await cli('status')).toMatchObject({ status: 0, stdout: expect.stringContaining('● connected') })
  await run.end('SIGINT')
})

test('a run in the background survives its terminal', async () => {
  const inTerminal = join(root, 'test', 'support', 'in_terminal.py')
  const child = spawn(
    basePython(),
    [inTerminal, '/bin/sh', '-c', `"${process.execPath}" "${bin}" ${stand.args.join(' ')} --detach; echo alone; exec sleep 600`],
    {
      cwd: stand.project.root,
      env: cliEnvironment({ TERM: 'xterm', ...stand.mark.env }),
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  let said = ''
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString()
  })
  await until(async () => /Running in the background[^]*alone/.test(said))
  const ended = once(child, 'exit')
  child.stdin.write('close\n')
  await ended
  // the shell of the terminal is gone, by SIGHUP
  const { launcher, processes } = await state()
  expect(await stand.mark.processes()).toEqual(expect.arrayContaining([launcher.pid, ...processes.map(({ pid }) => pid)]))
  // it goes on with its work, and was told nothing
  expect(await cli('restart')).toMatchObject({ status: 0, stdout: expect.stringContaining('● connected') })
  expect((await cli('logs', 'election-dev')).stdout).not.toContain('Stopping')
  expect((await cli('stop')).status).toBe(0)
  expect(await stand.mark.processes()).toEqual([])
})

test('of two at once one starts the run, and the other waits for it and says that it runs; a turn that was left behind holds nobody up', async () => {
  const turn = join(logsFolder(stand.project.root), 'starting')
  await mkdir(logsFolder(stand.project.root), { recursive: true })
  await writeFile(turn, JSON.stringify({ pid: process.pid, started: 'before' }))
  const both = await Promise.all([cli(...stand.args, '--detach'), cli(...stand.args, '--detach')])
  expect(both.map(({ status }) => status)).toEqual([0, 0])
  const said = both.map(({ stdout }) =>
    stdout.includes('Running in the background') ? 'started' : stdout.includes('It runs already') ? 'told' : stdout,
  )
  expect(said.toSorted()).toEqual(['started', 'told'])
  expect(both.map(({ stderr }) => stderr).join('')).toMatch(/^ {2}Another start of this folder is at it \(PID \d+\): waiting for it\n$/)
  expect(await readdir(runsFolder(stand.project.root))).toHaveLength(1)
  expect(await readdir(logsFolder(stand.project.root))).not.toContain('starting')
  expect((await cli('stop')).status).toBe(0)
})

test('Ctrl+C while it starts ends it, and a start that fails says why; nothing is left of either', async () => {
  await writeFile(join(stand.project.backend, 'core', 'asgi.py'), 'import time\ntime.sleep(600)\n')
  const waiting = startOnTerminal([...stand.args, '--detach'], { cwd: stand.project.root, env: stand.mark.env })
  // by then the backend is about to be launched
  await until(async () =>
    (await filesBelow(logsFolder(stand.project.root)).catch(() => [])).some((text) => text.includes('application core.asgi')),
  )
  waiting.child.stdin?.write('\u0003')
  expect((await waiting.end()).status).toBe(130)
  expect(await stand.mark.processes()).toEqual([])

  await writeFile(join(stand.project.backend, 'core', 'asgi.py'), 'import nothing_of_the_name\n')
  const failed = await cli(...stand.args, '--detach')
  expect(failed.status).toBe(1)
  expect(failed.stdout).toContain('nothing_of_the_name')
  expect(failed.stdout).not.toContain('Running in the background')
  expect(await stand.mark.processes()).toEqual([])
  expect(await stand.mark.temporary()).toEqual([])
  await expect(stat(runsFolder(stand.project.root))).rejects.toThrow('ENOENT')
})

test(
  'a second start tells how the first one stands once that has come to it: its starter was killed in the midst',
  { tags: ['slow'] },
  async () => {
    // the backend is held back until the second one is at it
    const gate = join(stand.project.root, 'open')
    const asgi = join(stand.project.backend, 'core', 'asgi.py')
    await writeFile(
      asgi,
      `import os, time\nwhile not os.path.exists(${JSON.stringify(gate)}):\n    time.sleep(0.02)\n${await readFile(asgi, 'utf8')}`,
    )
    const start = () => startCli([...stand.args, '--detach'], { cwd: stand.project.root, env: stand.mark.env })
    const first = start()
    await until(async () => (await readdir(runsFolder(stand.project.root)).catch(() => [])).length > 0)
    await first.end('SIGKILL')
    const second = start()
    const turn = join(logsFolder(stand.project.root), 'starting')
    await until(async () => (await readFile(turn, 'utf8').catch(() => '')).includes(`"pid":${second.child.pid ?? ''},`))
    await writeFile(gate, '')
    const { status, stdout } = await second.end()
    expect(stdout).toMatch(/● connected[^]*It runs already/)
    expect(status).toBe(0)
    expect((await cli('stop')).status).toBe(0)
  },
)

test.skipIf(process.platform !== 'linux').each(['stop', 'start'])(
  'what has left its session, and lost its launcher and all guards, is ended by the next %s',
  async (command) => {
    const stays = 'setInterval(() => {}, 1000)'
    const leaves = `require('child_process').spawn(process.execPath, ['-e', '${stays}'], { detached: true, stdio: 'ignore' }).unref(); console.log('left'); ${stays}`
    const config = { services: { leaver: { command: [process.execPath, '-e', leaves], ready: { log: 'left' } } } }
    await writeFile(join(stand.project.root, 'election-dev.config.json'), JSON.stringify(config))
    expect((await cli(...stand.args, '--detach')).status).toBe(0)
    await until(async () => (await state()).processes.length === 2)
    const { launcher } = await state()
    const guards = (await stand.mark.processes()).filter((pid) => pid !== launcher.pid)
    const unguarded = new Set(await stand.mark.unguarded())
    const stopped = guards.filter((pid) => !unguarded.has(pid))
    expect(stopped).toHaveLength(2)
    // none of them sees the end of the launcher
    for (const pid of stopped) process.kill(pid, 'SIGSTOP')
    for (const pid of [launcher.pid, ...stopped]) process.kill(pid, 'SIGKILL')
    const { processes } = await state()
    // only what nobody has written down is left; the observer's server ends by itself
    for (const { pid } of processes) send(pid, 'SIGKILL')
    await until(async () => (await stand.mark.processes()).length === 1)
    const { status, stdout, stderr } = command === 'stop' ? await cli('stop') : await cli(...stand.args, '--detach', '--takeover')
    expect(status, `${stdout}${stderr}`).toBe(0)
    if (command === 'start') expect((await cli('stop')).status).toBe(0)
    expect(await stand.mark.processes()).toEqual([])
  },
)
