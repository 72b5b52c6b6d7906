import { delimiter } from 'node:path'
import { runFlags } from '../config/again.ts'
import type { Judged } from '../checks/diagnosis.ts'
import type { Config } from '../config/config.ts'
import { insideFolder } from '../facts/inside-folder.ts'
import type { PageCause, RunMeans, RunStatus, SocketStatus } from '../facts/run-status.ts'
import type { ServiceStatus } from '../facts/service-status.ts'
import { nulls, textsOf } from '../host/json.ts'
import { portOf } from '../host/urls.ts'
import { socketWord, type SocketState } from './run-event.ts'

/** A running stack as `status` and the status line show it. */
export interface StackStatus {
  /** The backend first, then its further instances, the frontend, the services. */
  readonly services: readonly ServiceStatus[]
  /** Undefined until it was tried; its state is so while its server is being started again. */
  readonly websocket: { readonly url: string; readonly state: SocketState | undefined } | undefined
  /** Sockets of others than ourselves; undefined where the observer doesn't tell. */
  readonly openSockets: number | undefined
  /** The last thing that went wrong, in a sentence. */
  readonly lastError: string | undefined
  /** The page to open. */
  readonly page: string | undefined
}

/** What can be asked of a run that is up: by keys, by `election-dev restart` and by programs. */
export interface StackControl {
  readonly status: () => StackStatus
  /** Starts a service again, or all of them. Resolves when it is ready or has failed. Rejects with LauncherError `no-such-service`. */
  readonly restart: (service: string | undefined) => Promise<void>
  /** Proves the WebSocket anew. */
  readonly verify: () => Promise<SocketState>
  /** With what the backend is run, once that is decided: its environment, and the configuration of the run. */
  readonly means: () => { readonly env: Readonly<Record<string, string | undefined>> | undefined; readonly config: Config }
  /** Looks at the page in a browser, now. Rejects with LauncherError `no-page`. */
  readonly look: () => Promise<void>
  /** What is wrong with the page, tried anew as `start` has tried it. */
  readonly pageCauses: () => Promise<readonly Judged[]>
  /** Ends the run; resolves when nothing of it is left. */
  readonly stop: () => Promise<void>
  /** Calls back after each change of the status; gives the function that ends it. */
  readonly listen: (callback: () => void) => () => void
}

/** The stack's status as it leaves the process. */
export function runStatusOf({ services, websocket, ...rest }: StackStatus): RunStatus {
  return {
    services: services.map(nulls),
    websocket: websocket === undefined ? null : socketStatusOf(websocket.url, websocket.state),
    ...nulls(rest),
  }
}

/** With what the backend is run, as it leaves the process: without what the launcher alone has given to its server. */
export function runMeansOf(control: Pick<StackControl, 'means' | 'status'>): RunMeans | undefined {
  const { env, config } = control.means()
  const { websocket } = control.status()
  if (env === undefined) return undefined
  const path = env['PYTHONPATH']?.split(delimiter).filter((folder) => folder !== insideFolder)
  const all = { ...env, PYTHONPATH: path === undefined || path.length === 0 ? undefined : path.join(delimiter) }
  return {
    env: Object.fromEntries(Object.entries(textsOf(all)).filter(([name]) => !name.startsWith('ELECTION_DEV_'))),
    flags: runFlags(config, websocket && portOf(new URL(websocket.url))),
  }
}

/** What is wrong with the page, as it leaves the process. */
export async function pageCausesOf({ pageCauses }: Pick<StackControl, 'pageCauses'>): Promise<PageCause[]> {
  const causes = await pageCauses()
  return causes.map(({ id, title, evidence, remedy: { text, commands, automatic } }) => ({
    id,
    title,
    evidence: [...evidence],
    remedy: { text, commands: commands.map((words) => [...words]), automatic },
  }))
}

function socketStatusOf(url: string, state: SocketState | undefined): SocketStatus {
  const word = state === undefined ? 'not-connected' : socketWord(state)
  const nothing: SocketStatus = { url, state: word, handshakeMs: null, pongMs: null, broadcast: null, cause: null }
  if (state === undefined) return nothing
  if (state.dot !== 'green') {
    const { id, title, remedy } = state.diagnosis
    return { ...nothing, cause: { id, title, remedy: remedy.text } }
  }
  const { handshakeMs, pongMs, broadcast } = state
  return { ...nothing, ...nulls({ handshakeMs, pongMs, broadcast: broadcast && { sent: broadcast.sent, received: broadcast.received } }) }
}
