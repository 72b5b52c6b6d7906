import { errorMessage } from '../errors.ts'
import { rowOf, type ProcessIdentity, type RecordedProcess, type RunState } from '../facts/run-state.ts'
import type { RunStatus } from '../facts/run-status.ts'
import type { Host } from '../host/host.ts'
import { thisMachine } from '../host/machine.ts'
import { processTable } from '../host/process-table.ts'
import { runStatusOf } from '../report/stack-control.ts'
import { serveControl, type ControlServer } from '../run/control-server.ts'
import { removeRun, writeRun } from '../run/run-state.ts'
import { newRunId } from '../run/run-id.ts'
import type { StackControl } from '../report/stack-control.ts'

/** A run that `start --detach` has started: its id, which is that of its log, too. */
export interface BackgroundRun {
  readonly id: string
}

export interface RegisterOptions {
  readonly version: string
  /** The folder that `start` runs in: `status`, `logs` and `stop` are asked in the same. */
  readonly root: string
  readonly control: StackControl
  /** The longest time that any of the services may take to end, in milliseconds. */
  readonly stopTimeoutMs: number
  readonly background: BackgroundRun | undefined
  /** Called once where the state can't be written: the run goes on, and can't be asked from outside. */
  readonly onProblem: (text: string) => void
  /** Called when the state was written, or can't be: from then on the run is known. More often than once. */
  readonly onSettled?: (() => void) | undefined
}

/** A run that stands in the state file and takes requests, until it is closed. */
export interface RunRegistration {
  /** Takes the file and the socket away. To be waited for before the process ends. */
  readonly close: () => Promise<void>
}

/**
 * Makes a run known to `status`, `restart`, `logs` and `stop`: writes its state
 * file, again at every change, and serves its control socket. Returns at once;
 * all that it does is done beside the start. Never throws.
 */
export function registerRun(host: Host, options: RegisterOptions): RunRegistration {
  const startedAt = Date.now()
  let closed = false
  let server: ControlServer | undefined
  let file: string | undefined
  let processes: readonly RecordedProcess[] = []
  let written = ''
  let dirty = false
  let writing: Promise<void> | undefined

  const begin = async (): Promise<Omit<RunState, 'processes' | 'status'> | undefined> => {
    const [machine, rows] = await Promise.all([thisMachine(host), processTable(host)])
    const own = rows?.find(({ pid }) => pid === process.pid)
    if (own === undefined) {
      options.onProblem("This machine doesn't show its processes: status, logs, restart and stop won't know this run")
      return undefined
    }
    server = await serveControl(host, targetOf(options.control)).catch(() => undefined)
    return {
      schemaVersion: 1,
      id: options.background?.id ?? newRunId(),
      version: options.version,
      machine,
      launcher: { pid: own.pid, started: own.started },
      startedAt,
      background: options.background !== undefined,
      control: server === undefined ? null : { address: server.address, key: server.key },
      log: options.background?.id ?? null,
      stopTimeoutMs: options.stopTimeoutMs,
    }
  }
  const head = begin().catch((error: unknown) => {
    options.onProblem(`The state of this run can't be kept: ${errorMessage(error)}`)
    return undefined
  })
  const writeAll = async () => {
    const known = await head
    if (known === undefined) return
    for (;;) {
      if (!dirty || closed) return
      dirty = false
      const status = runStatusOf(options.control.status())
      processes = await recorded(host, status, processes)
      // how many sockets are open changes all the time, and is asked for live
      const run: RunState = { ...known, processes: [...processes], status: { ...status, openSockets: null } }
      const text = JSON.stringify(run)
      if (text === written) continue
      file = await writeRun(options.root, run)
      written = text
    }
  }
  const change = () => {
    dirty = true
    writing ??= writeAll()
      .catch((error: unknown) => options.onProblem(`The state of this run can't be written: ${errorMessage(error)}`))
      .finally(() => {
        writing = undefined
        options.onSettled?.()
        if (dirty && !closed && written !== '') change()
      })
  }
  const unlisten = options.control.listen(change)
  change()
  return {
    close: async () => {
      closed = true
      unlisten()
      const known = await head
      await writing
      await server?.close()
      if (known !== undefined && file !== undefined) await removeRun(options.root, known.id, file)
    },
  }
}

function targetOf(control: StackControl) {
  return {
    status: () => runStatusOf(control.status()),
    restart: control.restart,
    verify: control.verify,
    // its end is seen by the end of the process
    stop: () => void control.stop().catch(() => undefined),
  }
}

/** The processes of the services with their starts; those of before stay as long as they run. */
async function recorded(host: Host, status: RunStatus, before: readonly RecordedProcess[]): Promise<readonly RecordedProcess[]> {
  const now = status.services.flatMap(({ name, pid }) => (pid === null ? [] : [{ service: name, pid }]))
  const known = (one: { service: string; pid: number }) => before.some(({ service, pid }) => service === one.service && pid === one.pid)
  if (now.every((one) => known(one)) && before.length === now.length) return before
  const rows = (await processTable(host)) ?? []
  const still = (process: ProcessIdentity) => rowOf(rows, process) !== undefined
  const added = now.flatMap(({ service, pid }) => {
    const row = rows.find((one) => one.pid === pid)
    return row === undefined ? [] : [{ service, pid, started: row.started }]
  })
  return [...added, ...before.filter((one) => still(one) && !added.some(({ pid }) => pid === one.pid))]
}
