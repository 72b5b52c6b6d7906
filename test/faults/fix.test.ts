/** What `--fix` holds whatever the cause is: the user's word, the diff before the change, the backup and the way back. */
import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runCli, startCli, startOnTerminal, type RunningCli } from '../support/cli.ts'
import { fix, ownFiles, undo } from '../support/fix.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { startServer, type RunningServer } from '../support/servers.ts'

let project: TestProject | undefined
let cli: RunningCli | undefined
let server: RunningServer | undefined
afterEach(async () => {
  cli?.child.kill('SIGTERM')
  await cli?.end()
  await server?.stop()
  await project?.remove()
  project = cli = server = undefined
})

const typo = { dotenv: ['USE_REDIS_FOR_CHANNELS=Flase'] }

async function made(options: Parameters<typeof makeProject>[0]): Promise<{ root: string; env: string; url: string }> {
  project = await makeProject(options)
  return {
    root: project.root,
    env: join(project.backend, '.env'),
    url: `ws://127.0.0.1:${await freePort('127.0.0.1')}/ws/election-updates/`,
  }
}

test('without a word nothing is changed: it is said, exit 1', async () => {
  const { root, url } = await made(typo)
  const before = await ownFiles(root)
  const { status, stdout } = await runCli(['doctor', '--fix', '--url', url], { cwd: root })
  expect(status).toBe(1)
  expect(stdout).toContain('-USE_REDIS_FOR_CHANNELS=***')
  expect(stdout).toContain('+USE_REDIS_FOR_CHANNELS=False')
  expect(stdout).toContain('--yes')
  expect(await ownFiles(root)).toEqual(before)
  expect(await readdir(root)).not.toContain('.election-dev')
})

test('on a terminal it asks; no is no', async () => {
  const { root, url, env } = await made(typo)
  cli = startOnTerminal(['doctor', '--fix', '--url', url], { cwd: root })
  await cli.waitFor(/Do it\? \[y\/N\]/)
  cli.child.stdin?.write('n\n')
  const { status, stdout } = await cli.end()
  expect(status).toBe(1)
  expect(stdout).toContain('Nothing was changed')
  expect(await readFile(env, 'utf8')).toContain('Flase')
})

test('in a script what is on the disk is fixed, and the start that would stay up is printed, not run', async () => {
  const { root, url, env } = await made(typo)
  const { status, stdout } = await runCli(['doctor', '--fix', '--yes', '--url', url], { cwd: root })
  expect(await readFile(env, 'utf8')).toContain('USE_REDIS_FOR_CHANNELS=False')
  expect(stdout).toContain(`$ election-dev start --port ${new URL(url).port}`)
  expect(stdout).toContain('Not done here: it runs until Ctrl+C')
  expect(status, stdout).toBe(1)
})

test('on a terminal it asks; yes fixes it, and start follows', async () => {
  const { root, url, env } = await made(typo)
  cli = startOnTerminal(['doctor', '--fix', '--url', url], { cwd: root })
  await cli.waitFor(/Do it\? \[y\/N\]/)
  cli.child.stdin?.write('y\n')
  await cli.waitFor(/ready in[\s\S]*Channels/)
  expect(cli.stdout()).toContain('which stays up here until Ctrl+C')
  expect(cli.stdout()).toMatch(/was: .*env-bool-typo\s+is: {2}.*server-not-running/)
  expect(cli.stdout()).toContain('doctor --undo puts it back')
  expect(await readFile(env, 'utf8')).toContain('USE_REDIS_FOR_CHANNELS=False')
})

test("a cause that is the user's is told as theirs", async () => {
  const { root, url } = await made({ asgi: 'def broken(:\n' })
  const before = await ownFiles(root)
  const answer = await fix(root, { url })
  expect(answer.id).toBe('asgi-syntax-error')
  expect(answer.made).toMatchObject([{ id: 'asgi-syntax-error', outcome: 'refused', problem: 'this one is yours to fix' }])
  expect(await ownFiles(root)).toEqual(before)
})

test('several causes one after another; a mode and a link stay; --undo goes back over all of them', async () => {
  const { root, url, env } = await made({
    ...typo,
    settings: 'LOGGING["handlers"]["f"] = {"class": "logging.FileHandler", "filename": str(BASE_DIR / "logs" / "x.log")}',
  })
  const text = await readFile(env, 'utf8')
  await writeFile(join(root, 'shared.env'), `\u{feff}${text.replace('# of the tests\n', '')}`, { mode: 0o640 })
  const { rm } = await import('node:fs/promises')
  await rm(env)
  await symlink('../shared.env', env)
  const before = await ownFiles(root)
  const answer = await fix(root, { url })
  expect([...new Set(answer.made.map(({ id }) => id))], JSON.stringify(answer.made)).toEqual([
    'env-encoding',
    'env-bool-typo',
    'log-dir-missing',
    'server-not-running',
  ])
  expect((await stat(join(root, 'shared.env'))).mode & 0o777).toBe(0o640)
  const back = await undo(root)
  expect(back.status, back.stdout).toBe(0)
  expect(await ownFiles(root)).toEqual(before)
  const nothing = await runCli(['doctor', '--undo', '--yes'], { cwd: root })
  expect(nothing.status).toBe(1)
})

test('--undo leaves what the user has changed since', async () => {
  const { root, url, env } = await made(typo)
  await fix(root, { url })
  await writeFile(env, `${await readFile(env, 'utf8')}MORE=1\n`)
  const { status, stdout } = await undo(root)
  expect(status).toBe(1)
  expect(stdout).toContain('it was changed since')
  expect(await readFile(env, 'utf8')).toContain('MORE=1')
})

test('a fix that does not help is put back, and said', async () => {
  // the last word is spoken after the settings were read: no edit of ASGI_APPLICATION's line helps
  const { root, url } = await made({
    installedApps: ['daphne', 'django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates'],
    settings: 'globals()["ASGI_" + "APPLICATION"] = "core.asgi.nothing"',
  })
  const before = await ownFiles(root)
  const answer = await fix(root, { url })
  expect(answer.id).toBe('asgi-application-setting-wrong')
  expect(answer.made.at(-1), JSON.stringify(answer.made)).toMatchObject({ kind: 'put-back', outcome: 'put-back' })
  expect(await ownFiles(root)).toEqual(before)
})

test('a running server that is not to be ended goes on, and the command is said', async () => {
  const { root } = await made({ settings: 'del CHANNEL_LAYERS' })
  if (project === undefined) throw new Error('no project')
  server = await startServer('daphne', project)
  const url = `ws://127.0.0.1:${server.port}/ws/election-updates/`
  const { status, stdout } = await runCli(['doctor', '--fix', '--url', url], { cwd: root })
  expect(status).toBe(1)
  expect(stdout).toContain(`kill ${server.pid}`)
  expect(stdout).toContain(`election-dev start --port ${server.port}`)
  expect(server.child.exitCode).toBe(null)
})

test('Ctrl+C during a command ends it with its tree, and what was made is gone', async () => {
  const { root, url } = await made({
    environment: undefined,
    files: { 'backend/requirements.txt': 'asgiref\n' },
  })
  cli = startOnTerminal(['doctor', 'venv-missing', '--fix', '--yes', '--url', url], { cwd: root })
  await cli.waitFor(/-m venv/)
  const { stdin } = cli.child
  await cli.waitFor(/pip install/)
  stdin?.write('\u{3}')
  const { status } = await cli.end()
  expect(status).toBe(130)
  expect(await readdir(join(root, 'backend'))).not.toContain('venv')
})

/** The layer is missing, and the consumer joins a group. */
const layerless = {
  style: 'plain',
  settings: 'DATABASES = {}\nCHANNEL_LAYERS = {}',
  consumer: `
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("updates", self.channel_name)
        await self.accept()
`,
} as const

test('the run that has started the server starts it anew: the fix shows, and the run goes on', async () => {
  const { root } = await made(layerless)
  const port = String(await freePort('127.0.0.1'))
  cli = startCli(['start', '--port', port], { cwd: root })
  await cli.waitFor(/channel-layer-unset[\s\S]*Fix:/)
  const { status, stdout } = await runCli(['doctor', '--fix', '--yes'], { cwd: root })
  expect(stdout).toContain('election-dev restart backend')
  expect(stdout).not.toContain('has not helped')
  expect(status, stdout).toBe(0)
  await cli.waitFor(/up after[\s\S]*● connected/)
})
