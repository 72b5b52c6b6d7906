import type { Diagnosis, Judged } from '../checks/diagnosis.ts'
import { judged } from '../causes/causes.ts'
import { runnable, type Judgement } from '../checks/judgement.ts'
import { judgeReadLimit } from '../checks/redis-client.ts'
import { judgeOutput, judgeProcess } from '../checks/startup.ts'
import type { ExaminationOf } from '../facts/examination.ts'
import type { FailedStart } from '../facts/startup.ts'
import { reachedAll, reachWords } from '../facts/observed.ts'
import type { Way } from '../facts/manage-py.ts'
import { judgeLooking, judgeSeen, type Seen } from '../look/cause.ts'
import { pathFrom } from '../host/paths.ts'
import { evidenceOfFiles } from '../look/files.ts'
import { endpointAt } from '../look/target.ts'
import { backendEnvironment } from '../plan/launch.ts'
import { failed } from '../verify/failed.ts'
import { untried, type Proof } from '../verify/prove.ts'
import type { Prepared } from './start-prepare.ts'

/** Why the server that was launched isn't there. `otherwise`: the way by which it is there all the same. */
export async function endCause(prepared: Prepared, end: FailedStart, otherwise?: Way): Promise<Judged> {
  const { config, checkout } = prepared
  const main = endpointAt(config, checkout.project, end.port)
  const own = () => ({ logged: end.lines, launched: { end } })
  const proof = { state: 'failed', facts: untried(main, { ours: true }) } as const
  const process = judgeProcess(end)
  // what the process says by itself, no look at the project makes any clearer
  if (process !== undefined) return judged(process)
  return (await judgeLaunched(prepared, { main, own, proof, otherwise })).root ?? judged(judgeOutput(end))
}

/** Says why the project can't be come to by the way that was tried first, which another one has avoided. */
export async function tellWay(prepared: Prepared, end: FailedStart, otherwise: Way): Promise<void> {
  const { id, title, evidence, remedy } = await endCause(prepared, end, otherwise)
  const { server, application, report, signal } = prepared
  if (signal.aborted) return
  const isRunserver = otherwise === 'runserver'
  report({
    event: 'warning',
    // whoever serves it by runserver, as the daphne app is there for, has no such fault
    id: isRunserver ? 'plain-server-fails' : id,
    text: `The plain server (${server.name} ${application}) would fail: ${title}   ${evidence[0] ?? ''}. Served ${isRunserver ? 'by manage.py runserver, which sets Django up first' : 'after what manage.py does first'}. ${remedy.text}`,
  })
}

/**
 * The proof with its cause, as far as something tells it; the project is looked at only where it may be.
 * `ending`: the layer because of which a socket that is sound ends all the same: there is nothing more to look for.
 */
export async function proofWithCause(
  prepared: Prepared,
  seen: Pick<Seen, 'main' | 'own'> & { readonly proof: Proof; readonly ending: ExaminationOf<'layer'> | undefined },
  mayLook: (() => Promise<boolean>) | undefined,
): Promise<Proof> {
  const { proof, ending } = seen
  const { environment, checkout } = prepared
  const limit = judgeReadLimit(ending, pathFrom(checkout.project.root, environment.python), environment.packages)
  const cause =
    limit !== undefined
      ? await typedHere(prepared, limit)
      : (await mayLook?.()) === false
        ? await seenCause(prepared, seen)
        : (await judgeLaunched(prepared, seen)).root
  if (cause !== undefined) {
    proof.socket?.terminate()
    return { ...failed(proof.facts, cause), broadcast: proof.broadcast }
  }
  if (proof.broadcast !== undefined && !reachedAll(proof.broadcast))
    prepared.report({ event: 'warning', id: 'broadcast-lost', text: `${reachWords(proof.broadcast)} within 1 s; nothing tells why` })
  return proof
}

/** The cause as far as it shows at once, without a look at the project. */
export async function seenCause(prepared: Prepared, seen: Parameters<typeof judgeSeen>[0]): Promise<Judged | undefined> {
  const { root } = judgeSeen(seen)
  return root && typedHere(prepared, root)
}

/** With commands as they are typed in this checkout, for its interpreter and its tools. */
async function typedHere({ host, config, checkout }: Prepared, found: Diagnosis): Promise<Judged> {
  return runnable(await evidenceOfFiles(host, config, checkout), found)
}

/** What the doctor would say of what was launched. */
export async function judgeLaunched(
  prepared: Prepared,
  seen: Pick<Seen, 'main' | 'own' | 'proof' | 'lookServed' | 'otherwise' | 'beside'>,
): Promise<Judgement> {
  const { host, config, environment, application, checkout, layer, way, signal } = prepared
  // the project as it was launched: no other interpreter, and no other environment, is to be judged
  const env = backendEnvironment({ env: host.env, config, layer, color: false })
  const chosen = { ...config, python: environment.python, ...(checkout.project.application === undefined ? { application } : {}) }
  return judgeLooking({ ...host, env }, chosen, { ...seen, others: [], way, signal })
}
