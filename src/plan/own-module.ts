import { raisedText, type Examination, type ExaminationOf } from '../facts/examination.ts'

/** A module of the project that isn't there, and the file that it is to be copied from; below the backend. */
export type LostModule = ExaminationOf<'samples'>['modules'][number]

/**
 * The module of the project that an import has failed for want of: the one that
 * it names, or, where the settings go on without it, the one that would have had
 * what they lack. Undefined where no file could be it. Pure.
 */
export function lostModule(examination: Pick<Examination, 'get' | 'errorOf'> | undefined): LostModule | undefined {
  const error = examination?.errorOf('settings') ?? examination?.errorOf('application')
  const modules = examination?.get('samples')?.modules ?? []
  if (error === undefined) return undefined
  const text = raisedText(error)
  const named = /No module named ['"]?([\w.]+)/.exec(text)?.[1]
  if (named !== undefined) return modules.find(({ module }) => module === named)
  return /The SECRET_KEY setting must not be empty|UndefinedValueError|ImproperlyConfigured: Set the \w+ environment/.test(text) ||
    error.type === 'NameError' ||
    error.type === 'KeyError'
    ? modules[0]
    : undefined
}
