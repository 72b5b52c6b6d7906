import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { LauncherError } from '../errors.ts'
import { examine } from '../facts/examine.ts'
import { madeUserFile } from '../facts/page-user.ts'
import type { Host } from '../host/host.ts'
import { makeHome } from '../run/home.ts'
import type { StepContext } from './run-step.ts'
import { replaceFile } from '../host/replace-file.ts'

/** The development user that was made. Its password is in no file: it is shown once. */
export interface MadeUser {
  readonly name: string
  readonly password: string
  readonly model: string
}

/** Makes a development user by the interpreter of the project. Throws LauncherError `user-missing`. */
export async function createUser(host: Host, context: StepContext): Promise<MadeUser> {
  const password = randomBytes(12).toString('base64url')
  const inspection = examine(host, {
    tell: ['settings', 'database', 'create_user'],
    way: context.way,
    python: context.python ?? 'python3',
    backend: context.backend,
    env: context.env,
    settingsModule: context.env['DJANGO_SETTINGS_MODULE'] ?? '',
    application: undefined,
    createUser: { password },
    deadlineMs: 60_000,
    signal: context.signal,
  })
  const found = await inspection.ended
  const made = found.get('created')
  if (made !== undefined) {
    await replaceFile(join(await makeHome(context.root), madeUserFile), `${made.user}\n`)
    return { name: made.user, password, model: made.model }
  }
  const error = found.errorOf('create_user') ?? found.errorOf('setup') ?? found.errorOf('settings') ?? found.errorOf('database')
  const database = found.get('database')?.message ?? undefined
  throw new LauncherError('user-missing', 'No development user could be made', {
    evidence: error === undefined ? (database === undefined ? found.output.slice(-5) : [database]) : [`${error.type}: ${error.message}`],
    hint: 'Make one by hand: python manage.py createsuperuser',
  })
}
