/** A secret in every place that can hold one, and none of them in anything that is said, kept or handed on. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { until } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { secret } from '../support/secrets.ts'

let stand: Stand
const places = new Map<string, string>()
/** A secret for a place, which a leak is told by. */
const hidden = (place: string): string => {
  const value = secret()
  places.set(value, place)
  return value
}

/** Says all that the process was given, without the names and with them, and dies of it where it is told to. */
const indiscreet = `
import os, sys
for name in ("ELECTION_DEV_TOKEN", "ELECTION_DEV_PASSWORD"):
    if name in os.environ:
        print("GIVEN TO THE SETTINGS:", name, file=sys.stderr)
for name, value in sorted(os.environ.items()):
    print("VALUE", value, "PAIR", name + "=" + value, file=sys.stderr)
for line in open(BASE_DIR / ".env"):
    print("LINE", line.strip().partition("=")[2], file=sys.stderr)
if os.environ.get("DIES"):
    raise RuntimeError("can't use " + repr(dict(os.environ)))
`

beforeEach(async () => {
  places.clear()
  stand = await makeStand({
    style: 'decouple',
    settings: indiscreet,
    dotenv: [
      `EMAIL_HOST_PASSWORD=${hidden('.env, a password')}`,
      `MAILGUN_KEY=${hidden('.env, a key')}`,
      `CACHE_URL=redis://:a/b@${hidden('.env, a URL with / and @')}@localhost:1/0`,
      `HOOK=https://api.local/x?auth_token=${hidden('.env, the query of a URL')}`,
    ],
  })
})

afterEach(async () => {
  await stand.remove()
})

function leaksIn(texts: ReadonlyMap<string, string>): string[] {
  return [...texts].flatMap(([where, text]) =>
    [...places].flatMap(([value, place]) => (text.includes(value) ? [`${place}: in ${where}`] : [])),
  )
}

async function filesBelow(folder: string): Promise<[string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(files.map(async (file): Promise<[string, string]> => [file, await readFile(file, 'utf8')]))
}

test('no secret is printed, kept, or given to whom it is none of', async () => {
  const { project, port, mark } = stand
  const ours = { ELECTION_DEV_TOKEN: hidden('our token'), ELECTION_DEV_PASSWORD: hidden('our password') }
  const env = {
    ...mark.env,
    ...ours,
    STRIPE_KEY: hidden('a key'),
    AWS_ACCESS_KEY_ID: hidden('an id of AWS'),
    SECRETKEY: hidden('words written together'),
    GH_PAT: hidden('a PAT'),
    DB_PW: hidden('a short word'),
    SENTRY_DSN: `https://${hidden('a login of one part')}@s.local/1`,
    REMOTE: `https://user:p/${hidden('a password of the web with /')}@host/x`,
    API_URL: `https://api.local/x?api_key=${hidden('the query of a URL')}`,
    AUTH_HEADER: `Bearer ${hidden('a header')}`,
    OPTIONS: JSON.stringify({ db: { password: hidden('JSON') } }),
    SETTINGS_FLAG_SECRET: 'true',
    TEST_PASSWORD: 'test',
    ONE_TOKEN: '1',
  }
  await writeFile(
    join(project.root, 'election-dev.config.json'),
    JSON.stringify({
      services: {
        worker: {
          command: [
            '/bin/sh',
            '-c',
            'env; echo "argument $1"; echo test true 1; exec sleep 600',
            'worker',
            `--api-key=${hidden('an argument')}`,
          ],
          env: { WORKER_KEY: hidden('services.env'), BROKER: `amqp://guest:${hidden('a URL of services.env')}@h/` },
        },
        late: {
          command: ['/bin/sh', '-c', 'exec sleep 600'],
          dependsOn: ['backend'],
          ready: { http: `http://127.0.0.1:${port}/none?api_key=${hidden('ready.http')}`, timeout: 500 },
        },
      },
    }),
  )
  const cli = (...args: string[]) => runCli(args, { cwd: project.root, env })
  const said = new Map<string, string>()
  const run = async (more: NodeJS.ProcessEnv, ...args: string[]) => {
    const { stdout, stderr } = await runCli(args, { cwd: project.root, env: { ...env, ...more } })
    said.set(args.join(' '), `${stdout}\n${stderr}`)
    return stdout
  }
  await run({}, ...stand.args, '--detach', '--verbose')
  await until(async () => /late .*failed/.test((await cli('status')).stdout))
  const files = new Map(await filesBelow(join(project.root, '.election-dev')))
  expect([...files.keys()].filter((file) => /runs|logs/.test(file)).length).toBeGreaterThan(1)
  const processes = new Map<string, string>()
  const [launcher] = await mark.processes()
  for (const pid of await mark.processes()) {
    const [argv, environ] = await Promise.all(['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')))
    processes.set(`argv of ${pid}`, argv ?? '')
    // the launcher's own is what it was given
    if (pid !== launcher)
      processes.set(
        `environment of ${pid}`,
        Object.values(ours)
          .filter((value) => environ?.includes(value))
          .join(),
      )
  }
  expect(processes.size).toBeGreaterThan(3)
  await run({}, 'status')
  await run({}, 'status', '--json')
  expect(await run({}, 'logs', 'worker')).toContain('test true 1')
  await run({}, 'logs', '--json')
  await run({}, 'env')
  await run({}, 'doctor', '--verbose', '--json')
  await cli('stop')
  for (const args of [
    [...stand.args, '--verbose'],
    [...stand.args, '--json'],
    ['doctor', '--verbose'],
    ['smoke', '--port', String(port), '--reporter', 'junit'],
  ])
    await run({ DIES: '1' }, ...args)
  expect(said.get('doctor --verbose')).toContain("can't use")
  expect([...said.values(), ...files.values()].join('\n')).not.toContain('GIVEN TO THE SETTINGS')
  expect(leaksIn(new Map([...said, ...files, ...processes]))).toEqual([])
})
