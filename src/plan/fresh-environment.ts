import type { Checkout } from '../facts/checkout.ts'
import { joined } from '../host/paths.ts'

/** Where a new environment is made: beside manage.py, under a name that no other one has, of another system or another Python. Pure. */
export function freshEnvironment({ project, python }: Pick<Checkout, 'project' | 'python'>): string {
  const taken = new Set(
    python.candidates.flatMap((candidate) =>
      candidate.state === 'foreign' || candidate.state === 'other-version' ? [candidate.folder] : [],
    ),
  )
  const [free = 'venv'] = (['venv', '.venv', 'env'] as const).filter((name) => !taken.has(joined(project.backend, name)))
  return joined(project.backend, free)
}
