import type { DevTool } from './dev-tool.ts'

export const webpack = {
  name: 'webpack',
  title: 'webpack-dev-server',
  serving: /^(?:serve|server|s)$/,
  // https://webpack.js.org/configuration/dev-server/#devserverport; it heeds no BROWSER (…/#devserveropen)
  launch: { preference: 5, port: 8080, portFlags: ['--port'], opens: ['--open', '-o'], closed: '--no-open' },
  config: { name: 'webpack.config', section: 'devServer' },
  // create-react-app's, Vue CLI's, and Angular's before 17: at /ws, unless it is told otherwise (https://webpack.js.org/configuration/dev-server/#websocketurl)
  channel: {
    // what it begins with (Server.js, createWebSocketServer); an application may tell of progress, too
    says: /^\{"type":(?:"(?:hot|liveReload|reconnect|overlay|logging)"|"progress","data":(?:true|false|"\w+")\}|"hash","data":"[\da-f]+"\})/,
  },
  // `webpack://app/./src/App.js`
  sources: /^webpack:\/\/[^/]*\//,
} as const satisfies DevTool
