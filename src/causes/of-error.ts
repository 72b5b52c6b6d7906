import { diagnosis, type Judged } from '../checks/diagnosis.ts'
import type { LauncherError } from '../errors.ts'
import { isCauseId, judged } from './causes.ts'

/** An error that names a cause, as a diagnosis of it; undefined for usage, and for what has no cause. */
export function diagnosisOf({ code, message, evidence, hint, commands }: LauncherError): Judged | undefined {
  if (!isCauseId(code)) return undefined
  const [first = message, ...rest] = evidence
  return judged(diagnosis(code, message, [first, ...rest], hint ?? `election-dev doctor explain ${code}`, commands))
}

/** An error of ours in the shape of a cause. */
export function inShape(error: LauncherError): Judged<string> {
  const { code, message, evidence, hint } = error
  return (
    diagnosisOf(error) ?? {
      id: code,
      title: message,
      evidence: evidence.length === 0 ? [message] : evidence,
      remedy: { text: hint ?? '', commands: [], automatic: 'no' },
    }
  )
}
