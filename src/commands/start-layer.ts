import { LauncherError } from '../errors.ts'
import type { Checkout } from '../facts/checkout.ts'
import { shown } from '../facts/project.ts'
import type { RedisNow } from '../facts/redis-now.ts'
import { decideLayerOf, type LayerDecision } from '../plan/channel-layer.ts'
import type { SetupRun } from './start-setup.ts'

/**
 * Decides about the channel layer, with Redis asked where it is wanted. One that
 * is wanted and can't be used is told with the cause that the doctor names.
 * Throws LauncherError where the run must not go on without it.
 */
export async function layerOf(run: SetupRun, checkout: Checkout, redis: () => Promise<RedisNow>): Promise<LayerDecision> {
  const { host, config, report } = run
  const { layerVariable, wish } = checkout
  const { channelLayer, instances } = config
  const wanted = channelLayer === 'redis' || (channelLayer === 'auto' && (instances > 1 || (wish.kind === 'set' && wish.redis)))
  const now = wanted && layerVariable !== undefined ? await redis() : undefined
  const decision = decideLayerOf(config, checkout, now, instances)
  const { error, warning } = decision
  const told = error ?? warning
  if (told === undefined) return decision
  const cause = now === undefined ? undefined : await (await import('../look/files.ts')).layerCause(host, config, checkout, now)
  if (error !== undefined) {
    throw new LauncherError(cause?.id ?? error.id, cause?.title ?? error.text, {
      evidence: [
        ...(cause?.evidence ?? []),
        ...(instances > 1 ? [`${instances} instances, because of ${config.source('instances')}`] : []),
      ],
      hint: instances > 1 ? (await import('./start-settings.ts')).sharedLayerHint(instances) : (cause?.remedy.text ?? noChoiceHint),
      ...(instances > 1 || layerVariable === undefined
        ? {}
        : { commands: [(await import('../config/again.ts')).startAgain(config, '--channel-layer', 'memory')] }),
    })
  }
  report({
    event: 'warning',
    id: cause?.id ?? told.id,
    text: `${cause === undefined ? '' : `${cause.title}: `}${told.text}. Using the in-memory layer; .env is left as it is`,
  })
  return decision
}

const noChoiceHint =
  'Let the settings read USE_REDIS_FOR_CHANNELS, or name the variable that they read: "channelLayerVariable" in election-dev.config.json.'

/** Writes the choice into `.env` where one is to be written. A file that can't be changed is no reason to end: the server has the choice in its environment. */
export async function writeLayer({ report }: SetupRun, checkout: Checkout, { write, environment }: LayerDecision): Promise<void> {
  // a file that nothing reads is none to make: the server has the choice in its environment
  if (write === undefined || (checkout.dotenv.kind === 'absent' && checkout.project.dotenvReader === undefined)) return
  const choice = `${write.key}=${write.value}`
  try {
    const { writeLayerChoice } = await import('../run/layer-choice.ts')
    if (await writeLayerChoice(checkout, write))
      report({ event: 'note', text: `${choice} written to ${shown(checkout.project, checkout.project.dotenv)}` })
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    const { code, message, hint } = error
    const given = Object.entries(environment).map(([key, value]) => `${key}=${value}`)
    report({
      event: 'warning',
      id: code,
      text: `${message}. The server gets ${given.join(', ')} in its environment${hint === undefined ? '' : `. ${hint}`}`,
    })
  }
}
