/** https://vite.dev/guide/api-javascript.html#resolveconfig */
export const question = `
// Vite 5 puts what it bundles of a configuration beside it while that is read: a question that is cut off takes it away
const { promises, rmSync } = await import('node:fs')
const { writeFile } = promises
const bundles = []
promises.writeFile = (file, ...rest) => {
  if (/\\.timestamp-\\d+/.test(String(file))) bundles.push(file)
  return writeFile(file, ...rest)
}
process.on('exit', () => bundles.forEach((file) => rmSync(file, { force: true })))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))
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
