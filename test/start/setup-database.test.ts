/** Which database `start --setup` gives settings that read DATABASE_URL, where nobody says which: said, one file from wherever it is opened, and never before what is exported. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startCli, type RunningCli } from '../support/cli.ts'
import { databaseUrl } from '../support/database-url.ts'
import { installerEnvironment } from '../support/fresh-project.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'

let project: TestProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  await project?.remove()
})

test('SQLite where git leaves it out, and another by the shell from then on', { timeout: 90_000, tags: ['slow'] }, async () => {
  project = await makeProject({ style: 'plain', environment: 'main', ...databaseUrl })
  const { root, backend } = project
  const port = String(await freePort('127.0.0.1'))
  const started = async (env: Readonly<Record<string, string>>) => {
    cli = startCli(['start', '--setup', '--json', '--port', port], { cwd: root, env: { ...installerEnvironment(false), ...env } })
    await cli.waitFor(/"event":"(?:ready|end)"/)
    const { stdout } = await cli.end('SIGINT')
    expect(stdout).toContain('"event":"ready"')
    return stdout
  }
  const file = join(root, '.election-dev', 'db.sqlite3')
  const stdout = await started({})
  expect(stdout).toContain('DATABASE_URL: SQLite in .election-dev/db.sqlite3, since no file here names a database server')
  expect(JSON.parse(await readFile(join(root, 'election-dev.config.json'), 'utf8'))).toEqual({
    envDefaults: { DATABASE_URL: `sqlite:///${file}` },
  })
  expect(existsSync(file)).toBe(true)
  expect(existsSync(join(backend, 'db.sqlite3'))).toBe(false)

  const exported = join(root, 'exported.sqlite3')
  expect(await started({ DATABASE_URL: `sqlite:///${exported}` })).toContain('"event":"setup-user"')
  expect(existsSync(exported)).toBe(true)
})
