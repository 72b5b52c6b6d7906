import { cwdOf, flagsOf } from '../config/flags.ts'
import { projectHost } from '../config/project-host.ts'
import { resolveConfig } from '../config/resolve.ts'
import type { Config } from '../config/config.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import { readCheckout } from '../facts/checkout.ts'
import { usualPath } from '../facts/project.ts'
import { examine } from '../facts/examine.ts'
import type { Host } from '../host/host.ts'
import { nodeHost } from '../host/node-host.ts'
import { choosePython } from '../plan/environment.ts'
import { connectAddress } from '../run/bring-up.ts'
import { httpUrl, originOf, type Endpoint } from '../verify/endpoint.ts'
import { logIn } from '../verify/login.ts'
import { prove, type Proof } from '../verify/prove.ts'
import type { Diagnosis } from '../checks/diagnosis.ts'
import { broadcastOf } from './verify-message.ts'
import { verifyJson, verifyText } from '../report/verify.ts'
import { pathOf } from './start-proof.ts'
import { bracketed } from '../host/tcp.ts'

/** How long the project's own interpreter may take, in milliseconds. */
const inspectMs = 20_000

/**
 * `election-dev verify [url]`: proves a WebSocket that is already served; of
 * several URLs each one, and that a broadcast crosses between them. Gives 0
 * where it is proven, 1 with the cause where it isn't.
 */
export async function verifyCommand(url: string | undefined, options: Readonly<Record<string, unknown>>, version: string): Promise<number> {
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
  return first.diagnosis === undefined ? first : { ...first, diagnosis: await nearer(host, config, completed, first) }
}

/** The argument, then what `--url` names. */
function urlsOf(argument: string | undefined, { url }: Readonly<Record<string, unknown>>): string[] {
  const named = Array.isArray(url) ? url.filter((each) => typeof each === 'string') : []
  return [...(argument === undefined ? [] : [argument]), ...named]
}

/** The cause as the doctor judges it: with the project in this folder, its processes and its Redis. */
export async function nearer(host: Host, config: Config, main: Endpoint, proof: Proof): Promise<Diagnosis | undefined> {
  const [{ gather }, { judge }] = await Promise.all([import('../look/gather.ts'), import('../checks/judgement.ts')])
  const { root } = judge(await gather(host, config, { main, others: [], minted: false, proof }))
  // a token that can be made for nobody is said in words of its own
  return root === undefined || (root.id === proof.diagnosis?.id && proof.state === 'wants-token') ? proof.diagnosis : root
}

/** The endpoint that a URL names; a token in its query is taken out and becomes a secret. */
export function endpointOf(host: Host, config: Config, text: string): Endpoint {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['ws:', 'wss:', 'http:', 'https:'].includes(url.protocol)) {
    throw new LauncherError('usage', `${host.secrets.mask(text)} is not a WebSocket URL`, {
      hint: 'Such as ws://127.0.0.1:8000/ws/election-updates/',
      exitCode: ExitCode.usage,
    })
  }
  url.protocol = url.protocol.replace('http', 'ws')
  const name = config.tokenName ?? 'token'
  // no client sends it, and ws refuses a URL that has one
  url.hash = ''
  const inUrl = url.searchParams.get(name)
  if (inUrl !== null) {
    url.searchParams.delete(name)
    host.secrets.add(inUrl)
  }
  if (url.pathname === '/' && config.path !== undefined) url.pathname = config.path
  return {
    url,
    origin: originOf(config.origin, httpUrl(url).origin),
    token: config.token ?? inUrl ?? undefined,
    tokenIn: config.tokenIn,
    tokenName: config.tokenName,
    cookie: undefined,
    subprotocols: config.subprotocols,
    ping: config.ping,
  }
}

/** The endpoint of the project in this folder: its path, its frontend's Origin, a token minted for a user that it has. */
export async function endpointOfProject(
  host: Host,
  config: Config,
  deadlineMs = inspectMs,
): Promise<{ endpoint: Endpoint; minted: boolean }> {
  const { project, python, requirements } = await readCheckout(host, config)
  const address = connectAddress(config.host)
  const base = `ws://${bracketed(address)}:${config.port}`
  const choice = choosePython(python, requirements?.names)
  const wantsToken = config.token === undefined && config.login === undefined
  let path = config.path
  let token: string | undefined
  if (choice.kind === 'ready' && (path === undefined || wantsToken)) {
    const env = { ...host.env, DJANGO_SETTINGS_MODULE: project.settingsModule }
    const inspection = examine(host, {
      tell: [...(wantsToken ? (['settings', 'database', 'users', 'token'] as const) : (['settings'] as const)), 'application'],
      python: choice.environment.python,
      backend: project.backend,
      env,
      settingsModule: project.settingsModule,
      application: project.application,
      deadlineMs,
    })
    path ??= pathOf(await inspection.get('application'))
    token = (await inspection.get('token'))?.token ?? undefined
    inspection.cancel()
  }
  const endpoint = endpointOf(host, config, new URL(path ?? usualPath, base).href)
  const origin = originOf(config.origin, project.frontendOrigin ?? endpoint.origin)
  return { endpoint: { ...endpoint, origin, token: config.token ?? token }, minted: token !== undefined }
}

async function withLogin(host: Host, config: Config, endpoint: Endpoint): Promise<Endpoint> {
  if (endpoint.token !== undefined || config.login === undefined) return endpoint
  const answer = await logIn(host, httpUrl(endpoint.url), config.login, 5000)
  if (answer.result === 'token') return { ...endpoint, token: answer.token }
  if (answer.result === 'cookie') return { ...endpoint, cookie: answer.cookie }
  host.terminal.err(`  The login gave no token: ${answer.reason}`)
  return endpoint
}
