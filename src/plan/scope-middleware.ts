/** What puts something into a scope: its module, what is written around the routes, and the middleware by its own name. */
export const wrappers: Readonly<Partial<Record<string, { readonly module: string; readonly call: string; readonly kind: string }>>> = {
  user: { module: 'channels.auth', call: 'AuthMiddlewareStack', kind: 'AuthMiddleware' },
  session: { module: 'channels.sessions', call: 'SessionMiddlewareStack', kind: 'SessionMiddleware' },
  cookies: { module: 'channels.sessions', call: 'CookieMiddleware', kind: 'CookieMiddleware' },
}
