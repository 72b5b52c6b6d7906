import { errorCode, errorMessage } from '../errors.ts'
import { Secrets } from '../host/secrets.ts'
import type { RedisAnswer } from './redis-refusal.ts'

/** A TLS record: alert (21) or handshake (22), then the major version 3 (RFC 8446, 5.1). */
export function isTlsRecord(received: Buffer): boolean {
  return (received[0] === 21 || received[0] === 22) && received[1] === 3
}

/** What the system says: `connect ECONNREFUSED 127.0.0.1:6379`. A name with several addresses fails with one error for each. */
export function failureText(failure: Error | undefined): string {
  if (failure === undefined) return 'the connection was closed'
  if (failure instanceof AggregateError) return failure.errors.map(errorMessage).join('; ')
  // OpenSSL's own text has line numbers of its sources in it: "…:ssl3_get_record:wrong version number:../ssl/record.c:355:"
  const reason = 'reason' in failure && typeof failure.reason === 'string' ? failure.reason : undefined
  return reason ?? (errorMessage(failure) || (errorCode(failure) ?? 'the connection was closed'))
}

/** An answer in backquotes (in double quotes where it has some itself), one line, at most 160 characters of it. */
export function quoted(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  const short = line.length > 160 ? `${line.slice(0, 160)}…` : line
  return short.includes('`') ? `"${short}"` : `\`${short}\``
}

/** The line without a password, which may stand in the settings alone and so is known to nobody else. */
export function withoutPassword(line: string, password: string | undefined): string {
  const secrets = new Secrets()
  secrets.add(password ?? '')
  return secrets.mask(line)
}

/** Servers quote what they were sent: a login that they don't know comes back with its arguments. */
export function withoutArguments(answer: RedisAnswer): string {
  return answer.asked === 'AUTH' || answer.asked === 'HELLO' ? answer.text.replace(/,? with args beginning with.*$/s, '') : answer.text
}
