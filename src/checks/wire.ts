import type { HandshakeFact, WireFacts } from '../facts/wire.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { judgeRefusal } from './wire-refusal.ts'
import { judgeSession } from './wire-session.ts'
import { judgeSilence } from './wire-silence.ts'
import { said } from './wire-words.ts'
import { bracketed } from '../host/tcp.ts'

/**
 * The cause, as far as the wire alone tells it; undefined where nothing is
 * wrong. Pure: every fact was gathered before, and the same facts give the same
 * answer. The nearer to the root wins: no name before no listener, no listener
 * before no handshake, no handshake before a dead socket.
 */
export function judgeWire(facts: WireFacts): Diagnosis | undefined {
  return judgeReach(facts) ?? judgeFamilies(facts) ?? judgeHandshake(facts) ?? judgeSession(facts)
}

function judgeReach({ endpoint, nameError, tcp }: WireFacts): Diagnosis | undefined {
  if (nameError !== undefined) {
    return diagnosis(
      'server-not-running',
      `The name ${endpoint.host} has no address`,
      [`Looking up ${endpoint.host}: ${nameError}`],
      'Correct the host in the URL.',
    )
  }
  if (tcp.some(({ result }) => result === 'open') || tcp.length === 0) return undefined
  const [first, ...rest] = tcp.map(({ address, code, result }) => `Connecting to ${address} port ${endpoint.port}: ${code ?? result}`)
  return diagnosis(
    'server-not-running',
    `Nothing serves port ${endpoint.port} on ${endpoint.host}`,
    [first ?? '', ...rest],
    'Start the backend.',
    [['election-dev', 'start']],
  )
}

/** One address of the name is held by another program, the other one fine: it depends on the client which of them it takes, even where ours was lucky. An address that is refused harms nobody as long as the handshake gets through. */
function judgeFamilies({ endpoint, tcp, experiments, handshake }: WireFacts): Diagnosis | undefined {
  if (experiments.byAddress === undefined) return undefined
  const good = experiments.byAddress.find(({ handshake: fact }) => fact.result === 'open')
  const closed = handshake?.result === 'open' ? undefined : tcp.find(({ result }) => result !== 'open')
  const bad = experiments.byAddress.find(({ handshake: fact }) => fact.result !== 'open') ?? closed
  if (good === undefined || bad === undefined) return undefined
  const badWord = 'handshake' in bad ? said(bad.handshake) : (bad.code ?? bad.result)
  return diagnosis(
    'ipv6-localhost',
    `${endpoint.host} means ${bad.address} to the client, but the backend answers at ${good.address}`,
    [`The handshake at ${good.address}: ${said(good.handshake)}`, `The handshake at ${bad.address}: ${badWord}`],
    `Use ${bracketed(good.address)} in the URL, or end the program that answers at ${bad.address}.`,
  )
}

function judgeHandshake(facts: WireFacts): Diagnosis | undefined {
  const { handshake } = facts
  if (handshake === undefined || handshake.result === 'open') return undefined
  return handshake.result === 'refused' ? judgeRefusal(facts, handshake) : judgeSilence(facts, handshake)
}

export type Refused = Extract<HandshakeFact, { result: 'refused' }>
export type Unanswered = Extract<HandshakeFact, { result: 'broken' | 'silent' }>
