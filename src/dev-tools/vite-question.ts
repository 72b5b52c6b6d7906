/** https://vite.dev/guide/api-javascript.html#resolveconfig */
export const question = `
const { resolveConfig } = await import('vite')
const { server, base, env, configFile } = await resolveConfig({ ...inline, logLevel: 'silent' }, 'serve', 'development')
const text = (target) =>
  typeof target === 'string' || target instanceof URL ? String(target)
  : target?.port === undefined ? undefined : 'http://' + (target.host ?? target.hostname ?? 'localhost') + ':' + target.port
const proxies = Object.entries(server.proxy ?? {}).map(([context, given]) => {
  const options = typeof given === 'string' ? { target: given } : given
  const target = text(options.target)
  const ws = options.ws ?? (/^wss?:/.test(target ?? '') ? true : undefined)
  return { context, target, ws, rewrites: typeof options.rewrite === 'function' }
})
// before Vite 6 the default port stands nowhere
const answer = { port: server.port ?? 5173, strictPort: server.strictPort === true, https: Boolean(server.https), base, env, configFile, proxies }
`
