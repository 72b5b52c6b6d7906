import type { Checkout } from '../facts/checkout.ts'
import type { EnvironmentName } from '../facts/environments.ts'
import { joined } from '../host/paths.ts'

/** Where a new environment is made: beside manage.py, under a name that git is told to pass over, and that no other one has, of another system or another Python. Pure. */
export function freshEnvironment({ project, python }: Pick<Checkout, 'project' | 'python'>): string {
  const taken = new Set(
    python.candidates.flatMap((candidate) =>
      candidate.state === 'foreign' || candidate.state === 'other-version' ? [candidate.folder] : [],
    ),
  )
  const { ignored = [] } = python
  const names = ['venv', '.venv', 'env'] as const
  const isFree = (name: EnvironmentName) => !taken.has(joined(project.backend, name))
  const free = names.find((name) => ignored.includes(name) && isFree(name)) ?? names.find((name) => isFree(name)) ?? 'venv'
  return joined(project.backend, free)
}
