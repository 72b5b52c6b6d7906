import { raisedText } from '../facts/examination.ts'
import { isInMemory, isRedisLayer } from '../facts/redis-now.ts'
import { inFile } from '../facts/dotenv-survey.ts'
import { redisVariables } from '../facts/redis-endpoint.ts'
import { inItsPlace, overRedis, redisLayerMissing, wrongBackend } from './common-causes.ts'
import { all, diagnosis, orElse, type Diagnosis, type Found, type Seen } from './diagnosis.ts'
import { commandLine, listenerOf, named, pythonOf, type Evidence } from './evidence.ts'
import { judgeHidden, raisedLine } from './settings.ts'
import { judgeFallback } from './redis-layer.ts'

/** What is wrong with the channel layer's configuration. Pure. */
export function judgeLayer(evidence: Evidence): Diagnosis | undefined {
  const { examination } = evidence
  const settings = examination?.get('settings')
  if (settings === undefined) return undefined
  if (!settings.layers_set) return usesLayer(evidence) ? layerUnset(evidence) : undefined
  const error = examination?.errorOf('layer') ?? configError(evidence)
  if (error === undefined) return undefined
  const seen: Seen = [`Building the channel layer: ${raisedLine(error)}`]
  const hidden = judgeHidden(evidence, error, seen)
  if (hidden !== undefined) return hidden
  const text = raisedText(error)
  if (/InvalidChannelLayerError: Cannot import BACKEND/.test(text)) {
    const missing =
      settings.layer_backend?.startsWith('channels_redis.') === true &&
      evidence.choice?.environment?.packages.has('channels-redis') !== true
    return missing
      ? redisLayerMissing(seen, [[pythonOf(evidence), '-m', 'pip', 'install', 'channels-redis']])
      : wrongBackend(`CHANNEL_LAYERS names a BACKEND that doesn't exist: ${settings.layer_backend ?? ''}`, seen)
  }
  if (/InvalidChannelLayerError: BACKEND key not specified|No BACKEND/.test(text))
    return wrongBackend('CHANNEL_LAYERS names no BACKEND', seen)
  // urlsplit takes what stands before a bare # or / for host and port
  if (/could not be cast to integer value|Invalid IPv6 URL/.test(text)) {
    return diagnosis(
      'channel-layer-config-wrong',
      'A Redis URL in CHANNEL_LAYERS has characters that are not percent-encoded',
      seen,
      'Percent-encode the password in the URL (# is %23, / is %2F, @ is %40): urllib.parse.quote(PASSWORD, safe="").',
      [],
      'no',
    )
  }
  return diagnosis(
    'channel-layer-config-wrong',
    "CONFIG of CHANNEL_LAYERS isn't what the backend takes",
    seen,
    'Write "CONFIG": {"hosts": [(host, port)]}: a list, even for one.',
  )
}

/** A host that channels_redis takes at first and can't use: it shows when the first message is sent. */
function configError({ examination }: Evidence) {
  const error = examination?.errorOf('trip')
  if (error === undefined) return undefined
  return /^(?:TypeError|ValueError|AttributeError|KeyError)$/.test(error.type) && !/Decimal|serialize/.test(error.message)
    ? error
    : undefined
}

/** The project's consumers use groups: a layer that isn't there breaks them. */
function usesLayer({ examination }: Evidence): boolean {
  const broadcasts = examination?.get('broadcasts')
  const raised = examination?.get('consumer')?.raised?.message ?? ''
  return (broadcasts?.adds.length ?? 0) > 0 || (broadcasts?.sends.length ?? 0) > 0 || /NoneType.*group_/.test(raised)
}

function layerUnset({ examination }: Evidence): Diagnosis {
  const adds = examination?.get('broadcasts')?.adds[0]
  const raised = examination?.get('consumer')?.raised
  return diagnosis(
    'channel-layer-unset',
    "CHANNEL_LAYERS isn't set, but the consumers use it",
    [
      'The settings have no CHANNEL_LAYERS',
      ...(adds === undefined ? [] : [`${adds.file}:${adds.line} calls group_add`]),
      ...(raised === undefined || raised === null ? [] : [raisedLine(raised)]),
    ],
    'Set CHANNEL_LAYERS; in memory for one process.',
    [['election-dev', 'doctor', '--fix']],
  )
}

/** Several processes that don't share a layer: sockets are fine and broadcasts get lost. Pure. */
export function judgeInstances(evidence: Evidence): Found {
  const { examination, others } = evidence
  const settings = examination?.get('settings')
  const listener = listenerOf(evidence)
  const serving = evidence.servers.ofProject.filter(({ listens, unixSockets }) => listens.length > 0 || unixSockets.length > 0)
  const workers = (listener?.project === 'this' ? listener.command?.workers : undefined) ?? 1
  const instances = Math.max(others.length + 1, 1)
  if (isInMemory(settings?.layer_backend) && (workers > 1 || instances > 1)) {
    const seen =
      workers > 1 && listener !== undefined
        ? [`${named(listener)} has ${workers} workers: \`${commandLine(listener)}\``]
        : serving.length > 1
          ? serving.map((server) => `${named(server)} listens on ${server.listens.map(({ port }) => port).join(', ')}`)
          : [`${instances} instances were named`]
    return all(
      judgeFallback(evidence),
      orElse(
        diagnosis(
          'layer-inmemory-multi-instance',
          'More than one process serves, each with its own channel layer in memory',
          ['CHANNEL_LAYERS is InMemoryChannelLayer: a broadcast stays in the process that sent it', ...seen],
          'Run one process, or use Redis 5 or newer for the layer.',
          workers > 1 ? inItsPlace(evidence.wire.endpoint) : [],
        ),
        overRedis,
      ),
    )
  }
  return isRedisLayer(settings?.layer_backend) ? judgeSplit(evidence) : undefined
}

/** What sends from a process of its own, a task of a worker or a management command, over a layer that no other process sees. Pure. */
export function judgeWorkers({ examination }: Evidence): Diagnosis | undefined {
  const sends = (examination?.get('broadcasts')?.sends ?? []).filter(({ by }) => typeof by === 'string')
  if (sends.length === 0 || !isInMemory(examination?.get('settings')?.layer_backend)) return undefined
  const [first = '', ...rest] = sends.slice(0, 5).map(({ file, line, by }) => {
    const whose = by === 'command' ? 'a management command' : `a task of ${by ?? ''}, which a worker runs`
    return `${file}:${line} sends to a group in ${whose}: a separate process`
  })
  const unshared = diagnosis(
    'layer-inmemory-multi-instance',
    'What a worker or a management command sends reaches no page: each process has its own in-memory channel layer',
    [first, ...rest, 'CHANNEL_LAYERS is InMemoryChannelLayer: a broadcast stays in the process that sent it'],
    'Use Redis 5 or newer for the layer.',
  )
  return orElse(unshared, overRedis)
}

/** The servers of the project have different Redis servers or databases in their environments. */
function judgeSplit(evidence: Evidence): Diagnosis | undefined {
  const readable = evidence.servers.ofProject.filter(({ env, listens }) => env !== undefined && listens.length > 0)
  for (const name of redisVariables) {
    if (name === 'REDIS_PASSWORD' || name === 'REDIS_USERNAME') continue
    const otherwise = valueWithout(evidence, name)
    const values = readable.map(({ env }) => env?.[name])
    if (new Set(values.map((value) => value ?? otherwise)).size < 2) continue
    const shown = (value: string | undefined) =>
      value === undefined
        ? `not set${otherwise === undefined || name === 'REDIS_URL' ? '' : `, so ${otherwise}`}`
        : name === 'REDIS_URL'
          ? value.replace(/\/\/.*@/, '//***@')
          : value
    const lines = readable.map(
      (server, index) => `${named(server)} on port ${server.listens[0]?.port ?? '?'}: ${name} ${shown(values[index])}`,
    )
    const [first = '', ...rest] = lines
    return diagnosis(
      'layer-split',
      'The instances use different Redis servers or databases: broadcasts do not cross',
      [first, ...rest],
      'Give all of them the same host, port, database and prefix.',
    )
  }
  return undefined
}

/** What the settings have where the shell doesn't set the variable: the value of `.env`, or the one that our own import came to. */
function valueWithout(evidence: Evidence, name: (typeof redisVariables)[number]): string | undefined {
  const file = inFile(evidence, name)
  if (file !== undefined || evidence.env[name] !== undefined) return file?.value
  const [first] = evidence.examination?.get('settings')?.layer_hosts ?? []
  const known = { REDIS_HOST: first?.host, REDIS_PORT: first?.port, REDIS_DB: first?.db }
  const value = name === 'REDIS_HOST' || name === 'REDIS_PORT' || name === 'REDIS_DB' ? known[name] : undefined
  return value === undefined ? undefined : String(value)
}
