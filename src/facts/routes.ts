import { matches } from '../host/bounded-match.ts'

/** A WebSocket route, with its regular expression and a path that it takes where one could be made. */
interface Route {
  readonly route: string
  readonly pattern?: string | null | undefined
  readonly sample?: string | null | undefined
}

/**
 * The path of a WebSocket route that is plain, as a URL has it:
 * `^ws/election-updates/$` and `ws/election-updates/` are `/ws/election-updates/`.
 * A route with a parameter has no path of its own.
 */
export function plainPath({ route }: Pick<Route, 'route'>): string | undefined {
  const plain = route
    .replaceAll('^', '')
    .replace(/(?:\$|\\Z|\\z)+$/, '')
    .replaceAll('\\.', '.')
    .replaceAll('\\-', '-')
    .replaceAll('\\/', '/')
    .replace(/\/\?$/, '/')
  return /[<>()[\]?*+|\\{}]/.test(plain) ? undefined : `/${plain.replace(/^\/+/, '')}`
}

/** The paths of those of the routes that are plain. */
export function plainPaths(routes: readonly Pick<Route, 'route'>[]): string[] {
  return routes.flatMap((route) => plainPath(route) ?? [])
}

/** As the application gets a path: its server decodes it (ASGI, HTTP connection scope). */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Whether a route serves the path; undefined where JavaScript can't read its pattern, or it takes too long. */
export function serves(route: Route, path: string): boolean | undefined {
  if (plainPath(route) === path || route.sample === path) return true
  return matches(`^(?:${patternOf(route)})`, decoded(path).replace(/^\//, ''))
}

/** The first of the routes that serves the path, as far as JavaScript reads their patterns. */
export function routeAt<R extends Route>(routes: readonly R[] | undefined, path: string): R | undefined {
  return routes?.find((route) => serves(route, path) === true)
}

/** True where one of the routes does. */
export function servesPath(routes: readonly Route[], path: string): boolean {
  return routeAt(routes, path) !== undefined
}

/** The regular expression of Python in JavaScript's words: groups need no names, and nested routers may give two the same. */
function patternOf({ route, pattern }: Route): string {
  const source =
    typeof pattern === 'string'
      ? pattern
      : route.includes('^')
        ? // a route inside another brings a ^ of its own, and a pattern without one is of the other kind
          route.replace(/(?<![[\\])\^/g, '').replace(/(?<!\?P?)<(?:\w+:)?\w+>/g, '[^/]+')
        : `${route.replace(/<(?:\w+:)?\w+>/g, '[^/]+')}$`
  return source
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?<(?![=!])\w+>/g, '(')
    .replace(/\\[Zz]/g, '$')
}
