import type { Beside } from '../checks/beside.ts'
import type { Judged } from '../checks/diagnosis.ts'
import type { BroadcastFact } from '../facts/observed.ts'
import type { LauncherError } from '../errors.ts'
import type { ServiceStatus } from '../facts/service-status.ts'
import type { MadeUser } from '../fix/make-rows.ts'
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
      /** Who stood at the consumer; undefined where nobody was seen there. */
      readonly user?: string | undefined
    }
  | { readonly dot: 'yellow'; readonly state: 'wants-token' | 'refused'; readonly diagnosis: Judged }
  | { readonly dot: 'red'; readonly diagnosis: Judged }

/** How a socket stands, in the word that leaves the process. */
export function socketWord(state: Exclude<SocketState, { dot: 'green' }>): 'wants-token' | 'refused' | 'not-connected'
export function socketWord(state: SocketState): 'connected' | 'wants-token' | 'refused' | 'not-connected'
export function socketWord(state: SocketState): 'connected' | 'wants-token' | 'refused' | 'not-connected' {
  if (state.dot === 'yellow') return state.state
  return state.dot === 'green' ? 'connected' : 'not-connected'
}

/** What the banner says once the backend listens and its WebSocket was tried. */
export interface ReadySummary {
  readonly version: string
  readonly readyMs: number
  readonly websocket: { readonly url: string; readonly state: SocketState }
  /** The application's other WebSockets; undefined: they aren't all proven yet, and an event follows. */
  readonly beside: readonly Beside[] | undefined
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
  /** Why it isn't there, or its WebSocket doesn't work. */
  readonly diagnosis?: Judged
}

/** What a browser has seen of the page. */
export interface PageSummary {
  readonly url: string
  /** `yellow`: it wants a login, or opens no WebSocket; `remembered`: open when it was last looked at; `unseen`: nobody looked. */
  readonly state: 'looking' | 'open' | 'yellow' | 'failed' | 'remembered' | 'unseen'
  /** What was seen, and by which browser. */
  readonly text: string
  /** The page's own, as they stood in the end: those of its dev server are none of them. */
  readonly sockets: readonly { readonly url: string; readonly state: 'opening' | 'open' | 'closed' | 'refused' }[]
  /** The file of a picture that was taken. */
  readonly screenshot?: string
  readonly diagnosis?: Judged
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

/** A step of the setup that was done. */
export interface TimedStep extends Pick<Step, 'id' | 'title'> {
  readonly elapsedMs: number
  readonly failed?: true
}

/** All that happens in a run of `start`. The names are those of the events of `start --json`. */
export type RunEvent =
  /** What is being waited for. */
  | { readonly event: 'phase'; readonly text: string }
  /** `always`: for whoever doesn't ask for more words as well. */
  | { readonly event: 'note'; readonly text: string; readonly always?: true }
  | { readonly event: 'warning'; readonly id: string; readonly text: string }
  /** A line of a service's output. */
  | { readonly event: 'log'; readonly service: string; readonly line: string }
  /** A line that a command of the setup printed; where it fails, its last lines are evidence. */
  | { readonly event: 'setup-log'; readonly line: string }
  /** `cause`: what showed only once the checkout had all that it needs. */
  | { readonly event: 'setup'; readonly steps: readonly Step[]; readonly cause?: Judged<string> }
  | { readonly event: 'setup-step'; readonly step: Step }
  | { readonly event: 'setup-done'; readonly step: Pick<Step, 'id' | 'title' | 'shown'>; readonly elapsedMs: number }
  /** What was done of a setup since the run began, and the folder from which `doctor --undo` takes it back. */
  | { readonly event: 'setup-end'; readonly steps: readonly TimedStep[]; readonly elapsedMs: number; readonly backup: string }
  | ({ readonly event: 'setup-user' } & MadeUser)
  | ({ readonly event: 'ready' } & ReadySummary)
  /** The state of a service has changed. */
  | ({ readonly event: 'service' } & ServiceStatus)
  /** The page answers, or doesn't any more. */
  | ({ readonly event: 'frontend' } & FrontendSummary)
  /** A browser looks at the page, or has looked. */
  | ({ readonly event: 'page' } & PageSummary)
  /** The backend is about to be started again. */
  | { readonly event: 'restarting'; readonly why: string }
  | ({ readonly event: 'restarted' } & Restarted)
  /** Python that can't be compiled was saved: the backend goes on with the code of `since`, where it is up, until the next save. */
  | {
      readonly event: 'reload-refused'
      readonly file: string
      readonly line: number
      readonly message: string
      readonly since: string | undefined
    }
  /** How many sockets of others than ourselves are open. */
  | { readonly event: 'open-sockets'; readonly count: number }
  /** The application's other WebSockets, where they took longer than the first. */
  | { readonly event: 'routes'; readonly url: string; readonly state: SocketState; readonly beside: readonly Beside[] }
  /** The dot has changed after ready. */
  | { readonly event: 'websocket'; readonly url: string; readonly state: SocketState }
  | { readonly event: 'diagnosis'; readonly diagnosis: Judged<string> }
  | { readonly event: 'error'; readonly error: LauncherError }
  /** The stop was asked for: what is being done about it. */
  | { readonly event: 'stopping'; readonly reason: string }
  /** The very last word. */
  | { readonly event: 'end'; readonly exitCode: number }

/** Where a run says what happens in it. */
export type Report = (event: RunEvent) => void

/** What went wrong, in a sentence, where something did. */
export function troubleOf(event: RunEvent): string | undefined {
  switch (event.event) {
    case 'warning':
      // how it is served is no trouble
      return event.id === 'other-settings' ? undefined : event.text
    case 'diagnosis':
      return event.diagnosis.title
    case 'error':
      return event.error.message
    case 'websocket':
      return event.state.dot === 'green' ? undefined : event.state.diagnosis.title
    default:
      return undefined
  }
}
