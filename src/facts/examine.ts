import { execa } from 'execa'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import type { Host } from '../host/host.ts'
import { LineSplitter } from '../host/lines.ts'
import {
  examinationStages,
  parseExamination,
  type Examination,
  type ExaminationFact,
  type ExaminationName,
  type ExaminationOf,
  type ExaminationStage,
} from './examination.ts'

/** The page's handshake, to be played to the application. */
export interface ExamineConsumer {
  readonly path: string
  /** Without the question mark. May hold a token, like the headers: it goes through standard input only. */
  readonly queryString: string
  readonly origin: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly subprotocols: readonly string[]
  /** The message that a pong answers; false: none is sent. */
  readonly ping: unknown
  /** How long `connect()` may take. */
  readonly limitMs: number
  /** How long the connection is watched after accept. */
  readonly watchMs: number
}

/** What to examine, and with what. */
export interface ExamineRequest {
  readonly python: string
  /** The folder of manage.py. */
  readonly backend: string
  /** The environment as the server gets it: DJANGO_SETTINGS_MODULE only where the user has set it. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly settingsModule: string
  /** `module:attribute`; undefined: what ASGI_APPLICATION says. */
  readonly application: string | undefined
  /** SECRET_KEY is told as an HMAC under this. */
  readonly nonce: string
  /** Keys of `.env`, to be told as the settings have them. */
  readonly names: readonly string[]
  readonly consumer: ExamineConsumer | undefined
  readonly layerTrip: boolean
  readonly onlySettings: boolean
  /** Milliseconds for the whole run. */
  readonly deadlineMs: number
  /** Aborted when the user asks to stop: the interpreter is ended then. */
  readonly signal?: AbortSignal
  /** True: it has stood long enough to be judged, and is ended now. */
  readonly giveUp?: (standing: ExaminationOf<'standing'>) => boolean
}

const script = fileURLToPath(new URL('../python/examine.py', import.meta.url))
const keptLines = 50
const longestKeptLine = 2000
/** For the last output of an interpreter that has ended. */
const patienceMs = 1000
const stageLine = v.object({ fact: v.literal('stage'), stage: v.picklist(examinationStages) })

/** Runs examine.py in the backend's interpreter, to its end or its deadline. Never throws. */
export async function examine(host: Host, request: ExamineRequest): Promise<Examination> {
  const begun = host.now()
  const known = new Map<ExaminationName, ExaminationFact>()
  const errors = new Map<string, ExaminationOf<'error'>>()
  const output: string[] = []
  let stage: ExaminationStage | undefined
  let cutOff = false

  const child = execa(request.python, [script], {
    cwd: request.backend,
    env: {
      ...request.env,
      ELECTION_DEV_TOKEN: undefined,
      ELECTION_DEV_PASSWORD: undefined,
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONIOENCODING: 'utf-8',
      PYTHONUNBUFFERED: '1',
    },
    extendEnv: false,
    input: JSON.stringify(wireRequest(request)),
    buffer: false,
    reject: false,
  })
  const kill = () => void child.kill('SIGKILL')
  const cut = () => {
    cutOff = true
    kill()
  }
  const take = (line: string) => {
    stage = stageOf(line) ?? stage
    const fact = parseExamination(line)
    if (fact === undefined) return
    if (fact.fact === 'error') {
      // what follows from the first error of a stage says less than it
      if (!errors.has(fact.stage)) errors.set(fact.stage, fact)
      return
    }
    known.set(fact.fact, fact)
    if (fact.fact === 'standing' && request.giveUp?.(fact) === true) cut()
  }
  const lines = new LineSplitter(take)
  const errorLines = new LineSplitter((line) => {
    output.push(host.secrets.mask(line).slice(0, longestKeptLine))
    if (output.length > keptLines) output.shift()
  })
  child.stdout.on('data', (chunk: Buffer) => lines.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => errorLines.push(chunk))

  // a process that the project started may hold the output open: it is not waited for
  const letGo = () => {
    child.stdout.destroy()
    child.stderr.destroy()
  }
  child.once('exit', () => setTimeout(letGo, patienceMs).unref())
  const timer = setTimeout(cut, request.deadlineMs)
  request.signal?.addEventListener('abort', cut, { once: true })
  if (request.signal?.aborted === true) cut()
  let started = true
  try {
    const result = await child
    // an interpreter that never was has neither a code nor a signal
    started = child.pid !== undefined && (result.exitCode !== undefined || result.signal !== undefined)
  } catch {
    started = child.pid !== undefined
  } finally {
    clearTimeout(timer)
    request.signal?.removeEventListener('abort', cut)
  }
  lines.end()
  errorLines.end()
  const how = known.has('end') ? 'ended' : cutOff ? 'timeout' : started ? 'crashed' : 'unstartable'
  return {
    get: (name) => {
      const fact = known.get(name)
      return isFact(fact, name) ? fact : undefined
    },
    errorOf: (of) => errors.get(of),
    how,
    stage: how === 'ended' ? undefined : stage,
    elapsedMs: host.now() - begun,
    output,
  }
}

/** The request as examine.py reads it. */
function wireRequest({ consumer, ...request }: ExamineRequest): unknown {
  return {
    settings_module: request.settingsModule,
    application: request.application ?? null,
    nonce: request.nonce,
    names: request.names,
    consumer:
      consumer === undefined
        ? null
        : {
            path: consumer.path,
            query_string: consumer.queryString,
            origin: consumer.origin ?? null,
            headers: consumer.headers,
            subprotocols: consumer.subprotocols,
            ping: consumer.ping,
            limit_s: consumer.limitMs / 1000,
            watch_s: consumer.watchMs / 1000,
          },
    layer_trip: request.layerTrip,
    only_settings: request.onlySettings,
  }
}

/** The stage that a line announces. It is no fact: it only says where a run was cut off. */
function stageOf(line: string): ExaminationStage | undefined {
  if (!line.includes('"stage"')) return undefined
  try {
    const result = v.safeParse(stageLine, JSON.parse(line))
    return result.success ? result.output.stage : undefined
  } catch {
    return undefined
  }
}

function isFact<Name extends ExaminationName>(fact: ExaminationFact | undefined, name: Name): fact is ExaminationOf<Name> {
  return fact?.fact === name
}
