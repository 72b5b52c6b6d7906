import { attempt } from '../errors.ts'
import type { Examination } from '../facts/examination.ts'
import type { WantedRow } from '../facts/examine.ts'
import { routeAt } from '../facts/routes.ts'

/** What decides about a row that is wanted. */
interface Wanting {
  readonly examination: Pick<Examination, 'get'> | undefined
  readonly wire: { readonly endpoint: { readonly path: string } }
}

/**
 * The row that a WebSocket's path is for, of an empty table in a database of this machine: one that is called as the
 * path says, or any, where that is made up. Nothing where its model isn't known, or the database counts the keys. Pure.
 */
export function wantedRow({ examination, wire }: Wanting): WantedRow | undefined {
  const { path } = wire.endpoint
  const database = examination?.get('database')
  const route = routeAt(examination?.get('application')?.routes, path)
  const [unknown, ...more] = (route?.unfilled ?? []).filter(({ model }) => typeof model === 'string')
  if (database?.state !== 'ready' || typeof database.elsewhere === 'string' || more.length > 0) return undefined
  const { model, field, fixed, value: madeUp } = unknown ?? {}
  if (typeof model !== 'string' || typeof route?.sample !== 'string' || fixed === undefined) return undefined
  const isNamed = typeof field === 'string' && typeof madeUp === 'string'
  if (route.sample === path) return { model, fixed, ...(isNamed ? { field, value: madeUp } : {}) }
  const place = route.sample.split('/').findIndex((part) => plainPart(part) === madeUp)
  const value = plainPart(path.split('/')[place] ?? '')
  return isNamed && value !== '' ? { model, fixed, field, value } : undefined
}

/** A segment of a path as the application gets it. */
export function plainPart(part: string): string {
  return attempt(() => decodeURIComponent(part)) ?? part
}
