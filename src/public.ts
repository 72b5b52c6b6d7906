/**
 * The types of the programmatic API. They name nothing of the inside but the
 * configuration, so that they can be shipped as they are.
 */
import type { PartialConfig } from './config/schema.ts'

/** Every key of `election-dev.config.{json,js,mjs,ts}`. */
export type ElectionDevConfig = PartialConfig

/** One cause, with what proves it and what mends it. */
export interface Cause {
  /** A stable id, such as `redis-too-old`: `election-dev doctor explain ID` tells more. */
  readonly id: string
  readonly title: string
  readonly evidence: readonly string[]
  readonly remedy: {
    readonly text: string
    /** Steps: run in order, all of them. */
    readonly commands: readonly (readonly string[])[]
    /** Other ways to the same end, each with steps of its own. */
    readonly alternatives?: readonly (readonly (readonly string[])[])[]
    readonly automatic: 'yes' | 'ask' | 'no'
  }
}

/** One event of a run, as `election-dev start --json` prints it. */
export interface RunEvent {
  readonly schemaVersion: number
  /** `phase`, `ready`, `log`, `warning`, `websocket`, `diagnosis`, `end`… */
  readonly event: string
  readonly [key: string]: unknown
}

/** What every function takes: the keys of the configuration, over those of its file, and the folder of the project. */
export interface ProjectOptions extends Omit<ElectionDevConfig, '$schema' | 'json' | 'verbose'> {
  /** The folder of the project; default: the working folder. */
  readonly cwd?: string
}

/** What `start` takes. */
export interface StartOptions extends ProjectOptions {
  /** Gets every event; without it nothing is said anywhere. */
  readonly onEvent?: (event: RunEvent) => void
  /** Ends the run when it is aborted. */
  readonly signal?: AbortSignal
}

/** The WebSocket of a run. */
export interface SocketStatus {
  readonly state: 'connected' | 'wants-token' | 'refused' | 'not-connected'
  /** Why it isn't connected. */
  readonly cause: Cause | undefined
}

/** A run as it is now. */
export interface RunStatus {
  readonly running: boolean
  readonly websocket: SocketStatus
  /** As `election-dev` would have ended, once it has; 0 after `stop`. */
  readonly exitCode: number | undefined
}

/** A project that is up, its WebSocket proven. */
export interface Run {
  /** Of the backend, such as `http://127.0.0.1:8000/`. */
  readonly url: string
  /** Without a token. */
  readonly websocketUrl: string
  /** The page, where a frontend was started. */
  readonly pageUrl: string | undefined
  /** Of the server. */
  readonly pid: number | undefined
  readonly status: () => RunStatus
  /** Ends all that was started; resolves when nothing of it is left. */
  readonly stop: () => Promise<void>
  /** Resolves when the run has ended, by `stop` or by itself. */
  readonly ended: Promise<RunStatus>
}

/** What `verify` takes. */
export interface VerifyOptions extends ProjectOptions {
  /** The WebSocket; default: the one of the project in the folder. */
  readonly url?: string
}

/** What `verify` gives. */
export interface VerifyResult {
  readonly proven: boolean
  readonly state: 'proven' | 'wants-token' | 'refused' | 'failed'
  /** Without the token. */
  readonly url: string
  readonly origin: string | undefined
  /** Milliseconds, where it was answered with 101. */
  readonly handshakeMs: number | undefined
  /** Milliseconds, where the application answered the ping. */
  readonly pongMs: number | undefined
  /** How long the socket lived, in milliseconds. */
  readonly heldMs: number | undefined
  /** The close code, where it was closed. */
  readonly closeCode: number | undefined
  readonly cause: Cause | undefined
}

/** What `doctor` takes. */
export interface DoctorOptions extends ProjectOptions {
  /** WebSockets to look at, the further ones being instances of the first; default: the one of the project in the folder. */
  readonly urls?: readonly string[]
}

/** One check of `doctor`. */
export interface CheckResult {
  readonly id: string
  readonly severity: 'error' | 'warning' | 'info'
  readonly status: 'pass' | 'fail' | 'skip' | 'unknown'
  readonly title: string
  readonly evidence?: readonly string[]
  readonly reason?: string
  readonly explainedBy?: string
}

/** What `doctor` gives: the document of `election-dev doctor --json` (`election-dev/doctor.schema.json`). */
export interface DoctorResult {
  readonly schemaVersion: 1
  readonly command: 'doctor'
  readonly version: string
  readonly ok: boolean
  readonly state: 'healthy' | 'diagnosed' | 'unknown'
  readonly diagnosis: Cause | null
  readonly findings: readonly CheckResult[]
  readonly targets: readonly { readonly url: string; readonly origin: string | null }[]
  readonly elapsedMs: number
}

/** What these functions throw: what happened, where, what to do. Its `code` is a cause's id, or a word such as `config-invalid`. */
export interface RunError extends Error {
  readonly name: 'LauncherError'
  readonly code: string
  readonly hint: string | undefined
  readonly evidence: readonly string[]
  /** As `election-dev` would have ended: 1 for a finding, 2 for usage and configuration. */
  readonly exitCode: number
}
