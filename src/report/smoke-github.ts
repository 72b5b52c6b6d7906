import { posix, win32 } from 'node:path'
import { evidenceOf, failedStep, seconds, stepTitles, verdict, type SmokeResult, type SmokeStep } from './smoke-result.ts'
import { typed } from '../host/shell.ts'

/** What tells where a file that the evidence names is. */
export interface Checkout {
  /** The root of the checkout (GITHUB_WORKSPACE): annotations name files relative to it. */
  readonly root: string
  /** Folders that relative names may be relative to. */
  readonly bases: readonly string[]
  readonly platform: NodeJS.Platform
  readonly isFile: (file: string) => boolean
}

/**
 * The run as workflow commands of GitHub Actions: an error for the step that
 * failed, a warning for each warning, a notice where all is well. `root` is the
 * checkout (GITHUB_WORKSPACE), which file names are made relative to.
 * Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
export function smokeGithub(result: SmokeResult, checkout: Checkout): string[] {
  const warnings = result.warnings.map(({ id, text }) => command('warning', { title: `election-dev: ${id}` }, text))
  const failed = failedStep(result)
  if (failed === undefined && result.state === 'passed')
    return [...warnings, command('notice', { title: 'election-dev smoke' }, `${verdict(result)} (${seconds(result.elapsedMs)})`)]
  const place = failed === undefined ? undefined : placeOf(failed, checkout)
  const title = `election-dev smoke: ${failed === undefined ? result.state : (failed.diagnosis?.id ?? stepTitles[failed.name])}`
  const message = [
    verdict(result),
    ...(failed === undefined ? [] : evidenceOf(failed)),
    ...(failed?.diagnosis === undefined ? [] : [failed.diagnosis.remedy.text]),
  ]
  return [
    ...warnings,
    command('error', { ...(place === undefined ? {} : { file: place.file, line: String(place.line) }), title }, message.join('\n')),
  ]
}

/** The run as Markdown, for the summary of the job. */
export function smokeSummary(result: SmokeResult): string {
  const failed = failedStep(result)
  const marks: Readonly<Record<SmokeStep['state'], string>> = { passed: '✅', failed: '❌', skipped: '⏭️' }
  const lines = [
    `### ${result.state === 'passed' ? '✅' : '❌'} election-dev smoke: ${escaped(verdict(result))}`,
    '',
    '| | Step | Time | |',
    '|---|---|--:|---|',
    ...result.steps.map(
      ({ name, state, ms, evidence }) =>
        `| ${marks[state]} | ${stepTitles[name]} | ${ms === undefined ? '' : seconds(ms)} | ${escaped(evidence[0] ?? '')} |`,
    ),
    '',
  ]
  if (failed?.diagnosis !== undefined) {
    const { id, title, evidence, remedy } = failed.diagnosis
    lines.push(`**${escaped(title)}** (\`${id}\`)`, '', ...evidence.map((line) => `- ${escaped(line)}`), '', escaped(remedy.text), '')
    if (remedy.commands.length > 0) lines.push(...fenced(remedy.commands.map((words) => typed(words))))
  }
  if (result.log.length > 0)
    lines.push("<details><summary>The last lines of the backend's output</summary>", '', ...fenced(result.log), '</details>', '')
  lines.push(
    `${Object.entries(result.versions)
      .map(([name, value]) => `${name} ${escaped(value)}`)
      .join(' · ')} · ${seconds(result.elapsedMs)}`,
    '',
  )
  return `${lines.join('\n')}\n`
}

/**
 * The first line of the checkout that the evidence names, relative to its root, with forward slashes: `File "PATH", line N`
 * as Python writes it, or `PATH:N`. None where there is no such file in the
 * checkout: an annotation there would be shown nowhere.
 */
export function placeOf(step: SmokeStep, { root, bases, platform, isFile }: Checkout): { file: string; line: number } | undefined {
  const path = platform === 'win32' ? win32 : posix
  for (const text of evidenceOf(step)) {
    for (const [, quoted, ofQuoted, bare, ofBare] of text.matchAll(/File "([^"]+)", line (\d+)|([^\s"'`()]+\.[A-Za-z]\w*):(\d+)/g)) {
      for (const base of bases) {
        const file = path.resolve(base, quoted ?? bare ?? '')
        const below = path.relative(root, file)
        if (below.startsWith('..') || path.isAbsolute(below) || !isFile(file)) continue
        return { file: below.replaceAll('\\', '/'), line: Number(ofQuoted ?? ofBare) }
      }
    }
  }
  return undefined
}

/** A workflow command with its values escaped as the runner unescapes them (actions/toolkit, core/src/command.ts). */
function command(name: string, properties: Readonly<Record<string, string>>, message: string): string {
  const list = Object.entries(properties).map(([key, value]) => `${key}=${data(value).replaceAll(':', '%3A').replaceAll(',', '%2C')}`)
  return `::${name} ${list.join(',')}::${data(message)}`
}

function data(value: string): string {
  return value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/** Text that Markdown takes as it is, in a table too. */
function escaped(value: string): string {
  return value.replace(/[\\`*_[\]<>|#]/g, (character) => `\\${character}`).replace(/\s*\r?\n\s*/g, ' ')
}

/** Lines as code, inside a fence that is longer than any of theirs. */
function fenced(lines: readonly string[]): string[] {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([ticks]) => ticks.length)))
  const fence = '`'.repeat(longest + 1)
  return [fence, ...lines, fence, '']
}
