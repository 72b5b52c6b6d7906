import { deferred } from '../host/deferred.ts'
import type { Host } from '../host/host.ts'
import {
  factOf,
  type Examination,
  type ExaminationFact,
  type ExaminationName,
  type ExaminationOf,
  type ExaminationStage,
} from './examination.ts'

/** A look at the project from inside, under way. Never throws. */
export interface Inspection {
  /** The fact, as soon as it is known; undefined where it will not come: it wasn't asked for, its stage failed, or the look has ended. */
  readonly get: <Name extends ExaminationName>(name: Name) => Promise<ExaminationOf<Name> | undefined>
  /** The first error of a stage, as far as the look has come: what follows from it says less. */
  readonly errorOf: (stage: ExaminationStage) => ExaminationOf<'error'> | undefined
  /** All of it, when it has ended. */
  readonly ended: Promise<Examination>
  /** Ends it now. */
  readonly cancel: () => void
}

/** Puts a look together that goes through the stages in this order. */
export function collect(host: Host, tell: readonly ExaminationStage[]) {
  const begun = host.now()
  const known = new Map<ExaminationName, ExaminationFact>()
  const errors = new Map<string, ExaminationOf<'error'>>()
  let waiting: { name: ExaminationName; resolve: () => void }[] = []
  let stage: ExaminationStage | undefined
  let isOver = false
  const ended = deferred<Examination>()

  const fact = <Name extends ExaminationName>(name: Name): ExaminationOf<Name> | undefined => {
    const found = known.get(name)
    return isFact(found, name) ? found : undefined
  }
  /** Nothing more will be told of it. */
  const isPassed = (name: ExaminationName): boolean => {
    if (isOver || known.has(name)) return true
    if (name === 'start') return stage !== undefined
    const place = tell.findIndex((each) => each === (name === 'created' ? 'create_user' : name))
    return place < tell.findIndex((each) => each === stage) || place === -1
  }
  const settle = () => {
    const passed = waiting.filter(({ name }) => isPassed(name))
    waiting = waiting.filter((waiter) => !passed.includes(waiter))
    for (const { resolve } of passed) resolve()
  }
  const errorOf = (of: ExaminationStage) => errors.get(of)
  return {
    take: (told: unknown): ExaminationFact | undefined => {
      const taken = isOver ? undefined : factOf(told)
      if (taken === undefined) return undefined
      if (taken.fact === 'token' && typeof taken.token === 'string') host.secrets.add(taken.token)
      if (taken.fact === 'session' && typeof taken.cookie === 'string') host.secrets.add(taken.cookie.slice(taken.cookie.indexOf('=') + 1))
      if (taken.fact === 'database_server') host.secrets.addNamed('PASSWORD', taken.password)
      if (taken.fact === 'stage') stage = taken.stage
      if (taken.fact !== 'error') known.set(taken.fact, taken)
      else if (!errors.has(taken.stage)) errors.set(taken.stage, taken)
      settle()
      return taken
    },
    /** It is over; `how` counts where it didn't come to its end by itself. */
    finish: (how: Exclude<Examination['how'], 'ended'>, output: readonly string[]): void => {
      if (isOver) return
      isOver = true
      settle()
      const came = known.has('end')
      ended.resolve({
        get: fact,
        errorOf,
        how: came ? 'ended' : how,
        stage: came ? undefined : stage,
        elapsedMs: host.now() - begun,
        output,
      })
    },
    inspection: (cancel: () => void): Inspection => ({
      get: async (name) => {
        if (!isPassed(name)) await new Promise<void>((resolve) => waiting.push({ name, resolve }))
        return fact(name)
      },
      errorOf,
      ended: ended.promise,
      cancel,
    }),
  }
}

function isFact<Name extends ExaminationName>(fact: ExaminationFact | undefined, name: Name): fact is ExaminationOf<Name> {
  return fact?.fact === name
}
