/** The doctor as a user runs it, and what its answer always has to be. */
import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { causeOf, isCauseId, type CauseId } from '../../src/causes/causes.ts'
import { runCli } from './cli.ts'
import { useShape, type Shape } from './shape.ts'
import { root } from './tools.ts'

const documentSchema = v.object({
  ok: v.boolean(),
  state: v.picklist(['healthy', 'diagnosed', 'unknown']),
  diagnosis: v.nullable(
    v.object({
      id: v.string(),
      title: v.string(),
      evidence: v.array(v.string()),
      remedy: v.object({
        text: v.string(),
        commands: v.array(v.array(v.string())),
        alternatives: v.optional(v.array(v.array(v.array(v.string())))),
        automatic: v.picklist(['yes', 'ask', 'no']),
      }),
    }),
  ),
  findings: v.array(
    v.object({
      id: v.string(),
      severity: v.string(),
      status: v.string(),
      title: v.string(),
      evidence: v.optional(v.array(v.string())),
      reason: v.optional(v.string()),
      explainedBy: v.optional(v.string()),
    }),
  ),
  fixes: v.optional(v.array(v.unknown())),
})

/** What `doctor --json` said. */
export interface Answer extends v.InferOutput<typeof documentSchema> {
  readonly status: number | null
  readonly stderr: string
  /** The id of the diagnosis; undefined where all is well. */
  readonly id: string | undefined
  /** Its evidence as one text. */
  readonly evidence: string
  /** Ids of failed warnings. */
  readonly warnings: readonly string[]
}

export interface Asking {
  /** `ws://…`, without the token; none: what the project in the folder says. */
  readonly url?: string
  readonly others?: readonly string[]
  readonly origin?: string
  readonly python?: string
  readonly token?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Another user to run it as, which only root may. */
  readonly uid?: number
  /** False where the run is to change files (`--fix`). */
  readonly readOnly?: boolean
}

let validate: ReturnType<Ajv2020['compile']> | undefined

/** A cause, and one way in which a project comes by it. */
export interface SetUp {
  readonly id: CauseId
  readonly title: string
}

/** What else a set-up is used for while it stands: where it lies, what the doctor was asked, and what it said. */
export type Use = (setUp: SetUp, folder: string, asking: Asking, answer: Answer) => Promise<void>

/** How the project of a set-up is shaped in one of its tests; `words` tell it in the test's name. */
export interface Form {
  readonly words: string
  readonly shape: Shape
}

const asEver: Form = { words: '', shape: {} }
const registered: SetUp[] = []
let use: Use | undefined
let formsOf: (setUp: SetUp) => readonly Form[] = () => [asEver]
/** Ends a test whose set-up was used, and of which nothing more is asked. */
export const enough = new Error('nothing more is asked of this set-up')
/** The set-up of the running test, until its doctor is asked. */
let standing: SetUp | undefined
let isAsked = false

/** The name of the test that makes a set-up. */
export const nameOf = ({ id, title }: SetUp): string => `${id}: ${title}`

/** The set-ups of the files that were imported. */
export const setUps = (): readonly SetUp[] => registered

/**
 * Has every set-up of the files that are imported from now on used once more, as soon as its doctor has answered;
 * in each of its forms, where it has others than its own. A use that throws `enough` ends the test.
 */
export function useSetUps(more: Use, forms = formsOf): void {
  use = more
  formsOf = forms
}

/** Asks the doctor of a set-up. What the set-up is used for besides is done then, while all of it stands. */
export async function doctor(folder: string, asking: Asking = {}): Promise<Answer> {
  const setUp = standing
  standing = undefined
  const answer = await askDoctor(folder, asking)
  if (setUp !== undefined) await use?.(setUp, folder, asking, answer)
  return answer
}

/**
 * Runs `doctor --json` in a folder, and holds what is promised of every run: one
 * document by its schema, an exit status that fits it, evidence for every
 * finding, no file of the folder made or changed.
 */
export async function askDoctor(folder: string, asking: Asking = {}): Promise<Answer> {
  isAsked = true
  const before = asking.readOnly === false ? {} : await filesOf(folder)
  const args = ['doctor', '--json']
  for (const url of [asking.url, ...(asking.others ?? [])]) if (url !== undefined) args.push('--url', url)
  if (asking.origin !== undefined) args.push('--origin', asking.origin)
  if (asking.python !== undefined) args.push('--python', asking.python)
  const env = { ...asking.env, ...(asking.token === undefined ? {} : { ELECTION_DEV_TOKEN: asking.token }) }
  const result = await runCli([...args, ...(asking.args ?? [])], {
    cwd: folder,
    env,
    ...(asking.uid === undefined ? {} : { uid: asking.uid }),
  })
  const parsed: unknown = result.stdout === '' ? undefined : JSON.parse(result.stdout)
  validate ??= new Ajv2020({ allErrors: true }).compile(JSON.parse(readFileSync(join(root, 'dist', 'doctor.schema.json'), 'utf8')))
  expect(validate(parsed), `${JSON.stringify(validate.errors)}\n${result.stdout}\n${result.stderr}`).toBe(true)
  const document = v.parse(documentSchema, parsed)
  expect(result.status).toBe(document.state === 'healthy' ? 0 : document.state === 'diagnosed' ? 1 : 2)
  for (const { id, status, evidence } of document.findings) {
    if (status === 'fail')
      expect(
        evidence?.filter((line) => line.trim() !== ''),
        `${id} has no evidence`,
      ).not.toEqual([])
  }
  const { diagnosis } = document
  if (diagnosis !== null && isCauseId(diagnosis.id) && causeOf(diagnosis.id).noCommands !== undefined)
    expect(diagnosis.remedy.commands, diagnosis.id).toEqual([])
  if (asking.readOnly !== false) expect(await filesOf(folder)).toEqual(before)
  return {
    ...document,
    status: result.status,
    stderr: result.stderr,
    id: document.diagnosis?.id,
    evidence: document.diagnosis?.evidence.join('\n') ?? '',
    warnings: document.findings.filter(({ status, severity }) => status === 'fail' && severity === 'warning').map(({ id }) => id),
  }
}

/** A test that produces the cause for real. Every id of the vocabulary has one. `skip` says what a machine lacks. */
export function real(id: CauseId, title: string, run: (skip: (lacks: string) => never) => Promise<void>, timeoutMs = 45_000): void {
  const setUp = { id, title }
  registered.push(setUp)
  for (const { words, shape } of formsOf(setUp))
    test(
      nameOf(setUp) + words,
      async ({ skip }) => {
        standing = setUp
        isAsked = false
        useShape(shape)
        try {
          await run((lacks) => skip(lacks))
        } catch (error) {
          if (error !== enough) throw error
        }
        if (use !== undefined && !isAsked) throw new Error('The doctor was never asked of this set-up')
      },
      use === undefined ? timeoutMs : timeoutMs + 120_000,
    )
}

/** Every file below the folder with what it holds; what servers and interpreters write by themselves left out. */
export async function filesOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  const walk = async (at: string, shown: string): Promise<void> => {
    for (const name of await readdir(at)) {
      if (/^(?:__pycache__|node_modules|\.vite|venv|\.venv)$/.test(name) || /\.log$|-journal$/.test(name)) continue
      const [path, label] = [join(at, name), `${shown}${name}`]
      const entry = await lstat(path)
      if (entry.isDirectory()) await walk(path, `${label}/`)
      else if (entry.isSymbolicLink()) found[label] = await readlink(path)
      else if (entry.isFile())
        found[label] = createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
    }
  }
  await walk(folder, '')
  return found
}
