import type { Config } from '../config/config.ts'
import type { Inspection } from '../facts/inspection.ts'
import type { Identity } from '../facts/wire.ts'
import type { Host } from '../host/host.ts'
import { httpUrl, requestOf, type Endpoint } from '../verify/endpoint.ts'
import { shakeHands } from '../verify/handshake.ts'
import { logIn } from '../verify/login.ts'

/** What a handshake identifies itself with. */
export type Credentials = Pick<Endpoint, 'token' | 'cookie'> & { readonly identity: Identity }

/** How long a socket is looked at to see whether it is closed for its token, in milliseconds. */
const trialMs = 150

const nobody = { token: undefined, cookie: undefined }

/** As whom nothing has been found out yet. */
export const unidentified: Credentials = { ...nobody, identity: { source: 'none', wantsSession: false } }

/** Nobody, because of who would get it. */
export function unsent(why: string): Credentials {
  return { ...nobody, identity: { ...unidentified.identity, note: `a session or a token goes to a server of this project alone: ${why}` } }
}

/** What the user gives; undefined where the project has to be asked. */
export async function givenCredentials(host: Host, config: Config, url: URL): Promise<Credentials | undefined> {
  if (config.token !== undefined) return { ...nobody, token: config.token, identity: { source: 'given', wantsSession: false } }
  if (config.login === undefined) return undefined
  const answer = await logIn(host, httpUrl(url), config.login, 5000)
  const note = answer.result === 'refused' ? `The login of the configuration is refused: ${answer.reason}` : undefined
  return {
    token: answer.result === 'token' ? answer.token : undefined,
    cookie: answer.result === 'cookie' ? answer.cookie : undefined,
    identity:
      note === undefined ? { source: 'login', wantsSession: false } : { source: 'none', wantsSession: false, note, isRefused: true },
  }
}

/** What the look has made for a user of the project: a session where the application reads one, a token where one can be minted. */
export async function madeCredentials(inspection: Inspection): Promise<Credentials> {
  const [session, minted] = [await inspection.get('session'), await inspection.get('token')]
  const cookie = session?.cookie ?? undefined
  const token = minted?.token ?? undefined
  const users = await inspection.get('users')
  const common = {
    wantsSession: session?.wanted === true || inspection.errorOf('session') !== undefined,
    user: users?.user ?? undefined,
    account: users?.account ?? undefined,
    others: users?.others ?? undefined,
    hasNoUser: typeof users?.model === 'string' && users.active === 0 && (await inspection.get('database'))?.state !== 'unreachable',
  }
  if (cookie !== undefined) return { token, cookie, identity: { ...common, source: 'session' } }
  const note = common.wantsSession ? (session?.why ?? (await whyNone(inspection))) : undefined
  if (token !== undefined) return { token, cookie, identity: { ...common, source: 'minted', note } }
  return { ...nobody, identity: { ...common, source: 'none', note: note ?? (await noToken(inspection, minted?.why ?? undefined)) } }
}

/**
 * Where the token of an endpoint goes: to the one place that the sources read it at; of several to the first from
 * which a socket opens and stays, and where who stands there is no stranger. What the configuration says goes before.
 */
export async function placed(
  config: Config,
  endpoint: Endpoint,
  inspection: Inspection,
  isStranger: () => boolean = () => false,
): Promise<Pick<Endpoint, 'tokenIn' | 'tokenName' | 'tokenPrefix' | 'isPlaced'>> {
  const { tokenIn, tokenName } = endpoint
  const isTold = config.source('tokenIn') !== 'default' || config.source('tokenName') !== 'default'
  if (endpoint.token === undefined || isTold) return { tokenIn, tokenName, isPlaced: isTold }
  const places = ((await inspection.get('token'))?.places ?? []).map((place) => ({
    tokenIn: place.in,
    tokenName: place.name ?? undefined,
    tokenPrefix: place.prefix ?? undefined,
    isPlaced: true,
  }))
  for (const place of places.length > 1 ? places : []) {
    const { socket } = await shakeHands(requestOf({ ...endpoint, ...place }), { deadlineMs: 5000 })
    const close = await socket?.hold(trialMs)
    await socket?.close()
    if (socket !== undefined && close === undefined && !isStranger()) return place
  }
  return places[0] ?? { tokenIn, tokenName }
}

async function noToken(inspection: Inspection, why: string | undefined): Promise<string | undefined> {
  const reason = why ?? (await whyNone(inspection))
  return reason === undefined ? undefined : `No token could be minted: ${reason}`
}

/** Why there is nobody whom a session or a token could be made for. */
async function whyNone(inspection: Inspection): Promise<string | undefined> {
  const database = await inspection.get('database')
  if (database?.state === 'unreachable')
    return `the database can't be opened${typeof database.message === 'string' ? `: ${database.message}` : ''}`
  const users = await inspection.get('users')
  if (typeof users?.why === 'string') return users.why
  if (typeof users?.model === 'string' && users.active === 0)
    return 'the database has no active user (election-dev start --setup makes one)'
  const stages = ['settings', 'setup', 'users', 'session', 'token'] as const
  const error = stages.map((stage) => inspection.errorOf(stage)).find((found) => found !== undefined)
  return error === undefined ? undefined : `${error.type}: ${error.message}`
}
