import { fileURLToPath } from 'node:url'
import { attempt } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { withoutOurs } from '../host/secret-names.ts'
import { deferred } from '../host/deferred.ts'
import { LineSplitter } from '../host/lines.ts'
import type { ExaminationOf, ExaminationStage } from './examination.ts'
import { collect, type Inspection } from './inspection.ts'
import { parseJson } from '../host/json.ts'
import type { Way } from './manage-py.ts'

/** The page's handshake, to be played to the application. */
export interface ExamineConsumer {
  readonly path: string
  /** Without the question mark. May hold a token, like the headers: it goes through standard input only. */
  readonly queryString: string
  readonly origin: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly subprotocols: readonly string[]
  /** What is said first once it is accepted: it holds a token. */
  readonly first?: string | undefined
  /** The message that a pong answers; false: none is sent. */
  readonly ping: unknown
  /** How long `connect()` may take. */
  readonly limitMs: number
  /** How long the connection is watched after accept. */
  readonly watchMs: number
}

/** A row to be made: what else it can't be without, the look fills. */
export interface WantedRow {
  /** Its label: `rooms.Room`. */
  readonly model: string
  /** The field that a consumer finds it by, and what the path has for it. */
  readonly field?: string
  readonly value?: string
  /** What else the consumer asks for. */
  readonly fixed: Readonly<Record<string, string | number | boolean>>
}

/** What a look is to tell, whoever does it. */
export interface LookRequest {
  /** Gone through in this order. */
  readonly tell: readonly ExaminationStage[]
  readonly settingsModule: string
  /** `module:attribute`; undefined: what ASGI_APPLICATION says. */
  readonly application: string | undefined
  /** SECRET_KEY is told as an HMAC under this. */
  readonly nonce?: string
  /** Keys of `.env`, to be told as the settings have them. */
  readonly names?: readonly string[]
  readonly consumer?: ExamineConsumer | undefined
  /** Who is to stand for the page, by name: the user that was named, else the one that the setup has made. */
  readonly user?: string | undefined
  readonly madeUser?: string | undefined
  /** False: no token is made, since one is there. */
  readonly mint?: boolean
  /** A session may be kept on another machine as well. */
  readonly anywhere?: boolean
  /** The password of the development user to make. */
  readonly createUser?: { readonly password: string }
  readonly createRow?: WantedRow
  /** The module that the server's own program is imported by. */
  readonly server?: string | undefined
  /** Milliseconds for the whole look. */
  readonly deadlineMs: number
}

/** A look by an interpreter of its own. */
export interface ExamineRequest extends LookRequest {
  readonly python: string
  /** The folder of manage.py. */
  readonly backend: string
  /** How it comes to the project; by its ASGI module alone unless said otherwise. */
  readonly way?: Way
  /** The environment as the server gets it: DJANGO_SETTINGS_MODULE only where the user has set it. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted when the user asks to stop: the interpreter is ended then. */
  readonly signal?: AbortSignal
  /** True: it has stood long enough to be judged, and is ended now. */
  readonly giveUp?: (standing: ExaminationOf<'standing'>) => boolean
}

/** What `start` wants to know of a project that runs: what identifies the page before what takes longer. */
export const quickLook = ['settings', 'origins', 'database', 'users', 'session', 'token', 'pings', 'application', 'layer'] as const
/** The same where what identifies it is given: of a token it is only told where it goes. */
export const givenLook = ['settings', 'origins', 'token', 'pings', 'database', 'users', 'application', 'layer'] as const

const script = fileURLToPath(new URL('../inside/election_dev_inside', import.meta.url))
const keptLines = 50
const longestKeptLine = 2000
/** For the last output of an interpreter that has ended. */
const patienceMs = 1000

/** What speaks with the process that serves, as a look needs it. */
interface Served {
  readonly askLook: (request: Readonly<Record<string, unknown>>, take: (told: unknown) => void, lose: () => void) => () => void
  readonly owe: () => void
}

/** Has the process that serves look at its project. Never throws. */
export function lookServed(host: Host, served: Served, request: LookRequest): Inspection {
  const { take, finish, inspection } = collect(host, request.tell)
  const end = (how: 'timeout' | 'crashed') => {
    clearTimeout(timer)
    quit()
    finish(how, [])
  }
  const timer = setTimeout(() => end('timeout'), request.deadlineMs)
  const taken = (told: unknown) => {
    const fact = take(told)
    if (fact?.fact === 'end') end('crashed')
    if (typeof (fact?.fact === 'session' ? fact.cookie : fact?.fact === 'token' ? fact.token : undefined) === 'string') served.owe()
  }
  const quit = served.askLook(wireRequest(request), taken, () => end('crashed'))
  return inspection(() => end('timeout'))
}

/** What takes the serving process longer to tell, at the very time at which it is to take a handshake: looked at once something asks for it. */
const lasting: readonly ExaminationStage[] = ['application', 'layer']

/** The same in two looks, the second when its first fact is asked for. */
export function lookServedLate(host: Host, served: Served, request: LookRequest): Inspection {
  const first = lookServed(host, served, { ...request, tell: request.tell.filter((stage) => !lasting.includes(stage)) })
  let second: Inspection | undefined
  const late = () => (second ??= lookServed(host, served, { ...request, tell: ['settings', ...lasting] }))
  return {
    get: (name) => (name === 'application' || name === 'layer' ? late() : first).get(name),
    errorOf: (stage) => (lasting.includes(stage) ? second : first)?.errorOf(stage),
    ended: first.ended,
    cancel: () => {
      first.cancel()
      second?.cancel()
    },
  }
}

/**
 * Starts a look by the backend's interpreter, where nothing runs that could be asked.
 * One that makes a session goes on until it is cancelled, and takes that back; `over`: nothing of it runs. Never throws.
 */
export function examine(host: Host, request: ExamineRequest): Inspection & { readonly over: Promise<void> } {
  const { take, finish, inspection } = collect(host, request.tell)
  const output: string[] = []
  let cutOff = false
  let kill: (() => void) | undefined
  const over = deferred<void>()
  const cut = () => {
    cutOff = true
    kill?.()
  }
  const lines = new LineSplitter((line) => {
    const fact = take(parseJson(line))
    if (fact?.fact === 'standing' && request.giveUp?.(fact) === true) cut()
    // what it has made lasts for as long as it runs, and its time is not counted
    if (fact?.fact === 'end' && holds) {
      clearTimeout(timer)
      finish('crashed', output)
    }
  })
  /** It may make what it takes back at its end: it is told of that before it is killed. */
  const holds = request.tell.includes('session') || request.tell.includes('token')
  const errorLines = new LineSplitter((line) => {
    output.push(host.secrets.mask(line).slice(0, longestKeptLine))
    if (output.length > keptLines) output.shift()
  })
  const timer = setTimeout(cut, request.deadlineMs)
  request.signal?.addEventListener('abort', cut, { once: true })
  if (request.signal?.aborted === true) cut()
  const end = (started: boolean) => {
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', cut)
    lines.end()
    errorLines.end()
    finish(cutOff ? 'timeout' : started ? 'crashed' : 'unstartable', output)
  }
  const run = async () => {
    // loaded by the first look that needs it: start's own is made by the serving process, which would wait for it
    const { execa } = await import('execa')
    if (cutOff) {
      end(false)
      return
    }
    const child = execa(request.python, [script], {
      cwd: request.backend,
      env: {
        ...withoutOurs(request.env),
        PYTHONDONTWRITEBYTECODE: '1',
        PYTHONIOENCODING: 'utf-8',
        PYTHONUNBUFFERED: '1',
      },
      extendEnv: false,
      buffer: false,
      // what the project starts while it is looked at is ended with the look
      detached: host.platform !== 'win32',
      // it ends itself when its input does, and takes back what it has made: a signal would cut that off
      cleanup: !holds,
      reject: false,
    })
    kill = () => {
      child.stdin.end()
      // one that could not be started has PID 0 to Node, and a signal to that is one to our own process group (kill(2))
      if (child.pid === undefined) return
      if (holds) setTimeout(() => child.kill('SIGKILL'), patienceMs).unref()
      else child.kill('SIGKILL')
    }
    // one that ends before it has read everything has said why
    child.stdin.on('error', () => {})
    // argv and environment are seen by every process of the user
    child.stdin.write(`${JSON.stringify({ ...wireRequest(request), way: request.way ?? 'asgi' })}\n`)
    if (!holds) child.stdin.end()
    child.stdout.on('data', (chunk: Buffer) => lines.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => errorLines.push(chunk))
    // a process that the project started may hold the output open: it is not waited for
    const letGo = () => {
      child.stdout.destroy()
      child.stderr.destroy()
    }
    child.once('exit', () => {
      endRest(child.pid)
      setTimeout(letGo, patienceMs).unref()
    })
    try {
      const { exitCode, signal } = await child
      // an interpreter that never was has neither a code nor a signal
      end(child.pid !== undefined && (exitCode !== undefined || signal !== undefined))
    } catch {
      end(child.pid !== undefined)
    }
  }
  void run().finally(() => over.resolve())
  return { ...inspection(cut), over: over.promise }
}

/** Ends what is left of the process group that a look has led. */
function endRest(leader: number | undefined): void {
  if (leader === undefined || process.platform === 'win32') return
  attempt(() => process.kill(-leader, 'SIGKILL'))
}

/** The request as the package reads it. */
export function wireRequest({ consumer, ...request }: LookRequest): Readonly<Record<string, unknown>> {
  return {
    tell: request.tell,
    settings_module: request.settingsModule,
    application: request.application ?? null,
    nonce: request.nonce ?? '',
    names: request.names ?? [],
    user: request.user ?? null,
    made_user: request.madeUser ?? null,
    mint: request.mint ?? true,
    anywhere: request.anywhere ?? false,
    create_user: request.createUser ?? null,
    create_row: request.createRow === undefined ? null : { field: null, value: null, ...request.createRow },
    server: request.server ?? null,
    seconds: request.deadlineMs / 1000,
    consumer:
      consumer === undefined
        ? null
        : {
            path: consumer.path,
            query_string: consumer.queryString,
            origin: consumer.origin ?? null,
            headers: consumer.headers,
            subprotocols: consumer.subprotocols,
            first: consumer.first ?? null,
            ping: consumer.ping,
            limit_s: consumer.limitMs / 1000,
            watch_s: consumer.watchMs / 1000,
          },
  }
}
