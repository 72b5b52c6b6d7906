import { judged } from '../causes/causes.ts'
import { crossingWords, judgeEnded } from '../checks/crossing.ts'
import type { Judged } from '../checks/diagnosis.ts'
import { judge } from '../checks/judgement.ts'
import type { Config } from '../config/config.ts'
import { ExitCode, usageError } from '../errors.ts'
import { crosses } from '../facts/crossing.ts'
import type { Host } from '../host/host.ts'
import { verifyInstancesJson, verifyInstancesText, type InstancesProof } from '../report/verify.ts'
import { toldLater, withCause } from '../look/cause.ts'
import { gather } from '../look/gather.ts'
import { shownUrl } from '../host/urls.ts'
import { type Endpoint } from '../verify/endpoint.ts'
import { exchange, type Exchange } from '../verify/exchange.ts'
import { prove, type Proof } from '../verify/prove.ts'
import type { CrossingMessage } from './verify.ts'

/** What a run of `verify` has. */
interface Run {
  readonly host: Host
  readonly config: Config
}

/** Proves each of several instances, then that a message sent at each reaches a socket at every other one. Gives the exit status. */
export async function verifyInstances(run: Run, endpoints: readonly Endpoint[], message: CrossingMessage): Promise<number> {
  const { host, config } = run
  const first = await Promise.all(endpoints.map((endpoint) => prove(endpoint, { holdMs: config.hold, isTold: toldLater })))
  const outcome = await crossed(run, endpoints, first, message).finally(() => {
    for (const { socket } of first) socket?.terminate()
  })
  if (config.json) host.terminal.json(verifyInstancesJson(outcome))
  else for (const line of verifyInstancesText(host, outcome)) host.terminal.out(line)
  return outcome.diagnosis === undefined && outcome.proofs.every(({ state }) => state === 'proven') ? ExitCode.ok : ExitCode.finding
}

async function crossed(
  run: Run,
  endpoints: readonly Endpoint[],
  proofs: readonly Proof[],
  { message, count }: CrossingMessage,
): Promise<InstancesProof> {
  const sides = proofs.flatMap(({ socket }, index) => {
    const endpoint = endpoints[index]
    return socket === undefined || endpoint === undefined ? [] : [{ endpoint, socket }]
  })
  if (sides.length < endpoints.length) return { proofs: await withCauses(run, endpoints, proofs), crossing: [], diagnosis: undefined }
  const result = await exchange(sides, message, count)
  refuseUntold(result)
  return { proofs, crossing: result.facts, diagnosis: await causeOf(run, endpoints, result) }
}

/** The same proofs, each failed one with the cause as the doctor judges it. */
async function withCauses({ host, config }: Run, endpoints: readonly Endpoint[], proofs: readonly Proof[]): Promise<Proof[]> {
  return Promise.all(
    proofs.map(async (proof, index) => {
      const endpoint = endpoints[index]
      return endpoint === undefined ? proof : withCause(host, config, endpoint, proof)
    }),
  )
}

/** Where nothing can be judged by this message, that is said, and no cause claimed. */
function refuseUntold({ restless, besideSender, facts }: Exchange): void {
  if (restless.length > 0) {
    throw usageError('not-quiet', 'Messages come by themselves: which of them is ours can not be told', {
      evidence: restless.map((url) => `The socket at ${url} got unsolicited messages`),
      hint: 'Put {marker} into a text of --send that the application passes on, or into --expect.',
    })
  }
  if (besideSender === false) {
    const [{ from, sent } = { from: '', sent: 0 }] = facts
    throw usageError('nothing-broadcast', 'The message makes the application broadcast nothing: whether one would cross is not known', {
      evidence: [
        ...facts.map((fact) => `${fact.from} → ${fact.to}: 0 of ${fact.sent} arrived`),
        ...(sent === 0 ? [] : [`Not even a second socket at ${from} got what it was expected to get`]),
      ],
      hint: 'Name a message that does: --send; and what arrives, where it is another one: --expect.',
    })
  }
}

/** Why it doesn't cross: what the message did to a socket, what the project in this folder tells, else what was seen. */
async function causeOf({ host, config }: Run, endpoints: readonly Endpoint[], result: Exchange): Promise<Judged | undefined> {
  // the one that the message was sent on says more
  const ended = result.closed.find(({ sent }) => sent) ?? result.closed[0]
  if (ended !== undefined) return judged(judgeEnded(ended.url, ended.close, ended.sent))
  const [main, ...others] = endpoints
  if (crosses(result.facts) || main === undefined) return undefined
  const more = result.besideSender === true ? [`The same message reached a second socket at ${shownUrl(main.url)}`] : []
  const { root } = judge(await gather(host, config, { main, others, crossing: result.facts }))
  return root && { ...root, evidence: [...new Set([...result.facts.map((fact) => crossingWords(fact)), ...more, ...root.evidence])] }
}
