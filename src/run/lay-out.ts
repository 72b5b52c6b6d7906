import { randomBytes } from 'node:crypto'
import { cp, mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { usageError } from '../errors.ts'
import { isFile, readBytes } from '../host/files.ts'
import { setDotenvValue } from '../plan/dotenv-edit.ts'
import { writeDotenv } from './dotenv-write.ts'

const template = fileURLToPath(new URL('../../templates/demo/', import.meta.url))

/** Names that npm would leave out of a package or read as its own, and what they are called in the demo. */
const renamed: Readonly<Record<string, string>> = { gitignore: '.gitignore', 'backend/env.example': 'backend/.env.example' }

/**
 * Copies the demo into a folder that is empty or not there, or finds it there
 * already; gives whether it was copied. Throws LauncherError `not-empty` (exit 2).
 */
export async function layOutDemo(folder: string): Promise<boolean> {
  const entries = await readdir(folder).catch(() => [])
  const isDemo = await isFile(join(folder, 'backend', 'elections', 'consumers.py'))
  if (!isDemo && entries.length > 0) {
    throw usageError('not-empty', `${folder} is not empty, and it isn't the demo`, {
      hint: 'Name another folder: election-dev demo path/to/folder',
    })
  }
  if (!isDemo) {
    await mkdir(folder, { recursive: true })
    await cp(template, folder, { recursive: true, filter: (source) => !/__pycache__|\.pyc$|db\.sqlite3/.test(source) })
    for (const [from, to] of Object.entries(renamed)) await rename(join(folder, from), join(folder, to))
  }
  await makeDotenv(join(folder, 'backend'))
  return !isDemo
}

/** The demo's `.env`: its example, with a random value for each secret. */
async function makeDotenv(backend: string): Promise<void> {
  const path = join(backend, '.env')
  if (await isFile(path)) return
  let text = (await readBytes(join(backend, '.env.example'))).toString()
  for (const key of ['SECRET_KEY', 'DEMO_PASSWORD']) {
    const edit = setDotenvValue(text, key, randomBytes(key === 'SECRET_KEY' ? 48 : 9).toString('base64url'), 'decouple')
    if (edit.kind === 'changed') text = edit.text
  }
  await writeDotenv(path, undefined, Buffer.from(text))
}
