/** `smoke` on a project of its own, with every report in a folder beside it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { TestContext } from 'vitest'
import { startCli, type RunningCli } from './cli.ts'
import { root } from './tools.ts'
import { makeStand, type Stand } from './stand.ts'
import type { ProjectOptions } from './project.ts'

/** What the JSON report holds, as far as tests ask for it. */
interface SmokeDocument {
  readonly ok: boolean
  readonly state: string
  readonly exitCode: number
  readonly interruption: { readonly reason: string; readonly during: string } | null
  readonly elapsedMs: number
  readonly steps: readonly {
    readonly name: string
    readonly state: string
    readonly evidence: readonly string[]
    readonly diagnosis: {
      readonly id: string
      readonly evidence: readonly string[]
      readonly remedy: { readonly commands: readonly string[][] }
    } | null
  }[]
  readonly log: readonly string[]
}

export interface SmokeStand extends Stand {
  readonly reports: string
  /** Starts `smoke`; the words are the command. `hold` is short unless given. */
  readonly smoke: (args?: readonly string[], command?: readonly string[], env?: Readonly<Record<string, string>>) => RunningCli
  readonly json: () => Promise<SmokeDocument>
  /** The path of the JUnit report. */
  readonly junit: string
  readonly github: () => Promise<string>
}

const validate = new Ajv2020({ strict: true, strictTypes: false })
let schema: Promise<string> | undefined

/** Makes a stand for `smoke`, removed with the test. Without a database nothing is to be set up. */
export async function makeSmokeStand(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  options: ProjectOptions = {},
): Promise<SmokeStand> {
  const reports = await mkdtemp(join(tmpdir(), 'election-reports-'))
  const stand = await makeStand({ ...options, settings: `DATABASES = {}\n${options.settings ?? ''}` })
  onTestFinished(async () => {
    await stand.remove()
    await rm(reports, { recursive: true, force: true })
  })
  const file = (name: string) => join(reports, name)
  const reporters = ['text', `json=${file('smoke.json')}`, `junit=${file('smoke.xml')}`, `github=${file('github.txt')}`]
  return {
    ...stand,
    reports,
    junit: file('smoke.xml'),
    smoke: (args = [], command = [], env = {}) =>
      startCli(
        [
          'smoke',
          '--port',
          String(stand.port),
          '--hold',
          '300',
          ...reporters.flatMap((reporter) => ['--reporter', reporter]),
          ...args,
          ...(command.length === 0 ? [] : ['--', ...command]),
        ],
        { cwd: stand.project.root, env: { ...stand.mark.env, ...env } },
      ),
    json: async () => {
      schema ??= readFile(join(root, 'dist', 'smoke.schema.json'), 'utf8')
      const document: SmokeDocument = JSON.parse(await readFile(file('smoke.json'), 'utf8'))
      const fits = validate.validate(JSON.parse(await schema), document)
      if (!fits) throw new Error(`smoke.json: ${validate.errorsText()}`)
      return document
    },
    github: () => readFile(file('github.txt'), 'utf8'),
  }
}

/** A script for Node, as a command. */
export const script = (code: string): readonly string[] => [process.execPath, '-e', code]
