import { execa } from 'execa'
import { fileURLToPath } from 'node:url'
import type { Host } from '../host/host.ts'
import { LineSplitter } from '../host/lines.ts'
import { parseFact, type FactName, type FactOf, type InspectFact } from './inspect-facts.ts'

/** What to look at, and with what. */
export interface InspectRequest {
  readonly python: string
  /** The folder of manage.py. */
  readonly backend: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly application: string | undefined
  readonly mint: boolean
  /** Makes a development user with this password, which goes through standard input: argv is seen by every user of the machine. */
  readonly createUser?: { readonly password: string }
  /** Milliseconds for the whole run. */
  readonly deadlineMs: number
  /** Aborted when the user asks to stop: the interpreter is ended then. */
  readonly signal?: AbortSignal
}

/** A look at the project by its own interpreter, under way. Never throws. */
export interface Inspection {
  /** The fact, as soon as it is known; undefined where it will not come: its stage failed, or the run ended or ran out of time. */
  readonly get: <Name extends FactName>(name: Name) => Promise<FactOf<Name> | undefined>
  /** The error of a stage, as far as the run has come. */
  readonly errorOf: (stage: string) => FactOf<'error'> | undefined
  /** How it ended, when it has ended. */
  readonly ended: Promise<'ended' | 'timeout' | 'failed'>
  /** The last lines that the project wrote to standard error. */
  readonly output: () => readonly string[]
  /** Ends the interpreter now. */
  readonly cancel: () => void
}

const script = fileURLToPath(new URL('../python/inspect.py', import.meta.url))

/** Facts come in this order; a later one says that an earlier one will not come. */
const order: readonly FactName[] = ['start', 'settings', 'folders', 'database', 'created', 'users', 'token', 'routes', 'migrations', 'end']
const stageFact: Readonly<Record<string, FactName>> = {
  settings: 'settings',
  folders: 'folders',
  database: 'database',
  create_user: 'created',
  users: 'users',
  token: 'token',
  application: 'routes',
  routes: 'routes',
  migrations: 'migrations',
}

/** Starts inspect.py in the backend's interpreter. */
export function inspect(host: Host, request: InspectRequest): Inspection {
  const known = new Map<FactName, InspectFact>()
  const errors = new Map<string, FactOf<'error'>>()
  const waiting: { name: FactName; resolve: () => void }[] = []
  let reached = -1
  const settle = (upTo: number) => {
    reached = Math.max(reached, upTo)
    for (const waiter of waiting.filter(({ name }) => known.has(name) || order.indexOf(name) <= reached)) {
      waiting.splice(waiting.indexOf(waiter), 1)
      waiter.resolve()
    }
  }
  const take = (line: string) => {
    const fact = parseFact(line)
    if (fact === undefined) return
    if (fact.fact === 'error') {
      errors.set(fact.stage, fact)
      const failed = stageFact[fact.stage]
      if (failed !== undefined) settle(order.indexOf(failed))
      return
    }
    if (fact.fact === 'token' && typeof fact.token === 'string') host.secrets.add(fact.token)
    known.set(fact.fact, fact)
    settle(order.indexOf(fact.fact))
  }

  const child = execa(request.python, [script], {
    cwd: request.backend,
    env: { ...request.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONIOENCODING: 'utf-8', PYTHONUNBUFFERED: '1' },
    extendEnv: false,
    input: JSON.stringify({
      application: request.application ?? null,
      mint: request.mint,
      create_user: request.createUser ?? null,
    }),
    buffer: false,
    reject: false,
    timeout: request.deadlineMs,
    forceKillAfterDelay: 200,
  })
  const cancel = () => void child.kill('SIGKILL')
  request.signal?.addEventListener('abort', cancel, { once: true })
  if (request.signal?.aborted === true) cancel()
  const lines = new LineSplitter(take)
  const output: string[] = []
  const errorLines = new LineSplitter((line) => {
    output.push(line)
    if (output.length > 50) output.shift()
  })
  child.stdout.on('data', (chunk: Buffer) => lines.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => errorLines.push(chunk))

  const ended = child.then(
    (result) => {
      lines.end()
      errorLines.end()
      settle(order.length)
      return result.timedOut ? ('timeout' as const) : known.has('end') ? ('ended' as const) : ('failed' as const)
    },
    () => {
      settle(order.length)
      return 'failed' as const
    },
  )
  void ended.then(() => request.signal?.removeEventListener('abort', cancel))
  return {
    get: async (name) => {
      if (!known.has(name) && order.indexOf(name) > reached) {
        await new Promise<void>((resolve) => waiting.push({ name, resolve }))
      }
      const fact = known.get(name)
      return isFact(fact, name) ? fact : undefined
    },
    errorOf: (stage) => errors.get(stage),
    ended,
    output: () => output,
    cancel,
  }
}

function isFact<Name extends FactName>(fact: InspectFact | undefined, name: Name): fact is FactOf<Name> {
  return fact?.fact === name
}
