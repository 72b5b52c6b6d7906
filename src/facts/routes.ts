import { attempt } from '../errors.ts'

/** A WebSocket route, with a path that it takes where one could be made. */
interface Route {
  readonly route: string
  readonly sample?: string | null | undefined
}

/**
 * The paths of the WebSocket routes that are plain, as a URL has them:
 * `^ws/election-updates/$` and `ws/election-updates/` are `/ws/election-updates/`.
 * A route with a parameter has no path of its own and is left out.
 */
export function plainPaths(routes: readonly { route: string }[]): string[] {
  return routes.flatMap(({ route }) => {
    const plain = route
      .replaceAll('^', '')
      .replace(/(?:\$|\\Z|\\z)+$/, '')
      .replaceAll('\\.', '.')
      .replaceAll('\\-', '-')
      .replaceAll('\\/', '/')
      .replace(/\/\?$/, '/')
    return /[<>()[\]?*+|\\{}]/.test(plain) ? [] : [`/${plain.replace(/^\/+/, '')}`]
  })
}

/** True where one of the routes serves the path. A pattern that JavaScript can't read counts as not serving it. */
export function servesPath(routes: readonly Route[], path: string): boolean {
  const plain = plainPaths(routes)
  if (plain.includes(path) || routes.some(({ sample }) => sample === path)) return true
  return routes.some(({ route }) => {
    // a route inside another brings a ^ of its own, and a pattern without one is of the other kind
    const pattern = route.includes('^')
      ? `^${route
          .replace(/(?<![[\\])\^/g, '')
          .replaceAll('(?P<', '(?<')
          .replaceAll('\\Z', '$')
          .replace(/(?<!\?)<(?:\w+:)?\w+>/g, '[^/]+')}`
      : `^${route.replace(/<(?:\w+:)?\w+>/g, '[^/]+')}$`
    return attempt(() => new RegExp(pattern).test(path.replace(/^\//, ''))) === true
  })
}
