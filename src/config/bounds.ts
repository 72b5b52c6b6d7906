import type { ConfigProblem } from './schema.ts'

/** Deeper than this nothing is meant, and what is written as JSON again would have no stack left. */
const mostLevels = 50
/** More services than this no machine starts: each is a process with pipes of its own. */
const mostServices = 100
const mostProblems = 5

/** What of a configuration no schema refuses, and nothing could be done with. Pure. */
export function outOfBounds(input: unknown): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const waiting: { readonly value: unknown; readonly path: readonly string[] }[] = [{ value: input, path: [] }]
  for (let next = waiting.pop(); next !== undefined && problems.length < mostProblems; next = waiting.pop()) {
    const { value, path } = next
    const key = path.slice(0, 4).join('.')
    // a process gets its words and variables as texts that end with one (execve(2))
    if (typeof value === 'string' && value.includes('\0')) problems.push({ key, problem: 'holds a NUL, which no text here can' })
    if (typeof value !== 'object' || value === null) continue
    if (path.length >= mostLevels) {
      problems.push({ key, problem: `is nested deeper than ${mostLevels} levels` })
      continue
    }
    const entries = Object.entries(value)
    if (key === 'services' && entries.length > mostServices) {
      problems.push({ key, problem: `are ${entries.length}; allowed: ${mostServices}` })
      continue
    }
    for (const [name, each] of entries) waiting.push({ value: each, path: [...path, name] })
  }
  return problems
}
