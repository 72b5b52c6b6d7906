import { inFile } from '../../facts/dotenv-survey.ts'
import { setDotenvValue } from '../../plan/dotenv-edit.ts'
import type { Evidence } from '../../checks/evidence.ts'
import { edited, noFix, type Action, type Fix, type NoFix, type FixFacts } from '../step.ts'
import { appended, assignmentsOf, spliced, type Assignment, type Span } from './python-text.ts'

/** An assignment of the settings, with the file that it stands in. */
export interface FoundAssignment extends Assignment {
  readonly file: string
  readonly text: string
  /** The value as it is written. */
  readonly value: string
}

/** The assignments to a setting; those of the settings module itself first, since they win over what it imports. */
export function settingsAssignments({ checkout }: Evidence, { texts }: FixFacts, name: string): FoundAssignment[] {
  return (checkout?.project.settingsFiles ?? []).flatMap((file) => {
    const text = texts.get(file)
    if (text === undefined) return []
    return assignmentsOf(text, name).map((found) => ({ ...found, file, text, value: text.slice(found.span.start, found.span.end) }))
  })
}

/** The assignment that counts: the last one of the module that wins. */
export function winningAssignment(evidence: Evidence, facts: FixFacts, name: string): FoundAssignment | undefined {
  const all = settingsAssignments(evidence, facts, name)
  return all.findLast(({ file }) => file === all[0]?.file)
}

/** Part of the settings becomes something else: the value of the assignment unless another one is named. */
export function replaced(
  { file, text, span }: Pick<FoundAssignment, 'file' | 'text' | 'span'>,
  by: string,
  part: Span = span,
): Fix | NoFix {
  return editedPython(file, text, spliced(text, part, by))
}

/** A file of the settings gets another text. */
export function editedPython(file: string, before: string, after: string): Fix | NoFix {
  return edited({ kind: 'edit', file, before, after, language: 'python' })
}

/** The settings module itself gets lines at its end. */
export function appendedTo({ checkout }: Evidence, { texts }: FixFacts, lines: readonly string[]): Fix | NoFix {
  const file = checkout?.project.settingsFiles[0]
  const text = file === undefined ? undefined : texts.get(file)
  return file === undefined || text === undefined ? noFix("the settings can't be read") : editedPython(file, text, appended(text, lines))
}

/** Where a variable comes from: the shell wins over `.env`, which a project without a reader doesn't read. */
export function sourceOf(evidence: Evidence, name: string): 'shell' | 'file' | 'neither' | 'no-reader' {
  if (evidence.env[name] !== undefined) return 'shell'
  if (evidence.checkout?.project.dotenvReader === undefined) return 'no-reader'
  return inFile(evidence, name) === undefined ? 'neither' : 'file'
}

/** Sets keys of the project's `.env`; a file that isn't there is made. */
export function editDotenv(
  { dotenv, checkout }: Pick<Evidence, 'dotenv' | 'checkout'>,
  pairs: readonly (readonly [string, string])[],
): Action | NoFix {
  const reader = checkout?.project.dotenvReader ?? dotenv?.reader ?? 'decouple'
  if (dotenv === undefined || dotenv.fact.kind === 'unreadable') return noFix(`${dotenv?.shown ?? '.env'} can't be read`)
  const before = dotenv.fact.kind === 'present' ? dotenv.fact.text : undefined
  let after = before ?? ''
  for (const [key, value] of pairs) {
    const edit = setDotenvValue(after, key, value, reader)
    if (edit.kind === 'refused') return noFix(`${dotenv.shown} is left alone: ${edit.reason}`)
    if (edit.kind === 'changed') after = edit.text
  }
  return after === before
    ? noFix(`${dotenv.shown} says so already`)
    : { kind: 'edit', file: dotenv.fact.path, before, after, language: 'dotenv' }
}
