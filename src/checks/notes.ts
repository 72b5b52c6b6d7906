import { judgeDatabase } from './database.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { judgeReversed } from './dotenv.ts'
import { judgeNoBoolean } from './dotenv-sources.ts'
import type { Evidence } from './evidence.ts'
import { judgeFallback } from './redis-layer.ts'
import { judgeLimits } from './server-process.ts'

/** What is worth a word and breaks no handshake: shown as warnings. Pure. */
export function judgeNotes(evidence: Evidence): Diagnosis[] {
  const { wire, examination } = evidence
  const ready = examination?.get('database')?.state === 'ready'
  return [
    ...(wire.session?.close === undefined && wire.session?.pong?.result === 'unanswered' ? [pingUnanswered()] : []),
    ...judgeLimits(evidence).filter(({ id }) => id === 'message-too-big'),
    ...judgeReversed(evidence),
    ...judgeNoBoolean(evidence),
    ...judgeFallback(evidence),
    ...(ready ? judgeDatabase(evidence) : []),
  ]
}

function pingUnanswered(): Diagnosis {
  return diagnosis(
    'ping-unanswered',
    'The application does not answer {"type":"ping"}',
    ['The socket stayed open, and no pong came back'],
    'Answer with {"type":"pong"}, or let the page not wait for one; "ping": false in the configuration leaves this check out.',
  )
}
