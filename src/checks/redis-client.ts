import type { ExaminationOf } from '../facts/examination.ts'
import { endsIdle } from '../facts/layer-redis.ts'
import { diagnosis, type Commands, type Diagnosis, type Seen } from './diagnosis.ts'
import { pythonOf, type Evidence } from './evidence.ts'

/** redis-py 8 ends a read after 5 s where nothing else is said (redis/redis-py#4091); every version before it reads for ever. */
const [firstMajor, itsLimit] = [8, 5]

/** The client of Redis gives up before the layer does. `seen`: how that was seen. */
export function clientTimeout(seen: Seen, commands: Commands): Diagnosis {
  return diagnosis(
    'redis-client-timeout',
    'Every idle WebSocket ends after a few seconds: the Redis client stops reading while the channel layer still waits for a message',
    seen,
    'Give each of the hosts in CHANNEL_LAYERS "socket_timeout": None; or use redis-py below 8, which has no such limit, and write redis<8 into the requirements.',
    commands,
  )
}

/** From versions and configuration, before it has struck. `python`: the interpreter that has the packages, as it is typed. Pure. */
export function judgeReadLimit(
  layer: ExaminationOf<'layer'> | undefined,
  python: string,
  packages: ReadonlyMap<string, string | undefined> | undefined,
): Diagnosis | undefined {
  const { read_limit: limit, waits } = layer ?? {}
  if (!endsIdle(layer) || typeof limit !== 'number' || typeof waits !== 'number') return undefined
  const versions = ['redis', 'channels-redis'].flatMap((name) => {
    const version = packages?.get(name)
    return version === undefined ? [] : [`${name} ${version}`]
  })
  const major = Number.parseInt(packages?.get('redis') ?? '', 10)
  return clientTimeout(
    [
      `The layer's connection to Redis stops reading after ${limit} s (socket_timeout), and the layer waits ${waits === 0 ? 'for ever' : `${waits} s`} in one read (BZPOPMIN)`,
      ...(versions.length === 0 ? [] : [`${python} has ${versions.join(' and ')}`]),
    ],
    major >= firstMajor && limit === itsLimit ? [['python', '-m', 'pip', 'install', 'redis<8']] : [],
  )
}

const judgeLimit = (evidence: Evidence): Diagnosis | undefined =>
  judgeReadLimit(evidence.examination?.get('layer'), pythonOf(evidence), evidence.choice?.environment?.packages)

/** The server is a run's of ours, whose own sockets are idle. */
const isRuns = ({ launched, isOfRun }: Evidence): boolean => launched !== undefined || isOfRun === true

/** Nothing serves yet, or what a run has launched does: its sockets are going to end. Pure. */
export function judgeClientLimit(evidence: Evidence): Diagnosis | undefined {
  return evidence.wire.handshake?.result !== 'open' || isRuns(evidence) ? judgeLimit(evidence) : undefined
}

/** A socket that ended when the limit was over. Pure. */
export function judgeClientStruck(evidence: Evidence): Diagnosis | undefined {
  const limit = evidence.examination?.get('layer')?.read_limit
  const { close } = evidence.wire.session ?? {}
  // daphne looks for what has ended once a second
  if (close === undefined || typeof limit !== 'number' || close.afterMs < limit * 1000 || close.afterMs > (limit + 2) * 1000)
    return undefined
  return judgeLimit(evidence)
}

/** Beside a socket that lives and was there before us: it may be one that is never idle. Pure. */
export function judgeClientNote(evidence: Evidence): Diagnosis | undefined {
  return evidence.wire.handshake?.result === 'open' && !isRuns(evidence) ? judgeLimit(evidence) : undefined
}
