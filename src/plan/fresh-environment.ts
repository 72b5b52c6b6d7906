import type { Checkout } from '../facts/checkout.ts'
import { joined } from '../host/paths.ts'

/** Where a new environment is made: beside manage.py, under a name that none of another system has. Pure. */
export function freshEnvironment({ project, python }: Pick<Checkout, 'project' | 'python'>): string {
  const foreign = new Set(python.candidates.flatMap((candidate) => (candidate.state === 'foreign' ? [candidate.folder] : [])))
  const [free = 'venv'] = (['venv', '.venv', 'env'] as const).filter((name) => !foreign.has(joined(project.backend, name)))
  return joined(project.backend, free)
}
