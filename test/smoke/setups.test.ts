/** `smoke` on healthy and broken set-ups: the exit status, every report, and nothing left behind. */
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { beforeAll, expect, test, vi, type TestContext } from 'vitest'
import { startCli } from '../support/cli.ts'
import { pyjwtConsumer, raisesBeforeAccept } from '../support/consumers.ts'
import { checkJunit } from '../support/junit.ts'
import type { ProjectOptions } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { makeSmokeStand, script } from '../support/smoke.ts'
import { junitChecker } from '../support/tools.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 180_000 })

beforeAll(async () => {
  await junitChecker()
})

interface Setup {
  readonly project?: ProjectOptions
  readonly args?: readonly string[]
  readonly command?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly status: number
  /** The step that fails, and the cause that is named. */
  readonly fails?: readonly [step: string, id: string | undefined]
  /** What the annotation begins with. */
  readonly annotation?: RegExp
}

const hardCodedRedis = async (): Promise<ProjectOptions> => ({
  settings: `CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", ${await freePort('127.0.0.1')})]}}}`,
})

const setups: readonly (readonly [name: string, Setup | (() => Promise<Setup>)])[] = [
  ['healthy on daphne, with a command', { command: script('process.exit(0)'), status: 0 }],
  ['healthy on uvicorn', { project: { environment: 'uvicorn' }, status: 0 }],
  [
    'a Redis that is not there',
    async () => ({ project: await hardCodedRedis(), command: script(''), status: 1, fails: ['handshake', 'redis-unreachable'] }),
  ],
  [
    'a consumer that raises',
    {
      project: { consumer: raisesBeforeAccept },
      status: 1,
      fails: ['handshake', 'consumer-exception'],
      annotation: /^::error file=backend\/updates\/consumers\.py,line=6,title=election-dev smoke%3A consumer-exception::/,
    },
  ],
  [
    'a route with another name',
    {
      project: { route: 'ws/votes/' },
      args: ['--path', '/ws/election-updates/'],
      status: 1,
      fails: ['handshake', 'no-websocket-route'],
    },
  ],
  [
    'settings that raise',
    {
      project: { settings: 'raise RuntimeError("no election today")' },
      status: 1,
      fails: ['server', 'asgi-import-error'],
      annotation: /^::error file=backend\/core\/settings\.py,line=\d+,/,
    },
  ],
  [
    'a token that is refused',
    () => {
      const token = secret()
      return Promise.resolve({
        project: { consumer: pyjwtConsumer, settings: `SECRET_KEY = "${secret()}"` },
        env: { ELECTION_DEV_TOKEN: token },
        status: 1,
        fails: ['handshake', 'token-rejected'],
      } as const)
    },
  ],
  ['an Origin that is refused', { args: ['--origin', 'http://votes.example'], status: 1, fails: ['handshake', 'origin-rejected'] }],
  ['a command that fails', { command: script('process.exit(7)'), status: 7, fails: ['command', undefined] }],
  ['a command that is killed', { command: script('process.kill(process.pid, "SIGKILL")'), status: 137, fails: ['command', undefined] }],
  ['a command that is not there', { command: ['no-such-program-anywhere'], status: 127, fails: ['command', undefined] }],
]

// one of each step that can fail
const quick = new Set(['healthy on daphne, with a command', 'a consumer that raises', 'a command that fails'])
test.concurrent.for(setups.filter(([name]) => quick.has(name)))('%s', isTold)
test.concurrent.for(setups.filter(([name]) => !quick.has(name)))('%s', { tags: ['slow'] }, isTold)

async function isTold([, setup]: (typeof setups)[number], context: Pick<TestContext, 'onTestFinished'>): Promise<void> {
  const { project, args, command, env, status, fails, annotation } = typeof setup === 'function' ? await setup() : setup
  const stand = await makeSmokeStand(context, { style: 'plain', ...project })
  const result = await stand.smoke(args, command, env).end()
  const document = await stand.json()
  expect({ status: result.status, exitCode: document.exitCode, ok: document.ok }, result.stdout + result.stderr).toEqual({
    status,
    exitCode: status,
    ok: status === 0,
  })
  const failed = document.steps.filter(({ state }) => state === 'failed').map(({ name, diagnosis }) => [name, diagnosis?.id])
  expect(failed).toEqual(fails === undefined ? [] : [fails])
  // where anything else failed, the command was not run
  const commandStep = document.steps.find(({ name }) => name === 'command')
  if (command !== undefined) expect(commandStep?.state).toBe(fails === undefined ? 'passed' : fails[0] === 'command' ? 'failed' : 'skipped')
  await checkJunit(stand.junit)
  expect(await stand.github()).toMatch(
    annotation ??
      (status === 0
        ? /^::notice title=election-dev smoke::/
        : /^::error (?:file=backend\/[\w/]+\.py,line=\d+,)?title=election-dev smoke%3A /),
  )
  expect((await readdir(stand.reports)).toSorted()).toEqual(['github.txt', 'smoke.json', 'smoke.xml'])
  await stand.expectNothingLeft()
}

test.concurrent('a port that is held, with --strict-port', async (context) => {
  const stand = await makeSmokeStand(context)
  const holder = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => holder.listen(stand.port, '127.0.0.1', resolve))
  const { status } = await stand.smoke(['--strict-port']).end()
  await new Promise((resolve) => holder.close(resolve))
  const [server] = (await stand.json()).steps
  expect({ status, state: server?.state, id: server?.diagnosis?.id }).toEqual({ status: 1, state: 'failed', id: 'port-in-use' })
  // the same command again, with every flag that was given
  expect(server?.diagnosis?.remedy.commands).toEqual([
    ['election-dev', 'smoke', '--port', String(stand.port + 1), '--strict-port', '--hold', '300'],
  ])
  await checkJunit(stand.junit)
  await stand.expectNothingLeft()
})

test.concurrent('the command gets the addresses, and the token where the user gave one', async (context) => {
  const stand = await makeSmokeStand(context)
  const token = secret()
  const code = `
    const { ELECTION_DEV_URL, ELECTION_DEV_WS_URL, ELECTION_DEV_ORIGIN, ELECTION_DEV_PAGE_URL, ELECTION_DEV_TOKEN } = process.env
    console.log("told " + JSON.stringify({ ELECTION_DEV_URL, ELECTION_DEV_WS_URL, ELECTION_DEV_ORIGIN, ELECTION_DEV_PAGE_URL }))
    console.log("a token of " + ELECTION_DEV_TOKEN.length)`
  const { status, stdout, stderr } = await stand.smoke([], script(code), { ELECTION_DEV_TOKEN: token }).end()
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const base = `127.0.0.1:${stand.port}`
  expect(JSON.parse(/^told (.*)$/m.exec(stdout)?.[1] ?? '')).toEqual({
    ELECTION_DEV_URL: `http://${base}/`,
    ELECTION_DEV_WS_URL: `ws://${base}/ws/election-updates/`,
    ELECTION_DEV_ORIGIN: `http://${base}`,
  })
  expect(stdout).toContain(`a token of ${token.length}`)
})

test.concurrent(
  'with a document on standard output, nothing else is there: what the command prints goes to standard error',
  async (context) => {
    const stand = await makeSmokeStand(context)
    const args = ['smoke', '--port', String(stand.port), '--hold', '300', '--json', '--', ...script('console.log("said by the command")')]
    const { status, stdout, stderr } = await startCli(args, { cwd: stand.project.root, env: stand.mark.env }).end()
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, command: 'smoke', ok: true })
    expect(stderr).toContain('said by the command')
  },
)

test.concurrent('a folder without a project: 2, and the reports say why', async (context) => {
  const stand = await makeSmokeStand(context)
  const { status } = await stand.smoke(['--cwd', stand.reports]).end()
  const [server] = (await stand.json()).steps
  expect({ status, state: server?.state, id: server?.diagnosis?.id }).toEqual({ status: 2, state: 'failed', id: 'no-project' })
  await checkJunit(stand.junit)
})

test.concurrent.for([
  [['--reporter', 'json', '--reporter', 'junit'], 'would be mixed on standard output'],
  [['--reporter', 'html'], 'there is no reporter html'],
  [['--reporter', 'junit='], 'the file has no name'],
] as const)('%s is refused', async ([args, words], context) => {
  const stand = await makeSmokeStand(context)
  const { status, stdout, stderr } = await startCli(['smoke', ...args], { cwd: stand.project.root, env: stand.mark.env }).end()
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain(words)
})

test.concurrent('the socket is held for 2 s though its ping was answered', async (context) => {
  const stand = await makeSmokeStand(context)
  const { status, stdout, stderr } = await stand.smoke(['--hold', '2000']).end()
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(Number(/hold +still open after ([\d.]+) s/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(2)
})
