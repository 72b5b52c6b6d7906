import { checkConfig, type PartialConfig } from '../config/schema.ts'
import { renderCi, type CiFacts, type CiKind } from './init-ci.ts'
import type { InitNote } from './init-sources.ts'
import { withMembers } from './json-edit.ts'
import { isRecord, parseJson } from '../host/json.ts'

/** A file that `init` writes. */
export interface FileChange {
  /** Relative to the checkout, with forward slashes. */
  readonly file: string
  /** Undefined: it isn't there yet. */
  readonly before: string | undefined
  readonly after: string
  readonly language: 'json' | 'yaml' | 'text' | 'python'
}

/** The files of a checkout that `init` looks at. A text is undefined where there is no such file. */
export interface InitFiles {
  /** The name of the configuration that is there, where it isn't `election-dev.config.json`. */
  readonly otherConfig: string | undefined
  readonly config: string | undefined
  readonly manifest: string | undefined
  readonly gitignore: string | undefined
  readonly workflow: string | undefined
  readonly gitlabJob: string | undefined
  readonly gitlabCi: string | undefined
  /** The template of each job. */
  readonly templates: Readonly<Record<CiKind, string>>
}

export interface FilesDecision {
  readonly changes: readonly FileChange[]
  readonly notes: readonly InitNote[]
}

export const configName = 'election-dev.config.json'
export const workflowName = '.github/workflows/election-dev.yml'
export const gitlabJobName = '.gitlab/election-dev.yml'
const schema = './node_modules/election-dev/dist/config.schema.json'

/** What the files become. Files that say so already are left out. Pure. */
export function decideFiles(files: InitFiles, config: PartialConfig, ci: CiKind | undefined, ciFacts: CiFacts): FilesDecision {
  const parts = [configFile(files, config), scripts(files), gitignore(files), ...(ci === undefined ? [] : [job(files, ci, ciFacts)])]
  return { changes: parts.flatMap(({ changes }) => changes), notes: parts.flatMap(({ notes }) => notes) }
}

function configFile({ otherConfig, config: before, manifest }: InitFiles, wanted: PartialConfig): FilesDecision {
  if (otherConfig !== undefined) {
    const text =
      Object.keys(wanted).length === 0 ? undefined : `${otherConfig} is left as it is; what the scripts say: ${JSON.stringify(wanted)}`
    return { changes: [], notes: text === undefined ? [] : [{ text }] }
  }
  const dependency = isDependency(manifest)
  if (before === undefined) {
    if (Object.keys(wanted).length === 0)
      return { changes: [], notes: [{ text: `No ${configName} is needed: start finds all of it by itself` }] }
    const content = { ...(dependency ? { $schema: schema } : {}), ...wanted }
    return { changes: [{ file: configName, before, after: `${JSON.stringify(content, undefined, 2)}\n`, language: 'json' }], notes: [] }
  }
  const present = parsedObject(before)
  if (present === undefined) return { changes: [], notes: [{ text: `${configName} can't be read, and is left as it is` }] }
  const added = Object.fromEntries(Object.entries(wanted).filter(([key]) => !(key in present)))
  const kept = Object.entries(wanted).filter(([key, value]) => key in present && JSON.stringify(present[key]) !== JSON.stringify(value))
  const notes = kept.map(([key, value]) => ({ text: `${configName} keeps its "${key}"; the scripts say ${JSON.stringify(value)}` }))
  if (Object.keys(added).length === 0) return { changes: [], notes }
  const after = withMembers(before, [], added)
  return after === undefined
    ? { changes: [], notes: [{ text: `${configName} can't be read, and is left as it is` }] }
    : { changes: [{ file: configName, before, after, language: 'json' }], notes }
}

/** Keys that the schema doesn't take are left out, and told: what a script holds may be anything. */
export function validConfig(config: PartialConfig): { readonly config: PartialConfig; readonly notes: readonly InitNote[] } {
  const checked = checkConfig(config)
  if ('config' in checked) return { config: checked.config, notes: [] }
  const wrong = new Set(checked.problems.map(({ key }) => key.split('.')[0] ?? ''))
  const rest = checkConfig(Object.fromEntries(Object.entries(config).filter(([key]) => !wrong.has(key))))
  return {
    config: 'config' in rest ? rest.config : {},
    notes: checked.problems.map(({ key, problem }) => ({ text: `"${key}" ${problem}: left out` })),
  }
}

/** The npm scripts that are wanted, and the names that are tried where one has another meaning. */
const wantedScripts: readonly (readonly [string, readonly string[]])[] = [
  ['election-dev start', ['dev', 'dev:all', 'dev:election']],
  ['election-dev doctor', ['doctor', 'doctor:websocket']],
  ['election-dev smoke', ['smoke', 'smoke:websocket']],
]

function scripts({ manifest: before }: InitFiles): FilesDecision {
  if (before === undefined) return { changes: [], notes: [] }
  const present = parsedObject(before)
  const scripts = present === undefined ? undefined : (present['scripts'] ?? {})
  if (typeof scripts !== 'object' || scripts === null || Array.isArray(scripts))
    return { changes: [], notes: [{ text: "package.json can't be read, and is left as it is" }] }
  const there = new Map(Object.entries(scripts))
  const added: Record<string, string> = {}
  const notes: InitNote[] = []
  for (const [command, names] of wantedScripts) {
    if (
      [...there.values()].some(
        (value) => typeof value === 'string' && new RegExp(String.raw`^(?:npx (?:--yes )?)?${command}\b`).test(value),
      )
    )
      continue
    // a frontend in the checkout's own folder may be started by these, and `dev` would be found before them
    const hidden = ['start', 'serve'].find((each) => there.has(each))
    const [first = ''] = names
    const name = names.find((each) => !there.has(each) && !(each === 'dev' && hidden !== undefined))
    if (name !== undefined) added[name] = command
    if (name === first) continue
    const why = there.has(first) ? `package.json has a script "${first}" of another meaning` : `A script "dev" would hide "${hidden ?? ''}"`
    notes.push({ text: `${why}: ${name === undefined ? 'nothing is added' : `"${name}" is "${command}"`}` })
  }
  if (!isDependency(before))
    notes.push({ text: 'election-dev is no dependency of package.json yet', hint: 'npm install --save-dev election-dev' })
  if (Object.keys(added).length === 0) return { changes: [], notes }
  const after = withMembers(before, ['scripts'], added)
  return after === undefined
    ? { changes: [], notes: [{ text: "package.json can't be read, and is left as it is" }] }
    : { changes: [{ file: 'package.json', before, after, language: 'json' }], notes }
}

function gitignore({ gitignore: before }: InitFiles): FilesDecision {
  const line = '.election-dev/'
  const covered = (before ?? '').split(/\r\n|\n|\r/).some((each) => /^(?:\*\*\/|\/)?\.election-dev(?:\/\*{0,2})?$/.test(each.trim()))
  if (covered) return { changes: [], notes: [] }
  const newline = before?.includes('\r\n') === true ? '\r\n' : '\n'
  const gap = before === undefined || before === '' || before.endsWith('\n') ? '' : newline
  return { changes: [{ file: '.gitignore', before, after: `${before ?? ''}${gap}${line}${newline}`, language: 'text' }], notes: [] }
}

function job(files: InitFiles, ci: CiKind, facts: CiFacts): FilesDecision {
  const after = renderCi(files.templates[ci], facts)
  const file = ci === 'github' ? workflowName : gitlabJobName
  const before = ci === 'github' ? files.workflow : files.gitlabJob
  const notes: InitNote[] =
    before === undefined || before.replaceAll('\r\n', '\n') === after ? [] : [{ text: `${file} is there already, and is left as it is` }]
  const changes: FileChange[] = before === undefined ? [{ file, before, after, language: 'yaml' }] : []
  if (ci === 'github') return { changes, notes }
  const include = `include:\n  - local: ${gitlabJobName}\n`
  if (files.gitlabCi === undefined) changes.push({ file: '.gitlab-ci.yml', before: undefined, after: include, language: 'yaml' })
  else if (!files.gitlabCi.includes(gitlabJobName))
    notes.push({ text: '.gitlab-ci.yml is yours, and is left as it is', hint: `Add to it:  include: [{local: ${gitlabJobName}}]` })
  return { changes, notes }
}

function isDependency(manifest: string | undefined): boolean {
  const present = manifest === undefined ? undefined : parsedObject(manifest)
  return ['dependencies', 'devDependencies', 'optionalDependencies'].some((kind) => {
    const entries = present?.[kind]
    return typeof entries === 'object' && entries !== null && 'election-dev' in entries
  })
}

function parsedObject(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = parseJson(text)
  return isRecord(value) ? value : undefined
}
