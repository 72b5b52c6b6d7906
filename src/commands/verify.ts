import { cwdOf, flagsOf, type Options } from '../config/flags.ts'
import { resolveConfig } from '../config/resolve.ts'
import { projectHost, type Config } from '../config/config.ts'
import { ExitCode } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { nodeHost } from '../host/node-host.ts'
import { endpointOf, endpointOfProject, withLogin } from '../look/target.ts'
import { withCause } from '../look/cause.ts'
import { prove, type Proof } from '../verify/prove.ts'
import { broadcastOf } from './verify-message.ts'
import { verifyJson, verifyText } from '../report/verify.ts'

/**
 * `election-dev verify [url]`: proves a WebSocket that is already served; of
 * several URLs each one, and that a broadcast crosses between them. Gives 0
 * where it is proven, 1 with the cause where it isn't.
 */
export async function verifyCommand(url: string | undefined, options: Options, version: string): Promise<number> {
  const machine = nodeHost({ cwd: cwdOf(options) })
  const config = await resolveConfig(machine, flagsOf(options))
  const host = projectHost(machine, config)
  const urls = urlsOf(url, options)
  const message = broadcastOf(config, options, urls)
  if (message !== undefined) {
    const { verifyInstances } = await import('./verify-instances.ts')
    const endpoints = await Promise.all(urls.map((each) => withLogin(host, config, endpointOf(host, config, each))))
    return verifyInstances({ host, config, version }, endpoints, message)
  }
  const proof = await verifyOnce(host, config, urls[0])
  if (config.json) host.terminal.json(verifyJson(proof))
  else for (const line of verifyText(host, proof, version)) host.terminal.out(line)
  return proof.state === 'proven' ? ExitCode.ok : ExitCode.finding
}

/** Proves the WebSocket that the URL names, else the one of the project in the host's folder. Its socket is closed again. */
export async function verifyOnce(host: Host, config: Config, url: string | undefined): Promise<Proof> {
  const { endpoint, minted } =
    url === undefined ? await endpointOfProject(host, config) : { endpoint: endpointOf(host, config, url), minted: false }
  const completed = await withLogin(host, config, endpoint)
  const first = await prove(completed, { holdMs: config.hold, tokenIsOurs: minted })
  first.socket?.terminate()
  return withCause(host, config, completed, first)
}

/** The argument, then what `--url` names. */
function urlsOf(argument: string | undefined, { url }: Options): string[] {
  const named = Array.isArray(url) ? url.filter((each) => typeof each === 'string') : []
  return [...(argument === undefined ? [] : [argument]), ...named]
}
