import { readCheckout, type Checkout } from '../facts/checkout.ts'
import { managedWay } from '../plan/way.ts'
import { withoutOurs } from '../host/secret-names.ts'
import { makeBackup } from '../run/backup.ts'
import type { MadeUser } from './make-user.ts'
import { runStep } from './run-step.ts'
import { lookForSetup, type SetupHost } from './setup-look.ts'
import { planSetup, type SetupSeen } from './setup.ts'
import type { Step } from './step.ts'

/** What is told of a setup as it goes on. */
export interface SetupTeller {
  readonly step: (step: Step) => void
  readonly line: (line: string) => void
  readonly user: (user: MadeUser) => void
  /** Something was changed that `doctor --undo` takes back. */
  readonly kept: (folder: string) => void
}

/** How a setup ended. `stuck`: all is there that can be made, and the settings still can't be imported. */
export type SetupEnd = { readonly kind: 'done'; readonly checkout: Checkout } | { readonly kind: 'stuck'; readonly seen: SetupSeen }

/**
 * Does what is certain of the steps, looks again, and goes on with what stands
 * then, until nothing does. Throws LauncherError where a step fails; what it
 * changed is put back. `only`: the rest is left alone.
 */
export async function setUp(
  run: SetupHost,
  first: SetupSeen,
  tell: SetupTeller,
  only: (step: Step) => boolean = () => true,
): Promise<SetupEnd> {
  const { host, config, signal } = run
  const backup = makeBackup(first.checkout.project.root)
  const done = new Set<string>()
  let seen = first
  try {
    for (;;) {
      const standing = planSetup(seen).filter((step) => only(step) && !done.has(step.shown))
      const forecast = standing.findIndex(({ certain }) => !certain)
      const certain = forecast === -1 ? standing : standing.slice(0, forecast)
      if (standing.length === 0 || signal.aborted) return { kind: 'done', checkout: seen.checkout }
      if (certain.length === 0) return { kind: 'stuck', seen }
      for (const step of certain) {
        if (signal.aborted) return { kind: 'done', checkout: seen.checkout }
        tell.step(step)
        const mark = backup.mark()
        try {
          const user = await runStep(host, step, contextOf(run, seen, backup, tell.line))
          if (user !== undefined) tell.user(user)
        } catch (error) {
          await backup.putBack(mark)
          throw error
        }
        done.add(step.shown)
      }
      seen = await lookForSetup(run, await readCheckout(host, config), true)
    }
  } finally {
    await backup.settle()
    const folder = backup.shown()
    if (folder !== undefined) tell.kept(folder)
  }
}

function contextOf(
  { host, signal }: SetupHost,
  { checkout, choice }: SetupSeen,
  backup: ReturnType<typeof makeBackup>,
  onLine: (line: string) => void,
) {
  const { project } = checkout
  return {
    backup,
    env: { ...withoutOurs(host.env), DJANGO_SETTINGS_MODULE: project.settingsModule },
    backend: project.backend,
    way: managedWay(project.preamble),
    python: 'environment' in choice ? choice.environment.python : undefined,
    reader: project.dotenvReader ?? ('decouple' as const),
    onLine,
    signal,
    redisLoads: async () => false,
  }
}
