/** How a server ended. */
export interface ServerExit {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  /** Milliseconds since its start. */
  readonly afterMs: number
  /** Set where it could not be started at all. */
  readonly spawnError: string | undefined
}

/** A start that came to nothing: the server ended, or lives and doesn't listen by its deadline. */
export type FailedStart =
  | {
      readonly kind: 'died'
      readonly exit: ServerExit
      readonly lines: readonly string[]
      readonly port: number
      readonly portTaken: boolean
    }
  | {
      readonly kind: 'silent'
      readonly lines: readonly string[]
      readonly port: number
      /** How long a socket of it was waited for, in milliseconds. */
      readonly afterMs: number
    }
