/** JSON Web Tokens as a backend's library makes them. */
import { createHmac } from 'node:crypto'
import { secret } from './secrets.ts'

const part = (value: object | Buffer) => (Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value))).toString('base64url')

/** A token with these claims, signed by HS256 and remembered as a secret. */
export function tokenOf(claims: Readonly<Record<string, unknown>>, key: string): string {
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return secret(`${text}.${part(createHmac('sha256', key).update(text).digest())}`)
}

/** Seconds since 1970, as the claims have them. */
export const now = (): number => Math.floor(Date.now() / 1000)
