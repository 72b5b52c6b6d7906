import { isCauseId } from '../causes/causes.ts'
import { diagnosis, type Diagnosis } from '../checks/diagnosis.ts'
import { pageOrigin } from '../facts/frontend-app.ts'
import type { FrontendFiles } from '../facts/frontend-reading.ts'
import type { Project } from '../facts/project.ts'
import { runsUp } from '../facts/run-state.ts'
import type { PageCause } from '../facts/run-status.ts'
import { servedPage } from '../facts/served-page.ts'
import type { WireFacts } from '../facts/wire.ts'
import type { Host } from '../host/host.ts'
import { portOf } from '../host/urls.ts'
import { socketWay } from '../plan/page-socket.ts'
import { askRun } from '../run/control-client.ts'
import type { Endpoint } from '../verify/endpoint.ts'
import { proveThrough } from '../verify/frontend.ts'
import { strangerAt } from './stranger.ts'

/** How long a run may take to try its page anew, in milliseconds: a browser has 15 s. */
const answerMs = 25_000

/** What is wrong with a page. */
export interface PageTrouble {
  readonly url: string
  readonly causes: readonly Diagnosis[]
}

/**
 * What keeps a page from its WebSocket, which is open by itself: the run that serves both tries it as it did before;
 * without one it is tried through the dev server that somebody else has started. Undefined where nothing is seen to be
 * wrong. Never throws.
 */
export async function pageTrouble(
  host: Host,
  {
    project,
    files,
    endpoint,
    direct,
  }: {
    readonly project: Project
    readonly files: () => Promise<FrontendFiles>
    readonly endpoint: Endpoint
    readonly direct: WireFacts
  },
): Promise<PageTrouble | undefined> {
  const [run] = await runsUp(host, host.cwd, portOf(endpoint.url))
  if (run !== undefined) {
    const outcome = await askRun(run, 'page', { deadlineMs: answerMs })
    const told = outcome.kind === 'answer' ? (outcome.page ?? []).flatMap((cause) => causeOfRun(cause) ?? []) : []
    if (told.length > 0) return { url: (outcome.kind === 'answer' ? outcome.status.page : undefined) ?? endpoint.url.href, causes: told }
    if (run.status.services.some(({ kind }) => kind === 'frontend')) return undefined
  }
  return throughDevServer(host, { project, files, endpoint, direct })
}

function causeOfRun({ id, title, evidence: [first = title, ...more], remedy }: PageCause): Diagnosis | undefined {
  return isCauseId(id) ? diagnosis(id, title, [first, ...more], remedy.text, remedy.commands, remedy.automatic) : undefined
}

/** A variable by which a shell that nobody sees may have led the page elsewhere. */
const leads = /WS|SOCKET/i

async function throughDevServer(
  host: Host,
  { project, files, endpoint, direct }: Parameters<typeof pageTrouble>[1],
): Promise<PageTrouble | undefined> {
  const { frontend, reading } = await files()
  if (frontend.kind === 'none') return undefined
  const { port, scheme, base } = frontend.app.address
  const { way } = socketWay(reading, [], { frontendPort: port, port: portOf(endpoint.url), path: endpoint.url.pathname })
  const mayLead = reading.pageSocket === undefined && reading.uses.some(({ name }) => leads.test(name))
  const origin = pageOrigin(frontend.app.address, port)
  if (way !== 'dev-server' || mayLead || origin === undefined || (await strangerAt(host, project, new URL(origin))) !== undefined)
    return undefined
  const page = await servedPage(host, undefined, { port, scheme, base })
  // the certificate of a dev server is trusted by the browser alone, which was told to
  if (!(page instanceof URL) || page.protocol === 'https:') return undefined
  const { diagnosis: cause } = await proveThrough({ page, socket: endpoint, direct, wiring: reading, holdMs: 0 })
  return cause && { url: page.href, causes: [cause] }
}
