/** What ended the run, as an exit status: see the table in README.md. */
export const ExitCode = {
  ok: 0,
  /** A finding that gates: the WebSocket isn't proven. */
  finding: 1,
  /** The command could not run: usage, configuration, nothing to judge. */
  usage: 2,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

interface ErrorDetails {
  hint?: string | undefined
  commands?: readonly (readonly string[])[]
  evidence?: readonly string[]
  cause?: unknown
}

/**
 * An error for people: what happened, where, what to do. Anything else that is
 * thrown is a defect of ours and keeps its stack.
 */
export class LauncherError extends Error {
  override readonly name = 'LauncherError'
  /** A stable id: one of the vocabulary's where it names a cause, else a word of ours such as `config-invalid`. */
  readonly code: string
  /** What to do about it: a sentence, or a command to copy. */
  readonly hint: string | undefined
  /** What to run about it, as printed, in this order. */
  readonly commands: readonly (readonly string[])[]
  readonly exitCode: ExitCode
  /** What was seen that proves it, a line each. */
  readonly evidence: readonly string[]

  constructor(code: string, message: string, options: ErrorDetails & { exitCode?: ExitCode } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.hint = options.hint
    this.commands = options.commands ?? []
    this.exitCode = options.exitCode ?? ExitCode.finding
    this.evidence = options.evidence ?? []
  }
}

/** An error of usage or configuration: the command could not run. */
export function usageError(code: string, message: string, details: ErrorDetails = {}): LauncherError {
  return new LauncherError(code, message, { ...details, exitCode: ExitCode.usage })
}

/** The `code` of a Node system error (`ECONNREFUSED`, `ENOENT`…), or undefined. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** What it gives; undefined where it throws. */
export function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** The message of whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
