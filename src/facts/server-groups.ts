import type { ServerCommand } from '../servers/known.ts'
import { readServerCommand } from './server-command.ts'
import { isPython, isTitle, nameOf, serverOf } from './server-invocation.ts'
import type { SeenProcess } from './server-view.ts'

/** One server: the process that was started, and those that it started to serve. */
export interface ServerGroup {
  readonly leader: SeenProcess
  /** Undefined for a program that is no Django server. */
  readonly command: ServerCommand | undefined
  /** The leader comes first. */
  readonly members: readonly SeenProcess[]
}

/** The servers among processes; workers, reloaders' children and Windows' launchers are folded into the process that began them. */
export function serverGroups(rows: readonly SeenProcess[]): ServerGroup[] {
  const commands = new Map(rows.map((row) => [row.pid, readServerCommand(row.argv)]))
  const byPid = new Map(rows.map((row) => [row.pid, row]))
  const children = new Map<number, SeenProcess[]>()
  for (const row of rows) {
    if (parentOf(row, byPid) !== undefined) children.set(row.parent, [...(children.get(row.parent) ?? []), row])
  }
  return rows.flatMap((row) => {
    const own = commands.get(row.pid)
    if (own === undefined || isMember(row, own, commands, byPid)) return []
    const members = [row]
    for (const member of members) {
      for (const child of children.get(member.pid) ?? []) {
        const childCommand = commands.get(child.pid)
        if ((childCommand?.program ?? own.program) === own.program && runsPython(child)) members.push(child)
      }
    }
    return [{ leader: row, command: own, members }]
  })
}

/** True where a process above it, with nothing but Python between them, is the same kind of server. */
function isMember(
  row: SeenProcess,
  own: ServerCommand,
  commands: ReadonlyMap<number, ServerCommand | undefined>,
  byPid: ReadonlyMap<number, SeenProcess>,
): boolean {
  for (let above = parentOf(row, byPid); above !== undefined && runsPython(above); above = parentOf(above, byPid)) {
    const program = commands.get(above.pid)?.program
    if (program !== undefined) return program === own.program
  }
  return false
}

/** Its parent, unless that is a younger process with the PID of one that has ended (Windows keeps the number). */
function parentOf(row: SeenProcess, byPid: ReadonlyMap<number, SeenProcess>): SeenProcess | undefined {
  const parent = byPid.get(row.parent)
  if (parent === undefined || parent.pid === row.pid) return undefined
  return parent.startedAt !== undefined && row.startedAt !== undefined && parent.startedAt > row.startedAt ? undefined : parent
}

function runsPython(row: SeenProcess): boolean {
  const [program = ''] = row.argv
  return isPython(program) || isTitle(program) || serverOf(nameOf(program)) !== undefined
}
