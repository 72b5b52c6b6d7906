import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { execa } from 'execa'
import { LauncherError } from '../errors.ts'
import { parseDotenv, type DotenvReader } from '../facts/dotenv.ts'
import { inspect } from '../facts/inspect.ts'
import type { Host } from '../host/host.ts'
import { LineSplitter } from '../host/lines.ts'
import { setDotenvValue } from '../plan/dotenv-edit.ts'
import type { SetupStep } from '../plan/setup.ts'
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
      await runCommand(step, action, context)
      return undefined
    case 'make-folder':
      await mkdir(action.folder, { recursive: true })
      return undefined
    case 'copy-dotenv':
      await writeDotenv(action.to, undefined, Buffer.from(fillSecrets(await readFile(action.from, 'utf8'), context.reader)))
      return undefined
    case 'create-user':
      return createUser(host, context)
  }
}

async function runCommand(step: SetupStep, action: Extract<SetupStep['action'], { kind: 'command' }>, context: SetupContext): Promise<void> {
  const lines: string[] = []
  const take = (line: string) => {
    lines.push(line)
    if (lines.length > 30) lines.shift()
    context.onLine(line)
  }
  const child = execa(action.file, [...action.args], {
    cwd: action.cwd,
    env: { ...context.env, PYTHONUNBUFFERED: '1', PIP_NO_INPUT: '1' },
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    buffer: false,
    reject: false,
    timeout: commandMs,
    forceKillAfterDelay: 2000,
    cancelSignal: context.signal,
  })
  const splitter = new LineSplitter(take)
  child.all.on('data', (chunk: Buffer) => splitter.push(chunk))
  const result = await child
  splitter.end()
  if (result.exitCode === 0) return
  const how = result.exitCode === undefined ? (result.timedOut ? 'did not end in time' : `could not be run (${result.code ?? 'no such program'})`) : `ended with ${result.exitCode}`
  throw new LauncherError(step.id, `${step.shown} ${how}`, { evidence: lines.slice(-12), hint: `Run it by hand to see more: ${step.shown}` })
}

async function createUser(host: Host, context: SetupContext): Promise<MadeUser> {
  const password = randomBytes(12).toString('base64url')
  const inspection = inspect(host, {
    python: context.python,
    backend: context.backend,
    env: context.env,
    application: undefined,
    mint: false,
    createUser: { password },
    deadlineMs: 60_000,
  })
  const made = await inspection.get('created')
  await inspection.ended
  if (made !== undefined) return { name: made.user, password, model: made.model }
  const error = inspection.errorOf('create_user') ?? inspection.errorOf('setup') ?? inspection.errorOf('settings')
  throw new LauncherError('user-missing', 'No development user could be made', {
    evidence: error === undefined ? inspection.output().slice(-5) : [`${error.type}: ${error.message}`],
    hint: 'Make one by hand: python manage.py createsuperuser',
  })
}

/** Keys that Django signs with; an example's value is known to everybody who reads the repository. */
const signingKey = /^(?:DJANGO_)?SECRET_KEY$|^JWT_(?:SECRET|SIGNING)_KEY$/
const placeholder = /^$|change|your|secret|insecure|example|replace|generate|xxx|^<.*>$|\.\.\./i

/** The example's text with a random value for each signing key that is empty or a placeholder. Everything else stays as it is. */
export function fillSecrets(example: string, reader: DotenvReader): string {
  let text = example
  for (const { key, value } of parseDotenv(example, reader)) {
    if (!signingKey.test(key) || !placeholder.test(value)) continue
    const edit = setDotenvValue(text, key, randomBytes(32).toString('base64url'), reader)
    if (edit.kind === 'changed') text = edit.text
  }
  return text
}
