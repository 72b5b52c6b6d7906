import { atPath } from '../host/urls.ts'
import type { LoginRequest } from '../config/schema.ts'
import type { Host } from '../host/host.ts'
import { httpRequest } from '../host/http.ts'
import { isRecord, parseJson } from '../host/json.ts'

/** What a login gave: a token, a session cookie, or the reason why it gave neither. */
export type LoginFact =
  | { readonly result: 'token'; readonly token: string }
  | { readonly result: 'cookie'; readonly cookie: string }
  | { readonly result: 'refused'; readonly reason: string }

const tokenFields = ['access', 'token', 'access_token', 'key', 'jwt'] as const

/**
 * Logs in as the page does: POST with user name and password as JSON; the
 * password is ELECTION_DEV_PASSWORD. The answer's token (or session cookie) is
 * registered as a secret before anything is printed. Never throws.
 */
export async function logIn(host: Host, backend: URL, login: LoginRequest, deadlineMs: number): Promise<LoginFact> {
  const password = host.env['ELECTION_DEV_PASSWORD']
  if (password === undefined || password === '') return { result: 'refused', reason: 'ELECTION_DEV_PASSWORD is not set' }
  host.secrets.add(password)
  const body = JSON.stringify({ [login.usernameField ?? 'username']: login.username, [login.passwordField ?? 'password']: password })
  const answer = await httpRequest(atPath(backend, login.path), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'Content-Length': String(Buffer.byteLength(body)) },
    body,
    deadlineMs,
  })
  if (answer.result !== 'answer')
    return { result: 'refused', reason: `POST ${login.path}: ${answer.result === 'silent' ? 'no answer' : answer.code}` }
  if (answer.status >= 400) return { result: 'refused', reason: `POST ${login.path}: ${answer.status} ${answer.reason}` }
  const token = tokenOf(answer.body, login.tokenField)
  if (token !== undefined) return { result: 'token', token: host.secrets.add(token) }
  const cookie = /\bsessionid=([^;,\s]+)/.exec(answer.headers['set-cookie'] ?? '')?.[1]
  if (cookie !== undefined) return { result: 'cookie', cookie: `sessionid=${host.secrets.add(cookie)}` }
  return {
    result: 'refused',
    reason: `POST ${login.path}: ${answer.status}, and no ${login.tokenField ?? tokenFields.join(', ')} in the answer`,
  }
}

/** The token in a login's answer: the field that is named, else the usual ones, also one level down (`{"data":{"access":…}}`). */
export function tokenOf(body: string, field: string | undefined): string | undefined {
  const parsed = parseJson(body)
  const names: readonly string[] = field === undefined ? tokenFields : [field]
  const levels = [parsed, ...(isRecord(parsed) ? Object.values(parsed) : [])]
  const values = levels.flatMap((level) => (isRecord(level) ? names.map((name) => level[name]) : []))
  return values.find((value): value is string => typeof value === 'string' && value !== '')
}
