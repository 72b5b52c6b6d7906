import { setTimeout as delay } from 'node:timers/promises'
import type { Diagnosis } from '../checks/diagnosis.ts'
import { judge } from '../checks/judgement.ts'
import { judgeStartup } from '../checks/startup.ts'
import { causeOf, isCauseId } from '../causes/causes.ts'
import type { Config } from '../config/config.ts'
import type { FailedStart } from '../facts/startup.ts'
import type { Host } from '../host/host.ts'
import { connectAddress } from '../run/bring-up.ts'
import { backendEnvironment } from '../plan/launch.ts'
import type { Endpoint } from '../verify/endpoint.ts'
import { bracketed } from '../host/tcp.ts'
import { gather } from '../look/gather.ts'
import type { Prepared } from './start-prepare.ts'
import type { Prover } from './start-proof.ts'

/** As long a cause is looked for that the log and the observer don't tell, in milliseconds. */
const patienceMs = 12_000

/** What only the server's own output knows: which port or address it was told, and how it ended. */
const ofTheLog: ReadonlySet<string> = new Set([
  'port-in-use',
  'bad-port-permission',
  'bind-address-unavailable',
  'asgi-attribute-missing',
  'wrong-working-directory',
])

/** Families of causes that keep a server from starting. */
const ofTheStart: ReadonlySet<string> = new Set(['python', 'settings', 'startup'])

/**
 * Why the server isn't there, by the same rules as `doctor`: what its output
 * says, and what the look from inside adds (which file, which line of `.env`).
 */
export async function startupCause(prepared: Prepared, up: FailedStart): Promise<Diagnosis> {
  const named = judgeStartup(up, prepared.config.startTimeout)
  // a signal from outside says nothing of the project
  if (ofTheLog.has(named.id) || (up.kind === 'died' && up.exit.signal !== undefined)) return named
  const root = await rootOf(prepared, { main: endpointAt(prepared, up.port) })
  if (root === undefined || !isCauseId(root.id) || !ofTheStart.has(causeOf(root.id).family)) return named
  const [first] = named.evidence
  return { ...root, evidence: first === undefined || root.evidence.includes(first) ? root.evidence : [...root.evidence, first] }
}

/** What looks the same from outside, and was named by nothing that the server or the observer said. */
const unsure: ReadonlySet<string> = new Set([
  'accept-missing',
  'asgi-app-wrong',
  'consumer-exception',
  'no-websocket-route',
  'server-suspended',
  'sync-consumer-blocks',
  'token-rejected',
])

/** The cause of a failed handshake, by the same rules as `doctor` where log and observer leave it open; else as it is known. */
export async function socketCause(prepared: Prepared, prover: Prover, known: Diagnosis): Promise<Diagnosis> {
  const proof = prover.last()
  if (!unsure.has(known.id) || proof?.diagnosis === undefined || prover.raised('first') !== undefined) return known
  const root = await rootOf(prepared, { main: prover.endpoint(), proof, logged: prover.lines() })
  if (root === undefined || root.id === 'server-not-running' || root.id === known.id)
    return root?.id === known.id ? richer(known, root) : known
  return root
}

/** Of two accounts of one cause the one that saw more. */
function richer(known: Diagnosis, root: Diagnosis): Diagnosis {
  return root.evidence.length > known.evidence.length ? root : known
}

async function rootOf(
  prepared: Prepared,
  targets: Pick<Parameters<typeof gather>[2], 'main' | 'proof' | 'logged'>,
): Promise<Diagnosis | undefined> {
  const over = new AbortController()
  const looked = gather(asServer(prepared), withPython(prepared), { ...targets, others: [], minted: false, ownChild: true }).then(
    (evidence) => judge(evidence).root,
    // what can't be looked at is no reason to say nothing
    () => undefined,
  )
  const late = delay(patienceMs, undefined, { signal: over.signal }).catch(() => undefined)
  const root = await Promise.race([looked, late])
  over.abort()
  return root
}

/** The host with the environment that the server was given. */
function asServer({ host, checkout, layer }: Prepared): Host {
  return { ...host, env: backendEnvironment({ env: host.env, settingsModule: checkout.project.settingsModule, layer, color: false }) }
}

/** The configuration with the interpreter that was chosen: no other is to be judged. */
function withPython({ config, environment, application }: Prepared): Config {
  return { ...config, python: environment.python, application }
}

function endpointAt({ config, checkout }: Prepared, port: number): Endpoint {
  const base = new URL(`ws://${bracketed(connectAddress(config.host))}:${port}`)
  return {
    url: new URL(config.path ?? '/ws/election-updates/', base),
    origin: config.origin ?? checkout.project.frontendOrigin ?? `http://${base.host}`,
    token: config.token,
    tokenIn: config.tokenIn,
    tokenName: config.tokenName,
    cookie: undefined,
    subprotocols: config.subprotocols,
    ping: config.ping,
  }
}
