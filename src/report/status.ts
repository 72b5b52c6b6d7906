import * as v from 'valibot'
import type { RunFact, RunState } from '../facts/run-state.ts'
import { isSound, runStatusSchema, type RunStatus, type SocketStatus } from '../facts/run-status.ts'
import { dotOf, type Style } from './style.ts'
import { version } from '../version.ts'

/** A run that is up, as it was seen. */
export interface RunLook {
  readonly run: RunState
  readonly status: RunStatus
  /** Why the status is the one of the state file, and not of this moment. */
  readonly unanswered: string | undefined
}

/** A run that is up, for people. `now`: milliseconds since 1970. */
export function statusText({ run, status, unanswered }: RunLook, style: Style, now: number): string[] {
  const mode = run.background ? 'in the background' : 'in a terminal'
  const { websocket } = status
  const sockets =
    status.openSockets === null ? '' : `   ${style.dim(`${status.openSockets} open ${status.openSockets === 1 ? 'socket' : 'sockets'}`)}`
  return [
    '',
    `  ${style.bold(style.green('election-dev'))} ${style.green(run.version)}   up for ${style.bold(duration(now - run.startedAt))} ${mode} · PID ${run.launcher.pid}`,
    '',
    ...(unanswered === undefined ? [] : [`  ${style.yellow('!')} ${unanswered}: this is what it wrote down last`, '']),
    ...(websocket === null ? [] : [row('WebSocket', `${style.cyan(websocket.url)}   ${dotWords(websocket, style)}${sockets}`, style)]),
    ...status.services.map(({ name, state, pid, url, restarts, why }) => {
      const details = [
        state === 'ready' || state === 'done' ? state : style.yellow(state),
        ...(pid === null ? [] : [`PID ${pid}`]),
        ...(restarts === 0 ? [] : [`started again ${restarts === 1 ? 'once' : `${restarts} times`}`]),
        ...(why === null ? [] : [why]),
      ].join(' · ')
      return row(name, `${url === null ? '' : `${style.cyan(url)}   `}${details}`, style)
    }),
    ...(status.page === null ? [] : [row('Page', style.cyan(status.page), style)]),
    ...(status.lastError === null ? [] : [row('Last error', style.yellow(status.lastError), style)]),
    ...remedyLines(websocket),
    '',
  ]
}

function remedyLines(websocket: SocketStatus | null): string[] {
  const cause = websocket?.cause ?? undefined
  return cause === undefined ? [] : ['', `    Fix:  ${cause.remedy}`]
}

function row(name: string, value: string, style: Style): string {
  return `  ${style.green('➜')}  ${style.bold(name.padEnd(10))}  ${value}`
}

function dotWords({ state, handshakeMs, pongMs, broadcast, cause }: SocketStatus, style: Style): string {
  if (state !== 'connected') return `${dotOf(style, state, cause?.id)}${state === 'wants-token' ? '' : `   ${cause?.id ?? ''}`}`
  const words = [
    ...(handshakeMs === null ? [] : [`101 in ${Math.max(1, Math.round(handshakeMs))} ms`]),
    ...(pongMs === null ? [] : [`pong ${Math.max(1, Math.round(pongMs))} ms`]),
    ...(broadcast === null ? [] : [`broadcast ${broadcast.received}/${broadcast.sent}`]),
  ]
  return `${dotOf(style, state)}   ${style.dim(words.join(' · '))}`
}

/** `2 h 3 min`, `45 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** What a state file tells that is of no run that is up: a sentence, with what was done about it. */
export function factWords(fact: Exclude<RunFact, { kind: 'alive' }>, shown: (file: string) => string): string {
  const file = shown(fact.file)
  switch (fact.kind) {
    case 'orphaned': {
      const list = fact.left.map(({ service, pid }) => `${service} (PID ${pid})`).join(', ')
      return `${file}: its launcher (PID ${fact.run.launcher.pid}) is gone, and ${list} ${fact.left.length === 1 ? 'goes' : 'go'} on`
    }
    case 'stale': {
      const [reused] = fact.reused
      return reused === undefined
        ? `${file} was left by a run that is gone (PID ${fact.run.launcher.pid}): nothing was ended`
        : `${file} names PID ${reused.pid}, which is another process now (started later): nothing was ended`
    }
    case 'unreadable': {
      const owner =
        fact.owner === undefined
          ? 'delete it if nothing of it runs'
          : fact.owner.alive
            ? `its launcher (PID ${fact.owner.pid}) runs: end it with Ctrl+C in its terminal, or by its PID`
            : 'its launcher is gone'
      return `${file} can't be read: ${fact.reason}; nothing was ended by it; ${owner}`
    }
    case 'elsewhere':
      return `${file} is of a run on ${fact.run.machine.hostname}, another machine or container: ask there`
    case 'unseen':
      return `${file}: this machine doesn't show its processes, so it is unknown whether PID ${fact.run.launcher.pid} is still the launcher`
  }
}

/** What `election-dev status --json` and `restart --json` print: one document of this shape. Its JSON Schema is made from it at build. */
export const statusSchema = v.strictObject({
  schemaVersion: v.literal(1),
  command: v.picklist(['status', 'restart']),
  version: v.pipe(v.string(), v.description('The version of election-dev.')),
  ok: v.pipe(v.boolean(), v.description('There is a run, and in each one all services are up and the WebSocket is proven.')),
  runs: v.array(
    v.strictObject({
      id: v.string(),
      version: v.pipe(v.string(), v.description('The version of election-dev that runs.')),
      pid: v.pipe(v.number(), v.integer(), v.description('The launcher.')),
      startedAt: v.pipe(v.string(), v.isoTimestamp()),
      uptimeMs: v.pipe(v.number(), v.minValue(0)),
      background: v.pipe(v.boolean(), v.description('Started by start --detach.')),
      live: v.pipe(
        v.boolean(),
        v.description('The launcher was asked just now; false: it did not answer, and this is what it wrote down last.'),
      ),
      problem: v.pipe(v.nullable(v.string()), v.description('Why it is not live.')),
      ...runStatusSchema.entries,
    }),
  ),
  leftovers: v.pipe(
    v.array(
      v.strictObject({
        kind: v.pipe(
          v.picklist(['orphaned', 'stale', 'unreadable', 'elsewhere', 'unseen']),
          v.description(
            "orphaned: the launcher is gone and some of its processes go on; stale: all of it is gone; unreadable: no state of a run; elsewhere: of another machine or container; unseen: this machine doesn't show its processes.",
          ),
        ),
        file: v.string(),
        processes: v.pipe(
          v.array(v.strictObject({ service: v.string(), pid: v.pipe(v.number(), v.integer()) })),
          v.description('Of an orphaned run: those that go on.'),
        ),
      }),
    ),
    v.description("State files of runs that aren't up."),
  ),
})

/** `status --json`: one document. Holds no key of a control socket. */
export function statusJson(
  looks: readonly RunLook[],
  others: readonly Exclude<RunFact, { kind: 'alive' }>[],
): v.InferOutput<typeof statusSchema> {
  const [first] = looks
  return {
    schemaVersion: 1,
    command: 'status',
    version,
    ok: first !== undefined && looks.every(({ status }) => isSound(status)),
    runs: looks.map(({ run, status, unanswered }) => ({
      id: run.id,
      version: run.version,
      pid: run.launcher.pid,
      startedAt: new Date(run.startedAt).toISOString(),
      uptimeMs: Math.max(0, Date.now() - run.startedAt),
      background: run.background,
      live: unanswered === undefined,
      problem: unanswered ?? null,
      ...status,
    })),
    leftovers: others.map((fact) => ({
      kind: fact.kind,
      file: fact.file,
      processes: fact.kind === 'orphaned' ? fact.left.map(({ service, pid }) => ({ service, pid })) : [],
    })),
  }
}
