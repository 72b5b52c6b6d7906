import { evidenceOfWire } from '../checks/evidence.ts'
import { judge, type Judgement } from '../checks/judgement.ts'
import type { Config } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import { experimentPaths } from '../verify/experiments.ts'
import type { Endpoint } from '../verify/endpoint.ts'
import { failed } from '../verify/failed.ts'
import type { Proof } from '../verify/prove.ts'
import { gather, type Targets } from './gather.ts'
import { urlFlags } from './target.ts'
import { within } from '../host/race-stop.ts'

/** The look from inside is ended after so long, and the rest has a little more, in milliseconds. */
const limits = { inside: 10_500, all: 12_000 }

/** A proof that failed, or what is known of a server that isn't there. */
export type Seen = Targets & { readonly proof: Pick<Proof, 'state' | 'facts'> }

/** The judgement over what is known already. */
export function judgeSeen({ proof: { facts }, own, crossing }: Pick<Seen, 'proof' | 'own' | 'crossing'>): Judgement {
  return judge({ ...evidenceOfWire(facts), ...own?.(), crossing, ourPaths: experimentPaths(facts.endpoint.path) })
}

/** The judgement over all that can be found out in 12 s, as the doctor has it; over what is known already where even that comes to nothing. */
export async function judgeLooking(host: Host, config: Config, seen: Seen): Promise<Judgement> {
  const signals = [AbortSignal.timeout(limits.inside), ...(seen.signal === undefined ? [] : [seen.signal])]
  const looked = gather(host, config, { ...seen, signal: AbortSignal.any(signals) }).then(
    (evidence) => judge(evidence),
    // what can't be looked at is no reason to say nothing
    () => undefined,
  )
  return (await within(limits.all, looked)) ?? judgeSeen(seen)
}

/** For a proof that `withCause` follows: who has refused it is looked for there. */
export const toldLater = async (): Promise<boolean> => true

/** Nothing of these says anything of this project, however well it answers. */
const ofAnother: ReadonlySet<string> = new Set(['port-in-use', 'stale-server-old-code'])

/**
 * A proof of a server that anybody may have launched; where it failed, with the cause as the doctor has it.
 * `url`: as somebody has named it; `isOfProject`: nobody has. `stranger`: why it isn't seen to be of this project: then what was proven may
 * be another one's.
 */
export async function withCause(
  host: Host,
  config: Config,
  main: Endpoint,
  proof: Proof,
  {
    url,
    isOfProject = false,
    stranger,
  }: { readonly url?: string | undefined; readonly isOfProject?: boolean; readonly stranger?: string | undefined } = {},
): Promise<Proof> {
  if (proof.diagnosis === undefined && stranger === undefined) return proof
  const { root, explained } = await judgeLooking(host, config, {
    main,
    others: [],
    proof,
    isUntried: true,
    isOfProject,
    given: urlFlags(url === undefined ? [] : [url]),
  })
  const isAnother = [root, ...explained].some((cause) => cause !== undefined && ofAnother.has(cause.id))
  return root === undefined || (proof.diagnosis === undefined && !isAnother) ? proof : failed(proof.facts, root)
}
