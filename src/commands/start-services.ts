import { ExitCode, LauncherError, usageError } from '../errors.ts'
import { readCheckout } from '../facts/checkout.ts'
import { readProcfile } from '../facts/procfile.ts'
import { findProgram } from '../facts/programs.ts'
import { withoutOurs } from '../host/secret-names.ts'
import { choosePython } from '../plan/environment.ts'
import { commandsOf, draftServices, planServices, type StackDraft, type StackPlan } from '../plan/services.ts'
import type { ServiceInputs } from '../plan/service-draft.ts'
import { raceStop } from '../host/race-stop.ts'
import type { ServiceStatus } from '../facts/service-status.ts'
import type { Services } from '../run/services.ts'
import type { Prepared } from './start-prepare.ts'
import type { SetupRun } from './start-setup.ts'

/**
 * What runs beside backend and frontend: services of the configuration and the
 * Procfile. Says what of them isn't run. Throws LauncherError (`service-…`,
 * exit 2) for what can't be.
 */
export async function planStack(prepared: Prepared): Promise<StackPlan> {
  const { checkout, application, environment, plan } = prepared
  const { settingsModule, hasDaphneApp } = checkout.project
  const draft = await drafted(prepared, {
    project: { settingsModule, application, hasDaphneApp },
    // what runs beside the server comes to the project by no file that names its settings
    env: { ...plan.env, DJANGO_SETTINGS_MODULE: settingsModule },
    python: environment,
  })
  return planned(prepared, draft, environment.python)
}

/**
 * The same where `--only` names neither backend nor frontend, nor what needs them, and no environment could run the
 * backend: it isn't asked for then. Undefined where it is. Throws as `planStack` does.
 */
export async function planAlone(run: SetupRun): Promise<StackPlan | undefined> {
  const { host, config } = run
  const checkout = await readCheckout(host, config).catch((error: unknown) => {
    // a mail catcher needs no project either
    if (error instanceof LauncherError) return undefined
    throw error
  })
  if (checkout !== undefined && choosePython(checkout.python, checkout.requirements?.names).kind === 'ready') return undefined
  const { settingsModule = '', application = '', hasDaphneApp = false } = checkout?.project ?? {}
  const python = { python: 'python3', isVirtual: false }
  const draft = await drafted(run, { project: { settingsModule, application, hasDaphneApp }, env: withoutOurs(host.env), python })
  return draft.wantsBackend || draft.wantsFrontend ? undefined : planned(run, draft, python.python)
}

async function drafted({ host, config }: SetupRun, inputs: Pick<ServiceInputs, 'project' | 'env' | 'python'>): Promise<StackDraft> {
  const procfile = await readProcfile(host, config)
  if (procfile.kind === 'unreadable') {
    throw usageError('procfile-unreadable', `${procfile.path} can't be read`, {
      evidence: [procfile.reason],
      hint: 'Name another one with --procfile, or leave it out: --no-procfile',
    })
  }
  return draftServices({ config, root: host.cwd, procfile, platform: host.platform, ...inputs })
}

async function planned({ host, report }: SetupRun, draft: StackDraft, python: string): Promise<StackPlan> {
  const programs = await Promise.all(commandsOf(draft).map(async (command) => [command, await findProgram(host, command)] as const))
  const stack = planServices(draft, new Map(programs), python)
  for (const { id, text } of stack.warnings) report({ event: 'warning', id, text })
  for (const note of stack.notes) report({ event: 'note', text: note })
  return stack
}

/** Waits for what the backend depends on. Throws LauncherError `dependency-failed`. */
export async function untilReady(names: readonly string[], services: Services, signal: AbortSignal): Promise<void> {
  for (const name of names) {
    const settled = await raceStop(services.wait(name), signal)
    if (settled !== 'failed') continue
    throw new LauncherError('dependency-failed', `The backend needs ${name}, which is not ready`, {
      evidence: services.statuses.flatMap((status) => (status.name === name && status.why !== undefined ? [status.why] : [])),
      hint: 'Correct it, or remove it from "dependsOn".',
    })
  }
}

/** `--only` without the backend: there is nothing to prove, and the run goes on as long as one of the services does. */
export async function withoutBackend(services: Services, signal: AbortSignal, listeners: Set<() => void>): Promise<number> {
  const over = new Set<ServiceStatus['state']>(['done', 'failed', 'stopped'])
  const states = () => services.statuses.map(({ state }) => state)
  await raceStop(
    new Promise<void>((resolve) => {
      const look = () => {
        if (!states().every((state) => over.has(state))) return
        listeners.delete(look)
        resolve()
      }
      listeners.add(look)
      look()
    }),
    signal,
  )
  return signal.aborted || states().every((state) => state === 'done') ? ExitCode.ok : ExitCode.finding
}
