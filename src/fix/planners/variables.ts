import { setDotenvValue } from '../../plan/dotenv-edit.ts'
import { withMembers } from '../../plan/json-edit.ts'
import { withKey } from '../../plan/variable-values.ts'
import { wantedVariables, type PlacedVariable, type VariableTarget } from '../../plan/variables.ts'
import type { DotenvSurvey } from '../../facts/dotenv-survey.ts'
import { fix, noFix, type Action, type FixFacts, type NoFix, type PlannerOf } from '../step.ts'

/** Writes all variables that nobody gives, each to where it is read from; nothing where one is left that only a person knows. */
export const giveVariables: PlannerOf<'dotenv' | 'checkout' | 'examination'> = (evidence, facts) => {
  const { dotenv } = evidence
  const wanted = wantedVariables(evidence, facts)
  if (wanted === undefined || dotenv === undefined) return noFix("which variables are missing can't be told")
  if (wanted.left.length > 0)
    return noFix(
      `no file here has a value for ${wanted.left.map(({ variable }) => `${variable.name} (${variable.file}:${variable.line})`).join(', ')}`,
    )
  const targets = new Map<string, { target: VariableTarget; pairs: (readonly [string, string])[] }>()
  for (const each of wanted.placed) {
    const group = targets.get(each.target.file) ?? { target: each.target, pairs: [] }
    group.pairs.push([each.variable.name, givenValue(each.variable.name, each.value, facts)])
    targets.set(each.target.file, group)
  }
  const actions: Action[] = []
  for (const { target, pairs } of targets.values()) {
    const action = target.kind === 'dotenv' ? inDotenv(target, pairs, dotenv, facts) : inConfiguration(target.file, pairs, dotenv)
    if ('noFix' in action) return action
    actions.push(action)
  }
  return fix(actions, { restart: true })
}

/** The value of a variable with the key that is made for it. */
export function givenValue(name: string, value: PlacedVariable['value'], { secretFor }: FixFacts): string {
  return typeof value === 'string' ? value : withKey(value, secretFor(name))
}

function inDotenv(
  target: Extract<VariableTarget, { kind: 'dotenv' }>,
  pairs: readonly (readonly [string, string])[],
  dotenv: DotenvSurvey,
  { texts }: FixFacts,
): Action | NoFix {
  const before = dotenv.fact.path === target.file ? (dotenv.fact.kind === 'present' ? dotenv.fact.text : undefined) : texts.get(target.file)
  let after = before ?? ''
  for (const [key, value] of pairs) {
    const edit = setDotenvValue(after, key, value, target.reader)
    if (edit.kind === 'refused') return noFix(edit.reason)
    if (edit.kind === 'changed') after = edit.text
  }
  return { kind: 'edit', file: target.file, before, after, language: 'dotenv', names: pairs.map(([name]) => name) }
}

/** Settings that load no file get them from the launcher, which reads them out of its configuration. */
function inConfiguration(file: string, pairs: readonly (readonly [string, string])[], { sources }: DotenvSurvey): Action | NoFix {
  const before = sources.configuration?.text
  const variables = Object.fromEntries(pairs)
  const after =
    before === undefined ? `${JSON.stringify({ envDefaults: variables }, undefined, 2)}\n` : withMembers(before, ['envDefaults'], variables)
  return after === undefined
    ? noFix(`${file} can't be edited`)
    : { kind: 'edit', file, before, after, language: 'script', names: pairs.map(([name]) => name), gives: variables }
}
