/** What a checkout may hold that no program expects: a clear word within a deadline, little memory, and nothing left behind. */
import { execFileSync } from 'node:child_process'
import { readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startCli, type RunningCli } from '../support/cli.ts'
import { ending, urlOf } from '../support/ends.ts'
import { makeMark } from '../support/processes.ts'
import { openConsumer, type TestProject } from '../support/project.ts'
import { freePort, until } from '../support/redis.ts'

const { project } = ending()
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGKILL')
})

type Make = (made: TestProject) => Promise<unknown>
/** A cause or an error's code; `green` where it is nobody's business. */
interface Word {
  readonly start: RegExp
  readonly doctor: RegExp
}

const green: Word = { start: /"event":"ready".*"state":"connected"/, doctor: /"id":"server-not-running"/ }
const named = (id: string, doctor = id): Word => ({ start: new RegExp(`"(?:id|code)":"${id}"`), doctor: new RegExp(`"id":"${doctor}"`) })
const settings = ({ backend }: TestProject) => join(backend, 'core', 'settings.py')
const asgi = ({ backend }: TestProject) => join(backend, 'core', 'asgi.py')
const managePy = ({ backend }: TestProject) => join(backend, 'manage.py')
const appended =
  (file: (made: TestProject) => string, text: string): Make =>
  async (made) =>
    writeFile(file(made), `${await readFile(file(made), 'utf8')}\n${text}\n`)
const first =
  (text: string): Make =>
  async (made) =>
    writeFile(managePy(made), `import os, sys\n${text}\n${await readFile(managePy(made), 'utf8')}`)
const instead =
  (name: string, make: (path: string) => Promise<unknown>): Make =>
  async ({ backend }) => {
    const path = join(backend, name)
    await rm(path, { force: true })
    await make(path)
  }
const fifo = async (path: string) => execFileSync('mkfifo', [path])
const device = (path: string) => symlink('/dev/zero', path)
const large = async (path: string) => {
  await writeFile(path, '# large\n')
  await truncate(path, 50_000_000)
}

test.skipIf(process.platform === 'win32').each<[string, Make, Word]>([
  ['manage.py that prints a megabyte', first('print("y" * 1000000)'), green],
  ['manage.py that exits', first('sys.exit(3)'), green],
  ['manage.py that asks', first('input("which settings? ")'), green],
  ['manage.py that becomes itself without end', first('os.execv(sys.executable, [sys.executable] + sys.argv)'), green],
  ['manage.py that loops', first('while True: pass'), green],
  [
    'manage.py in Latin-1',
    async (made) => writeFile(managePy(made), Buffer.from(`# \u00e9\n${await readFile(managePy(made), 'utf8')}`, 'latin1')),
    green,
  ],
  ['manage.py that is empty', async (made) => writeFile(managePy(made), ''), named('settings-unknown', 'server-not-running')],
  ['manage.py that is a FIFO', instead('manage.py', fifo), named('no-project', 'server-not-running')],
  ['manage.py that is a device', instead('manage.py', device), named('no-project', 'server-not-running')],
  ['manage.py of 50 MB', instead('manage.py', large), named('settings-unknown', 'server-not-running')],
  ['settings that print a megabyte', appended(settings, 'print("y" * 1000000)'), green],
  ['settings that exit', appended(settings, 'import sys\nsys.exit(0)'), named('asgi-import-error')],
  ['settings that end the process', appended(settings, 'import os\nos._exit(3)'), named('server-crashes')],
  ['settings that ask', appended(settings, 'input("q")'), named('settings-import-hang')],
  ['settings that start a process', appended(settings, 'import os, time\nif os.fork() == 0:\n    time.sleep(60)\n    os._exit(0)'), green],
  [
    'settings that start a thread',
    appended(settings, 'import threading, time\nthreading.Thread(target=lambda: time.sleep(5)).start()'),
    green,
  ],
  [
    'settings that raise what is no Exception',
    appended(settings, 'class Odd(BaseException): pass\nraise Odd("x")'),
    named('server-crashes'),
  ],
  ['settings that write facts', appended(settings, 'import os\nos.write(1, b\'{"fact": "settings"}\\n\' * 1000)'), green],
  ['settings that close their output', appended(settings, 'import os\nos.close(1)'), green],
  ['settings that go to another folder', appended(settings, 'import os\nos.chdir("/")'), green],
  ['settings that ignore signals', appended(settings, 'import signal\nsignal.signal(signal.SIGTERM, lambda *a: None)'), green],
  ['settings with escape codes', appended(settings, 'print("\\x1b]0;title\\x07\\x1b[2J")'), green],
  ['settings of a megabyte', appended(settings, `X = """\n${'# a line of the settings\n'.repeat(40_000)}"""`), green],
  ['settings of blank lines', appended(settings, '\n'.repeat(300_000)), green],
  ['settings of blanks', appended(settings, `Y = 1${' '.repeat(500_000)}`), green],
  ['settings that recurse', appended(settings, 'def f(): return f()\nf()'), named('asgi-import-error')],
  ['settings that crash', appended(settings, 'import ctypes\nctypes.string_at(0)'), named('server-crashes')],
  ['settings that are a FIFO', instead('core/settings.py', fifo), named('wrong-settings-module')],
  ['settings that are a device', instead('core/settings.py', device), named('wrong-settings-module')],
  ['an ASGI module that exits', appended(asgi, 'import sys\nsys.exit(0)'), named('asgi-import-error')],
  ['requirements of 50 MB', instead('requirements.txt', large), green],
  ['requirements that are a FIFO', instead('requirements.txt', fifo), green],
  ['requirements that are a device', instead('requirements.txt', device), green],
  [
    'requirements that include themselves',
    instead('requirements.txt', (path) => writeFile(path, 'Django\n-r requirements.txt\n-r gone.txt\n')),
    green,
  ],
  [
    'requirements in Latin-1, with NUL bytes',
    instead('requirements.txt', (path) => writeFile(path, Buffer.from('# \u00e9\nDja\0ngo\n===\n', 'latin1'))),
    green,
  ],
  ['a pyproject.toml that is broken', instead('pyproject.toml', (path) => writeFile(path, '[project\nname=="x"\n[[[')), green],
  ['a pyproject.toml that is a FIFO', instead('pyproject.toml', fifo), green],
  ['a .env that is a device', instead('.env', device), green],
  ['a .env that is a FIFO', instead('.env', fifo), green],
  ['a compose file that is broken', instead('docker-compose.yml', (path) => writeFile(path, 'services:\n\t- x: [\n')), green],
  ['a .python-version that is a device', instead('.python-version', device), green],
])('%s', { timeout: 90_000 }, async (_, make, word) => {
  const made = await project({ consumer: openConsumer, style: 'plain' })
  await make(made)
  const port = await freePort('127.0.0.1')
  const mark = await makeMark()
  const run = async (args: readonly string[], word: RegExp) => {
    cli = startCli([...args, '--json'], { cwd: made.root, env: mark.env })
    // a document comes with the end
    if (args[0] === 'start') await cli.waitFor(word)
    // VmHWM: the most that it ever had (proc(5))
    const peak = Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${String(cli.child.pid)}/status`, 'utf8').catch(() => ''))?.[1] ?? 0)
    expect(peak).toBeLessThan(200_000)
    const { stdout, stderr } = await cli.end(args[0] === 'start' ? 'SIGINT' : undefined)
    expect(stdout + stderr).not.toMatch(/please report|^ {4}at /m)
    expect(stdout).not.toContain('\u001B')
    await until(async () => (await mark.processes()).length === 0)
    return stdout
  }
  const began = performance.now()
  expect(await run(['start', '--port', String(port), '--no-frontend'], /"event":"(?:ready|end)".*\n/)).toMatch(word.start)
  expect(await run(['doctor', '--url', urlOf(port)], /./)).toMatch(word.doctor)
  expect(performance.now() - began).toBeLessThan(45_000)
})
