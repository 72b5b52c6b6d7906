import type { ServiceStatus } from '../facts/service-status.ts'
import type { SocketState } from './run-event.ts'

/** A running stack as `status` and the status line show it. */
export interface StackStatus {
  /** The backend first, then its further instances, the frontend, the services. */
  readonly services: readonly ServiceStatus[]
  /** Undefined until it was tried. */
  readonly websocket: { readonly url: string; readonly state: SocketState } | undefined
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
  /** Ends the run; resolves when nothing of it is left. */
  readonly stop: () => Promise<void>
  /** Calls back after each change of the status; gives the function that ends it. */
  readonly listen: (callback: () => void) => () => void
}
