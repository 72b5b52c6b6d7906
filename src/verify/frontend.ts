import { setTimeout as delay } from 'node:timers/promises'
import { all, type Judged } from '../checks/diagnosis.ts'
import { judged } from '../causes/causes.ts'
import { judgeProxied } from '../checks/proxy.ts'
import type { FrontendWiring } from '../facts/frontend-wiring.ts'
import { portOwner, type PortOwner } from '../facts/listener.ts'
import type { WireFacts } from '../facts/wire.ts'
import type { Host } from '../host/host.ts'
import { httpRequest, type HttpFact } from '../host/http.ts'
import { bracketed } from '../host/tcp.ts'
import { hostOf, portOf } from '../host/urls.ts'
import type { Endpoint } from './endpoint.ts'
import { prove, type Proof } from './prove.ts'
import { addressesOf } from './tcp.ts'

/** The page that is to be proven, and the WebSocket through its dev server. */
export interface FrontendTarget {
  /** `http://localhost:3000/`. */
  readonly page: URL
  /** The dev server's process, where it is a child of ours. */
  readonly pid: number | undefined
  /** The backend's WebSocket as it is proven directly; undefined: the page doesn't go through its dev server, so nothing is tried. */
  readonly socket: Endpoint | undefined
  /** What the direct proof saw, to compare with. */
  readonly direct: WireFacts | undefined
  /** The frontend's wiring, whose lines the evidence names. */
  readonly wiring: FrontendWiring | undefined
  /** How long the page may take to answer, in milliseconds. */
  readonly deadlineMs: number
  /** How long the socket must live, in milliseconds. */
  readonly holdMs: number
  readonly signal?: AbortSignal
}

/** An answer of the page. */
interface PageAnswer extends Pick<Extract<HttpFact, { result: 'answer' }>, 'status' | 'elapsedMs'> {
  /** The address that answered: a browser takes localhost for either. */
  readonly address: string
}

/** What was seen of a frontend. */
export interface FrontendProof {
  /** `proven`: its page answers, it is ours where that can be told, and the WebSocket through it works where it goes through it. */
  readonly state: 'proven' | 'failed'
  /** Undefined where nothing answered in time. */
  readonly page: PageAnswer | undefined
  readonly owner: PortOwner
  /** The handshake through the dev server; undefined where none was tried. */
  readonly through: Proof | undefined
  /** Why the WebSocket doesn't work through it, though it works directly. */
  readonly diagnosis: Judged | undefined
}

/** How long one request may take, and the pause before the next, in milliseconds: Vite's first page may wait for its optimizer. */
const requestMs = 5000
const pauseMs = 50

/**
 * Proves a frontend: its page, on both addresses of localhost; whose process
 * answers; and the WebSocket through it with the page's Origin, where the page
 * goes that way. Never throws; `deadlineMs` bounds the page, the handshake has
 * its own. The sockets that it opens are closed again.
 */
export async function proveFrontend(host: Host, target: FrontendTarget): Promise<FrontendProof> {
  const page = await untilAnswer(host, target)
  const owner = target.pid === undefined ? 'unknown' : await portOwner(host, portOf(target.page), target.pid)
  const nothing = { page, owner, through: undefined, diagnosis: undefined }
  if (page === undefined || owner === 'foreign' || target.signal?.aborted === true) return { ...nothing, state: 'failed' }
  const answers = page.status < 400
  // the certificate of a dev server is trusted by the browser alone, which was told to
  if (target.socket === undefined || target.page.protocol === 'https:') return { ...nothing, state: answers ? 'proven' : 'failed' }
  const { through, diagnosis } = await proveThrough({ ...target, socket: target.socket })
  return {
    state: answers && diagnosis === undefined ? 'proven' : 'failed',
    page,
    owner,
    through,
    diagnosis,
  }
}

/** The WebSocket through a page's own server, and why it doesn't work so where it works directly. Its socket is closed again. Never throws. */
export async function proveThrough(
  target: Pick<FrontendTarget, 'page' | 'direct' | 'wiring' | 'holdMs'> & { readonly socket: Endpoint },
): Promise<{ readonly through: Proof; readonly diagnosis: Judged | undefined }> {
  const proof = await prove(throughPage(target.socket, target.page), { holdMs: target.holdMs })
  proof.socket?.terminate()
  const through = { ...proof, socket: undefined }
  return { through, diagnosis: proof.state === 'failed' ? whyNot(target, through) : undefined }
}

/** Whether the backend refuses the Origin that a page really has; its own cause then. */
export async function refusedOrigin(endpoint: Endpoint, page: URL): Promise<Judged | undefined> {
  const proof = await prove({ ...endpoint, origin: page.origin }, { holdMs: 0, ours: true })
  proof.socket?.terminate()
  return proof.state === 'failed' ? proof.diagnosis : undefined
}

/** The same WebSocket at the page's own address, with the page's Origin. */
function throughPage(endpoint: Endpoint, page: URL): Endpoint {
  const url = new URL(endpoint.url)
  url.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:'
  url.port = ''
  url.host = page.host
  return { ...endpoint, url, origin: endpoint.origin === undefined ? undefined : page.origin }
}

/** What the dev server does to the handshake. What the backend refuses directly as well is no finding about the frontend. */
function whyNot(target: Pick<FrontendTarget, 'direct' | 'wiring'>, through: Proof): Judged | undefined {
  const [compared] = all(
    judgeProxied({
      wire: through.facts,
      direct: target.direct,
      servers: { onPorts: [], ofProject: [], source: undefined, problem: undefined },
      frontend: target.wiring,
    }),
  )
  const handshake = target.direct?.handshake
  return (compared && judged(compared)) ?? (handshake === undefined || handshake.result === 'open' ? through.diagnosis : undefined)
}

async function untilAnswer(host: Host, { page, deadlineMs, signal }: FrontendTarget): Promise<PageAnswer | undefined> {
  const until = host.now() + deadlineMs
  const { addresses } = await addressesOf(hostOf(page), Math.min(deadlineMs, 2000))
  let last: PageAnswer | undefined
  for (;;) {
    const left = until - host.now()
    if (left <= 0 || signal?.aborted === true) return last
    const answers = await Promise.all(
      addresses.map(async (address) => ({ address, fact: await ask(page, address, Math.min(left, requestMs)) })),
    )
    const answered = answers.flatMap(({ address, fact }) =>
      fact.result === 'answer' ? [{ status: fact.status, elapsedMs: fact.elapsedMs, address }] : [],
    )
    last = answered.find(({ status }) => status < 400) ?? answered[0] ?? last
    if (last !== undefined && last.status < 500) return last
    await delay(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
  }
}

/** The page at one address of its name; the name stays in the Host header, as a browser sends it. */
async function ask(page: URL, address: string, deadlineMs: number): Promise<HttpFact> {
  const url = new URL(page)
  url.hostname = bracketed(address)
  return httpRequest(url, { deadlineMs, headers: { Host: page.host } })
}
