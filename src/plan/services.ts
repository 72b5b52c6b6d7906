import { usageError } from '../errors.ts'
import type { ProgramFact, ProgramRequest } from '../facts/programs.ts'
import { installHint } from './install-hint.ts'
import type { CommandDraft, ServiceDraft, StackDraft } from './service-draft.ts'
import type { ServicePlan } from './service.ts'

export { draftServices, type ServiceInputs, type StackDraft } from './service-draft.ts'

/** What is started beside backend and frontend, and whether these are wanted. */
export interface StackPlan extends Omit<StackDraft, 'drafts'> {
  /** Each after what it depends on. */
  readonly services: readonly ServicePlan[]
}

/** What each command of the draft runs. */
export type FoundPrograms = ReadonlyMap<CommandDraft, ProgramFact>

/** The commands whose programs are to be found before the plan is made. */
export function commandsOf(draft: StackDraft): CommandDraft[] {
  return draft.drafts.flatMap(({ command, readyCommand }) => [command, ...(readyCommand === undefined ? [] : [readyCommand])])
}

/**
 * The plans of a draft with its programs found. A service that was asked for
 * and can't be run throws LauncherError (`service-program-…`, exit 2); a
 * process that was only found in the Procfile is left out with a warning. Pure.
 */
export function planServices(draft: StackDraft, programs: FoundPrograms, python: string): StackPlan {
  const warnings = [...draft.warnings]
  const services = draft.drafts.flatMap((service) => {
    const problem = [service.command, service.readyCommand]
      .flatMap((command) => command ?? [])
      .map((command) => problemOf(command, programs.get(command), python))
      .find((found) => found !== undefined)
    if (problem === undefined) return [planOf(service, programs, python)]
    if (service.isAskedFor) {
      throw usageError(problem.id, `${service.source}: ${problem.text}`, { hint: problem.hint })
    }
    warnings.push({ id: problem.id, text: `${service.source} isn't run: ${problem.text}. ${problem.hint.split('\n')[0] ?? ''}` })
    return []
  })
  const { wantsBackend, wantsFrontend, wantsRedis, notes } = draft
  return { services, wantsBackend, wantsFrontend, wantsRedis, warnings, notes }
}

function planOf(service: ServiceDraft, programs: FoundPrograms, python: string): ServicePlan {
  const { command, readyCommand } = service
  const { cwd, env, shown } = command
  const plan = {
    ...service.rest,
    name: service.name,
    ...runnable(command, programs, python),
    cwd,
    env,
    dependsOn: service.dependsOn,
    shown,
  }
  if (readyCommand === undefined) return plan
  const { file, args } = runnable(readyCommand, programs, python)
  return { ...plan, ready: { ...plan.ready, command: [file, ...args] } }
}

function runnable(command: CommandDraft, programs: FoundPrograms, python: string): { file: string; args: readonly string[] } {
  const fact = programs.get(command)
  if (isBackendPython(command)) return { file: python, args: command.args }
  if (fact?.kind === 'program') return { file: fact.file, args: [...fact.args, ...command.args] }
  return { file: command.program, args: command.args }
}

/** `python` and `python3` mean the backend's own, whichever of the two names its folder has (Windows has no python3). */
function isBackendPython({ program }: ProgramRequest): boolean {
  return /^python3?(?:\.exe)?$/i.test(program)
}

interface ProgramProblem {
  readonly id: string
  readonly text: string
  readonly hint: string
}

function problemOf(command: CommandDraft, fact: ProgramFact | undefined, python: string): ProgramProblem | undefined {
  if (isBackendPython(command) || fact === undefined || fact.kind === 'program') return undefined
  const { program } = command
  if (fact.kind === 'batch')
    return {
      id: 'service-program-batch',
      text: `${fact.file} is a batch file, which takes cmd.exe: it can't be stopped without a question, and its arguments change`,
      hint: `Write what the batch file runs, such as ["node", "script.js"] for a Node program.`,
    }
  const isPath = /[/\\]/.test(program)
  return {
    id: 'service-program-missing',
    text: isPath ? `there is no program ${program} in ${command.cwd}` : `there is no program ${program} in the PATH`,
    hint: installHint(program, python),
  }
}
