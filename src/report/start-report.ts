import type { Diagnosis } from '../checks/diagnosis.ts'
import type { BroadcastFact } from '../facts/observed.ts'
import type { LauncherError } from '../errors.ts'
import type { ServiceStatus } from '../facts/service-status.ts'
import type { Step } from '../fix/step.ts'

/** The WebSocket's dot. */
export type SocketState =
  | {
      readonly dot: 'green'
      readonly handshakeMs: number
      readonly pongMs: number | undefined
      readonly heldMs: number
      /** Undefined where none could be tried. */
      readonly broadcast: BroadcastFact | undefined
    }
  | { readonly dot: 'yellow' | 'red'; readonly diagnosis: Diagnosis }

/** What the banner says once the backend listens and its WebSocket was tried. */
export interface ReadySummary {
  readonly version: string
  readonly readyMs: number
  readonly websocket: { readonly url: string; readonly state: SocketState }
  readonly backend: {
    readonly url: string
    readonly server: string
    readonly serverVersion: string
    readonly django: string | undefined
    readonly environment: string
    readonly pid: number | undefined
    readonly openToNetwork: boolean
  }
  readonly channels: { readonly layer: 'memory' | 'redis' | 'settings'; readonly text: string; readonly note: string | undefined }
  /** The dev server of the page; undefined where none was started. */
  readonly frontend: FrontendSummary | undefined
  /** What runs beside backend and frontend. */
  readonly services: readonly ServiceStatus[]
  /** Further backends of the same project, by their URLs. */
  readonly instances: readonly InstanceSummary[]
  /** The page to open, where there is one besides the backend. */
  readonly page: string | undefined
  /** Things worth a line each. */
  readonly notes: readonly string[]
}

/** What is known of the page when the banner is printed. */
export interface FrontendSummary {
  readonly url: string
  readonly state: 'ready' | 'starting' | 'failed'
  /** What was seen: `page 200 in 40 ms · WebSocket through it 101`. */
  readonly text: string
}

/** One more backend. */
export interface InstanceSummary {
  readonly url: string
  readonly pid: number | undefined
  /** `failed`: it isn't up, its WebSocket isn't connected, or no broadcast gets to it. */
  readonly state: 'ready' | 'failed'
  /** What was proven of it: `a broadcast from :8000 arrived in 3 ms`. */
  readonly text: string
}

/** The backend was started again, and its WebSocket tried. */
export interface Restarted {
  /** Why, such as `updates/consumers.py changed`. */
  readonly why: string
  readonly elapsedMs: number
  readonly url: string
  readonly state: SocketState
  /** What else was proven of it, where it is one of several instances. */
  readonly note?: string | undefined
}

/** Where `start` says what it does: text for people, or one JSON event a line. */
export interface StartReport {
  /** What is being waited for. */
  readonly phase: (text: string) => void
  readonly note: (text: string) => void
  readonly warning: (id: string, text: string) => void
  /** A line of a service's output. */
  readonly line: (service: string, line: string) => void
  /** A line that a command of the setup printed; where it fails, its last lines are evidence. */
  readonly setupLine: (line: string) => void
  readonly setupList: (steps: readonly Step[]) => void
  readonly setupStep: (step: Step) => void
  readonly setupUser: (user: { name: string; password: string; model: string }) => void
  readonly ready: (summary: ReadySummary) => void
  /** The state of a service has changed. */
  readonly service: (status: ServiceStatus) => void
  /** The page answers, or doesn't any more. */
  readonly frontend: (summary: FrontendSummary) => void
  /** The backend is about to be started again. */
  readonly restarting: (why: string) => void
  readonly restarted: (outcome: Restarted) => void
  /** Python that can't be compiled was saved: the backend goes on with the code of `since`, where it is up, until the next save. */
  readonly refusedReload: (problem: {
    readonly file: string
    readonly line: number
    readonly message: string
    readonly since: string | undefined
  }) => void
  /** How many sockets of others than ourselves are open. */
  readonly openSockets: (count: number) => void
  /** The dot has changed after ready. */
  readonly socket: (url: string, state: SocketState) => void
  readonly diagnosis: (diagnosis: Diagnosis) => void
  readonly error: (error: LauncherError) => void
  /** The stop was asked for: what is being done about it. */
  readonly stopping: (reason: string) => void
  /** The very last word. */
  readonly end: (exitCode: number) => void
}
