import { atPath } from '../host/urls.ts'
import type { PageConfig } from '../config/page-schema.ts'
import { isLocal } from '../facts/frontend-wiring.ts'
import type { PageChange, PageRequest } from '../facts/page-seen.ts'
import type { PageStore } from '../facts/page-stores.ts'

/** What the page is opened with: the same that the proof identifies itself with. */
export interface PageIdentity {
  readonly token: string | undefined
  /** A cookie that takes the token. */
  readonly tokenCookie: string | undefined
  /** A session's, as it is sent: `sessionid=…`. */
  readonly cookie: string | undefined
  /** ELECTION_DEV_PASSWORD. */
  readonly password: string | undefined
  /** Where the sources read a token. */
  readonly stores: readonly PageStore[]
}

/** What is wanted of one look. */
export interface PageWish {
  /** The page, where the configuration names no other one. */
  readonly page: URL
  /** The backend, which has the page's cookies as well. */
  readonly backend: URL
  readonly screenshot: PageRequest['screenshot']
  /** The change is made, and a second window opened. */
  readonly two: boolean
}

/** The page that is looked at: the one that the configuration names, else this one. Pure. */
export function pageUrl(config: PageConfig | undefined, page: URL): URL {
  return config?.url === undefined || !URL.canParse(config.url, page.href) ? page : new URL(config.url, page)
}

/**
 * One look at a page: with a session cookie where there is a session, and the
 * token where the sources read one, unless the configuration says what it is
 * opened with or a form is filled in. Pure.
 */
export function planPage(config: PageConfig | undefined, identity: PageIdentity, wish: PageWish): PageRequest {
  const url = pageUrl(config, wish.page)
  const { token, password } = identity
  const filledIn = (values: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        value.replaceAll('{token}', token ?? '').replaceAll('{password}', password ?? ''),
      ]),
    )
  // where a form is filled in, the page gets what the form gives; another host, whoever named it, is not whom a token is for
  const knows = config?.login === undefined && [wish.page, wish.backend].some((own) => isSameHost(own, url))
  const cookies = { ...(knows ? ownCookies(identity) : {}), ...filledIn(config?.cookies) }
  const inStores = (store: PageStore['store']) =>
    Object.fromEntries(
      identity.stores.flatMap(({ store: each, key, isJson }) =>
        !knows || token === undefined || each !== store
          ? []
          : [[key, isJson ? JSON.stringify({ access: token, token, access_token: token }) : token]],
      ),
    )
  // a cookie knows no ports: the page's host and the backend's are all that it can be sent to
  const origins = new Set([url.origin, wish.backend.origin])
  return {
    url: url.href,
    hosts: config?.hosts ?? [],
    cookies: Object.entries(cookies).flatMap(([name, value]) => [...origins].map((origin) => ({ name, value, url: origin }))),
    storage: { local: { ...inStores('local'), ...filledIn(config?.storage) }, session: inStores('session') },
    login:
      config?.login === undefined
        ? undefined
        : {
            url: config.login.path === undefined ? undefined : atPath(url, config.login.path).href,
            fields: filledIn(config.login.fields),
            submit: config.login.submit,
          },
    expect: config?.expect,
    change: wish.two ? changeOf(config) : undefined,
    screenshot: wish.screenshot,
  }
}

const isSameHost = (a: URL, b: URL) => a.hostname === b.hostname || (isLocal(a.hostname) && isLocal(b.hostname))

/** What the configuration names for the page and nobody has given; undefined where there is all of it. Pure. */
export function lackOf(config: PageConfig | undefined, { token, password }: Pick<PageIdentity, 'token' | 'password'>): string | undefined {
  const values = [config?.login?.fields, config?.storage, config?.cookies].flatMap((all) => Object.values(all ?? {}))
  const names = (hole: string) => values.some((value) => value.includes(hole))
  if (password === undefined && names('{password}')) return '"page" in the configuration names {password}: ELECTION_DEV_PASSWORD is not set'
  return token === undefined && names('{token}') ? '"page" in the configuration names {token}, and the proof has none' : undefined
}

function ownCookies({ cookie, token, tokenCookie }: PageIdentity): Readonly<Record<string, string>> {
  const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie ?? '') ?? []
  return {
    ...(name === undefined || value === undefined ? {} : { [name]: value }),
    ...(tokenCookie === undefined || token === undefined ? {} : { [tokenCookie]: token }),
  }
}

/** The change that the configuration names; undefined where it names none. */
function changeOf(config: PageConfig | undefined): PageChange | undefined {
  const { click, send, request, expect } = config?.change ?? {}
  if (click !== undefined) return { by: { kind: 'click', selector: click }, expect }
  if (send !== undefined) return { by: { kind: 'send', text: JSON.stringify(send) }, expect }
  if (request === undefined) return undefined
  const { method = 'POST', path, body } = request
  return { by: { kind: 'request', method, path, body: body === undefined ? undefined : JSON.stringify(body) }, expect }
}
