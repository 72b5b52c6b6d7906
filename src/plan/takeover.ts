import type { FactOfRun } from '../facts/run-state.ts'
import type { ServerProcess, ServersFact } from '../facts/server-process.ts'
import { managePyOf, nameOf } from '../facts/server-invocation.ts'
import { treeOf, type ProcessRow } from '../host/process-table.ts'

/** What is ended so that the port becomes free. */
export type TakeoverTarget =
  /** A run of this checkout, by its own launcher. */
  | { readonly kind: 'run'; readonly fact: FactOfRun<'alive' | 'orphaned'> }
  /** A server of this project that nobody of ours has started. */
  | { readonly kind: 'server'; readonly server: ServerProcess; readonly started: string }

export type TakeoverDecision =
  | { readonly kind: 'end'; readonly targets: readonly TakeoverTarget[] }
  /** Nothing is touched: `holder` isn't of this project, or can't be told to be. */
  | { readonly kind: 'leave'; readonly why: string; readonly holder: ServerProcess | undefined }

/** What is taken for one of the project: a Django server that runs in its backend, or a dev server in its frontend. */
export type Held = 'server' | 'dev server'

/** What runs JavaScript. */
const isNode = ({ argv, executable }: ServerProcess): boolean =>
  [argv[0], executable].some((path) => path !== undefined && /^(?:node|bun|deno)$/.test(nameOf(path)))

/**
 * Who may be ended for the wanted port: runs of this checkout, and servers of its
 * own. Where one of the holders is anything else, nothing is
 * ended, since the port would stay held. Pure. `rows`: the processes as they were
 * before the servers were looked at, so that a PID that was given out anew in between is seen.
 */
export function decideTakeover(
  port: number,
  servers: ServersFact,
  runs: readonly FactOfRun<'alive' | 'orphaned'>[],
  rows: readonly ProcessRow[] | undefined,
  what: Held = 'server',
): TakeoverDecision {
  const holders = servers.onPorts.filter(({ listens }) => listens.some((place) => place.port === port))
  if (rows === undefined || holders.length === 0)
    return { kind: 'leave', why: servers.problem ?? 'its process is not visible to this user', holder: undefined }
  if (servers.problem !== undefined) return { kind: 'leave', why: servers.problem, holder: holders[0] }
  const targets: TakeoverTarget[] = []
  for (const holder of holders) {
    const target = targetOf(holder, runs, rows, what)
    if (typeof target === 'string') return { kind: 'leave', why: target, holder }
    if (target.kind === 'server' || !targets.some((other) => other.kind === 'run' && other.fact === target.fact)) targets.push(target)
  }
  return { kind: 'end', targets }
}

function targetOf(
  holder: ServerProcess,
  runs: readonly FactOfRun<'alive' | 'orphaned'>[],
  rows: readonly ProcessRow[],
  what: Held,
): TakeoverTarget | string {
  const fact = runs.find((one) => belongs(holder.pid, one, rows))
  if (fact !== undefined) return { kind: 'run', fact }
  if (what === 'server' ? holder.command === undefined && managePyOf(holder.argv) === undefined : !isNode(holder))
    return `it is no ${what === 'server' ? 'Django server' : 'dev server'}`
  if (holder.project === 'other') return 'it is a server of another project'
  if (holder.project === 'copy')
    return `it is a server of another copy of this project${holder.cwd === undefined ? '' : `, in ${holder.cwd}`}`
  if (holder.project === 'unknown') return 'which project it serves is not visible to this user'
  const row = rows.find(({ pid }) => pid === holder.pid)
  if (row === undefined) return 'it was started this very moment'
  return { kind: 'server', server: holder, started: row.started }
}

/** Of the tree of the launcher or of one of the processes that it has written down, by PID and start. */
function belongs(pid: number, { run }: FactOfRun<'alive' | 'orphaned'>, rows: readonly ProcessRow[]): boolean {
  return [run.launcher, ...run.processes].some(
    (known) => rows.some((row) => row.pid === known.pid && row.started === known.started) && treeOf(rows, known.pid).includes(pid),
  )
}
