import { diagnosisOf } from '../causes/causes.ts'
import type { Beside } from '../checks/beside.ts'
import type { Judged } from '../checks/diagnosis.ts'
import type { ServiceStatus } from '../facts/service-status.ts'
import type { Host } from '../host/host.ts'
import { nulls, type Nulls } from '../host/json.ts'
import {
  socketWord,
  type FrontendSummary,
  type InstanceSummary,
  type PageSummary,
  type ReadySummary,
  type Report,
  type RunEvent,
  type SocketState,
} from './run-event.ts'

/** The version of the events' shape. */
export const schemaVersion = 1

/** A step of the setup. */
export interface StepJson {
  readonly id: string
  readonly title: string
  readonly command: string
  readonly evidence: string
  /** false: a forecast. */
  readonly certain: boolean
}

/** How many of the broadcasts that were sent came back. */
export interface BroadcastJson {
  readonly sent: number
  readonly received: number
  readonly elapsedMs: number
}

/** A WebSocket that is connected. */
export interface ConnectedJson {
  readonly url: string
  readonly state: 'connected'
  readonly handshakeMs: number
  /** null: the application answers no pings. */
  readonly pongMs: number | null
  readonly heldMs: number
  /** null: none could be tried. */
  readonly broadcast: BroadcastJson | null
  /** Who stood at the consumer; null: nobody was seen there. */
  readonly user: string | null
  readonly diagnosis: null
}

/** A WebSocket that is not. */
export interface UnconnectedJson {
  readonly url: string
  readonly state: 'wants-token' | 'refused' | 'not-connected'
  readonly diagnosis: Judged
}

/** A WebSocket and what was proven of it. */
export type SocketJson = ConnectedJson | UnconnectedJson

/** The banner. */
export interface ReadyJson extends Omit<ReadySummary, 'websocket' | 'beside' | 'frontend' | 'services' | 'instances'> {
  readonly websocket: SocketJson
  /** The application's WebSockets, the first of them above; where the others took longer, the event `routes` has all. */
  readonly routes: readonly Beside[]
  /** null: none was started. */
  readonly frontend: FrontendSummary | null
  readonly services: readonly Nulls<ServiceStatus>[]
  /** Further backends of the same project. */
  readonly instances: readonly Nulls<InstanceSummary>[]
}

/** An event without its version. */
export type StartEventBody =
  | Exclude<
      RunEvent,
      {
        event:
          | 'setup-log'
          | 'setup'
          | 'setup-step'
          | 'setup-done'
          | 'ready'
          | 'service'
          | 'frontend'
          | 'page'
          | 'restarted'
          | 'reload-refused'
          | 'routes'
          | 'websocket'
          | 'error'
      }
    >
  /** What is missing, in the order in which it has to be made. */
  | { readonly event: 'setup'; readonly cause?: string; readonly steps: readonly StepJson[] }
  | { readonly event: 'setup-step'; readonly id: string; readonly command: string }
  | { readonly event: 'setup-done'; readonly id: string; readonly command: string; readonly elapsedMs: number }
  | ({ readonly event: 'ready' } & ReadyJson)
  | ({ readonly event: 'service' } & Nulls<ServiceStatus>)
  | ({ readonly event: 'frontend' } & FrontendSummary)
  | ({ readonly event: 'page' } & PageSummary)
  | {
      readonly event: 'restarted'
      readonly why: string
      readonly elapsedMs: number
      readonly websocket: SocketJson
      readonly note?: string
    }
  | Nulls<Extract<RunEvent, { event: 'reload-refused' }>>
  | { readonly event: 'routes'; readonly routes: readonly Beside[] }
  | ({ readonly event: 'websocket' } & SocketJson)
  | {
      readonly event: 'error'
      readonly code: string
      readonly message: string
      readonly hint: string | null
      readonly evidence: readonly string[]
    }

/** One line of what `election-dev start --json` prints on standard output. */
export type StartJsonEvent = { readonly schemaVersion: typeof schemaVersion } & StartEventBody

/** `start --json`: one event a line on standard output, and nothing else there. */
export function startJson({ terminal }: Host): Report {
  return (event) => {
    const line: StartJsonEvent = { schemaVersion, ...jsonOf(event) }
    if (event.event === 'log') terminal.jsonLog(line)
    else terminal.json(line)
  }
}

function jsonOf(event: RunEvent): StartEventBody {
  switch (event.event) {
    case 'setup':
      return {
        event: 'setup',
        ...(event.cause === undefined ? {} : { cause: event.cause.id }),
        steps: event.steps.map(({ id, title, shown, evidence, certain }) => ({ id, title, command: shown, evidence, certain })),
      }
    case 'setup-step':
      return { event: 'setup-step', id: event.step.id, command: event.step.shown }
    case 'setup-done':
      return { event: 'setup-done', id: event.step.id, command: event.step.shown, elapsedMs: event.elapsedMs }
    case 'setup-log':
      return { event: 'log', service: 'setup', line: event.line }
    case 'ready': {
      const { beside, ...rest } = event
      return {
        ...rest,
        websocket: socketOf(event.websocket.url, event.websocket.state),
        routes: routesOf(event.websocket.url, event.websocket.state, beside ?? []),
        frontend: event.frontend ?? null,
        services: event.services.map(nulls),
        instances: event.instances.map(nulls),
      }
    }
    case 'service':
      return nulls(event)
    case 'restarted': {
      const { why, elapsedMs, url, state, note } = event
      return { event: 'restarted', why, elapsedMs, websocket: socketOf(url, state), ...(note === undefined ? {} : { note }) }
    }
    case 'reload-refused':
      return nulls(event)
    case 'routes':
      return { event: 'routes', routes: routesOf(event.url, event.state, event.beside) }
    case 'websocket':
      return { event: 'websocket', ...socketOf(event.url, event.state) }
    case 'error': {
      const cause = diagnosisOf(event.error)
      if (cause !== undefined) return { event: 'diagnosis', diagnosis: cause }
      const { code, message, hint, evidence } = event.error
      return { event: 'error', code, message, hint: hint ?? null, evidence }
    }
    default:
      return event
  }
}

function routesOf(url: string, state: SocketState, beside: readonly Beside[]): Beside[] {
  const first = { path: new URL(url).pathname, state: socketWord(state) }
  return [state.dot === 'green' ? first : { ...first, diagnosis: state.diagnosis }, ...beside]
}

function socketOf(url: string, state: SocketState): SocketJson {
  if (state.dot !== 'green') return { url, state: socketWord(state), diagnosis: state.diagnosis }
  const { dot: _dot, broadcast, ...times } = state
  const tried = broadcast && { sent: broadcast.sent, received: broadcast.received, elapsedMs: broadcast.elapsedMs }
  return { url, state: 'connected', ...nulls({ user: undefined, ...times, broadcast: tried }), diagnosis: null }
}
