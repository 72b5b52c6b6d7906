/** What its `serve` goes by (lib/commands/serve.js, lib/util/prepareProxy.js). */
export const question = `
const Service = createRequire(process.cwd() + '/')('@vue/cli-service')
const service = new Service(process.cwd())
service.init(inline.mode ?? 'development')
const { devServer = {}, publicPath } = service.projectOptions
const { server, proxy } = devServer
const https = args.includes('--https') || Boolean(devServer.https) || /^(?:https|spdy)$/.test(server?.type ?? server)
const base = /^[/]/.test(publicPath) ? publicPath : '/'
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^VUE_APP_/.test(name)))
const configFile = ['js', 'cjs', 'mjs'].map((kind) => process.cwd() + '/vue.config.' + kind).find((file) => existsSync(file))
const given = typeof proxy === 'string' ? { '/': { target: proxy } } : (proxy ?? {})
const proxies = Object.entries(given).map(([context, { target, ws, pathRewrite }]) => ({ context, target, ws: ws ?? true, rewrites: pathRewrite !== undefined }))
const port = Number(inline.server.port ?? process.env.PORT ?? devServer.port ?? 8080)
const answer = { port, strictPort: false, https, base, env, configFile, proxies }
`
