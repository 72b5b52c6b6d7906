import type { ServerCommand } from '../servers/known.ts'

/** A process that serves, or holds a port that we ask for. What this user may not see is undefined. */
export interface ServerProcess {
  readonly pid: number
  readonly parent: number | undefined
  readonly argv: readonly string[]
  readonly cwd: string | undefined
  /** Path of the program that runs, links resolved. */
  readonly executable: string | undefined
  readonly state: 'running' | 'stopped' | 'unknown'
  /** Where it is stopped: which of its processes are, the first of them that began the others. */
  readonly stopped?: readonly number[]
  /** Milliseconds since 1970. */
  readonly startedAt: number | undefined
  /** The same of the youngest process that serves: a reloader starts a new one at each change, and only then is the code read anew. */
  readonly servingSince?: number | undefined
  /** Undefined for a program that is no Django server. */
  readonly command: ServerCommand | undefined
  readonly listens: readonly { readonly address: string; readonly port: number }[]
  readonly unixSockets: readonly string[]
  /**
   * `this`: it runs in this checkout (its working folder, or the manage.py that it names); `copy`: elsewhere, where most
   * of this project's files are, too, byte by byte; `other`: elsewhere; `unknown`: it can't be seen, or what it serves is nothing of its folder.
   */
  readonly project: 'this' | 'copy' | 'other' | 'unknown'
  /** Variables of its environment that were asked for, where it may be read; secrets among them are registered as such. */
  readonly env: Readonly<Record<string, string>> | undefined
  /** Regular files that its standard output and error go to. */
  readonly logs: readonly string[]
}

/** The servers of this machine as far as they matter here. */
export interface ServersFact {
  /** Who listens on the ports that were asked for, whoever it is. */
  readonly onPorts: readonly ServerProcess[]
  /** Django servers of this checkout, wherever they listen, or though they don't. Workers of one server are one entry, their parent. */
  readonly ofProject: readonly ServerProcess[]
  /** How processes were looked at; undefined: this machine doesn't tell, with the reason. */
  readonly source: '/proc' | 'lsof' | 'windows' | undefined
  readonly problem: string | undefined
}
