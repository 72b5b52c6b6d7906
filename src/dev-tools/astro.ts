import type { DevTool } from './dev-tool.ts'

export const astro = {
  name: 'astro',
  title: 'Astro',
  serving: /^(?:dev)?$/,
  // https://docs.astro.build/en/reference/configuration-reference/#serverport
  launch: { preference: 6, port: 4321, portFlags: ['--port'], usual: 'dev' },
  config: { name: 'astro.config', section: 'server' },
  prefixes: ['PUBLIC_'],
  sharesPrefix: true,
} as const satisfies DevTool
