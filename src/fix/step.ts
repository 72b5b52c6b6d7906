import type { Evidence } from '../checks/evidence.ts'
import type { WantedRow } from '../facts/examine.ts'
import type { Installers } from '../facts/programs.ts'
import type { CommandAction } from '../plan/install.ts'
import type { Givers } from '../plan/variables.ts'

/** What `start` is called with where a fix ends in it. */
export interface StartFlags {
  readonly port?: number
  readonly host?: string
  readonly path?: string
  readonly origin?: string
  readonly application?: string
  readonly channelLayer?: 'memory'
  readonly setup?: true
  readonly managed?: true
  readonly managedRedis?: true
}

/** What is done. Paths are absolute. */
export type Action =
  | CommandAction
  | {
      readonly kind: 'edit'
      readonly file: string
      /** What the file must still hold; undefined: there must be none yet. */
      readonly before: string | Uint8Array | undefined
      readonly after: string
      readonly language: 'dotenv' | 'python' | 'script'
      /** The variables that it sets. */
      readonly names?: readonly string[]
      /** Variables that all which this run still starts gets as well. */
      readonly gives?: Readonly<Record<string, string>>
    }
  | { readonly kind: 'make-folder'; readonly path: string }
  | {
      readonly kind: 'copy'
      readonly from: string
      readonly to: string
      /** A copy of an `.env` example gets signing keys of its own. */
      readonly fresh: boolean
      /** What else it says otherwise than the example. */
      readonly values?: readonly (readonly [string, string])[]
    }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  /** Into the backup. */
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
  /** The run that has started the server starts it again. */
  | { readonly kind: 'restart'; readonly server: number }
  /** A development user with a password of its own, which no command could make. */
  | { readonly kind: 'create-user'; readonly shown: string }
  /** A row for an example, with all that its model asks for. */
  | { readonly kind: 'create-row'; readonly row: WantedRow }
  | {
      readonly kind: 'hand-over'
      readonly to: 'start'
      readonly flags: StartFlags
      /** Variables of the environment that it is started without. */
      readonly without: readonly string[]
      readonly command: readonly string[]
    }

/** An action with what it is for. */
export interface Step {
  /** The id of the cause that it fixes. */
  readonly id: string
  /** What there is once it is done. */
  readonly title: string
  /** Why it is needed. */
  readonly evidence: string
  /** As a person types it in the checkout, where that can be typed. */
  readonly shown: string
  /** `ask`: only after a yes. */
  readonly automatic: 'yes' | 'ask'
  /** False for what can only be forecast, because the settings can't be imported yet. */
  readonly certain: boolean
  /** The other machine that it writes to: done after a yes of its own alone. */
  readonly elsewhere?: string | undefined
  readonly action: Action
}

/** What a fix needs besides the evidence: gathered only where something is to be fixed. */
export interface FixFacts extends Installers, Givers {
  readonly platform: NodeJS.Platform
  /** Texts of the files that a fix may edit or read, by absolute path: settings, frontend sources, requirements, `.env` candidates. */
  readonly texts: ReadonlyMap<string, string>
  /** The `.env` where it isn't text. */
  readonly dotenvBytes: Uint8Array | undefined
  /** Modules called asgi below the backend, and the applications that they define; the one beside the settings first. */
  readonly asgi: readonly { readonly module: string; readonly file?: string; readonly names: readonly string[] }[]
  /** When processes were started, as the process table writes it. */
  readonly started: ReadonlyMap<number, string>
  /** Whether the Redis of the variables could carry the layer; undefined where it wasn't asked. */
  readonly redisUsable: boolean | undefined
  /** Lines of the project that import the module that hides a package: `backend/core/views.py:3`. */
  readonly importers: readonly string[]
  /** Files of the compiled module that hides a package. */
  readonly compiled: readonly string[]
  /** A random value, for a signing key. */
  readonly secret: string
  /** One for each name, the same whenever it is asked for: 43 characters of URL-safe base64. */
  readonly secretFor: (name: string) => string
}

/** How a cause is fixed: what is done, in order. */
export interface Fix {
  readonly actions: readonly Action[]
  /** It touches what isn't this checkout's: never without a yes, whatever the cause is. */
  readonly asks: boolean
  /** What is there goes for good, and something else takes its place: `--fix` asks, a setup was given the word for it. */
  readonly replaces: boolean
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

/** A plan for one cause, from the parts of the evidence that it needs. Pure. */
export type PlannerOf<Needed extends keyof Evidence> = (evidence: Pick<Evidence, Needed>, facts: FixFacts, cause: FixCause) => Fix | NoFix

/** A plan for one cause. */
export type Planner = PlannerOf<keyof Evidence>

/** What a plan takes from the diagnosis: its commands hold names that its rule found. */
interface FixCause {
  readonly id: string
  readonly commands: readonly (readonly string[])[]
}

/** A fix from its actions. */
export function fix(actions: readonly Action[], options: Partial<Omit<Fix, 'actions'>> = {}): Fix {
  return { actions, asks: false, replaces: false, notes: [], restart: false, url: undefined, ...options }
}

/** A fix of one edit, or why there is none. */
export function edited(step: Action | NoFix): Fix | NoFix {
  return 'noFix' in step ? step : fix([step], { restart: true })
}

/** No fix, and why. */
export function noFix(why: string): NoFix {
  return { noFix: why }
}

/** Whether a plan came to nothing. */
export function isNoFix(plan: Fix | NoFix): plan is NoFix {
  return 'noFix' in plan
}

/** Whether `--undo` can take it back; what can't be taken back is told before. */
export function isUndoable(action: Action): boolean {
  if (action.kind === 'command') return action.makes !== undefined || action.adds !== undefined || action.changes !== undefined
  return action.kind !== 'create-user' && action.kind !== 'create-row' && action.kind !== 'signal'
}
