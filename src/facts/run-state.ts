import { lstat, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { errorCode } from '../errors.ts'
import { isFolder, isOurs, readBytes, realPath, upwards } from '../host/files.ts'
import { homeName } from './home-name.ts'
import type { Host } from '../host/host.ts'
import { placeOf, thisMachine, type Machine } from '../host/machine.ts'
import { bearersOf } from '../host/marked.ts'
import { portOf } from '../host/urls.ts'
import { processTable, rowOf, type ProcessIdentity, type ProcessRow } from '../host/process-table.ts'
import { pidSchema, runStatusSchema } from './run-status.ts'

/** Where the state files of a checkout's runs are: one file a run, so that two runs never write the same one. */
export const runsFolder = (root: string): string => join(root, homeName, 'runs')

/** Where the logs of a checkout's background runs are. */
export const logsFolder = (root: string): string => join(root, homeName, 'logs')

const text = v.pipe(v.string(), v.nonEmpty())

/** A process by its PID and the start that the system tells (`ProcessRow.started`): together they name one process for ever. */
const identitySchema = v.object({ pid: pidSchema, started: text })

const runStateSchema = v.object({
  schemaVersion: v.literal(1),
  id: text,
  /** Of election-dev. */
  version: v.string(),
  machine: v.object({ hostname: v.string(), boot: v.nullable(v.string()), pids: v.nullable(v.string()) }),
  launcher: identitySchema,
  /** What all that it has started bears in its environment (`markName`). */
  mark: v.optional(text),
  /** Milliseconds since 1970. */
  startedAt: v.number(),
  /** Started by `start --detach`. */
  background: v.boolean(),
  /** Where the launcher takes requests, and the key that each of them must bear. */
  control: v.nullable(v.object({ address: text, key: text })),
  /** The id of its log in the folder of logs; null: its output goes to its terminal. */
  log: v.nullable(v.string()),
  /** How long a stop may take before force is used, in milliseconds. */
  stopTimeoutMs: v.pipe(v.number(), v.minValue(0)),
  /** What it has started and what leads a tree of its own. */
  processes: v.array(v.object({ service: v.string(), ...identitySchema.entries })),
  status: runStatusSchema,
})

export type RunState = v.InferOutput<typeof runStateSchema>
export type RecordedProcess = RunState['processes'][number]

/** A state file, as it stands to the processes of this machine. */
export type RunFact =
  | { readonly kind: 'alive'; readonly file: string; readonly run: RunState }
  /** The launcher is gone; `left` are those of its processes that go on. */
  | { readonly kind: 'orphaned'; readonly file: string; readonly run: RunState; readonly left: readonly RecordedProcess[] }
  /** Nothing of it runs. `reused`: its numbers belong to others now. */
  | { readonly kind: 'stale'; readonly file: string; readonly run: RunState; readonly reused: readonly RecordedProcess[] }
  /** `owner`: whether the launcher that the file's name tells still runs; undefined where the name tells none. */
  | {
      readonly kind: 'unreadable'
      readonly file: string
      readonly reason: string
      readonly owner: { pid: number; alive: boolean } | undefined
    }
  /** Of another machine or container: its numbers mean nothing here. */
  | { readonly kind: 'elsewhere'; readonly file: string; readonly run: RunState }
  /** This machine doesn't show its processes. */
  | { readonly kind: 'unseen'; readonly file: string; readonly run: RunState }

export type FactOfRun<Kind extends RunFact['kind']> = Extract<RunFact, { kind: Kind }>

/** The name of a run's state file: whose it is can be told though the file can't be read. */
export function runFileName({ pid, started }: ProcessIdentity): string {
  return `${pid}-${plainStart(started)}.json`
}

const runFile = /^(\d+)-(\w+)\.json$/
const plainStart = (started: string): string => started.replaceAll(/\W+/g, '_')

/** Every run that a state file of the checkout tells of, the newest first. Never throws. */
export async function readRuns(host: Pick<Host, 'platform'>, root: string): Promise<RunFact[]> {
  const folder = runsFolder(root)
  // a link leads to what is another checkout's
  if ((await realPath(folder)) !== runsFolder(await realPath(root))) return []
  const names = (await readdir(folder).catch(() => [])).filter((name) => runFile.test(name))
  if (names.length === 0) return []
  const [rows, here] = await Promise.all([processTable(host), thisMachine(host)])
  const facts = await Promise.all(names.map((name) => readRun(join(folder, name), name, rows, here, host.platform)))
  const since = (fact: RunFact) => (fact.kind === 'unreadable' ? 0 : fact.run.startedAt)
  return facts.flatMap((fact) => fact ?? []).toSorted((a, b) => since(b) - since(a))
}

async function readRun(
  file: string,
  name: string,
  rows: readonly ProcessRow[] | undefined,
  here: Machine,
  platform: NodeJS.Platform,
): Promise<RunFact | undefined> {
  const unreadable = (reason: string): RunFact => ({ kind: 'unreadable', file, reason, owner: ownerOf(name, rows) })
  let written: string
  try {
    // whoever may write it names what is ended: a file of another user's is none of ours (Windows has no such number)
    const found = await lstat(file)
    if (!isOurs(found) || found.isSymbolicLink()) return unreadable('it is no file of yours')
    written = (await readBytes(file)).toString()
  } catch (error) {
    // removed by its owner since the folder was listed
    return errorCode(error) === 'ENOENT' ? undefined : unreadable(errorCode(error) ?? 'it could not be read')
  }
  const run = parseRun(written)
  if (typeof run === 'string') return unreadable(run)
  const fact = judgeRun(file, run, rows, here)
  if (fact.kind !== 'stale' || run.mark === undefined || rows === undefined) return fact
  // what has left its parent and lost its guard is written down nowhere
  const strays = await bearersOf(platform, run.mark, rows)
  return strays.length === 0 ? fact : { kind: 'orphaned', file, run, left: strays.map((row) => strayOf(row)) }
}

const strayName = 'left behind'

/** What is known of a run by its mark alone. */
export function strayOf({ pid, started }: ProcessRow): RecordedProcess {
  return { service: strayName, pid, started }
}

/** Runs whose launcher is gone, with nothing left but what nobody has written down. Pure. */
export function strayRuns(facts: readonly RunFact[]): FactOfRun<'orphaned'>[] {
  return facts.flatMap((fact) => (fact.kind === 'orphaned' && fact.left.every(({ service }) => service === strayName) ? [fact] : []))
}

/** A state file's text as the state, or the reason why it is none. Pure. */
export function parseRun(written: string): RunState | string {
  let document: unknown
  try {
    document = JSON.parse(written)
  } catch {
    const bytes = Buffer.byteLength(written)
    return bytes === 0 ? 'it is empty' : `it is no JSON: half-written or damaged (${bytes} bytes)`
  }
  const result = v.safeParse(runStateSchema, document)
  if (result.success) return result.output
  const [issue] = result.issues
  // what stands there may be anything, a key among it
  return `it is no state of a run (${v.getDotPath(issue) ?? 'the whole'}: expected ${issue.expected ?? 'something else'})`
}

/** How a state stands to the processes that run. Pure. */
export function judgeRun(file: string, run: RunState, rows: readonly ProcessRow[] | undefined, here: Machine): RunFact {
  const place = placeOf(run.machine, here)
  if (place === 'elsewhere') return { kind: 'elsewhere', file, run }
  if (place === 'before-reboot') return { kind: 'stale', file, run, reused: [] }
  if (rows === undefined) return { kind: 'unseen', file, run }
  if (rowOf(rows, run.launcher) !== undefined) return { kind: 'alive', file, run }
  const left = run.processes.filter((process) => rowOf(rows, process) !== undefined)
  if (left.length > 0) return { kind: 'orphaned', file, run, left }
  const named = [{ service: 'launcher', ...run.launcher }, ...run.processes]
  // a zombie of the same start is the same process, and gone
  const reused = named.filter(({ pid, started }) => rows.some((row) => row.pid === pid && row.started !== started))
  return { kind: 'stale', file, run, reused }
}

function ownerOf(name: string, rows: readonly ProcessRow[] | undefined): { pid: number; alive: boolean } | undefined {
  const [, pid, started] = runFile.exec(name) ?? []
  if (pid === undefined || rows === undefined) return undefined
  return {
    pid: Number(pid),
    alive: rows.some((row) => row.pid === Number(pid) && plainStart(row.started) === started && !row.zombie),
  }
}

/** The nearest folder above that has a run's state file, for a hint; never the folder itself. */
export async function runsAbove(root: string): Promise<string | undefined> {
  for (const folder of upwards(dirname(root), '/')) {
    if (folder !== root && (await isFolder(runsFolder(folder)))) return folder
  }
  return undefined
}

/** Where the WebSocket of a run is, once it was tried. */
function socketOf({ status }: RunState): URL | undefined {
  return status.websocket !== null && URL.canParse(status.websocket.url) ? new URL(status.websocket.url) : undefined
}

/** The runs that are up in a folder, the newest first; where a port is named, those alone whose WebSocket is there. */
export async function runsUp(host: Pick<Host, 'platform'>, root: string, port?: number): Promise<readonly RunState[]> {
  const facts = await readRuns(host, root)
  return facts.flatMap((fact) => {
    if (fact.kind !== 'alive') return []
    const url = socketOf(fact.run)
    return port === undefined || (url !== undefined && portOf(url) === port) ? [fact.run] : []
  })
}

/** The WebSocket of the run that is up in a folder, at a port where one is named, and the Origin of its page where it has started a dev server. */
export async function runningSocket(
  host: Pick<Host, 'platform'>,
  root: string,
  at?: number,
): Promise<{ readonly url: URL; readonly origin: string | undefined } | undefined> {
  for (const run of await runsUp(host, root, at)) {
    const { services, page } = run.status
    const url = socketOf(run)
    if (url === undefined) continue
    const isServed = services.some(({ kind, state }) => kind === 'frontend' && state === 'ready')
    return { url, origin: isServed && page !== null && URL.canParse(page) ? new URL(page).origin : undefined }
  }
  return undefined
}

/** The run that is up in the folder and has started a process. */
export async function runOf(host: Pick<Host, 'platform' | 'cwd'>, pid: number): Promise<RunState | undefined> {
  const facts = await readRuns(host, host.cwd)
  return facts.flatMap((fact) => (fact.kind === 'alive' && fact.run.processes.some((process) => process.pid === pid) ? fact.run : []))[0]
}
