import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { pip } from './common-causes.ts'
import type { Evidence } from './evidence.ts'

/** Two distributions of the environment don't fit each other: the import of one fails in its own code. Pure. */
export function judgeClash({ examination, choice }: Pick<Evidence, 'examination' | 'choice'>): Diagnosis | undefined {
  const clash = examination?.get('clash')
  if (clash === undefined) return undefined
  const { importer, other, asks, type, message, file, line } = clash
  const [one, another] = [importer, other].map(({ name, version }) => `${name} ${version}`)
  return diagnosis(
    'dependency-conflict',
    `${one ?? ''} and ${another ?? ''} are incompatible`,
    [
      `Importing ${importer.name} fails in its own code (${file}:${line}): ${type}: ${message}`,
      typeof asks === 'string'
        ? `${importer.name} ${importer.version} asks for ${asks}, which allows ${other.version}: no installer sees the conflict`
        : `${other.name} ${other.version} is installed in ${choice?.environment?.label ?? 'the environment'}`,
    ],
    'Install newer releases of both, and remove any pins of the old ones from the requirements.',
    pip('--upgrade', importer.name, other.name),
  )
}
