import type { Config, GivenFlag } from '../config/config.ts'
import { usageError } from '../errors.ts'
import { readCheckout } from '../facts/checkout.ts'
import { allowedOrigin, isAllowed } from '../facts/allowed-hosts.ts'
import type { ExaminationOf } from '../facts/examination.ts'
import { examine } from '../facts/examine.ts'
import { pageUser } from '../facts/page-user.ts'
import { findProject, usualPath, type Project } from '../facts/project.ts'
import { runningSocket } from '../facts/run-state.ts'
import type { Host } from '../host/host.ts'
import { bracketed, connectAddress } from '../host/tcp.ts'
import { choosePython } from '../plan/environment.ts'
import { managedLook } from '../plan/way.ts'
import { atPath, hostOf, portOf, shownUrl } from '../host/urls.ts'
import { httpUrl, originOf, type Endpoint } from '../verify/endpoint.ts'
import { givenCredentials, madeCredentials, placed, unidentified, unsent } from './identity.ts'
import type { Spoken } from '../facts/wire.ts'
import { socketsOf, type Sockets } from './sockets.ts'
import { isServedBy, strangerAt } from './stranger.ts'
import { askedOrigin } from './frontend.ts'

/** How long the project's own interpreter may take, in milliseconds. */
const inspectMs = 20_000

/** The flags that name URLs, for a command that is printed; of one that has something to hide, none. Pure. */
export function urlFlags(urls: readonly string[]): readonly GivenFlag[] {
  return urls.filter((url) => URL.canParse(url) && shownUrl(new URL(url)) === new URL(url).href).map((url) => ['--url', url] as const)
}

/** The endpoint that a URL names; a token in its query is taken out and becomes a secret. */
export function endpointOf(host: Host, config: Config, text: string): Endpoint {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['ws:', 'wss:', 'http:', 'https:'].includes(url.protocol)) {
    throw usageError('usage', `${host.secrets.mask(text)} is not a WebSocket URL`, {
      hint: 'Such as ws://127.0.0.1:8000/ws/election-updates/',
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
    ...asConfigured(config),
  }
}

/** The WebSocket of a backend of this project at a port, at the usual path unless another one is known; `origin`: of the page that is served beside it, `settings`: what ALLOWED_HOSTS has, each where it is known. */
export function endpointAt(
  config: Config,
  project: Project,
  port: number,
  path = config.path ?? usualPath,
  origin?: string,
  settings?: ExaminationOf<'settings'>,
  allowed?: ExaminationOf<'origins'>['allowed'],
): Endpoint {
  const names = namesOf(connectAddress(config.host), settings).map((name) => `${bracketed(name)}:${port}`)
  const page = origin ?? project.frontendOrigin
  const [first = ''] = names
  const own =
    allowed === undefined || allowed === null
      ? undefined
      : allowedOrigin(
          names.map((name) => `http://${name}`),
          allowed,
        )
  // the page is the backend's own: both are come to by the same name
  const host = page === undefined ? (names.find((name) => own === `http://${name}`) ?? first) : first
  return {
    url: atPath(new URL(`ws://${host}`), path),
    origin: originOf(config.origin, page ?? own ?? `http://${host}`),
    token: config.token,
    ...asConfigured(config),
  }
}

/** What a person types to get to an address of this machine, the likeliest first: `localhost` where the settings allow that and not the address. */
function namesOf(address: string, settings: ExaminationOf<'settings'> | undefined): readonly string[] {
  if (address !== '127.0.0.1') return [address]
  const names = [address, 'localhost']
  const allowed = names.filter((name) => settings === undefined || isAllowed(name, settings.allowed_hosts, settings.debug))
  return allowed.length === 0 ? names : allowed
}

function asConfigured({ tokenIn, tokenName, subprotocols, ping, source }: Config) {
  // one that nobody has named may be the end of a consumer
  const isNamed = source('ping') !== 'default'
  return {
    tokenIn,
    tokenName,
    cookie: undefined,
    subprotocols,
    ping: isNamed && ping,
    ...(isNamed ? { pingBy: 'configuration' as const } : {}),
  }
}

/** An endpoint with what was made in the project for it, which goes when it is let go of. Nothing may be asked of it then. */
export interface HeldEndpoint {
  readonly endpoint: Endpoint
  readonly release: (() => Promise<void>) | undefined
  /** The project's WebSockets, where it was asked for them. */
  readonly sockets?: Sockets | undefined
  /** A run of `start` serves it, with the observer around the application. */
  readonly isObserved: boolean
  /** Why what listens there isn't seen to be of the project. */
  readonly stranger?: string | undefined
  /** It is where a run of `start` serves it: nothing that is written says so better. */
  readonly isOfRun: boolean
}

/** The endpoint of the project in this folder: that of a run which is up, else its path, its frontend's Origin, a session or a token made for a user that it has. */
export async function endpointOfProject(host: Host, config: Config, deadlineMs = inspectMs, named?: Endpoint): Promise<HeldEndpoint> {
  const { project, python, requirements } = await readCheckout(host, config)
  const choice = choosePython(python, requirements?.names)
  // where a run is up, its WebSocket is meant: it may have had to take another port than the configured one
  const asked = named === undefined ? (config.source('port').startsWith('--') ? config.port : undefined) : portOf(named.url)
  const running = await runningSocket(host, project.root, asked)
  const port = asked ?? (running === undefined ? config.port : portOf(running.url))
  const isAsked = config.token === undefined
  // neither a session nor a password is for somebody else
  const stranger = isAsked ? await strangerAt(host, project, endpointAt(config, project, port).url) : undefined
  const logsIn = isAsked && stranger === undefined && config.login !== undefined
  const wantsToken = isAsked && stranger === undefined && !logsIn
  const origin = running?.origin ?? (config.origin === undefined ? askedOrigin(host, config, project) : undefined)
  let path = named?.url.pathname ?? config.path ?? running?.url.pathname
  let spoken: Spoken = asConfigured(config)
  let settings: ExaminationOf<'settings'> | undefined
  let origins: ExaminationOf<'origins'> | undefined
  let credentials = stranger === undefined ? unidentified : unsent(stranger)
  let release: HeldEndpoint['release']
  let sockets: Sockets | undefined
  let place: ((at: Endpoint) => ReturnType<typeof placed>) | undefined
  if (choice.kind === 'ready') {
    const inspection = examine(host, {
      ...managedLook(host.env, config, project, choice.environment.python),
      tell: [
        'settings',
        'origins',
        ...(wantsToken ? (['database', 'users'] as const) : []),
        // a token that is given goes where one is read
        'token',
        'application',
        ...(wantsToken ? (['session'] as const) : []),
      ],
      mint: wantsToken,
      ...pageUser(project.root, config),
      deadlineMs,
    })
    sockets = socketsOf(config, project.root, () => inspection.get('application'))
    path ??= (await sockets.paths()).find((socket) => socket.path !== undefined)?.path ?? usualPath
    settings = await inspection.get('settings')
    spoken = await sockets.spokenAt(path)
    origins = await inspection.get('origins')
    if (wantsToken) credentials = await madeCredentials(inspection)
    release = async () => {
      inspection.cancel()
      await inspection.over
    }
    place = (at) => placed(config, at, inspection)
  }
  // by the name that the run has come to it by
  const at = running === undefined ? config : { ...config, host: hostOf(running.url) }
  const page = await origin
  const endpoint =
    named !== undefined
      ? { ...named, origin: config.origin === undefined ? (page ?? named.origin) : named.origin }
      : endpointAt(at, project, port, path ?? usualPath, page, settings, origins?.allowed)
  if (logsIn) credentials = (await givenCredentials(host, config, endpoint.url)) ?? credentials
  const whole = { ...endpoint, ...spoken, ...credentials, token: config.token ?? credentials.token }
  return {
    endpoint: { ...whole, ...(await place?.(whole)) },
    release,
    sockets: named === undefined ? sockets : undefined,
    isObserved: running !== undefined && config.observer,
    stranger,
    isOfRun: running !== undefined,
  }
}

/** How a URL is meant. `isOfPage`: as a page opens it, which has the token in it where it is read from there. */
interface NamedOptions {
  readonly origin?: string | undefined
  readonly deadlineMs?: number
  readonly isOfPage?: boolean
}

/**
 * The endpoint that a URL names. Where a server of this project is seen to listen there, it is identified as one that
 * nobody has named; any other gets what was given for it, and nothing of the project's.
 */
export async function endpointNamed(
  host: Host,
  config: Config,
  text: string,
  { origin, deadlineMs, isOfPage = false }: NamedOptions = {},
): Promise<HeldEndpoint> {
  const endpoint = endpointOf(host, config, text)
  const named = origin === undefined ? endpoint : { ...endpoint, origin }
  const isGiven = named.token !== undefined || config.login !== undefined
  if (!isGiven && (await isOwnAt(host, config, named.url))) {
    const held = await endpointOfProject(host, config, deadlineMs, named)
    const lacksToken = isOfPage && held.endpoint.identity?.source === 'minted' && held.endpoint.tokenIn === 'query'
    return lacksToken ? { ...held, endpoint: { ...held.endpoint, token: undefined, identity: undefined } } : held
  }
  return { endpoint: await withLogin(host, config, named), release: undefined, isObserved: false, isOfRun: false }
}

/**
 * The endpoints that several URLs name, the first as by `endpointNamed`. Whoever was made for that comes to the others
 * as well, from the same page, where no stranger would get it.
 */
export async function endpointsNamed(
  host: Host,
  config: Config,
  [first, ...rest]: readonly [string, ...string[]],
  options: NamedOptions = {},
): Promise<{ readonly main: Endpoint; readonly others: readonly Endpoint[]; readonly release: HeldEndpoint['release'] }> {
  const { endpoint: main, release } = await endpointNamed(host, config, first, options)
  const project = isMade(main) && rest.length > 0 ? await findProject(host, config) : undefined
  const page = main.origin === httpUrl(main.url).origin ? options.origin : main.origin
  const at = async (text: string): Promise<Endpoint> => {
    const named = endpointOf(host, config, text)
    const whole = page === undefined ? named : { ...named, origin: page }
    if (project === undefined || named.token !== undefined) return withLogin(host, config, whole)
    return { ...(await movedTo(host, project, main, named.url)), origin: whole.origin }
  }
  return { main, others: await Promise.all(rest.map(at)), release }
}

/** Who comes was made in the project, for this look. */
const isMade = ({ identity }: Endpoint): boolean => identity?.source === 'session' || identity?.source === 'minted'

async function isOwnAt(host: Host, config: Config, url: URL): Promise<boolean> {
  const project = await findProject(host, config).catch(() => undefined)
  return project !== undefined && (await isServedBy(host, project, url))
}

/** The same at another URL: what was made in the project goes along only where no stranger would get it. */
export async function movedTo(host: Host, project: Project, endpoint: Endpoint, url: URL): Promise<Endpoint> {
  const stranger = isMade(endpoint) ? await strangerAt(host, project, url) : undefined
  return stranger === undefined ? { ...endpoint, url } : { ...endpoint, url, ...unsent(stranger) }
}

/** The same with what a login gives, where one is configured and no token was named. */
async function withLogin(host: Host, config: Config, endpoint: Endpoint): Promise<Endpoint> {
  const given = endpoint.token === undefined ? await givenCredentials(host, config, endpoint.url) : undefined
  return given === undefined ? endpoint : { ...endpoint, ...given }
}
