import { editDistance } from '../plan/edit-distance.ts'
import { causes, type CauseId } from '../causes/causes.ts'

/** The ids that a mistyped one may stand for, nearest first: up to three, none where all are far off. */
export function nearestIds(text: string): CauseId[] {
  const limit = Math.max(2, Math.floor(text.length / 3))
  const near = causes
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
