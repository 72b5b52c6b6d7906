import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { errorMessage, LauncherError } from '../errors.ts'
import { parseDotenv, type DotenvReader } from '../facts/dotenv.ts'
import { examine } from '../facts/examine.ts'
import type { Host } from '../host/host.ts'
import { isSigningKey } from '../host/secret-names.ts'
import { setDotenvValue } from '../plan/dotenv-edit.ts'
import type { SetupStep } from '../plan/setup.ts'
import { runCommand } from './command.ts'
import { writeDotenv } from './dotenv-write.ts'

/** What the steps need besides themselves. */
export interface SetupContext {
  readonly backend: string
  readonly python: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly reader: DotenvReader
  readonly onLine: (line: string) => void
  readonly signal: AbortSignal
}

/** The development user that was made. Its password is in no file: it is shown once. */
export interface MadeUser {
  readonly name: string
  readonly password: string
  readonly model: string
}

/** How long a command of the setup may take, in milliseconds: an installation over a slow line takes minutes. */
const commandMs = 15 * 60_000

/** Does one step. Throws LauncherError with the step's id and the command's last lines. */
export async function runSetupStep(host: Host, step: SetupStep, context: SetupContext): Promise<MadeUser | undefined> {
  const { action } = step
  switch (action.kind) {
    case 'command':
      await runCommand(host, { ...action, id: step.id, shown: step.shown, deadlineMs: commandMs }, context)
      return undefined
    case 'make-folder':
      await told(step, () => mkdir(action.folder, { recursive: true }))
      return undefined
    case 'copy-dotenv': {
      const example = await told(step, () => readFile(action.from, 'utf8'))
      await writeDotenv(action.to, undefined, Buffer.from(fillSecrets(example, context.reader)))
      return undefined
    }
    case 'create-user':
      return createUser(host, context)
  }
}

/** What the file system refuses, in words. */
async function told<T>(step: SetupStep, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new LauncherError(step.id, `${step.shown} failed`, { evidence: [errorMessage(error)], cause: error })
  }
}

async function createUser(host: Host, context: SetupContext): Promise<MadeUser> {
  const password = randomBytes(12).toString('base64url')
  const inspection = examine(host, {
    tell: ['settings', 'database', 'create_user'],
    python: context.python,
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
  if (made !== undefined) return { name: made.user, password, model: made.model }
  const error = found.errorOf('create_user') ?? found.errorOf('setup') ?? found.errorOf('settings') ?? found.errorOf('database')
  const database = found.get('database')?.message ?? undefined
  throw new LauncherError('user-missing', 'No development user could be made', {
    evidence: error === undefined ? (database === undefined ? found.output.slice(-5) : [database]) : [`${error.type}: ${error.message}`],
    hint: 'Make one by hand: python manage.py createsuperuser',
  })
}

const placeholder = /^$|change|your|secret|insecure|example|replace|generate|xxx|^<.*>$|\.\.\./i

/** The example's text with a random value for each signing key that is empty or a placeholder. Everything else stays as it is. */
export function fillSecrets(example: string, reader: DotenvReader): string {
  let text = example
  for (const { key, value } of parseDotenv(example, reader)) {
    if (!isSigningKey(key) || !placeholder.test(value)) continue
    const edit = setDotenvValue(text, key, randomBytes(32).toString('base64url'), reader)
    if (edit.kind === 'changed') text = edit.text
  }
  return text
}
