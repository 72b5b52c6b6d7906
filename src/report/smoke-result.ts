import type { Judged } from '../checks/diagnosis.ts'
import { milliseconds } from '../checks/wire-words.ts'

/** What `smoke` proves, in this order. `frontend`, `page` and `command` are there only where they were asked for. */
export type SmokeStepName = 'server' | 'tcp' | 'http' | 'handshake' | 'ping' | 'hold' | 'broadcast' | 'frontend' | 'page' | 'command'

/** One thing that was tried. */
export interface SmokeStep {
  readonly name: SmokeStepName
  readonly state: 'passed' | 'failed' | 'skipped'
  /** Undefined where it wasn't tried. */
  readonly ms: number | undefined
  /** What was seen, or why it was skipped, a sentence each. */
  readonly evidence: readonly string[]
  /** Why it failed, where a cause is known. */
  readonly diagnosis: Judged<string> | undefined
}

/** What ended the run before its time: a signal's name, `deadline`, `parent-gone`, `output-closed`. */
export interface Interruption {
  readonly reason: string
  /** What was being done, in the report's words. */
  readonly during: string
  /** Since the start of the run. */
  readonly afterMs: number
}

/** The command behind `--`. */
export interface SmokeCommand {
  readonly words: readonly string[]
  /** False where it was never run: the WebSocket wasn't proven. */
  readonly ran: boolean
  readonly exitCode: number | undefined
  readonly signal: string | undefined
}

/** How long one part of the run took. */
export interface SmokePhase {
  readonly text: string
  readonly ms: number
}

/** The one document of a run of `smoke`, which every reporter renders. Its texts hold no secret. */
export interface SmokeResult {
  readonly state: 'passed' | 'failed' | 'interrupted'
  readonly exitCode: number
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly elapsedMs: number
  readonly timeoutMs: number
  readonly interruption: Interruption | undefined
  readonly versions: Readonly<Record<string, string>>
  readonly urls: {
    readonly backend: string | undefined
    readonly websocket: string | undefined
    readonly origin: string | undefined
    readonly page: string | undefined
  }
  readonly steps: readonly SmokeStep[]
  readonly command: SmokeCommand | undefined
  readonly warnings: readonly { readonly id: string; readonly text: string }[]
  readonly phases: readonly SmokePhase[]
  /** The last lines of the backend's output; empty where all is well. */
  readonly log: readonly string[]
}

/** The words of each step, as a person reads them. */
export const stepTitles: Readonly<Record<SmokeStepName, string>> = {
  server: 'the server starts',
  tcp: 'TCP',
  http: 'HTTP',
  handshake: 'handshake',
  ping: 'ping',
  hold: 'hold',
  broadcast: 'broadcast',
  frontend: 'frontend',
  page: 'page',
  command: 'command',
}

/** The first step that failed: what the run came to nothing by. */
export function failedStep({ steps }: Pick<SmokeResult, 'steps'>): SmokeStep | undefined {
  return steps.find(({ state }) => state === 'failed')
}

/** What was seen of a step, and of the cause behind it. */
export function evidenceOf({ evidence, diagnosis }: SmokeStep): readonly string[] {
  return [...evidence, ...(diagnosis?.evidence ?? []).filter((line) => !evidence.includes(line))]
}

/** The outcome in a sentence. */
export function verdict(result: SmokeResult): string {
  const { command, interruption } = result
  const failed = failedStep(result)
  if (interruption?.reason === 'deadline')
    return `not done within ${seconds(result.timeoutMs)} (--timeout); it was ended while: ${interruption.during}`
  if (interruption !== undefined) return `interrupted (${interruption.reason}) while: ${interruption.during}`
  if (failed === undefined)
    return command === undefined ? 'the WebSocket is proven' : 'the WebSocket is proven, and the command ended with 0'
  if (failed.name === 'command') return failed.evidence[0] ?? 'the command failed'
  return failed.diagnosis?.title ?? `${stepTitles[failed.name]} failed`
}

/** Milliseconds for people. */
export function seconds(ms: number): string {
  return ms < 1000 ? milliseconds(ms) : `${(ms / 1000).toFixed(1)} s`
}
