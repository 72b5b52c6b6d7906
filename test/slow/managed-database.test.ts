/** A PostgreSQL of the run's own: started where the settings name one that isn't there, used to a proven broadcast, ended with the run, its data kept. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { chmod, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { findPostgres } from '../../src/facts/postgres-programs.ts'
import { prepareManagedDatabase } from '../../src/run/managed-database.ts'
import { runCli, startCli, type RunningCli } from '../support/cli.ts'
import { asksDatabase as consumer } from '../support/consumers.ts'
import { databaseUrl } from '../support/database-url.ts'
import { listens, testHost } from '../support/processes.ts'
import { freePort, until } from '../support/redis.ts'
import { record, supervised } from '../support/services.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { environmentFolder, prepareEnvironment } from '../support/tools.ts'

const run = promisify(execFile)
const password = String.raw`It's "a\b" % 7`

let stand: Stand | undefined
let data: string | undefined

beforeAll(async () => {
  await prepareEnvironment('postgres')
}, 120_000)

afterEach(async () => {
  await stand?.remove()
  // root's are kept beside the project
  if (data?.startsWith('/var/tmp/election-dev-postgres-') === true) await rm(dirname(data), { recursive: true, force: true })
  data = undefined
})

const parts = (host: string, port: string) => `
import os
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "the votes", "USER": "o'neil", "PASSWORD": ${JSON.stringify(password)},
  "HOST": ${host}, "PORT": ${port}}}
`

const url = `
import os
from urllib.parse import unquote, urlsplit
_url = urlsplit(os.environ.get("VOTES_DSN", "postgres://votes:only%2Ffor%20tests@db:5432/votes"))
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": unquote(_url.path[1:]), "USER": _url.username,
  "PASSWORD": unquote(_url.password or ""), "HOST": _url.hostname, "PORT": _url.port}}
`

async function green(args: readonly string[]): Promise<RunningCli> {
  if (stand === undefined) throw new Error('there is no stand')
  const cli = stand.start([...args, '--json'])
  await until(async () => /"event":"(?:ready|end)"/.test(cli.stdout()), 60_000)
  data = / its data stay in ([^\s;"]+)/.exec(cli.stdout())?.[1] ?? data
  const [ready = '{}'] = /\{[^\n]*"event":"ready".*/.exec(cli.stdout()) ?? []
  expect(JSON.parse(ready), cli.stdout()).toMatchObject({
    websocket: { state: 'connected', broadcast: { sent: 2, received: 2 } },
    services: [{ name: 'postgres', kind: 'database', state: 'ready' }],
  })
  return cli
}

const portOf = (cli: RunningCli) => Number(/"url":"postgresql:\/\/127\.0\.0\.1:(\d+)"/.exec(cli.stdout())?.[1])
const processesOf = async () => stand?.mark.processes() ?? []
const gone = async (port: number) => (await processesOf()).length === 0 && !(await listens(port))

test.each([
  [
    'variables with names of its own',
    parts('os.environ.get("ELECTION_PG_SERVER", "db")', 'os.environ.get("ELECTION_PG_PORT", "5432")'),
    ['--managed', '--setup'],
  ],
  ['what libpq reads, where the settings leave host and port to it', parts('""', '""'), ['--managed', '--setup']],
  ['a URL, whose default names a service of a compose file', url, ['--setup']],
])(
  'led there by %s; a second run finds the tables and the user of the first',
  async (_, settings, args) => {
    stand = await makeStand({ environment: 'postgres', settings, consumer })
    const first = await green(args)
    expect(first.stdout()).toContain('"event":"setup-user"')
    const port = portOf(first)
    const [, pid = ''] = /"kind":"database","state":"ready","pid":(\d+)/.exec(first.stdout()) ?? []
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toMatch(/only|It's/)
    expect((await first.end('SIGINT')).status).toBe(130)
    expect(await gone(port)).toBe(true)

    const second = await green(['--managed'])
    // as it is run, and not as their own shell would run it: there is no other database
    for (const command of ['doctor', 'verify']) {
      const asked = await runCli([command], { cwd: stand.project.root, env: stand.mark.env })
      expect(asked, asked.stdout + asked.stderr).toMatchObject({ status: 0 })
    }
    expect(second.stdout()).not.toMatch(/"event":"setup|migrations-pending/)
    // nothing of the launcher's ends it but its own end
    second.child.kill('SIGKILL')
    await until(() => gone(portOf(second)), 20_000)
  },
  120_000,
)

test('a URL that nobody gives is one of PostgreSQL, where the project asks for its driver', async () => {
  stand = await makeStand({
    environment: 'postgres',
    settings: databaseUrl.settings,
    files: { ...databaseUrl.files, 'backend/requirements.txt': 'django\nchannels\npsycopg[binary]\n' },
    consumer,
  })
  const first = await green(['--managed', '--setup'])
  expect(first.stdout()).toContain('DATABASE_URL: PostgreSQL, which this run starts, since the project asks for psycopg')
  expect(first.stdout()).toContain('"event":"setup-user"')
  await first.end('SIGINT')
  const second = await green(['--managed'])
  expect(second.stdout()).not.toContain('"event":"setup"')
  await second.end('SIGINT')
}, 120_000)

test('settings that know one port get it there, or are told who holds it', async () => {
  const port = await freePort('127.0.0.1')
  stand = await makeStand({ environment: 'postgres', settings: parts('"localhost"', `"${port}"`), consumer })
  // it is not started by itself: somebody may have one there, with data
  const told = await stand.start(['--setup', '--json']).end()
  expect(told.stdout).toMatch(/"id":"database-unreachable".*"commands":\[\["election-dev","start",[^\]]*"--managed",[^\]]*"--setup"/)
  const cli = await green(['--managed', '--setup'])
  expect(portOf(cli)).toBe(port)
  await cli.end('SIGINT')
  const spoken = stand.start(['--managed'])
  await spoken.waitFor(/database: PostgreSQL \d.* its data stay in \S+/)
  await spoken.end('SIGINT')
  const holder = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1')
  const { stdout, status } = await stand.start(['--managed', '--json']).end()
  holder.close()
  expect(status).toBe(1)
  expect(stdout).toMatch(new RegExp(`"code":"managed-database".*port ${port} is held`))
}, 90_000)

test('a server of this machine without the role of the settings is told as that by a setup', async () => {
  const port = await freePort('127.0.0.1')
  stand = await makeStand({
    environment: 'postgres',
    settings: parts('"127.0.0.1"', `os.environ.get("ELECTION_PG_PORT", "${port}")`),
    consumer,
  })
  const kept = await prepareManagedDatabase(testHost, {
    root: stand.project.backend,
    kind: 'postgresql',
    server: { fact: 'database_server', engine: 'x', name: 'postgres', host: '', port: '', user: 'postgres', password: '', service: false },
    place: { kind: 'place', port, environment: () => ({}) },
    programs: { postgres: await findPostgres(testHost), compose: undefined, docker: undefined },
    stopTimeoutMs: 5000,
    signal: new AbortController().signal,
  })
  if (kept.service === undefined) throw new Error('nothing is started')
  data = kept.service.cwd
  const services = supervised([kept.service], record().events, new AbortController().signal)
  try {
    expect(await services.wait('postgres')).toBe('ready')
    const { stdout } = await stand.start(['--setup', '--json']).end()
    expect(stdout).toMatch(/"id":"database-absent".*no role o'neil.*CREATE ROLE/)
  } finally {
    await services.stop()
  }
}, 60_000)

/** An interpreter that another user may run, of the version whose packages there are. */
const [version = ''] = await readdir(join(environmentFolder('postgres'), 'lib')).catch(() => [])
const systemPython = `/usr/bin/${version}`

test.runIf(process.getuid?.() === 0 && existsSync(systemPython))(
  'without root the data are in the checkout, which git is told to leave out',
  async () => {
    stand = await makeStand({ environment: undefined, settings: url, consumer })
    const { root, backend } = stand.project
    const packages = join(backend, 'venv', 'lib', version, 'site-packages')
    await run(systemPython, ['-m', 'venv', '--without-pip', join(backend, 'venv')])
    await rm(packages, { recursive: true })
    await symlink(join(environmentFolder('postgres'), 'lib', version, 'site-packages'), packages)
    await chmod(environmentFolder('postgres'), 0o755)
    await run('chown', ['-R', 'nobody', root, stand.mark.env['TMPDIR'] ?? ''])
    const uid = Number((await run('id', ['-u', 'nobody'])).stdout)
    const cli = startCli([...stand.args, '--setup', '--json'], { cwd: root, env: { ...stand.mark.env, HOME: root }, uid })
    await until(async () => /"event":"(?:ready|end)"/.test(cli.stdout()), 60_000)
    expect(cli.stdout()).toMatch(/"event":"ready".*"state":"connected".*"broadcast":\{"sent":2,"received":2/)
    expect(cli.stdout()).toMatch(
      /its data stay in \.election-dev\/postgres\/\d+; in another terminal, manage\.py reaches it once VOTES_DSN says 127\.0\.0\.1:\d+"/,
    )
    expect(await readFile(join(root, '.election-dev', '.gitignore'), 'utf8')).toBe('*\n')
    expect((await cli.end('SIGINT')).status).toBe(130)
    expect(await processesOf()).toEqual([])
  },
  90_000,
)
