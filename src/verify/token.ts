import type { TokenShape } from '../facts/wire.ts'
import { isRecord, parseJson } from '../host/json.ts'

/** A clock may be off by this much before it is called skewed, in seconds. */
const leeway = 5

/** Reads the shape of a token without its key: three base64url parts with JSON in them, and `exp`, `nbf`, `iat` against the clock (milliseconds since 1970). */
export function shapeOf(token: string | undefined, nowMs: number): TokenShape {
  if (token === undefined || token === '') return { kind: 'none' }
  if (/^bearer\s/i.test(token)) return { kind: 'malformed', problem: 'it begins with "Bearer "' }
  if (/^["'].*["']$/.test(token)) return { kind: 'malformed', problem: 'it has quotes around it' }
  if (/\s/.test(token)) return { kind: 'malformed', problem: 'it has white space in it' }
  const parts = token.split('.')
  if (parts.length === 1)
    return token.startsWith('eyJ')
      ? { kind: 'malformed', problem: 'it is one part of a JSON Web Token; the dots and the rest are missing' }
      : { kind: 'opaque' }
  const [header, payload] = parts
  const claims = jsonOf(payload)
  if (parts.length !== 3 || jsonOf(header) === undefined || claims === undefined) {
    return {
      kind: 'malformed',
      problem: `it has ${parts.length} parts; a JSON Web Token has three, of base64url, with JSON in the first two`,
    }
  }
  const now = nowMs / 1000
  const { exp, nbf, iat } = claims
  if (typeof exp === 'number' && exp < now) return { kind: 'expired', secondsAgo: Math.round(now - exp) }
  if (typeof nbf === 'number' && nbf > now + leeway) return { kind: 'not-yet', secondsAhead: Math.round(nbf - now), claim: 'nbf' }
  if (typeof iat === 'number' && iat > now + leeway) return { kind: 'not-yet', secondsAhead: Math.round(iat - now), claim: 'iat' }
  return { kind: 'current' }
}

function jsonOf(part: string | undefined): Record<string, unknown> | undefined {
  const parsed = part === undefined || !/^[\w-]+$/.test(part) ? undefined : parseJson(Buffer.from(part, 'base64url').toString('utf8'))
  return isRecord(parsed) ? { ...parsed } : undefined
}
