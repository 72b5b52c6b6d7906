import type { Config } from '../config/config.ts'
import type { Checkout } from '../facts/checkout.ts'
import { parseDotenv } from '../facts/dotenv.ts'
import { dotenvSource, surveyDotenv } from '../facts/dotenv-survey.ts'
import { examine } from '../facts/examine.ts'
import { missingLogFolders } from '../facts/log-folders.ts'
import { readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { choosePython } from '../plan/environment.ts'
import { withKey, type GivenVariable } from '../plan/variable-values.ts'
import { unlikeExample, wantedVariables } from '../plan/variables.ts'
import { managedLook } from '../plan/way.ts'
import { gatherFixFacts } from './gather-facts.ts'
import type { SetupSeen } from './setup.ts'

/** How long a look at the project may take before its setup, in milliseconds. */
const lookMs = 60_000

/** What a setup is done with. */
export interface SetupHost {
  readonly host: Host
  readonly config: Config
  readonly signal: AbortSignal
}

/** Gathers what decides about the setup. `inside`: also by the project's own interpreter, which takes half a second. */
export async function lookForSetup({ host, config, signal }: SetupHost, checkout: Checkout, inside: boolean): Promise<SetupSeen> {
  const { project, requirements } = checkout
  const choice = choosePython(checkout.python, requirements?.names)
  const dotenv = await surveyDotenv(host, project)
  const gathered = await gatherFixFacts(host, { checkout, choice, dotenv, frontend: undefined, examination: undefined }, 'setup')
  const facts = { ...gathered, managed: config.managed }
  const unseen = { checkout, choice, dotenv, facts, examination: undefined, inspected: undefined }
  const source = dotenvSource(dotenv)
  const lacksDotenv = dotenv.fact.kind === 'absent'
  if (choice.kind !== 'ready' || !inside)
    return { ...unseen, missingFolders: await missingLogFolders(project), needsDotenv: lacksDotenv && source !== undefined }
  const managed = managedLook(host.env, config, project, choice.environment.python)
  const look = (more: Readonly<Record<string, string>>) =>
    examine(host, {
      ...managed,
      tell: ['settings', 'folders', 'database', 'users', 'migrations'],
      env: { ...more, ...managed.env },
      application: undefined,
      deadlineMs: lookMs,
      signal,
    }).ended
  const first = await look({})
  const isImported = first.errorOf('settings') === undefined && first.get('settings') !== undefined
  const wanted = wantedVariables({ checkout, dotenv, examination: first }, facts)
  const unlike = unlikeExample({ checkout, dotenv, examination: first }, facts)
  const failed = isImported && wanted === undefined && unlike === undefined ? undefined : first
  const needsDotenv = lacksDotenv && (!isImported || unlike !== undefined)
  // with the values that are to be written, or those of a file that was meant to be it, a project can be looked at before anything is
  const values =
    wanted !== undefined
      ? valuesToBe(wanted.placed.map(({ variable, value }) => [variable.name, value]))
      : needsDotenv && source !== undefined
        ? { ...(await valuesOf(checkout, source.path)), ...valuesToBe(unlike ?? []) }
        : undefined
  const seen = values === undefined ? first : await look(values)
  if (seen.get('settings') === undefined) return { ...unseen, missingFolders: [], examination: first, needsDotenv, failed }
  const database = seen.get('database')?.state ?? 'unknown'
  const users = seen.get('users')
  return {
    ...unseen,
    missingFolders: seen.get('folders')?.missing.map(({ folder }) => folder) ?? [],
    examination: seen,
    inspected: {
      database:
        database === 'ready' && (seen.get('migrations')?.pending ?? []).length > 0
          ? 'pending'
          : database === 'locked'
            ? 'unknown'
            : database,
      activeUsers: users?.model === null ? 'no-model' : users?.active,
      elsewhere: seen.get('database')?.elsewhere ?? undefined,
    },
    needsDotenv,
    failed,
  }
}

function valuesToBe(values: Iterable<readonly [string, GivenVariable['value']]>): Record<string, string> {
  return Object.fromEntries(
    [...values].map(([name, value]) => [name, typeof value === 'string' ? value : withKey(value, 'to-be-made'.padEnd(50, '0'))]),
  )
}

async function valuesOf({ project }: Checkout, file: string): Promise<Record<string, string>> {
  const entries = parseDotenv((await readText(file)) ?? '', project.dotenvReader ?? 'decouple')
  // an empty SECRET_KEY in the example is filled at the copy; Django refuses an empty one
  return Object.fromEntries(entries.map(({ key, value }) => [key, value === '' && /SECRET_KEY/.test(key) ? 'to-be-made' : value]))
}
