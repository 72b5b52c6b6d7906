import type { Config } from '../config/config.ts'
import type { ChannelLayerChoice } from '../config/schema.ts'
import type { Checkout } from '../facts/checkout.ts'
import { usabilityOf, type RedisNow, type RedisTrouble, type RedisUsability } from '../facts/redis-now.ts'
import type { LayerWish } from '../facts/variables.ts'

/** All that decides about the channel layer. */
export interface LayerInputs {
  /** `--channel-layer`. */
  readonly choice: ChannelLayerChoice
  readonly wish: LayerWish
  /** The variable that the project reads, or undefined where it reads none: nothing is written then. */
  readonly variable: string | undefined
  /** Undefined where Redis isn't wanted and nobody waited for it, and where it gave no answer in time. */
  readonly redis: RedisUsability | undefined
  readonly strict: boolean
  readonly instances: number
  /** Whether there is a `.env`, and whether it has the key. */
  readonly dotenv: 'absent' | 'without-key' | 'with-key' | 'unreadable'
}

export interface LayerDecision {
  /** `settings`: the project reads no variable, so its settings alone decide. */
  readonly layer: 'memory' | 'redis' | 'settings'
  /** For the child's environment, which wins over `.env`; undefined where there is nothing to say. */
  readonly environment: Readonly<Record<string, string>>
  /** What to write into `.env`, if anything. */
  readonly write: { readonly key: string; readonly value: 'True' | 'False' } | undefined
  /** An id and a sentence, where Redis was wanted and isn't used. */
  readonly warning: { readonly id: RedisTrouble | 'env-bool-typo'; readonly text: string } | undefined
  /** Set where the run must not go on. */
  readonly error:
    { readonly id: RedisTrouble | 'layer-inmemory-multi-instance' | 'channel-layer-not-chosen'; readonly text: string } | undefined
  readonly why: string
}

/** The decision for a checkout, with Redis as it is now where it was asked. Pure. */
export function decideLayerOf(config: Config, checkout: Checkout, redis: RedisNow | undefined, instances: number): LayerDecision {
  const { dotenv, layerVariable, wish } = checkout
  const hasKey = dotenv.kind === 'present' && dotenv.entries.some(({ key }) => key === layerVariable)
  return decideLayer({
    choice: config.channelLayer,
    wish,
    variable: layerVariable,
    redis: redis === undefined ? undefined : usabilityOf(redis),
    strict: config.strict,
    instances,
    dotenv: dotenv.kind === 'present' ? (hasKey ? 'with-key' : 'without-key') : dotenv.kind,
  })
}

/**
 * The decision table of the channel layer: in memory unless Redis is wanted;
 * wanted and usable → Redis; wanted and not usable → in memory with one warning,
 * `.env` left as it is, because the wish stands. With `--channel-layer redis`,
 * `--strict` or more than one instance, not usable is an error. Pure.
 */
export function decideLayer(inputs: LayerInputs): LayerDecision {
  const { choice, wish, variable, redis, strict, instances } = inputs
  if (variable === undefined) return settingsDecide(inputs)
  const chosen = (layer: 'memory' | 'redis', why: string): LayerDecision => ({
    ...undecided,
    layer,
    environment: { [variable]: layer === 'redis' ? 'True' : 'False' },
    why,
  })
  const written = (layer: 'memory' | 'redis', why: string): LayerDecision => ({
    ...chosen(layer, why),
    write: toWrite(inputs, variable, layer === 'redis' ? 'True' : 'False'),
  })
  if (choice === 'memory') {
    if (instances === 1) return written('memory', '--channel-layer memory')
    const text = `${instances} instances can't share a layer that is in the memory of one`
    return { ...chosen('memory', '--channel-layer memory'), error: { id: 'layer-inmemory-multi-instance', text } }
  }
  if (choice === 'auto' && instances === 1 && !(wish.kind === 'set' && wish.redis)) {
    const inMemory = written('memory', wish.kind === 'set' ? `${variable} is false in ${wish.source}` : 'Redis is not asked for')
    if (wish.kind !== 'typo') return inMemory
    const text = `${variable}=${wish.value} in ${wish.source} is neither true nor false: taken as False`
    return { ...inMemory, warning: { id: 'env-bool-typo', text } }
  }
  const asked =
    choice === 'redis'
      ? '--channel-layer redis'
      : instances > 1
        ? `${instances} instances need it`
        : `${variable} in ${wish.kind === 'set' ? wish.source : 'the environment'}`
  if (redis?.usable === true) return written('redis', asked)
  const id: RedisTrouble = redis?.id ?? 'redis-unresponsive'
  const trouble = { id, text: redis === undefined ? 'Redis gave no answer in time' : (redis.evidence[0] ?? id) }
  const must = choice === 'redis' || strict || instances > 1
  return must ? { ...chosen('redis', asked), error: trouble } : { ...chosen('memory', asked), warning: trouble }
}

/** Whether several instances can share what the settings give is told by the settings, which have to be asked. */
function settingsDecide({ choice, instances }: LayerInputs): LayerDecision {
  const isTold = choice === 'auto' || (choice === 'redis' && instances > 1)
  const text = `--channel-layer ${choice} has no effect: the settings read no variable that chooses the channel layer`
  return { ...undecided, error: isTold ? undefined : { id: 'channel-layer-not-chosen', text } }
}

/** What the settings alone decide. */
const undecided: LayerDecision = {
  layer: 'settings',
  environment: {},
  write: undefined,
  warning: undefined,
  error: undefined,
  why: 'the settings read no variable that chooses it',
}

/** An explicit flag, or a key missing from an existing `.env`, is written; a new `.env` only on an explicit flag. */
function toWrite({ choice, wish, dotenv }: LayerInputs, key: string, value: 'True' | 'False'): LayerDecision['write'] {
  if (dotenv === 'unreadable') return undefined
  if (choice !== 'auto') return { key, value }
  // a wish from the shell is for this shell: the file isn't made to repeat it
  return dotenv === 'without-key' && wish.kind === 'none' ? { key, value } : undefined
}
