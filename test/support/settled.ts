/** A database that is in use: its tables, and a user. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeProject } from './project.ts'
import { secret } from './secrets.ts'
import { pythonOf, run } from './tools.ts'

let tables: Promise<Uint8Array> | undefined

/** Gives a project what it has since its first day, the tables of its database and a user, where its fault isn't that it hasn't. */
export async function settle(id: string, backend: string): Promise<void> {
  if (/^(?:migrations|database)-/.test(id)) return
  const file = join(backend, 'db.sqlite3')
  if ((await stat(backend).catch(() => undefined)) === undefined) return
  if ((await stat(file).catch(() => undefined))?.size) return
  tables ??= makeTables()
  await writeFile(file, await tables)
}

async function makeTables(): Promise<Uint8Array> {
  const project = await makeProject({ style: 'plain' })
  try {
    const env = { ...process.env, DJANGO_SUPERUSER_PASSWORD: secret() }
    const user = ['createsuperuser', '--noinput', '--username', 'voter', '--email', 'voter@example.com']
    for (const args of [['migrate', '--verbosity', '0'], user])
      await run(pythonOf('main'), ['manage.py', ...args], { cwd: project.backend, env })
    return await readFile(join(project.backend, 'db.sqlite3'))
  } finally {
    await project.remove()
  }
}
