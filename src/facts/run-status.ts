import * as v from 'valibot'

/** How a running stack stands, as it goes through the state file and the control socket. What is not known is null. */
const text = v.nullable(v.string())
const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** What has this number could be signalled: never 0, 1 or a negative one, which mean whole groups, init or everybody. */
export const pidSchema = v.pipe(v.number(), v.integer(), v.minValue(2))

const serviceStatusSchema = v.object({
  name: v.string(),
  kind: v.picklist(['backend', 'frontend', 'redis', 'database', 'service']),
  state: v.picklist(['waiting', 'starting', 'ready', 'restarting', 'failed', 'done', 'stopped']),
  pid: v.nullable(pidSchema),
  url: text,
  restarts: count,
  why: text,
})

const socketStatusSchema = v.object({
  url: v.string(),
  /** As the events of `start --json` say it. */
  state: v.picklist(['connected', 'wants-token', 'refused', 'not-connected']),
  handshakeMs: v.nullable(v.number()),
  pongMs: v.nullable(v.number()),
  broadcast: v.nullable(v.object({ sent: count, received: count })),
  /** The cause where it isn't connected. */
  cause: v.nullable(v.object({ id: v.string(), title: v.string(), remedy: v.string() })),
})

export const runStatusSchema = v.object({
  services: v.array(serviceStatusSchema),
  /** null until it was tried. */
  websocket: v.nullable(socketStatusSchema),
  /** Sockets of others than the launcher; null where nobody tells. */
  openSockets: v.nullable(count),
  lastError: text,
  page: text,
})

/** How a run serves its backend: for who looks at the project beside it. It may hold secrets, and is never written down. */
export const runMeansSchema = v.object({
  /** The environment of everything that runs in the backend. */
  env: v.record(v.string(), v.string()),
  /** What the command line of the run and its variables say, under the names of the keys. */
  flags: v.record(v.string(), v.unknown()),
})

/** What is wrong with the page of a run: a cause with what was seen of it. */
export const pageCauseSchema = v.object({
  id: v.string(),
  title: v.string(),
  evidence: v.array(v.string()),
  remedy: v.object({ text: v.string(), commands: v.array(v.array(v.string())), automatic: v.picklist(['yes', 'ask', 'no']) }),
})

export type PageCause = v.InferOutput<typeof pageCauseSchema>
export type RunMeans = v.InferOutput<typeof runMeansSchema>

export type RunStatus = v.InferOutput<typeof runStatusSchema>
export type SocketStatus = v.InferOutput<typeof socketStatusSchema>

/** True where all that was started is there and the WebSocket is proven. */
export function isSound(status: RunStatus): boolean {
  return status.websocket?.state === 'connected' && status.services.every(({ state }) => state === 'ready' || state === 'done')
}
