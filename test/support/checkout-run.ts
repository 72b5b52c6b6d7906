/** A project from `git clone` to green by `start --setup` alone, in a home that has nothing of it. */
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import type { Checkout } from './checkouts.ts'
import { startCli, type RunningCli } from './cli.ts'
import { installerEnvironment } from './fresh-project.ts'
import { listens, makeMark } from './processes.ts'
import { freePort, until } from './redis.ts'
import { cache, environmentFolder, prepareEnvironment, run } from './tools.ts'

/** The first version of pyenv's that the project can do with; undefined where there is none. */
export async function pythonFor({ pythons = [] }: Pick<Checkout, 'pythons'>): Promise<string | undefined> {
  const versions = await readdir(join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions')).catch(() => [])
  return versions.find((version) => pythons.some((wanted) => version.startsWith(`${wanted}.`)))
}

/** Clones the project into an empty folder, has the built tool set it up, and holds all that has to be seen of it. */
export async function bringUp(checkout: Checkout): Promise<void> {
  const above = await realpath(await mkdtemp(join(tmpdir(), 'election-clone-')))
  const mark = await makeMark()
  const [author, clone, home] = [join(above, 'author'), join(above, 'clone'), join(above, 'home')]
  const place = {
    backend: await freePort('127.0.0.1'),
    page: await freePort('127.0.0.1'),
    database: await freePort('127.0.0.1'),
    python: (await pythonFor(checkout)) ?? '',
  }
  let data: string | undefined
  try {
    const env = await environmentIn(home, checkout)
    const git = async (cwd: string, ...args: readonly string[]) =>
      (await run('git', ['-c', 'user.name=Author', '-c', 'user.email=author@example.com', ...args], { cwd, env })).stdout
    await mkdir(author)
    await writeFiles(author, checkout.files(place))
    if (checkout.locked !== undefined) {
      const [file = '', ...args] = checkout.locked.command
      await run(file, args, { cwd: join(author, checkout.locked.folder), env, maxBuffer: 64e6 })
    }
    await git(author, 'init', '--quiet')
    await git(author, 'add', '.')
    await git(author, 'commit', '--quiet', '--message', 'Begin')
    await git(above, 'clone', '--quiet', author, clone)

    const port = String(place.backend)
    const start = (...args: readonly string[]) =>
      startCli(['start', '--json', '--port', port, ...args], { cwd: clone, env: { ...env, ...mark.env } })
    const nothingRuns = async () => (await mark.processes()).length === 0 && !(await listens(place.backend)) && !(await listens(place.page))

    const first = await green(start('--setup', ...(checkout.args ?? [])), checkout)
    expect(first).toContain('"event":"setup-end"')
    // root's database is kept outside of the checkout
    data = / its data stay in (\/var\/tmp\/election-dev-postgres-\S+?)"/.exec(first)?.[1]
    await until(nothingRuns)
    const second = await green(start(...(checkout.again ?? [])), checkout)
    expect(second).not.toContain('"event":"setup')
    await until(nothingRuns)
    const status = await git(clone, 'status', '--porcelain')
    const seen = status.split('\n').filter((line) => line !== '')
    expect(seen.toSorted()).toEqual(checkout.leaves.map((path) => `?? ${path}`).toSorted())
  } finally {
    for (const pid of await mark.processes()) process.kill(pid, 'SIGKILL')
    await until(async () => (await mark.processes()).length === 0)
    await mark.remove()
    if (data !== undefined) await rm(dirname(data), { recursive: true, force: true })
    await rm(above, { recursive: true, force: true })
  }
}

/** Waits for the banner, holds that all of it is well, and ends the launcher. Gives what it has written. */
async function green(cli: RunningCli, { path, ready = {}, said = /"event":"ready"/ }: Checkout): Promise<string> {
  await cli.waitFor(/"event":"(?:ready|end)"/)
  await cli.waitFor(said)
  const { status, stdout, stderr } = await cli.end('SIGINT')
  const events: { event: string; websocket?: { url: string } }[] = stdout
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  const banner = events.find(({ event }) => event === 'ready')
  expect(banner, stdout + stderr).toMatchObject({
    websocket: { state: 'connected', broadcast: { sent: 2, received: 2 } },
    ...ready,
  })
  expect(new URL(banner?.websocket?.url ?? '').pathname).toMatch(path)
  expect(events.filter(({ event }) => ['warning', 'diagnosis', 'error'].includes(event))).toEqual([])
  expect(status).toBe(130)
  return stdout
}

/** The environment of a user who has these tools and nothing else; what is downloaded is kept for the next test. */
export async function environmentIn(home: string, { tools = [] }: Pick<Checkout, 'tools'>) {
  const programs = join(home, '.local', 'bin')
  await mkdir(programs, { recursive: true })
  for (const tool of tools) {
    await prepareEnvironment(tool)
    await symlink(join(environmentFolder(tool), 'bin', tool), join(programs, tool))
  }
  const env = installerEnvironment(false)
  return {
    ...env,
    HOME: home,
    PATH: `${programs}:${env['PATH'] ?? ''}`,
    POETRY_CACHE_DIR: join(cache, 'poetry'),
    POETRY_VIRTUALENVS_PATH: join(home, 'environments'),
    npm_config_cache: join(cache, 'npm'),
  }
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}
