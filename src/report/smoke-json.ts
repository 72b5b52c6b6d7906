import type { SmokeResult } from './smoke-result.ts'

/** The version of the document's shape (`smoke.schema.json`). */
export const smokeSchemaVersion = 1

/** The run as one JSON document. What is not known is null, not left out. */
export function smokeJson(result: SmokeResult): Readonly<Record<string, unknown>> {
  const { urls, command, interruption } = result
  return {
    schemaVersion: smokeSchemaVersion,
    command: 'smoke',
    version: result.version,
    ok: result.state === 'passed',
    state: result.state,
    exitCode: result.exitCode,
    startedAt: result.startedAt,
    elapsedMs: Math.round(result.elapsedMs),
    timeoutMs: result.timeoutMs,
    interruption: interruption === undefined ? null : { ...interruption, afterMs: Math.round(interruption.afterMs) },
    versions: result.versions,
    urls: {
      backend: urls.backend ?? null,
      websocket: urls.websocket ?? null,
      origin: urls.origin ?? null,
      page: urls.page ?? null,
    },
    steps: result.steps.map(({ name, state, ms, evidence, diagnosis }) => ({
      name,
      state,
      ms: ms === undefined ? null : tenths(ms),
      evidence,
      diagnosis: diagnosis ?? null,
    })),
    run:
      command === undefined
        ? null
        : { words: command.words, ran: command.ran, exitCode: command.exitCode ?? null, signal: command.signal ?? null },
    warnings: result.warnings,
    phases: result.phases.map(({ text, ms }) => ({ text, ms: Math.round(ms) })),
    log: result.log,
  }
}

/** A handshake takes a few milliseconds: a tenth of one is worth telling, more is noise. */
function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
