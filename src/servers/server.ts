import type { OptionTable, places, ReadOptions, ToldCommand } from './options.ts'

/** What the command line of a server is made of. */
export interface LaunchRequest {
  /** Its installed version: older ones lack some of the flags. */
  readonly version: string
  readonly application: string
  readonly host: string
  readonly port: number
  readonly color: boolean
}

/** How `start` runs it. */
export interface Launch {
  /** The module that its program begins with: a look where nothing serves imports it. */
  readonly imports?: string
  /** The first major version that `python -m` can run. */
  readonly moduleSince?: number
  /** What else it needs of a project: what is said where that isn't so, and why it is so. */
  readonly needs?: {
    readonly said: string
    readonly met: (project: { readonly packages: ReadonlyMap<string, string>; readonly hasDaphneApp: boolean }) => string | undefined
  }
  /**
   * Its arguments: `-b 127.0.0.1 -p 8000 core.asgi:application`. No reloader: it
   * stays alive with nothing listening.
   */
  readonly args: (request: LaunchRequest) => string[]
  /** Whether a child of the process that is launched serves, out of reach of what is around the application. */
  readonly servesFromChild?: (version: string) => boolean
}

/** How it runs in a container: on all addresses, behind a proxy, ended after a drain of some seconds. */
export interface Deploy {
  readonly args: (application: string, port: string, drain: string) => string[]
  /** What a person has to know of it. */
  readonly note?: string
}

/** A server that can run a Django project: all that is known of it, exported under its name. */
export interface Server {
  /** Its program and its module, and what `--server` calls it. */
  readonly name: string
  /** Its place among the servers: the first that is there is taken. */
  readonly preference: number
  /** How a run shows it, where that isn't its name. */
  readonly shown?: string
  /** The distribution that brings it, where that hasn't its name; what pip is told to install. */
  readonly distribution?: string
  readonly install: string
  /** Absent: it is read and judged, and never run by `start`. */
  readonly launch?: Launch
  /** Absent: it is taken only where it is asked for, and in no container. */
  readonly deploy?: Deploy
  /** The server that takes its place where a configuration is made of a script. */
  readonly standsFor?: string
  /** The WebSocket libraries of which it needs one; what it answers and logs where it has none. */
  readonly libraries?: { readonly names: readonly [string, ...string[]]; readonly body: RegExp; readonly log: RegExp }
  /** It speaks WSGI by its usual worker class; the option that makes it speak ASGI. */
  readonly worker?: { readonly usual: string; readonly asgi: string }
  /** How its Server header begins, and that of its library's refusals; sources of regular expressions. */
  readonly header: string
  readonly libraryHeader?: string
  /** The code that it closes with after an exception, where that is one of a sound close as well. */
  readonly exceptionCode?: number
  /** What it says of a port that another program has, where that isn't what the system says. */
  readonly saysTaken?: string
  /** It is a command of manage.py, and no program: which. */
  readonly command?: RegExp
  /** What it writes over its arguments, with the application. */
  readonly title?: RegExp
  /** The options of its command line, and what they say; what reads a place is handed over, since nothing needs it before a launch. */
  readonly table: OptionTable
  readonly read: (options: ReadOptions, read: typeof places) => Partial<ToldCommand>
  /** Folders that it is told to find its application in, as they are written. */
  readonly folders?: (options: ReadOptions) => readonly string[]
}

/** Whether a version has what came with 0.`minor`. */
export function since(version: string, minor: number): boolean {
  const [, major = '1', own = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return Number(major) > 0 || Number(own) >= minor
}
