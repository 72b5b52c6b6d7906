import type { HttpFact } from '../host/http.ts'

type HttpAnswer = Extract<HttpFact, { result: 'answer' }>

/** What a browser has of a page before it logs in there. */
export interface LoginForm {
  /** `name=value; …`, as they are sent back. */
  readonly cookies: string
  /** What Django wants with every POST: the form's own, else its cookie's. */
  readonly token: string | undefined
  /** Values that the form sends by itself. */
  readonly hidden: Readonly<Record<string, string>>
  /** Names of the fields that are filled in; none where the page has no form with a password. */
  readonly fields: readonly string[]
}

/** Django's own name of its hidden field, and of its cookie unless the settings have another one (CSRF_COOKIE_NAME). */
const [fieldName, cookieName] = ['csrfmiddlewaretoken', /csrf|xsrf/i]

/** What an answer sets. Pure. */
function cookiesOf({ headers }: Pick<HttpAnswer, 'headers'>): { readonly name: string; readonly value: string }[] {
  // one that lasts has a comma in its date, and no name after it
  return [...(headers['set-cookie'] ?? '').matchAll(/(?:^|,)\s*([^=;,\s]+)=([^;,]*)/g)].map(([, name = '', value = '']) => ({
    name,
    value,
  }))
}

/** What stands for whoever has logged in: all that the answer sets, but for what only protects a form, and what it takes away. Pure. */
export function loginCookies(answer: Pick<HttpAnswer, 'headers'>): { readonly name: string; readonly value: string }[] {
  return cookiesOf(answer).filter(({ name, value }) => !cookieName.test(name) && name !== 'messages' && !/^(?:""|)$/.test(value))
}

/** The form of a page that logs in, whatever its status is; undefined where there is no answer. Pure. */
export function formOf(page: HttpFact): LoginForm | undefined {
  if (page.result !== 'answer') return undefined
  const set = cookiesOf(page)
  const form = page.body.split(/<form\b/i).find((text) => /<input\b[^>]*\btype\s*=\s*["']?password/i.test(text))
  const inputs = [...(form?.split(/<\/form/i)[0] ?? '').matchAll(/<(?:input|select|textarea)\b[^>]*>/gi)].flatMap(([tag]) => {
    const of = (name: string) => new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag)?.slice(1).find(Boolean)
    const [name, type = 'text', value = ''] = [of('name'), of('type')?.toLowerCase(), of('value')]
    return name === undefined ? [] : [{ name, type, value }]
  })
  const hidden = Object.fromEntries(inputs.flatMap(({ name, type, value }) => (type === 'hidden' ? [[name, value]] : [])))
  return {
    cookies: set.map(({ name, value }) => `${name}=${value}`).join('; '),
    token: hidden[fieldName] ?? set.find(({ name }) => cookieName.test(name))?.value,
    hidden,
    fields: inputs.flatMap(({ name, type }) => (['hidden', 'submit', 'button', 'reset', 'image'].includes(type) ? [] : [name])),
  }
}
