import { reachedAll, reachWords } from '../facts/observed.ts'
import { all, diagnosis, type Diagnosis, type Found } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import { judgeRaised } from './server-log.ts'
import { exceptionFrom } from './traceback.ts'

/** Channels' rule for a group's name (channels.layers.BaseChannelLayer.group_name_regex). */
const groupName = /^[a-zA-Z0-9\-_.]{1,99}$/

/** Channels' name of the method that handles a message type: dots become underscores. */
const handlerOf = (type: string): string => type.replaceAll('.', '_')

/**
 * Faults of the broadcasts that a sound socket doesn't show until one is sent:
 * read from the sources and from the groups that the consumer joined. Where a
 * name can't be read without running the code, nothing is said of it. Pure.
 */
export function judgeBroadcasts(evidence: Evidence): Found {
  return all(judgeNames(evidence), judgeHandlers(evidence), judgeGroups(evidence))
}

function judgeNames({ examination }: Evidence): Diagnosis | undefined {
  const broadcasts = examination?.get('broadcasts')
  const uses = [...(broadcasts?.sends ?? []), ...(broadcasts?.adds ?? [])]
  const bad = uses.find(({ group }) => typeof group === 'string' && !groupName.test(group))
  if (bad === undefined) return undefined
  return diagnosis(
    'group-name-invalid',
    `A group name has characters that Channels refuses: ${bad.group ?? ''}`,
    [
      `${bad.file}:${bad.line} uses the group ${JSON.stringify(bad.group)}`,
      'Channels takes ASCII letters, digits, hyphens, underscores and periods, fewer than 100',
    ],
    'Use letters, digits, - _ and . only.',
  )
}

/** A type is sent to a group that the page's consumer joined, and that consumer has no method for it. */
function judgeHandlers({ examination }: Evidence): Diagnosis | undefined {
  const broadcasts = examination?.get('broadcasts')
  const played = examination?.get('consumer')
  const joined = played?.groups ?? []
  if (broadcasts === undefined || played === undefined || joined.length === 0 || played.handlers.length === 0) return undefined
  const bad = broadcasts.sends.find(
    ({ group, type }) =>
      typeof group === 'string' && joined.includes(group) && typeof type === 'string' && !played.handlers.includes(handlerOf(type)),
  )
  if (bad === undefined) return undefined
  const method = handlerOf(bad.type ?? '')
  return diagnosis(
    'broadcast-handler-missing',
    `${played.consumer ?? 'The consumer'} has no method for the broadcast's type ${bad.type ?? ''}`,
    [
      `${bad.file}:${bad.line} sends type ${JSON.stringify(bad.type)} to the group ${bad.group ?? ''}, which the socket joined`,
      `${played.consumer ?? 'The consumer'} has no method ${method}: the first broadcast raises \`No handler for message type\` and ends the socket`,
    ],
    `Add async def ${method}(self, event).`,
  )
}

/** Every name is known, the socket joined groups, and nothing is ever sent to one of them while something is sent elsewhere. */
function judgeGroups({ examination }: Evidence): Diagnosis | undefined {
  const broadcasts = examination?.get('broadcasts')
  const played = examination?.get('consumer')
  if (broadcasts === undefined || played?.outcome !== 'accepted' || played.groups.length === 0 || broadcasts.sends.length === 0)
    return undefined
  const sent = broadcasts.sends.flatMap(({ group }) => group ?? [])
  const added = broadcasts.adds.flatMap(({ group }) => group ?? [])
  if (sent.length < broadcasts.sends.length || added.length < broadcasts.adds.length) return undefined
  const known = new Set([...added, ...played.groups])
  const lost = broadcasts.sends.find(({ group }) => typeof group === 'string' && !known.has(group))
  if (lost === undefined || played.groups.some((group) => sent.includes(group))) return undefined
  const add = broadcasts.adds[0]
  return diagnosis(
    'group-name-mismatch',
    'Broadcasts go to a group that no socket joins',
    [
      `${lost.file}:${lost.line} sends to ${JSON.stringify(lost.group)}`,
      `${add === undefined ? 'The socket' : `${add.file}:${add.line}`} joins ${played.groups.map((group) => JSON.stringify(group)).join(', ')}, but nothing is sent there`,
    ],
    'Use one constant for both.',
  )
}

/** A broadcast that was tried and did not reach every socket, with what was raised meanwhile; nothing where nothing was. Pure. */
export function judgeLost({ launched }: Evidence): Diagnosis | undefined {
  const { broadcast } = launched ?? {}
  if (broadcast === undefined || reachedAll(broadcast)) return undefined
  const raised = broadcast.raised === undefined ? launched?.raised : exceptionFrom(broadcast.raised)
  return raised === undefined
    ? undefined
    : judgeRaised(raised, 'A broadcast over the channel layer does not reach every socket', [reachWords(broadcast)])
}
