import { routeAt } from '../facts/routes.ts'
import { plainPart, wantedRow } from '../plan/wanted-row.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import { relativeTo } from './python-environment.ts'
import { rowOf } from './refusal.ts'

/**
 * A row that isn't there, with the command that makes it: that loads a fixture of the project which has it, else one
 * for an example, where its table is empty. Pure.
 */
export function withRow(evidence: Evidence, found: Diagnosis): Diagnosis {
  const loaded = withFixture(evidence, found)
  const row = loaded === found && found.id === 'row-missing' ? wantedRow(evidence) : undefined
  if (row === undefined) return loaded
  const text = `Create a row of ${row.model}: the command makes an example with what its table needs. Or name the path of an existing one: --path. The WebSocket itself works.`
  return { ...found, remedy: { ...found.remedy, text, commands: [['election-dev', 'doctor', '--fix']] } }
}

/**
 * The command that loads it, where a fixture of the project has it: one that the path
 * names; where that is made up, any of its model, since the next look goes by what the table has.
 */
function withFixture(evidence: Evidence, found: Diagnosis): Diagnosis {
  const { examination, wire, checkout, fixtures = [] } = evidence
  // a file of a database with a relative name is another one in each folder
  const isElsewhere = examination?.get('database')?.relative === true && checkout?.project.backend !== checkout?.project.root
  if (found.id !== 'row-missing' || isElsewhere || fixtures.length === 0) return found
  const { path } = wire.endpoint
  const route = routeAt(examination?.get('application')?.routes, path)
  const unfilled = route?.unfilled ?? []
  const [, got, given] = rowOf.exec(found.evidence.join('\n')) ?? []
  const models = [...unfilled.map(({ model }) => model), ...(route?.models ?? []), got, given].flatMap(
    (model) => model?.toLowerCase() ?? [],
  )
  const segments = new Set(path.split('/').map(plainPart))
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
