import { type Flags, projectHost, withVariables, type Config } from '../config/config.ts'
import { resolveConfig } from '../config/resolve.ts'
import { isCauseId } from '../causes/causes.ts'
import type { Evidence } from '../checks/evidence.ts'
import { atNamedPort } from '../facts/named-port.ts'
import { isLocal } from '../facts/frontend-wiring.ts'
import { readRuns, runsUp } from '../facts/run-state.ts'
import type { Host } from '../host/host.ts'
import { hostOf, portOf } from '../host/urls.ts'
import { askRun } from '../run/control-client.ts'

/** The run of `start` in this folder whose backend has ended, with the cause that it has named. */
export async function waitingRun(host: Host): Promise<Evidence['waiting']> {
  for (const fact of await readRuns(host, host.cwd)) {
    if (fact.kind !== 'alive') continue
    const { launcher, status } = fact.run
    const { id, title, remedy } = status.websocket?.cause ?? {}
    const isUp = status.services.some(({ kind, state }) => kind === 'backend' && state === 'ready')
    if (!isUp && id !== undefined && isCauseId(id)) return { launcher: launcher.pid, id, title: title ?? id, remedy: remedy ?? '' }
  }
  return undefined
}

/** How long a launcher may take to say how it runs its backend, in milliseconds. */
const answerMs = 2000

/** Where a look begins: the host as the project sees it, and the configuration. */
export interface Beginning {
  readonly host: Host
  readonly config: Config
}

/**
 * The project of this folder as the run serves it that is up there: with the environment that this has given to its
 * server, and what its command line says, before which only these flags go. Without such a run, as the configuration
 * says. `url`: the first that was named. Throws LauncherError where the configuration is wrong.
 */
export async function besideRun(machine: Host, flags: Flags, url?: string): Promise<Beginning> {
  const config = await atNamedPort(machine, await resolveConfig(machine, flags))
  const [run] = await runsUp(machine, machine.cwd, portAsked(config, url))
  const outcome = run && (await askRun(run, 'means', { deadlineMs: answerMs }))
  const means = outcome?.kind === 'answer' ? outcome.means : undefined
  if (means === undefined) return { host: projectHost(machine, config), config }
  const { env } = means
  machine.secrets.addFrom(env)
  const ours = Object.fromEntries(Object.entries(machine.env).filter(([name]) => name.startsWith('ELECTION_DEV_')))
  return { host: withVariables({ ...machine, env: ours }, env), config: await resolveConfig(machine, { ...means.flags, ...flags }) }
}

/** The port that somebody has named: in a URL of this machine, or by itself. Another machine's has no run here. */
function portAsked(config: Config, url: string | undefined): number | undefined {
  if (url !== undefined) return URL.canParse(url) && isLocal(hostOf(new URL(url))) ? portOf(new URL(url)) : 0
  return config.source('port').startsWith('--') ? config.port : undefined
}
