import { backendCauses } from './vocabulary-backend.ts'
import type { Family, VocabularyEntry } from './vocabulary-entry.ts'
import { servingCauses } from './vocabulary-serving.ts'
import { socketCauses } from './vocabulary-socket.ts'
import { storesCauses } from './vocabulary-stores.ts'

export { families, type Family, type VocabularyEntry } from './vocabulary-entry.ts'

/** Every cause that a diagnosis or a finding may name, family by family. */
export const vocabulary = [
  ...servingCauses,
  ...backendCauses,
  ...socketCauses,
  ...storesCauses,
] as const satisfies readonly VocabularyEntry[]

/** The id of a cause. */
export type CauseId = (typeof vocabulary)[number]['id']

/** The ids of one family. */
export type IdsOfFamily<F extends Family> = Extract<(typeof vocabulary)[number], { family: F }>['id']

const entries: ReadonlyMap<string, VocabularyEntry> = new Map(vocabulary.map((entry) => [entry.id, entry]))

/** Whether the text is the id of a cause, letter by letter. */
export function isCauseId(text: string): text is CauseId {
  return entries.has(text)
}

/** What is known of a cause beforehand. */
export function entryOf(id: CauseId): VocabularyEntry {
  const entry = entries.get(id)
  if (entry === undefined) throw new Error(`No such cause: ${id}`)
  return entry
}
