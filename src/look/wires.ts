import type { Beside } from '../checks/beside.ts'
import type { Config } from '../config/config.ts'
import { linesSince, markLogs } from '../facts/log-tail.ts'
import type { ServerProcess, ServersFact } from '../facts/server-process.ts'
import { bracketed } from '../host/tcp.ts'
import { portOf } from '../host/urls.ts'
import type { Endpoint } from '../verify/endpoint.ts'
import { experiment } from '../verify/experiments.ts'
import { prove, type Proof, type ProofOptions } from '../verify/prove.ts'
import { proveFirst } from './beside.ts'
import type { Targets } from './gather.ts'

/** A proxy may end a socket after five idle seconds: behind one the socket is held longer, in milliseconds. */
const proxiedHoldMs = 5500

/** What all proofs came to. */
export interface Wires {
  readonly main: Pick<Proof, 'state' | 'facts'> & { readonly socket?: Proof['socket'] }
  readonly direct: Proof | undefined
  readonly others: readonly Proof[]
  readonly logged: readonly string[]
}

/** All proofs at once: the URL, the backend behind it, the other instances. What the server logs meanwhile is kept. */
export function proveAll(
  config: Config,
  targets: Targets,
  servers: ServersFact,
  { spoken, isTold }: Required<Pick<ProofOptions, 'spoken' | 'isTold'>>,
  beside: () => Promise<readonly Beside[]> | undefined,
): { done: Promise<Wires> } {
  const { main, others } = targets
  const behind = directEndpoint(main, servers)
  const base: ProofOptions = {
    holdMs: behind === undefined ? config.hold : Math.max(config.hold, proxiedHoldMs),
    spoken,
    isTold,
  }
  const run = async (): Promise<Wires> => {
    const logs = servers.ofProject.flatMap((server) => server.logs)
    const mark = await markLogs(logs)
    const [proof, direct, rest] = await Promise.all([
      targets.proof === undefined
        ? proveFirst(main, base, beside)
        : targets.isUntried === true
          ? tried(main, targets.proof, isTold)
          : targets.proof,
      behind === undefined ? undefined : prove(behind, base),
      Promise.all(others.map((endpoint) => prove(endpoint, base))),
    ])
    direct?.socket?.terminate()
    for (const other of rest) other.socket?.terminate()
    return { main: proof, direct, others: rest, logged: await linesSince(mark) }
  }
  return { done: run() }
}

/** A proof that was refused, with what tells apart who has refused it, where nothing else does. */
async function tried(
  main: Endpoint,
  { state, facts }: Pick<Proof, 'state' | 'facts'>,
  isTold: () => Promise<boolean>,
): Promise<Pick<Proof, 'state' | 'facts'>> {
  const { handshake, tcp } = facts
  const wanted =
    handshake?.result === 'refused' && handshake.status === 403 && facts.experiments.unknownPath === undefined && !(await isTold())
  return { state, facts: wanted ? { ...facts, experiments: await experiment(main, handshake, tcp, false) } : facts }
}

/** The backend itself, where the URL leads to something else and a server of this checkout listens on another port. */
function directEndpoint(endpoint: Endpoint, servers: ServersFact): Endpoint | undefined {
  const port = portOf(endpoint.url)
  const onPort = (server: ServerProcess) => server.listens.some((at) => at.port === port)
  if (servers.ofProject.some(onPort)) return undefined
  const listener = servers.onPorts.find(onPort)
  const backend = servers.ofProject.find(({ listens }) => listens.length > 0)
  const at = backend?.listens[0]
  if (listener === undefined || at === undefined) return undefined
  const url = new URL(endpoint.url.href.replace(/^wss?:/, backend?.command?.tls === true ? 'wss:' : 'ws:'))
  url.hostname = /^(?:0\.0\.0\.0|127\.|::$)/.test(at.address) ? '127.0.0.1' : bracketed(at.address)
  url.port = String(at.port)
  return { ...endpoint, url }
}
