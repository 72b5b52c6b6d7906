import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { LauncherError } from '../errors.ts'
import type { Examination } from '../facts/examination.ts'
import { examine, type ExamineRequest, type WantedRow } from '../facts/examine.ts'
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
  readonly isSuperuser: boolean
}

/** Makes a development user by the interpreter of the project. Throws LauncherError `user-missing`. */
export async function createUser(host: Host, context: StepContext): Promise<MadeUser> {
  const password = randomBytes(12).toString('base64url')
  const found = await lookMaking(host, context, 'create_user', { createUser: { password } })
  const made = found.get('created')
  if (made !== undefined) {
    await replaceFile(join(await makeHome(context.root), madeUserFile), `${made.user}\n`)
    return { name: made.user, password, model: made.model, isSuperuser: made.superuser }
  }
  throw new LauncherError('user-missing', 'No development user could be created', {
    evidence: whyNot(found, 'create_user'),
    hint: 'Create one by hand: python manage.py createsuperuser',
  })
}

/** Makes a row in the same way. Throws LauncherError `row-missing`. */
export async function createRow(host: Host, context: StepContext, row: WantedRow): Promise<void> {
  const found = await lookMaking(host, context, 'create_row', { createRow: row })
  if (found.get('create_row') !== undefined) return
  throw new LauncherError('row-missing', `No row of ${row.model} could be created`, {
    evidence: whyNot(found, 'create_row'),
    hint: 'Create one by hand: in the admin, on the page, or in python manage.py shell',
  })
}

type Making = 'create_user' | 'create_row'

function lookMaking(
  host: Host,
  context: StepContext,
  stage: Making,
  what: Pick<ExamineRequest, 'createUser' | 'createRow'>,
): Promise<Examination> {
  return examine(host, {
    tell: ['settings', 'database', stage],
    way: context.way,
    python: context.python ?? 'python3',
    backend: context.backend,
    env: context.env,
    settingsModule: context.env['DJANGO_SETTINGS_MODULE'] ?? '',
    application: undefined,
    ...what,
    deadlineMs: 60_000,
    signal: context.signal,
  }).ended
}

function whyNot(found: Examination, stage: Making): string[] {
  const error = found.errorOf(stage) ?? found.errorOf('setup') ?? found.errorOf('settings') ?? found.errorOf('database')
  if (error !== undefined) return [`${error.type}: ${error.message}`]
  const database = found.get('database')?.message ?? undefined
  return database === undefined ? found.output.slice(-5) : [database]
}
