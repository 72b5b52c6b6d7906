/** The command that is the one that was given, and more. */
import { expect, test } from 'vitest'
import { startAgain } from '../../src/config/again.ts'
import { mergeConfig, type Flags } from '../../src/config/resolve.ts'
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
