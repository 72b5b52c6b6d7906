/** `doctor --fix` as a user runs it, and what every run of it has to leave behind. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect } from 'vitest'
import { runCli, startOnTerminal, type CliResult, type RunningCli } from './cli.ts'
import { doctor, filesOf, type Answer, type Asking } from './doctor.ts'
import type { TestProject } from './project.ts'

const fixSchema = v.looseObject({ id: v.string(), kind: v.string(), outcome: v.string() })

type Fix = v.InferOutput<typeof fixSchema>

/** What the run of `--fix --json` said, and what it did. */
export interface FixAnswer extends Answer {
  readonly made: readonly Fix[]
}

/** Runs `doctor --fix --json`, with `--yes` unless `yes` is false. */
export async function fix(folder: string, asking: Asking & { yes?: boolean } = {}): Promise<FixAnswer> {
  const { yes = true, ...rest } = asking
  const answer = await doctor(folder, { ...rest, readOnly: false, args: ['--fix', ...(yes ? ['--yes'] : []), ...(rest.args ?? [])] })
  return { ...answer, made: v.parse(v.array(fixSchema), answer.fixes ?? []) }
}

/** The files of the project without the backups. */
export async function ownFiles(folder: string): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(Object.entries(await filesOf(folder)).filter(([name]) => !name.startsWith('.election-dev/')))
}

/** `doctor --undo`. */
export async function undo(folder: string): Promise<CliResult> {
  return runCli(['doctor', '--undo', '--yes'], { cwd: folder })
}

/**
 * The whole way: `--fix` names the cause and fixes it, a second run doesn't
 * name it, and `--undo` restores every byte.
 */
export async function fixes(
  id: string,
  project: TestProject,
  asking: Asking & { yes?: boolean },
  options: { after?: string; undone?: boolean; backup?: boolean } = {},
): Promise<FixAnswer> {
  const before = await ownFiles(project.root)
  const answer = await fix(project.root, asking)
  const made = answer.made.filter((item) => item.id === id)
  expect(
    made.map(({ outcome }) => outcome),
    JSON.stringify(answer.made, undefined, 1),
  ).not.toContain('failed')
  expect(answer.made[0]?.id, answer.evidence).toBe(id)
  expect(
    made.some(({ outcome }) => outcome === 'done'),
    JSON.stringify(answer.made, undefined, 1),
  ).toBe(true)
  const again = await doctor(project.root, asking)
  expect(again.id, again.evidence).not.toBe(id)
  if (options.after !== undefined) expect(again.id, again.evidence).toBe(options.after)
  if (options.backup !== false) expect(await readFile(join(project.root, '.election-dev', '.gitignore'), 'utf8')).toBe('*\n')
  if (options.undone !== false) {
    const undone = await undo(project.root)
    expect(undone.status, `${undone.stdout}${undone.stderr}`).toBe(0)
    expect(await ownFiles(project.root)).toEqual(before)
  }
  return answer
}

/** `--fix` at a terminal that ends in `start`: waits for its ready line. The caller ends it. */
export async function fixAndStart(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningCli> {
  const running = startOnTerminal(['doctor', '--fix', ...args], { cwd: folder, env })
  await running.waitFor(/ready in[\s\S]*Channels/)
  return running
}
