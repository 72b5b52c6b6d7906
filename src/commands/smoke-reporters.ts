import { resolve } from 'node:path'
import { statSync } from 'node:fs'
import { usageError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { smokeGithub, smokeSummary, type Checkout } from '../report/smoke-github.ts'
import { smokeJson } from '../report/smoke-json.ts'
import { smokeJunit } from '../report/smoke-junit.ts'
import type { SmokeResult } from '../report/smoke-result.ts'
import { smokeText } from '../report/smoke-text.ts'
import { styleFor } from '../report/style.ts'
import { appendReport, writeReport } from '../run/report-file.ts'

const kinds = ['text', 'json', 'junit', 'github'] as const
type ReporterKind = (typeof kinds)[number]

/** One `--reporter KIND[=FILE]`. */
export interface Reporter {
  readonly kind: ReporterKind
  /** Undefined: standard output. */
  readonly file: string | undefined
}

/** Workflow commands go among text, where the runner looks for them; nothing else shares standard output. */
const shares: ReadonlySet<ReporterKind> = new Set(['text', 'github'])

/**
 * The reporters that were asked for; else text, and `github` too where GitHub
 * Actions runs this. Throws LauncherError `usage` (exit 2) where one is unknown
 * or two documents would be mixed on standard output.
 */
export function reportersOf(wanted: readonly string[], json: boolean, env: Host['env']): readonly Reporter[] {
  const reporters = wanted.map(parseReporter)
  if (json) reporters.push({ kind: 'json', file: undefined })
  if (reporters.length === 0) {
    const inActions = env['GITHUB_ACTIONS'] === 'true'
    return [{ kind: 'text', file: undefined }, ...(inActions ? [{ kind: 'github', file: undefined } as const] : [])]
  }
  const onOutput = reporters.filter(({ file }) => file === undefined).map(({ kind }) => kind)
  const mixed = onOutput.length > 1 && (onOutput.some((kind) => !shares.has(kind)) || new Set(onOutput).size < onOutput.length)
  if (mixed)
    throw usageError('usage', `${onOutput.map((kind) => `--reporter ${kind}`).join(' and ')} would be mixed on standard output`, {
      hint: 'Give all but one a file: --reporter junit=smoke.xml',
    })
  return reporters
}

function parseReporter(value: string): Reporter {
  const [, name = '', file] = /^([^=]*)(?:=(.*))?$/s.exec(value) ?? []
  const kind = kinds.find((known) => known === name)
  if (kind === undefined || file === '')
    throw usageError('usage', `--reporter ${value}: ${kind === undefined ? `there is no reporter ${name}` : 'the file has no name'}`, {
      hint: `--reporter KIND or KIND=FILE, where KIND is ${kinds.join(', ')}`,
    })
  return { kind, file }
}

/**
 * Writes the result by every reporter: files first, so that a reader that went
 * away costs none of them. `tail`: the text on standard output, whose beginning
 * has been printed before.
 */
export async function writeReports(
  host: Host,
  reporters: readonly Reporter[],
  result: SmokeResult,
  options: { readonly tail: readonly string[] | undefined; readonly bases: readonly string[] },
): Promise<void> {
  const { GITHUB_WORKSPACE: workspace, GITHUB_STEP_SUMMARY: summary } = host.env
  const checkout: Checkout = {
    root: workspace === undefined || workspace === '' ? host.cwd : workspace,
    bases: options.bases,
    platform: host.platform,
    isFile: (file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true,
  }
  const plainStyle = styleFor({ terminal: { ...host.terminal, color: false } })
  const texts: Readonly<Record<ReporterKind, (toFile: boolean) => readonly string[]>> = {
    text: (toFile) =>
      toFile ? smokeText(result, plainStyle, 100) : (options.tail ?? smokeText(result, styleFor(host), host.terminal.columns)),
    json: () => [JSON.stringify(smokeJson(result))],
    junit: () => smokeJunit(result).trimEnd().split('\n'),
    github: () => smokeGithub(result, checkout),
  }
  for (const { kind, file } of reporters) {
    if (file !== undefined) await writeReport(resolve(host.cwd, file), `${texts[kind](true).join('\n')}\n`)
  }
  if (summary !== undefined && summary !== '' && reporters.some(({ kind }) => kind === 'github'))
    await appendReport(summary, smokeSummary(result))
  for (const { kind, file } of reporters) {
    if (file !== undefined) continue
    if (kind === 'json') host.terminal.json(smokeJson(result))
    else for (const line of texts[kind](false)) host.terminal[kind === 'github' ? 'ciCommand' : 'out'](line)
  }
}
