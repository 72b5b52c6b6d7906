import { dirname, join, resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { errorCode, errorMessage } from '../errors.ts'
import { isFile, readBytes } from '../host/files.ts'
import type { Host } from '../host/host.ts'

/** One process type of a Procfile. */
export interface ProcfileEntry {
  readonly name: string
  /** As it is written there. */
  readonly command: string
  readonly line: number
}

/** A line that says nothing that can be run, or says it twice. */
export interface ProcfileProblem {
  readonly line: number
  readonly problem: string
}

/** A Procfile as it is. */
export type ProcfileFact =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly path: string; readonly reason: string }
  | {
      readonly kind: 'present'
      /** Absolute. */
      readonly path: string
      /** Its folder, where its processes run. */
      readonly folder: string
      /** As it is called in messages. */
      readonly shown: string
      readonly entries: readonly ProcfileEntry[]
      readonly problems: readonly ProcfileProblem[]
    }

/**
 * Reads the lines `name: command` of a Procfile (devcenter.heroku.com,
 * "The Procfile"; foreman and honcho take letters, digits, - and _ for a name).
 * Comments and empty lines are passed over; any other line, and a name that is
 * there already, is a problem with its line number. Pure.
 */
export function parseProcfile(text: string): { entries: readonly ProcfileEntry[]; problems: readonly ProcfileProblem[] } {
  const entries: ProcfileEntry[] = []
  const problems: ProcfileProblem[] = []
  const lines = text.split(/\r\n|\r|\n/)
  for (const [index, written] of lines.entries()) {
    const line = index + 1
    // a byte order mark is white space to it (ECMA-262, WhiteSpace)
    const trimmed = written.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const match = /^([A-Za-z0-9_-]+):\s*(.*)$/.exec(trimmed)
    const [, name = '', command = ''] = match ?? []
    const before = entries.find((entry) => entry.name === name)
    if (match === null) problems.push({ line, problem: 'is no `name: command`' })
    else if (command === '') problems.push({ line, problem: `names ${name} without a command` })
    else if (before !== undefined) problems.push({ line, problem: `names ${name} again; the command of line ${before.line} counts` })
    else entries.push({ name, command, line })
  }
  return { entries, problems }
}

/**
 * The Procfile that the configuration names, else the one in the folder of the
 * run, where there is one. Never throws: one that is named and isn't there is
 * `unreadable`.
 */
export async function readProcfile(host: Pick<Host, 'cwd'>, config: Pick<Config, 'procfile'>): Promise<ProcfileFact> {
  if (config.procfile === false) return { kind: 'absent' }
  const shown = config.procfile ?? 'Procfile'
  const path = config.procfile === undefined ? join(host.cwd, 'Procfile') : resolve(host.cwd, config.procfile)
  if (config.procfile === undefined && !(await isFile(path))) return { kind: 'absent' }
  try {
    return { kind: 'present', path, folder: dirname(path), shown, ...parseProcfile((await readBytes(path)).toString()) }
  } catch (error) {
    return { kind: 'unreadable', path, reason: errorCode(error) ?? errorMessage(error) }
  }
}
