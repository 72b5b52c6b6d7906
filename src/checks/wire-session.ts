import type { WireFacts } from '../verify/wire-facts.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { seconds } from './wire-refusal.ts'

/** The cause behind a socket that was open and died; undefined while it lives. */
export function judgeSession({ session }: WireFacts): Diagnosis | undefined {
  if (session?.close === undefined) return undefined
  const { close } = session
  const first = `101, and the socket closed with ${close.code} after ${seconds(close.afterMs)}${close.reason === '' ? '' : ` (${close.reason})`}`
  const messages = `${close.messagesBefore} message${close.messagesBefore === 1 ? '' : 's'} had come before`
  if (close.code >= 4000 && close.code <= 4999) {
    return diagnosis('close-after-accept', `The application accepts and then closes with its own code ${close.code}`, [first, messages], close.code === 4001 ? 'By custom 4001 means not logged in: log in again.' : 'Look up what the code means in the consumer.')
  }
  if (close.code === 1009) {
    return diagnosis('message-too-big', "A message is longer than the server's limit", [first], 'Raise --ws-max-size.', { automatic: 'ask' })
  }
  return diagnosis('consumer-exception', 'The consumer raises an exception after it accepted', [first, messages], "Correct the consumer; the server's log has the traceback with file and line.")
}
