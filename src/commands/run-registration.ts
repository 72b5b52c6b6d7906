import { errorMessage } from '../errors.ts'
import { readRuns, strayRuns, type RecordedProcess, type RunState } from '../facts/run-state.ts'
import type { RunStatus } from '../facts/run-status.ts'
import type { Host } from '../host/host.ts'
import { thisMachine } from '../host/machine.ts'
import { processTable, rowOf, type ProcessIdentity } from '../host/process-table.ts'
import { ownMark } from '../host/run-mark.ts'
import { pageCausesOf, runMeansOf, runStatusOf } from '../report/stack-control.ts'
import { serveControl, type ControlServer } from '../run/control-server.ts'
import { endRun } from '../run/run-end.ts'
import { cleanRuns, newRunId, removeRun, writeRun } from '../run/run-state.ts'
import type { SetupRun } from './start-setup.ts'
import type { StackControl } from '../report/stack-control.ts'
import { version } from '../version.ts'

export interface RegisterOptions {
  /** The id of a run that `start --detach` has started, and of its log. */
  readonly background?: string
  /** Called when the state was written, or can't be: from then on the run is known. More often than once. */
  readonly onSettled?: () => void
}

/**
 * Makes a run known to `status`, `restart`, `logs` and `stop`: writes its state
 * file, again at every change, and serves its control socket. Returns at once;
 * all that it does is done beside the start. Gives what takes the file and the
 * socket away, which is to be waited for before the process ends. Never throws.
 */
export function registerRun({ host, config, report }: SetupRun, control: StackControl, options: RegisterOptions): () => Promise<void> {
  const { background, onSettled } = options
  const stopTimeouts = Object.values(config.services).map(({ stopTimeout }) => stopTimeout ?? 0)
  const onProblem = (text: string) => report({ event: 'note', text })
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
      onProblem("This machine doesn't show its processes: status, logs, restart and stop won't know this run")
      return undefined
    }
    const target = {
      status: () => runStatusOf(control.status()),
      restart: control.restart,
      verify: control.verify,
      means: () => runMeansOf(control),
      page: () => pageCausesOf(control),
      // its end is seen by the end of the process
      stop: () => void control.stop().catch(() => undefined),
    }
    const earlier = await readRuns(host, host.cwd)
    for (const fact of strayRuns(earlier)) await endRun(host, host.cwd, fact, onProblem)
    if (await cleanRuns(host.cwd, earlier)) report({ event: 'note', text: 'What a run that was killed has left here is taken away' })
    server = await serveControl(host, target).catch(() => undefined)
    return {
      schemaVersion: 1,
      id: background ?? newRunId(),
      version,
      machine,
      launcher: { pid: own.pid, started: own.started },
      mark: ownMark,
      startedAt,
      background: background !== undefined,
      control: server === undefined ? null : { address: server.address, key: server.key },
      log: background ?? null,
      stopTimeoutMs: Math.max(config.stopTimeout, ...stopTimeouts),
    }
  }
  const head = begin().catch((error: unknown) => {
    onProblem(`The state of this run can't be kept: ${errorMessage(error)}`)
    return undefined
  })
  const writeAll = async () => {
    const known = await head
    if (known === undefined) return
    for (;;) {
      if (!dirty || closed) return
      dirty = false
      const status = runStatusOf(control.status())
      processes = await recorded(host, status, processes)
      // how many sockets are open changes all the time, and is asked for live; a service's URL or its last words may hold a secret
      const shown = host.secrets.masked({ ...status, openSockets: null })
      const run: RunState = { ...known, processes: [...processes], status: shown }
      const text = JSON.stringify(run)
      if (text === written) continue
      file = await writeRun(host.cwd, run)
      written = text
    }
  }
  const change = () => {
    dirty = true
    writing ??= writeAll()
      .catch((error: unknown) => onProblem(`The state of this run can't be written: ${errorMessage(error)}`))
      .finally(() => {
        writing = undefined
        onSettled?.()
        if (dirty && !closed && written !== '') change()
      })
  }
  const unlisten = control.listen(change)
  change()
  return async () => {
    closed = true
    unlisten()
    const known = await head
    await writing
    await server?.close()
    if (known !== undefined && file !== undefined) await removeRun(host.cwd, known.id, file)
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
