import type { Judged } from '../checks/diagnosis.ts'
import { nulls } from '../host/json.ts'
import type { Interruption, SmokeResult, SmokeStep } from './smoke-result.ts'
import { version } from '../version.ts'

/** The version of the document's shape (`smoke.schema.json`). */
export const smokeSchemaVersion = 1

/** What one step of the run came to. */
export interface SmokeStepJson extends Omit<SmokeStep, 'ms' | 'diagnosis'> {
  /** null where it wasn't tried. */
  readonly ms: number | null
  readonly diagnosis: Judged<string> | null
}

/** What `election-dev smoke --reporter json` writes: one document of this shape. */
export interface SmokeDocument extends Pick<SmokeResult, 'state' | 'startedAt' | 'versions' | 'warnings' | 'phases' | 'log'> {
  readonly version: string
  readonly schemaVersion: typeof smokeSchemaVersion
  readonly command: 'smoke'
  readonly ok: boolean
  /**
   * @asType integer
   * @minimum 0
   */
  readonly exitCode: number
  /** @minimum 0 */
  readonly elapsedMs: number
  /** @minimum 0 */
  readonly timeoutMs: number
  readonly interruption: Interruption | null
  readonly urls: { readonly [Name in keyof SmokeResult['urls']]: string | null }
  readonly steps: readonly SmokeStepJson[]
  /** The command behind --; null where none was given. */
  readonly run: {
    readonly words: readonly string[]
    readonly ran: boolean
    readonly exitCode: number | null
    readonly signal: string | null
  } | null
}

/** The run as one JSON document. What is not known is null, not left out: a result that was masked has no members for it. */
export function smokeJson(result: SmokeResult): SmokeDocument {
  const { urls, command, interruption } = result
  return {
    schemaVersion: smokeSchemaVersion,
    command: 'smoke',
    version,
    ok: result.state === 'passed',
    state: result.state,
    exitCode: result.exitCode,
    startedAt: result.startedAt,
    elapsedMs: Math.round(result.elapsedMs),
    timeoutMs: result.timeoutMs,
    interruption: interruption === undefined ? null : { ...interruption, afterMs: Math.round(interruption.afterMs) },
    versions: result.versions,
    urls: nulls({ backend: urls.backend, websocket: urls.websocket, origin: urls.origin, page: urls.page }),
    steps: result.steps.map(({ name, state, ms, evidence, diagnosis }) =>
      nulls({ name, state, ms: ms && tenths(ms), evidence, diagnosis }),
    ),
    run:
      command === undefined ? null : nulls({ words: command.words, ran: command.ran, exitCode: command.exitCode, signal: command.signal }),
    warnings: result.warnings,
    phases: result.phases.map(({ text, ms }) => ({ text, ms: Math.round(ms) })),
    log: result.log,
  }
}

/** A handshake takes a few milliseconds: a tenth of one is worth telling, more is noise. */
function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
