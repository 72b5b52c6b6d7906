import { checkOf, checksFailed, checksIn, type ChecksFailed } from '../facts/system-checks.ts'
import { missing } from './common-causes.ts'
import { diagnosis, withSeen, type Diagnosis } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'

/** Why runserver or migrate refused to run, as its output has it. Pure. */
export function judgeCheckLog(lines: readonly string[]): Diagnosis | undefined {
  return named(checksFailed(checksIn(lines)))
}

/**
 * What keeps a project from being served by runserver, where that is its server:
 * the daphne app is there for it, or one lives with nothing listening. Other
 * servers don't run the checks. Tables that are missing can't be made either. Pure.
 */
export function judgeChecks(evidence: Evidence): Diagnosis | undefined {
  const { examination, launched, servers } = evidence
  // what was launched says by itself whether it is this that it has ended of
  if (launched?.end !== undefined) return undefined
  const deaf = servers.ofProject.some(({ command, listens }) => command?.program === 'runserver' && listens.length === 0)
  const hasDaphneApp = examination?.get('settings')?.daphne_app !== 'absent'
  const isUnmade = examination?.get('database')?.state === 'empty' || (examination?.get('migrations')?.pending ?? []).length > 0
  return deaf || hasDaphneApp || isUnmade ? judgeChecksNoted(evidence) : undefined
}

/** What keeps the tables that a consumer asks for from being made. Pure. */
export function judgeChecksOfTables(evidence: Evidence): Diagnosis | undefined {
  const consumer = evidence.examination?.get('consumer')
  const said = `${consumer?.database_error ?? ''} ${consumer?.raised?.message ?? ''}`
  const found = /no such table|relation ".*" does not exist|Table '.*' doesn't exist/.test(said) ? judgeChecksNoted(evidence) : undefined
  return found && withSeen(found, `The consumer met ${said.trim()}: migrate would refuse to create the tables`)
}

/** What is worth a word where the socket works all the same: an ASGI server doesn't run the checks. Pure. */
export function judgeChecksNoted({ examination }: Evidence): Diagnosis | undefined {
  return named(checksFailed((examination?.get('checks')?.failed ?? []).map((text) => checkOf(text))))
}

function named(failed: ChecksFailed | undefined): Diagnosis | undefined {
  if (failed === undefined) return undefined
  const { title, evidence, remedy, wantsPillow } = failed
  return wantsPillow ? missing('PIL', evidence) : diagnosis('system-check-failed', title, evidence, remedy)
}
