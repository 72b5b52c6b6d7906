import type { Options } from '../config/flags.ts'
import type { Config } from '../config/config.ts'
import { checkConfig } from '../config/schema.ts'
import { LauncherError, usageError } from '../errors.ts'
import type { BroadcastMessage } from '../config/schema.ts'
import { isRecord, parseJson } from '../host/json.ts'

/** How often a message may be sent. */
const most = 10_000

/** A message that is to cross between instances, and how often. */
export interface CrossingMessage {
  readonly message: BroadcastMessage
  readonly count: number
}

/**
 * The message that is to cross between several URLs: `--send` and `--expect`,
 * else `broadcast` of the configuration. Undefined for a single URL. Throws
 * LauncherError `usage` where URLs and message don't go together.
 */
export function broadcastOf(config: Pick<Config, 'broadcast'>, options: Options, urls: readonly string[]): CrossingMessage | undefined {
  const { send, expect, count = 1 } = options
  const several = urls.length > 1
  if (!several && [send, expect, options['count']].every((option) => option === undefined)) return undefined
  if (!several)
    throw usage(
      '--send, --expect and --count are for several URLs',
      'Name two: --url A --url B. The same one twice means two sockets at it.',
    )
  const given = {
    ...config.broadcast,
    ...(send === undefined ? {} : { send: objectOf('--send', send) }),
    ...(expect === undefined ? {} : { expect: objectOf('--expect', expect) }),
  }
  if (given.send === undefined)
    throw usage(
      'No message is named that could cross from one URL to the other',
      `One that makes the application broadcast: --send '{"type":"vote","note":"{marker}"}', or "broadcast" in election-dev.config.json.`,
    )
  if (typeof count !== 'number' || count < 1 || count > most) throw usage(`--count takes a whole number from 1 to ${most}`, '--count 100')
  const checked = checkConfig({ broadcast: given })
  if (!('config' in checked) || checked.config.broadcast === undefined) throw usage('The message is not a JSON object', '')
  return { message: checked.config.broadcast, count }
}

function objectOf(flag: string, text: unknown): object {
  const value = parseJson(String(text))
  if (isRecord(value)) return value
  throw usage(`${flag} is not a JSON object`, `Such as ${flag} '{"type":"vote"}'`)
}

function usage(message: string, hint: string): LauncherError {
  return usageError('usage', message, { hint })
}
