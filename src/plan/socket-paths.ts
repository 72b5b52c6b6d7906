import type { ExaminationOf, RouteFact } from '../facts/examination.ts'
import { hole, type FileSpeech } from '../facts/page-paths.ts'
import { usualPath } from '../facts/project.ts'
import { plainPath, serves } from '../facts/routes.ts'

/** A WebSocket of the application, and the path that it is proven at. */
export interface SocketPath {
  /** Undefined where none could be made. */
  readonly path: string | undefined
  /** As the application has it; undefined where it was not read, and the path comes from the page or from nowhere. */
  readonly route: RouteFact | undefined
  /** Parameters whose value was made up: what the application makes of it nobody can know. */
  readonly madeUp: readonly string[]
}

/**
 * Every WebSocket of the application, the one to be proven first before the
 * others: the usual one, what a page names, routes without parameters, those
 * that rows fill, those whose values are made up. Pure.
 */
export function socketPaths(application: ExaminationOf<'application'> | undefined, said: Pick<FileSpeech, 'paths'>): SocketPath[] {
  const routes = application?.routes ?? []
  const ranked = routes.map((route) => rankedPath(route, said.paths))
  // what a page names is there, where the routes can't be read
  const isUnread = application === undefined || application.unread === true
  for (const { path, isSocket } of isUnread ? said.paths : [])
    if (isSocket && isConcrete(path) && !routes.some((route) => serves(route, path) === true))
      ranked.push({ path, route: undefined, madeUp: [], rank: 1 })
  if (ranked.length === 0) ranked.push({ path: usualPath, route: undefined, madeUp: [], rank: 1 })
  const seen = new Set<string>()
  return ranked
    .toSorted((a, b) => a.rank - b.rank)
    .filter(({ path }) => path === undefined || (!seen.has(path) && seen.add(path) !== undefined))
    .map(({ path, route, madeUp }) => ({ path, route, madeUp }))
}

type Ranked = SocketPath & { readonly rank: number }

function rankedPath(route: RouteFact, paths: FileSpeech['paths']): Ranked {
  const ofPage = namedBy(route, paths)
  const plain = plainPath(route)
  if (plain !== undefined) return { path: plain, route, madeUp: [], rank: plain === usualPath ? 0 : ofPage === undefined ? 2 : 1 }
  if (ofPage !== undefined) return { path: ofPage, route, madeUp: [], rank: ofPage === usualPath ? 0 : 1 }
  if (serves(route, usualPath) === true && route.pattern === '') return { path: usualPath, route, madeUp: [], rank: 0 }
  const madeUp = (route.unfilled ?? []).map(({ name }) => name)
  if (typeof route.sample !== 'string') return { path: undefined, route, madeUp, rank: 6 }
  if (madeUp.length === 0) return { path: route.sample, route, madeUp, rank: 3 }
  const rank = route.looks_up === true ? 5 : 4
  const fits = ({ path }: Ranked) => path !== undefined && serves(route, path) !== false
  const aligned = paths.flatMap(({ path }) => {
    const whole = alignedWith(path, route.sample ?? '')
    return whole === undefined ? [] : [{ path: whole, route, madeUp, rank }]
  })
  return aligned.find(fits) ?? { path: route.sample, route, madeUp, rank }
}

/** A path that a page names for a route, whole as it is. One that takes nearly anything is meant only by a WebSocket's own URL. */
function namedBy(route: RouteFact, paths: FileSpeech['paths']): string | undefined {
  const isSpecific = /^[\w-]+\//.test((route.pattern ?? route.route).replace(/^\^/, ''))
  const fitting = paths.filter(({ path }) => isConcrete(path) && serves(route, path) === true)
  return (fitting.find(({ isSocket }) => isSocket) ?? (isSpecific ? fitting[0] : undefined))?.path
}

/** Whether a page that names a path, whole or with values put in, means this one. Pure. */
export function isNamedBy({ path }: Pick<FileSpeech['paths'][number], 'path'>, whole: string): boolean {
  return path === whole || alignedWith(path, whole) === whole
}

/** The sockets of a page that no route of the application takes, whatever the values are that it puts in; none where not all of the routes were read. Pure. */
export function strayPaths(
  application: ExaminationOf<'application'> | undefined,
  { paths }: Pick<FileSpeech, 'paths'>,
): FileSpeech['paths'] {
  const routes = application?.routes ?? []
  if (application?.unread === true || routes.length === 0) return []
  return paths.filter((named) => named.isSocket && named.isForeign !== true && !routes.some((route) => mayTake(route, named)))
}

/** Whether a route may take what a page names: a value that is put in may be a word as well as a number. */
function mayTake(route: RouteFact, named: FileSpeech['paths'][number]): boolean {
  const values = ['a', '1'].map((value) => named.path.replaceAll(hole, value))
  return isNamedBy(named, route.sample ?? '') || values.some((path) => serves(route, path) !== false)
}

/** The parts that a page has written, and those of the sample where it puts in a value. */
function alignedWith(path: string, sample: string): string | undefined {
  const [written, made] = [path.split('/'), sample.split('/')]
  if (written.length !== made.length || isConcrete(path)) return undefined
  return written.map((part, index) => (part.includes(hole) ? (made[index] ?? '') : part)).join('/')
}

function isConcrete(path: string): boolean {
  return !path.includes(hole)
}
