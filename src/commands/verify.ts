import { flagsOf } from '../config/flags.ts'
import { callOptions, type OptionsOf } from '../config/options/call.ts'
import type { Config } from '../config/config.ts'
import { checkConfig, type BroadcastMessage } from '../config/schema.ts'
import type { Beside } from '../checks/beside.ts'
import { ExitCode, usageError, type LauncherError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { isRecord, parseJson } from '../host/json.ts'
import { nodeHost } from '../host/node-host.ts'
import { proveBeside, proveFirst } from '../look/beside.ts'
import { endpointNamed, endpointOfProject, endpointsNamed, type HeldEndpoint } from '../look/target.ts'
import { besideRun } from '../look/run.ts'
import { toldLater, withCause } from '../look/cause.ts'
import { projectSockets } from '../look/sockets.ts'
import type { PageSummary } from '../report/run-event.ts'
import type { Proof } from '../verify/prove.ts'
import { verifyJson, verifyText } from '../report/verify.ts'
import { wrapped } from '../report/wrapped.ts'

/**
 * `election-dev verify [url]`: proves a WebSocket that is already served; of
 * several URLs each one, and that a broadcast crosses between them. Gives 0
 * where it is proven, 1 with the cause where it isn't.
 */
export async function verifyCommand(url: string | undefined, options: OptionsOf<'verify'>): Promise<number> {
  const machine = nodeHost({ cwd: options.cwd })
  const urls = urlsOf(url, options)
  const { host, config } = await besideRun(machine, flagsOf(options), urls[0])
  const message = broadcastOf(config, options, urls)
  const [first, ...rest] = urls
  if (message !== undefined && first !== undefined) {
    const { verifyInstances } = await import('./verify-instances.ts')
    const { main, others, release } = await endpointsNamed(host, config, [first, ...rest])
    return verifyInstances({ host, config }, [main, ...others], message).finally(release)
  }
  const two = options.two === true
  const wantsPage = config.browser === true || two || config.screenshot !== undefined
  const verified = await verifyOnce(host, config, urls[0], wantsPage ? { two } : undefined)
  if (config.json) host.terminal.json(verifyJson(verified))
  else for (const line of verifyText(host, verified)) host.terminal.out(wrapped(line, host))
  const isPageWell = verified.page === undefined || verified.page.state === 'open'
  return verified.proof.state === 'proven' && isPageWell ? ExitCode.ok : ExitCode.finding
}

/** What was proven of a WebSocket, and of those beside it where none was named. */
export interface Verified {
  readonly proof: Proof
  readonly beside: readonly Beside[]
  /** Undefined where nobody asked for it, or the WebSocket itself isn't there. */
  readonly page?: PageSummary | undefined
}

/**
 * Proves the WebSocket that the URL names, else those of the project in the host's folder. Their sockets are closed
 * again. `page`: its page is looked at in a browser as well, in two windows.
 */
export async function verifyOnce(host: Host, config: Config, url: string | undefined, page?: { readonly two: boolean }): Promise<Verified> {
  const held: HeldEndpoint = await (url === undefined ? endpointOfProject(host, config) : endpointNamed(host, config, url))
  const { endpoint, release } = held
  // looked for while the handshake is made
  const sockets = url === undefined || release !== undefined ? undefined : projectSockets(host, config, endpoint)
  const spoken = async () => (await sockets)?.pingSoon(endpoint.url.pathname)
  try {
    const { isRefused, note } = endpoint.identity ?? {}
    if (isRefused === true && note !== undefined) host.terminal.err(`  ${note}`)
    let beside: Promise<readonly Beside[]> | undefined
    const first = await proveFirst(endpoint, { holdMs: config.hold, spoken, isTold: toldLater }, () => {
      if (held.sockets === undefined || config.path !== undefined) return undefined
      return (beside = proveBeside(endpoint, held.sockets, { holdMs: config.hold, isObserved: held.isObserved }))
    })
    first.socket?.terminate()
    const verified = {
      proof: await withCause(host, config, endpoint, first, { url, isOfProject: url === undefined, stranger: held.stranger }),
      beside: (await beside) ?? [],
    }
    if (first.state === 'failed' || first.state === 'refused') return verified
    if (page === undefined) {
      const isWell = url === undefined && verified.proof.state === 'proven'
      return isWell ? { ...verified, page: await (await import('./verify-page.ts')).pageWay(host, config, endpoint, first) } : verified
    }
    const { verifyPage } = await import('./verify-page.ts')
    const paths = verified.beside.map(({ path }) => path)
    return { ...verified, page: await verifyPage(host, config, { endpoint, isProven: first.state === 'proven', paths, two: page.two }) }
  } finally {
    void sockets?.then((known) => known?.cancel())
    await release?.()
  }
}

/** The argument, then what `--url` names. */
function urlsOf(argument: string | undefined, { url }: OptionsOf<'verify'>): string[] {
  return [...(argument === undefined ? [] : [argument]), ...(url ?? [])]
}

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
export function broadcastOf(
  config: Pick<Config, 'broadcast'>,
  options: OptionsOf<'verify'>,
  urls: readonly string[],
): CrossingMessage | undefined {
  const { send, expect, count = callOptions.count.default } = options
  const several = urls.length > 1
  if (!several && [send, expect, options.count].every((option) => option === undefined)) return undefined
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
  if (count < 1 || count > most) throw usage(`--count takes a whole number from 1 to ${most}`, '--count 100')
  const checked = checkConfig({ broadcast: given })
  if (!('config' in checked) || checked.config.broadcast === undefined) throw usage('The message is not a JSON object', '')
  return { message: checked.config.broadcast, count }
}

function objectOf(flag: string, text: string): object {
  const value = parseJson(text)
  if (isRecord(value)) return value
  throw usage(`${flag} is not a JSON object`, `Such as ${flag} '{"type":"vote"}'`)
}

function usage(message: string, hint: string): LauncherError {
  return usageError('usage', message, { hint })
}
