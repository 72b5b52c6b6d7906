import { atPath } from '../host/urls.ts'
import type { LoginRequest } from '../config/schema.ts'
import type { Host } from '../host/host.ts'
import { httpRequest, type HttpFact } from '../host/http.ts'
import { isRecord, parseJson } from '../host/json.ts'
import { formOf, loginCookies, type LoginForm } from './login-form.ts'

/** What a login gave: a token, a session cookie, or the reason why it gave neither. */
export type LoginFact =
  | { readonly result: 'token'; readonly token: string }
  | { readonly result: 'cookie'; readonly cookie: string }
  | { readonly result: 'refused'; readonly reason: string }

const tokenFields = ['access', 'token', 'access_token', 'key', 'jwt'] as const

/**
 * Logs in as the page does: POST with user name and password as JSON, and where that is refused for want of a CSRF
 * token, or answered by a form, as a browser does: with what the form at that path has. The password is
 * ELECTION_DEV_PASSWORD. The answer's token (or session cookie) is registered as a secret before anything is printed.
 * Never throws.
 */
export async function logIn(host: Host, backend: URL, login: LoginRequest, deadlineMs: number): Promise<LoginFact> {
  const password = host.env['ELECTION_DEV_PASSWORD']
  if (password === undefined || password === '') return { result: 'refused', reason: 'ELECTION_DEV_PASSWORD is not set' }
  host.secrets.add(password)
  const url = atPath(backend, login.path)
  const values = { [login.usernameField ?? 'username']: login.username, [login.passwordField ?? 'password']: password }
  const post = async (type: string, body: string, headers: Readonly<Record<string, string>> = {}) =>
    httpRequest(url, {
      method: 'POST',
      headers: { 'Content-Type': type, 'Content-Length': String(Buffer.byteLength(body)), ...headers },
      body,
      deadlineMs,
    })
  const json = async (headers: Readonly<Record<string, string>> = {}) =>
    post('application/json', JSON.stringify(values), { Accept: 'application/json', ...headers })
  const first = await json()
  const given = gained(host, login, first)
  if (given !== undefined) return given
  const isHtml = first.result === 'answer' && first.status < 400 && /<form\b/i.test(first.body)
  if (first.result !== 'answer' || (first.status !== 403 && !isHtml)) return refused(login, first)
  const form = formOf(await httpRequest(url, { deadlineMs }))
  if (form?.token === undefined)
    return refused(login, first, isHtml ? '' : `; and GET ${login.path} gives no CSRF token, which Django wants of a login`)
  host.secrets.add(form.token)
  const headers = { Cookie: form.cookies, Referer: url.href, Origin: url.origin, 'X-CSRFToken': form.token }
  const lacks = form.fields.length === 0 ? [] : Object.keys(values).filter((name) => !form.fields.includes(name))
  if (lacks.length > 0) return { result: 'refused', reason: otherFields(login, form, lacks) }
  const isFilled = form.fields.length > 0
  const second = isFilled
    ? await post('application/x-www-form-urlencoded', new URLSearchParams({ ...form.hidden, ...values }).toString(), headers)
    : await json(headers)
  const isAgain = isFilled && second.result === 'answer' && second.status < 400 && /<form\b/i.test(second.body)
  const found = gained(host, login, second)
  if (found !== undefined || !isAgain) return found ?? refused(login, second, ', with the CSRF token of the page')
  return { result: 'refused', reason: `POST ${login.path}: ${second.status}, and the form again: user name or password is refused` }
}

/** The token or the session of an answer; undefined where it has none. */
function gained(host: Host, login: LoginRequest, answer: HttpFact): LoginFact | undefined {
  if (answer.result !== 'answer' || answer.status >= 400) return undefined
  const token = tokenOf(answer.body, login.tokenField)
  if (token !== undefined) return { result: 'token', token: host.secrets.add(token) }
  // a page with a form may set others, and hasn't let anybody in
  const isForm = /<form\b/i.test(answer.body)
  const cookies = loginCookies(answer).filter(({ name }) => !isForm || /sess/i.test(name))
  return cookies.length === 0
    ? undefined
    : { result: 'cookie', cookie: cookies.map(({ name, value }) => `${name}=${host.secrets.add(value)}`).join('; ') }
}

function refused(login: LoginRequest, answer: HttpFact, more = ''): LoginFact {
  const asked = `POST ${login.path}`
  if (answer.result !== 'answer')
    return { result: 'refused', reason: `${asked}: ${answer.result === 'silent' ? 'no answer' : answer.code}${more}` }
  const { status, reason, body } = answer
  if (status >= 400) return { result: 'refused', reason: `${asked}: ${status} ${reason}${/CSRF/i.test(body) ? ' (CSRF)' : ''}${more}` }
  return { result: 'refused', reason: `${asked}: ${status}${more}, and no ${login.tokenField ?? tokenFields.join(', ')} in the answer` }
}

function otherFields(login: LoginRequest, form: LoginForm, lacks: readonly string[]): string {
  const keys = [
    ...(lacks.includes(login.usernameField ?? 'username') ? ['login.usernameField'] : []),
    ...(lacks.includes(login.passwordField ?? 'password') ? ['login.passwordField'] : []),
  ]
  return `the form of ${login.path} has no field ${lacks.join(' and no ')}: it has ${form.fields.join(', ')} (${keys.join(' and ')} of the configuration)`
}

/** The token in a login's answer: the field that is named, else the usual ones, also one level down (`{"data":{"access":…}}`). */
export function tokenOf(body: string, field: string | undefined): string | undefined {
  const parsed = parseJson(body)
  const names: readonly string[] = field === undefined ? tokenFields : [field]
  const levels = [parsed, ...(isRecord(parsed) ? Object.values(parsed) : [])]
  const values = levels.flatMap((level) => (isRecord(level) ? names.map((name) => level[name]) : []))
  return values.find((value): value is string => typeof value === 'string' && value !== '')
}
