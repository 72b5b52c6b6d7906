import type { DevTool } from './dev-tool.ts'

export const createReactApp = {
  name: 'react-scripts',
  title: 'create-react-app',
  serving: /^start$/,
  // https://create-react-app.dev/docs/advanced-configuration
  launch: { preference: 2, port: 3000, portVariable: 'PORT', secureVariable: 'HTTPS', dotenv: true },
  prefixes: ['REACT_APP_'],
  localFirst: true,
  output: 'build',
  root: 'root',
} as const satisfies DevTool
