import { usageError } from '../errors.ts'
import { readProcfile } from '../facts/procfile.ts'
import { findProgram } from '../facts/programs.ts'
import { commandsOf, draftServices, planServices, type StackPlan } from '../plan/services.ts'
import type { Prepared } from './start-prepare.ts'

/**
 * What runs beside backend and frontend: services of the configuration and the
 * Procfile. Says what of them isn't run. Throws LauncherError (`service-…`,
 * exit 2) for what can't be.
 */
export async function planStack({ host, config, report, checkout, application, environment, plan }: Prepared): Promise<StackPlan> {
  const { project } = checkout
  const procfile = await readProcfile(host, config)
  if (procfile.kind === 'unreadable') {
    throw usageError('procfile-unreadable', `${procfile.path} can't be read`, {
      evidence: [procfile.reason],
      hint: 'Name another one with --procfile, or leave it out: --no-procfile',
    })
  }
  const draft = draftServices({
    config,
    root: host.cwd,
    procfile,
    project: { settingsModule: project.settingsModule, application, hasDaphneApp: project.hasDaphneApp },
    // what runs beside the server comes to the project by no file that names its settings
    env: { ...plan.env, DJANGO_SETTINGS_MODULE: project.settingsModule },
    python: environment,
    platform: host.platform,
  })
  const programs = await Promise.all(commandsOf(draft).map(async (command) => [command, await findProgram(host, command)] as const))
  const stack = planServices(draft, new Map(programs), environment.python)
  for (const { id, text } of stack.warnings) report({ event: 'warning', id, text })
  for (const note of stack.notes) report({ event: 'note', text: note })
  return stack
}
