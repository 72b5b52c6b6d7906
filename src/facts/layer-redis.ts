import type { ExaminationOf, LayerHost } from './examination.ts'
import type { RedisEndpoint, RedisEndpointFact } from './redis-endpoint.ts'
import { deadline } from '../host/deadline.ts'
import { probeNow } from './redis-now.ts'
import { refusalsOfLogin } from './redis-refusal.ts'
import type { RedisFact } from './redis.ts'

/**
 * Whether every socket ends that gets no message over Redis for a while: the
 * client stops reading in the midst of the layer's own wait. channels_redis up
 * to 4.3 doesn't expect that (django/channels_redis#422).
 */
export function endsIdle(layer: ExaminationOf<'layer'> | undefined): boolean {
  const { read_limit: limit, waits } = layer ?? {}
  return typeof limit === 'number' && typeof waits === 'number' && (waits === 0 || limit <= waits)
}

/** How long the sentinels are asked, in milliseconds. */
const sentinelMs = 800

/**
 * Where the first host of the settings' layer is: its socket, the master that its
 * sentinels name, or host and port. Undefined where the settings name none, or no
 * sentinel tells. A password is the variables', where the settings hand one on at all.
 */
export async function layerEndpoint(settings: ExaminationOf<'settings'>, known: RedisEndpointFact): Promise<RedisEndpoint | undefined> {
  const [first] = settings.layer_hosts
  if (first === undefined) return undefined
  const { host, port } = first.sentinels === undefined ? { host: first.host, port: Number(first.port) } : ((await masterOf(first)) ?? {})
  const db = Number(first.db)
  if (host === undefined || !Number.isInteger(port) || !Number.isInteger(db)) return undefined
  const { username, password } = known.kind === 'endpoint' && first.password ? known.endpoint : {}
  return {
    host,
    port: port ?? 0,
    db,
    tls: first.tls,
    source: 'CHANNEL_LAYERS',
    ...(first.socket === undefined ? {} : { socketPath: first.socket }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  }
}

/** The Redis of the settings' layer, probed; undefined where it can't be told: which one it is, or what only its own password would show. */
export async function layerRedis(
  settings: ExaminationOf<'settings'>,
  known: RedisEndpointFact,
  protocol: 2 | 3,
): Promise<RedisFact | undefined> {
  const endpoint = await layerEndpoint(settings, known)
  if (endpoint === undefined) return undefined
  const fact = await probeNow(endpoint, protocol)
  const isUnknown = settings.layer_hosts[0]?.password === true && endpoint.password === undefined
  return isUnknown && !fact.usable && refusalsOfLogin.has(fact.id) ? undefined : fact
}

/** A host of the layer for people: `localhost:6379`, a socket's path, the master's name. */
export function showLayerHost({ host, port, socket, sentinels, master }: LayerHost): string {
  if (sentinels !== undefined) return `the master ${master ?? ''} of ${sentinels.map((each) => `${each.host}:${each.port}`).join(', ')}`
  return socket ?? `${host}:${port}`
}

/** The master, as the first sentinel that knows it tells (redis.io/docs/latest/develop/reference/sentinel-clients). */
async function masterOf({ sentinels = [], master }: LayerHost): Promise<{ host: string; port: number } | undefined> {
  const { openConnection } = await import('./redis-connection.ts')
  const connections = sentinels.map(({ host, port }) =>
    openConnection({ host, port: Number(port), db: 0, tls: false, source: 'CHANNEL_LAYERS' }, false),
  )
  const quit = deadline(sentinelMs, () => {
    for (const connection of connections) connection.close()
  })
  try {
    const answers = connections.map(async (connection) => {
      const answer = (await connection.connect()) ? await connection.ask('SENTINEL', 'get-master-addr-by-name', master ?? '') : undefined
      const [, host, port] = /^(\S+) (\d+)$/.exec(answer?.isError === false ? answer.text : '') ?? []
      return host === undefined ? undefined : { host, port: Number(port) }
    })
    return (await Promise.all(answers)).find((found) => found !== undefined)
  } finally {
    quit()
    for (const connection of connections) connection.close()
  }
}
