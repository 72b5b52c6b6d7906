import type { FixFacts } from './fix-facts.ts'
import type { Evidence } from '../checks/evidence.ts'

/** What `start` is called with where a fix ends in it. */
export interface StartFlags {
  readonly port?: number
  readonly host?: string
  readonly path?: string
  readonly origin?: string
  readonly application?: string
  readonly channelLayer?: 'memory'
}

/** One thing that a fix does. Paths are absolute. */
export type Step =
  | {
      readonly kind: 'command'
      readonly argv: readonly [string, ...string[]]
      readonly cwd: string
      /** As a person types it in the checkout. */
      readonly shown: string
      /** A folder that it makes, which a run that was cut short must not leave half-made. */
      readonly makes?: string
      /** A file that it changes, which is kept before. */
      readonly changes?: string
    }
  | {
      readonly kind: 'edit'
      readonly file: string
      /** What the file must still hold; undefined: there must be none yet. */
      readonly before: string | Uint8Array | undefined
      readonly after: string
      readonly language: 'dotenv' | 'python' | 'script'
    }
  | { readonly kind: 'make-folder'; readonly path: string }
  /** A copy of an `.env` example gets signing keys of its own. */
  | { readonly kind: 'copy'; readonly from: string; readonly to: string; readonly fresh: boolean }
  /** `to` undefined: into the backup. */
  | { readonly kind: 'rename'; readonly from: string; readonly to: string | undefined }
  | { readonly kind: 'remove'; readonly path: string }
  | {
      readonly kind: 'signal'
      readonly pid: number
      /** When it was started, as the process table writes it: with the PID it names one process for ever. */
      readonly startedAt: string | undefined
      readonly signal: 'SIGTERM' | 'SIGCONT'
      readonly why: string
    }
  | { readonly kind: 'wait'; readonly what: 'redis-loading' }
  | {
      readonly kind: 'hand-over'
      readonly to: 'start'
      readonly flags: StartFlags
      /** Variables of the environment that it is started without. */
      readonly without: readonly string[]
      readonly command: readonly string[]
    }

/** How a cause is fixed: its steps in order. */
export interface Fix {
  readonly steps: readonly Step[]
  /** It touches what isn't this checkout's: never without the user's word, whatever the cause is. */
  readonly needsWord: boolean
  /** Sentences for people: what is left to them. */
  readonly notes: readonly string[]
  /** A running server has read the old state, and has to be started anew. */
  readonly restart: boolean
  /** The right URL, where the one that was asked for is wrong. */
  readonly url: string | undefined
}

/** Why the program fixes nothing though the cause is one that it may fix, in a sentence. */
export interface NoFix {
  readonly noFix: string
}

/** A plan for one cause. */
export type Planner = (evidence: Evidence, facts: FixFacts, cause: FixCause) => Fix | NoFix

/** What a plan takes from the diagnosis: its commands hold names that its rule found. */
export interface FixCause {
  readonly id: string
  readonly commands: readonly (readonly string[])[]
}

/** A fix from its steps. */
export function fix(
  steps: readonly Step[],
  options: { needsWord?: boolean; notes?: readonly string[]; restart?: boolean; url?: string } = {},
): Fix {
  return {
    steps,
    needsWord: options.needsWord ?? false,
    notes: options.notes ?? [],
    restart: options.restart ?? false,
    url: options.url,
  }
}

/** No fix, and why. */
export function noFix(why: string): NoFix {
  return { noFix: why }
}

/** Whether a plan came to nothing. */
export function isNoFix(plan: Fix | NoFix): plan is NoFix {
  return 'noFix' in plan
}
