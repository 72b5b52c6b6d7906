import { diagnosisPage } from './failure.ts'
import { failedStep, seconds, stepTitles, verdict, type SmokeResult, type SmokeStep } from './smoke-result.ts'
import { heading, type Style } from './style.ts'

/** The run for people: its steps, the cause where there is one, the verdict. */
export function smokeText(result: SmokeResult, style: Style, columns: number): string[] {
  return [...smokeHead(result, style), ...smokeTail(result, style, columns)]
}

/** What is known before the command runs. */
export function smokeHead(result: SmokeResult, style: Style): string[] {
  return [
    ...heading('smoke', style),
    ...result.steps.filter(({ name }) => name !== 'command').map((step) => stepLine(step, style)),
    ...result.warnings.map(({ id, text }) => `  ${style.yellow('!')} ${text}   ${style.dim(id)}`),
  ]
}

/** The rest: the command, the cause, the server's last lines, the verdict. */
export function smokeTail(result: SmokeResult, style: Style, columns: number): string[] {
  const failed = failedStep(result)
  const command = result.steps.find(({ name }) => name === 'command')
  const passed = result.state === 'passed'
  const mark = passed ? style.green('✔') : style.red('✖')
  return [
    ...(command === undefined ? [] : [stepLine(command, style)]),
    ...(failed?.diagnosis === undefined ? [''] : diagnosisPage(failed.diagnosis, style, columns)),
    ...(result.log.length === 0
      ? []
      : [
          `  ${style.dim("The last lines of the backend's output:")}`,
          ...result.log.map((line) => `${style.dim('backend │')} ${line}`),
          '',
        ]),
    ...(result.interruption === undefined
      ? []
      : [
          `  ${style.dim('What took how long:')}`,
          ...result.phases.map((phase) => `    ${seconds(phase.ms).padStart(8)}   ${phase.text}`),
          '',
        ]),
    `  ${mark} ${style.bold(verdict(result))}   ${style.dim(`${seconds(result.elapsedMs)} · exit ${result.exitCode}`)}`,
    '',
  ]
}

function stepLine({ name, state, evidence }: SmokeStep, style: Style): string {
  const mark = state === 'passed' ? style.green('✔') : state === 'failed' ? style.red('✖') : style.dim('-')
  const text = evidence[0] ?? ''
  return `  ${mark} ${stepTitles[name].padEnd(17)} ${state === 'skipped' ? style.dim(text) : text}`
}
