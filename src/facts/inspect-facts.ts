import * as v from 'valibot'

const text = v.nullish(v.string())

/** One Redis server as the settings' channel layer names it. */
const layerHost = v.object({
  host: v.nullish(v.string(), 'localhost'),
  port: v.nullish(v.union([v.number(), v.string()]), 6379),
  db: v.nullish(v.union([v.number(), v.string()]), 0),
  tls: v.nullish(v.boolean(), false),
})

/** The lines that inspect.py prints, by their `fact`. What doesn't fit is dropped: a probe never throws. */
const factSchema = v.variant('fact', [
  v.object({ fact: v.literal('start'), python: v.string() }),
  v.object({
    fact: v.literal('settings'),
    django: v.string(),
    debug: v.boolean(),
    asgi_application: text,
    layer_backend: text,
    layer_hosts: v.array(layerHost),
  }),
  v.object({ fact: v.literal('folders'), missing: v.array(v.object({ folder: v.string(), handler: v.string() })) }),
  v.object({ fact: v.literal('database'), state: v.picklist(['none', 'empty', 'ready']), name: text }),
  v.object({ fact: v.literal('users'), model: text, active: v.number() }),
  v.object({ fact: v.literal('token'), token: text, user: text, why: text }),
  v.object({
    fact: v.literal('routes'),
    websocket: v.boolean(),
    middleware: v.array(v.string()),
    routes: v.array(v.object({ route: v.string(), consumer: v.string() })),
  }),
  v.object({ fact: v.literal('migrations'), pending: v.array(v.string()) }),
  v.object({ fact: v.literal('created'), user: v.string(), model: v.string(), superuser: v.boolean() }),
  v.object({ fact: v.literal('error'), stage: v.string(), type: v.string(), message: v.string(), file: text, line: v.nullish(v.number()) }),
  v.object({ fact: v.literal('end') }),
])

export type InspectFact = v.InferOutput<typeof factSchema>
export type FactName = InspectFact['fact']
export type FactOf<Name extends FactName> = Extract<InspectFact, { fact: Name }>

/** A line of inspect.py as a fact; undefined for anything else. */
export function parseFact(line: string): InspectFact | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return undefined
  }
  const result = v.safeParse(factSchema, parsed)
  return result.success ? result.output : undefined
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
export function servesPath(routes: readonly { route: string }[], path: string): boolean {
  const plain = plainPaths(routes)
  if (plain.includes(path)) return true
  return routes.some(({ route }) => {
    // a route inside another brings a ^ of its own, and a pattern without one is of the other kind
    const pattern = route.includes('^')
      ? `^${route
          .replace(/(?<![[\\])\^/g, '')
          .replaceAll('(?P<', '(?<')
          .replaceAll('\\Z', '$')
          .replace(/(?<!\?)<(?:\w+:)?\w+>/g, '[^/]+')}`
      : `^${route.replace(/<(?:\w+:)?\w+>/g, '[^/]+')}$`
    try {
      return new RegExp(pattern).test(path.replace(/^\//, ''))
    } catch {
      return false
    }
  })
}
