import { attempt } from '../errors.ts'
import { servesPath } from '../facts/routes.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import { relativeTo } from './python-environment.ts'
import { rowOf } from './refusal.ts'

/**
 * A row that isn't there, with the command that loads it, where a fixture of the project has it: one that the path
 * names; where that is made up, any of its model, since the next start goes by what the table has. Pure.
 */
export function withFixture(evidence: Evidence, found: Diagnosis): Diagnosis {
  const { examination, wire, checkout, fixtures = [] } = evidence
  // a file of a database with a relative name is another one in each folder
  const isElsewhere = examination?.get('database')?.relative === true && checkout?.project.backend !== checkout?.project.root
  if (found.id !== 'row-missing' || isElsewhere || fixtures.length === 0) return found
  const { path } = wire.endpoint
  const route = examination?.get('application')?.routes.find((known) => known.sample === path || servesPath([known], path))
  const unfilled = route?.unfilled ?? []
  const [, got, given] = rowOf.exec(found.evidence.join('\n')) ?? []
  const models = [...unfilled.map(({ model }) => model), ...(route?.models ?? []), got, given].flatMap(
    (model) => model?.toLowerCase() ?? [],
  )
  const segments = new Set(path.split('/').map((part) => attempt(() => decodeURIComponent(part)) ?? part))
  const rows = fixtures.flatMap(({ file, rows }) =>
    rows.flatMap((row) =>
      models.some((model) => row.model === model || row.model.endsWith(`.${model}`))
        ? [{ file, model: row.model, named: row.values.find((value) => segments.has(value)) }]
        : [],
    ),
  )
  const isMadeUp = unfilled.length > 0 && route?.sample === path
  const row = rows.find(({ named }) => named !== undefined) ?? (isMadeUp ? rows[0] : undefined)
  if (row === undefined) return found
  const shown = relativeTo(evidence, row.file)
  return {
    ...found,
    evidence: [
      ...found.evidence,
      `The fixture ${shown} has ${row.named === undefined ? `a row of ${row.model}` : `the ${row.model} ${row.named}`}`,
    ],
    remedy: { ...found.remedy, text: `Load that fixture. ${found.remedy.text}`, commands: [['python', 'manage.py', 'loaddata', shown]] },
  }
}
