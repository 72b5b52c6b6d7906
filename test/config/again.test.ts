/** The command that is the one that was given, and more. */
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { givenFlags, startAgain } from '../../src/config/again.ts'
import { flagsOf } from '../../src/config/flags.ts'
import { withGiven } from '../../src/config/kept-flags.ts'
import { mergeConfig } from '../../src/config/merge.ts'
import type { Flags } from '../../src/config/config.ts'
import { configSchema } from '../../src/config/schema.ts'
import { runCli } from '../support/cli.ts'
import { testHost } from '../support/host.ts'
import { secret } from '../support/secrets.ts'

const again = (flags: Flags, env = {}, ...words: string[]) =>
  startAgain(mergeConfig(testHost('/', env), flags, undefined), ...words).join(' ')

test.each<[Flags, string]>([
  [{}, ''],
  [{ python: 'python3.12', port: 8001, backend: 'api' }, ' --backend api --python python3.12 --port 8001'],
  [{ setup: true, managed: true, strictPort: true }, ' --strict-port --setup --managed'],
  [{ watch: false, ping: false, restart: false }, ' --no-ping --no-watch --no-restart'],
  [{ frontend: false, procfile: false, browser: false }, ' --no-frontend --no-procfile --no-browser'],
  [{ frontend: { folder: 'client' }, browser: true, procfile: 'Procfile.dev' }, ' --frontend client --procfile Procfile.dev --browser'],
  [{ subprotocols: ['one', 'two'], only: ['backend', 'worker'] }, ' --subprotocol one --subprotocol two --only backend,worker'],
  // said, though it is what holds without a word: a file may say otherwise
  [{ port: 8000 }, ' --port 8000'],
  // no secret stands in a command
  [{ token: secret(), tokenIn: 'header' }, ' --token-in header'],
])('%j', (flags, words) => {
  expect(again(flags)).toBe(`election-dev start${words}`)
})

test('a flag that is said anew stands once, and what the environment gives is left to it', () => {
  expect(again({ setup: true, backend: 'api' }, { ELECTION_DEV_PORT: '9000' }, '--setup', '--backend', 'site')).toBe(
    'election-dev start --setup --backend site',
  )
})

test('what a command sets for itself is no word of the user', () => {
  const config = mergeConfig(testHost('/'), { port: 8001 }, undefined, { open: false, watch: false, keys: false, frontend: false })
  expect(startAgain(config).join(' ')).toBe('election-dev start --port 8001')
  expect(config).toMatchObject({ open: false, watch: false, keys: false, frontend: false })
})

const started = (...urls: string[]) =>
  withGiven(
    ['election-dev', 'start'],
    urls.map((each) => ['--url', each]),
  )
    .slice(2)
    .join(' ')

test('a command of a remedy keeps what it takes of the flags that were given, and another program none', () => {
  const flags: Flags = { backend: 'api', port: 8001, managed: true, json: true, subprotocols: ['one'], ping: false }
  const given = givenFlags(mergeConfig(testHost('/'), flags, undefined))
  const kept = (command: string) => withGiven(command.split(' '), given).join(' ')
  expect(kept('election-dev start --port 9000')).toBe('election-dev start --port 9000 --backend api --subprotocol one --no-ping --managed')
  expect(kept('env -u REDIS_URL election-dev start')).toContain('election-dev start --backend api --port 8001')
  expect(kept('election-dev doctor --fix')).toBe('election-dev doctor --fix --backend api --port 8001 --subprotocol one --no-ping')
  expect(kept('election-dev init --settings')).toBe('election-dev init --settings --backend api')
  expect(kept('kill 4711')).toBe('kill 4711')
  expect(kept('election-dev env --write')).toBe('election-dev env --write --backend api --subprotocol one --no-ping')
  // a URL says what is looked at, and start makes its own, at the port that was asked for
  const url = [['--url', 'ws://localhost:8000/ws/x/']] as const
  expect(withGiven(['election-dev', 'doctor', '--fix'], url)).toEqual(['election-dev', 'doctor', '--fix', ...url[0]])
  expect(started('ws://localhost:8001/ws/x/')).toBe('--port 8001')
  expect(started('ws://[::1]:8001')).toBe('--port 8001')
  // a page's server, another machine's, or which of several can't be told
  for (const urls of [
    ['http://localhost:5173/'],
    ['ws://10.0.0.7:8001/'],
    ['wss://localhost/ws/'],
    ['ws://127.0.0.1:1/', 'ws://127.0.0.1:2/'],
  ])
    expect(started(...urls)).toBe('')
})

test('flags that are no keys are kept by what takes them', () => {
  const config = mergeConfig(testHost('/'), flagsOf({ cwd: '../shop', detach: true, port: 8001 }), undefined)
  expect(startAgain(config).join(' ')).toBe('election-dev start --cwd ../shop --detach --port 8001')
  const kept = (command: string) => withGiven(command.split(' '), givenFlags(config)).join(' ')
  expect(kept('election-dev doctor --fix')).toBe('election-dev doctor --fix --cwd ../shop --port 8001')
  expect(kept('election-dev restart')).toBe('election-dev restart --cwd ../shop')
})

test('a path with a token in it is in no command: as it is shown it leads elsewhere', () => {
  expect(again({ path: '/ws/?room=7' })).toBe('election-dev start --path /ws/?room=7')
  expect(again({ path: `/ws/?token=${secret()}`, port: 8001 })).toBe('election-dev start --port 8001')
})

test('doctor has every flag that its commands keep', async () => {
  const { stdout } = await runCli(['doctor', '--help'], { cwd: tmpdir() })
  const all = Object.keys(configSchema.entries)
  const every = all.map((key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`)
  const flags = [...every, '--subprotocol', '--no-ping'].map((flag) => [flag] as const)
  const kept = withGiven(['election-dev', 'doctor'], flags).slice(2)
  expect(kept).toContain('--backend')
  for (const flag of kept) expect(stdout).toMatch(new RegExp(`${flag}\\b`))
})
