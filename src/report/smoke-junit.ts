import { evidenceOf, failedStep, seconds, stepTitles, verdict, type SmokeResult, type SmokeStep } from './smoke-result.ts'
import { typed } from '../host/shell.ts'

/**
 * The run as JUnit XML, each step a test case, in the shape that Jenkins' xUnit
 * plugin describes (junit-10.xsd) and GitLab, Azure and CircleCI read.
 */
export function smokeJunit(result: SmokeResult): string {
  const { steps, versions } = result
  const count = (state: SmokeStep['state']) => steps.filter((step) => step.state === state).length
  const time = inSeconds(result.elapsedMs)
  const counts = { tests: String(steps.length), failures: String(count('failed')), errors: '0' }
  // it has no zone in the schema's type: Ant wrote UTC so, and so does everybody after it
  const timestamp = result.startedAt.replace(/\.\d+Z$|Z$/, '')
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'election-dev smoke', ...counts, time })}>`,
    `  <testsuite${attributes({ name: 'election-dev smoke', ...counts, skipped: String(count('skipped')), time, timestamp })}>`,
    '    <properties>',
    ...Object.entries({ ...versions, state: result.state, exitCode: String(result.exitCode) }).map(
      ([name, value]) => `      <property${attributes({ name, value })}/>`,
    ),
    '    </properties>',
    ...steps.flatMap((step) => testCase(step, result)),
    `    <system-out>${text(result.phases.map((phase) => `${seconds(phase.ms)}  ${phase.text}`).join('\n'))}</system-out>`,
    ...(result.log.length === 0 ? [] : [`    <system-err>${text(result.log.join('\n'))}</system-err>`]),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function testCase(step: SmokeStep, result: SmokeResult): string[] {
  const head = `    <testcase${attributes({ name: stepTitles[step.name], classname: 'election-dev.smoke', time: inSeconds(step.ms ?? 0) })}`
  if (step.state === 'passed') return [`${head}/>`]
  if (step.state === 'skipped') return [`${head}>`, `      <skipped${attributes({ message: step.evidence[0] ?? '' })}/>`, '    </testcase>']
  const { diagnosis } = step
  const message = step === failedStep(result) ? verdict(result) : (step.evidence[0] ?? 'failed')
  const body = [
    ...evidenceOf(step),
    ...(diagnosis === undefined ? [] : [diagnosis.remedy.text, ...diagnosis.remedy.commands.map((words) => typed(words))]),
  ].join('\n')
  return [
    `${head}>`,
    `      <failure${attributes({ message, type: diagnosis?.id ?? step.name })}>${text(body)}</failure>`,
    '    </testcase>',
  ]
}

function inSeconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${text(value).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`)
    .join('')
}

/** Text as XML 1.0 takes it: `>` too, or `]]>` in it would be an error (XML 1.0, section 2.4). */
function text(value: string): string {
  return legal(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Without the characters that XML 1.0 can't hold, not even as references (section 2.2), and with one kind of line end. */
function legal(value: string): string {
  return value.replace(/\r\n?/g, '\n').replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
}
