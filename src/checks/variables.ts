import { shown } from '../facts/project.ts'
import { shownValue } from '../host/secrets.ts'
import { wantedVariables, type VariableTarget } from '../plan/variables.ts'
import { diagnosis, type Diagnosis, type Seen } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'

/** All variables that the settings ask for and nobody gives. Pure. */
export function judgeVariables(evidence: Pick<Evidence, 'dotenv' | 'checkout' | 'examination'>, seen: Seen): Diagnosis | undefined {
  const wanted = wantedVariables(evidence)
  const { checkout } = evidence
  if (wanted === undefined || checkout === undefined) return undefined
  const { asked, placed, left } = wanted
  const names = asked.map(({ name }) => name)
  const one = asked.length === 1
  const title = one
    ? `The settings need ${names[0] ?? ''}, which is not set`
    : `The settings need ${asked.length} variables that are not set: ${names.join(', ')}`
  const lines = asked.map(({ name, file, line }) => {
    const given = placed.find(({ variable }) => variable.name === name)
    const words =
      given === undefined
        ? 'no file here has a value for it'
        : given.source.includes(':')
          ? `${valueWords(name, given.value)} in ${given.source}`
          : `${given.source}${typeof given.value === 'string' ? `: ${valueWords(name, given.value)}` : ''}`
    return `${name}   ${file}:${line}   ${words}`
  })
  const places = [...new Set([...placed, ...left].map(({ target }) => targetWords(checkout.project, target)))]
  const rest = left.map(({ variable }) => variable.name).join(', ')
  const where = places.join(' and ')
  if (left.length > 0)
    return diagnosis(
      'env-variables-missing',
      title,
      [...seen, ...lines],
      `Set ${rest} in ${where}${placed.length > 0 ? '; what is left start --setup makes' : ''}.`,
    )
  return diagnosis(
    'env-variables-missing',
    title,
    [...seen, ...lines],
    `Put ${one ? 'it' : 'them'} into ${where}, as start --setup does.`,
    [['election-dev', 'start', '--setup']],
  )
}

function valueWords(name: string, value: unknown): string {
  return typeof value === 'string' ? (value === '' ? '(empty)' : shownValue(name, value)) : ''
}

/** A place of variables as it is said. */
function targetWords(project: Parameters<typeof shown>[0], target: VariableTarget | undefined): string {
  if (target === undefined) return 'the environment'
  return target.kind === 'dotenv' ? shown(project, target.file) : `"envDefaults" of ${shown(project, target.file)}`
}
