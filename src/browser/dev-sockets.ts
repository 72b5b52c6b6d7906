/** How a dev server's own channel is told from the application's sockets. */
interface DevSocketRecord {
  readonly tool: string
  /** What its client offers. */
  readonly subprotocol?: RegExp
  /** Where it is, at the page's own host. */
  readonly path?: RegExp
  /** The first message that its server sends, where its path may be anybody's. */
  readonly says?: RegExp
}

const records: readonly DevSocketRecord[] = [
  // Astro, SvelteKit, Nuxt, Angular and Storybook serve through it (https://github.com/vitejs/vite/blob/main/packages/vite/src/client/client.ts)
  { tool: 'Vite', subprotocol: /^vite-(?:hmr|ping)$/ },
  { tool: 'Next.js', path: /^(?:\/[^?]*)?\/_next\/(?:webpack-hmr|hmr)\b/ },
  { tool: 'Rsbuild', path: /^\/rsbuild-hmr\b/ },
  { tool: 'Gatsby', path: /^\/socket\.io\/.*\btransport=websocket/, says: /^0\{"sid"/ },
  // create-react-app, Vue CLI, Angular before 17: at /ws, unless it is told otherwise (https://webpack.js.org/configuration/dev-server/#websocketurl)
  {
    tool: 'webpack-dev-server',
    // what it begins with (Server.js, createWebSocketServer); an application may tell of progress, too
    says: /^\{"type":(?:"(?:hot|liveReload|reconnect|overlay|logging)"|"progress","data":(?:true|false|"\w+")\}|"hash","data":"[\da-f]+"\})/,
  },
  { tool: 'Parcel', says: /^\{"type":"(?:update|reload|error)","(?:assets|diagnostics)"/ },
]

/** What is known of a socket. */
export interface SocketSigns {
  readonly path: string
  readonly subprotocols: readonly string[]
  readonly firstMessage: string | undefined
}

/** The tool whose own channel a socket is; undefined where it is the page's. Pure. */
export function devSocketOf({ path, subprotocols, firstMessage }: SocketSigns): string | undefined {
  return records.find(
    (record) =>
      (record.subprotocol === undefined || subprotocols.some((name) => record.subprotocol?.test(name))) &&
      (record.path === undefined || record.path.test(path)) &&
      (record.says === undefined || record.says.test(firstMessage ?? '')),
  )?.tool
}
