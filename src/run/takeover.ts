import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import type { Checkout } from '../facts/checkout.ts'
import { isFree, probePort, type PortFact } from '../facts/port.ts'
import { readRuns } from '../facts/run-state.ts'
import type { ServerProcess } from '../facts/server-process.ts'
import { serversOf } from '../facts/servers.ts'
import { endTree } from '../host/end-tree.ts'
import type { Host } from '../host/host.ts'
import { processTable } from '../host/process-table.ts'
import { decideTakeover, type Held, type TakeoverDecision, type TakeoverTarget } from '../plan/takeover.ts'
import { endRun } from './run-end.ts'

/** How long a look at the servers may take, in milliseconds. */
const lookMs = 3000
/** How long the system may take to give the port back, in milliseconds. */
const freeMs = 5000

/** Whose port it is: the folder that makes a process one of this project, and what it is then. */
export interface Ours {
  readonly backend: string
  readonly what: Held
}

/** What of this project holds the port and could be ended for it, or why nothing is. Never throws. */
export async function takeoverOf(host: Host, checkout: Checkout, port: number, ours: Ours): Promise<TakeoverDecision> {
  // before the servers are looked at: who comes later has another start
  const rows = await processTable(host)
  const [servers, runs] = await Promise.all([
    // the folder alone makes a server one of this project: a checkout may hold several
    serversOf(host, { ports: [port], root: undefined, backend: ours.backend, names: [], deadlineMs: lookMs }),
    readRuns(host, checkout.project.root),
  ])
  const earlier = runs.filter((one) => one.kind === 'alive' || one.kind === 'orphaned')
  // a backend that is started again looks here, too
  const up = earlier.filter(({ run }) => run.launcher.pid !== process.pid)
  return decideTakeover(port, servers, up, rows, ours.what)
}

/**
 * `--takeover`: ends what holds the port where that is an earlier run of this
 * checkout or a server of its own, after saying which, and waits until
 * the port is free. Anything else is left alone, and that is said. Gives the port as it
 * is then. `warn` is told what is ended, before it is, and what is left alone. Never throws.
 */
export async function takeOver(
  host: Host,
  config: Config,
  checkout: Checkout,
  fact: PortFact,
  warn: (text: string) => void,
  ours: Ours = { backend: checkout.project.backend, what: 'server' },
): Promise<PortFact> {
  if (!fact.binds.some(({ result }) => result === 'held')) return fact
  const decision = await takeoverOf(host, checkout, fact.port, ours)
  if (decision.kind === 'leave') {
    const who = decision.holder === undefined ? 'what holds it' : described(decision.holder)
    warn(`Port ${fact.port}: --takeover leaves ${who} alone: ${decision.why}`)
    return fact
  }
  for (const target of decision.targets) {
    warn(`Port ${fact.port}: ending ${targetWords(target, ours.what)}`)
    await end(host, config, checkout, target)
  }
  return untilFree(host, config, fact.port)
}

async function end(host: Host, config: Config, checkout: Checkout, target: TakeoverTarget): Promise<void> {
  if (target.kind === 'run') await endRun(host, checkout.project.root, target.fact, () => {})
  else {
    const { server, started } = target
    await endTree(host, { pid: server.pid, started }, { timeoutMs: config.stopTimeout, reach: 'tree' })
  }
}

async function untilFree(host: Host, config: Config, port: number): Promise<PortFact> {
  const until = host.now() + freeMs
  for (;;) {
    const fact = await probePort(port, config.host)
    if (isFree(fact) || host.now() >= until) return fact
    await delay(50)
  }
}

/** What is ended, for a sentence. */
export function targetWords(target: TakeoverTarget, what: Held = 'server'): string {
  if (target.kind === 'server') return `an earlier ${what} of this project, ${described(target.server)}`
  const { launcher, startedAt } = target.fact.run
  return `an earlier election-dev run of this folder (PID ${launcher.pid}, since ${since(startedAt)})`
}

/** `python manage.py runserver (PID 4711, since 2026-01-31 09:12:33)`. Its arguments' secrets are registered. */
function described({ argv, pid, startedAt }: ServerProcess): string {
  const [program = 'a program', ...rest] = argv
  const line = [program.split(/[/\\]/).at(-1) ?? program, ...rest].join(' ')
  const short = line.length > 100 ? `${line.slice(0, 99)}…` : line
  return `${short} (PID ${pid}${startedAt === undefined ? '' : `, since ${since(startedAt)}`})`
}

function since(at: number): string {
  return new Date(at).toLocaleString('sv')
}
