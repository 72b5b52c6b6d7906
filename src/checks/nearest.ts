import { vocabulary, type CauseId } from './vocabulary.ts'

/** The ids that a mistyped one may stand for, nearest first: up to three, none where all are far off. */
export function nearestIds(text: string): CauseId[] {
  const limit = Math.max(2, Math.floor(text.length / 3))
  const near = vocabulary
    .map(({ id }) => ({ id, distance: text.length >= 4 && id.includes(text) ? 0 : editDistance(text, id) }))
    .filter(({ distance }) => distance <= limit)
    .toSorted((a, b) => a.distance - b.distance)
  const [best] = near
  // next to a good match, a far one is noise
  return near
    .filter(({ distance }) => best !== undefined && distance <= best.distance + 1)
    .slice(0, 3)
    .map(({ id }) => id)
}

/** How many letters have to be put in, taken out or changed (Levenshtein). */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1]
    for (let column = 1; column <= to.length; column += 1) {
      const changed = (row[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
