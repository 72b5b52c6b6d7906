import type { DevTool } from './dev-tool.ts'

export const vite = {
  name: 'vite',
  title: 'Vite',
  // a folder may stand there (https://vite.dev/guide/cli)
  serving: /^(?!(?:build|preview|optimize)$)/,
  // https://vite.dev/config/server-options#server-port
  launch: { preference: 1, port: 5173, portFlags: ['--port'], strictFlag: '--strictPort' },
  config: {
    name: 'vite.config',
    section: 'server',
    proxies: true,
    upgrades: 'ws: true',
    base: 'base',
    // https://vite.dev/config/build-options#build-outdir
    output: 'outDir',
    // plugins set it, too (https://vite.dev/config/server-options#server-https)
    secure: /\b(?:basicSsl|mkcert)\s*\(/,
  },
  question: () => import('./vite-question.ts'),
  prefixes: ['VITE_'],
  page: /\/@vite\/client/i,
  // Astro, SvelteKit, Nuxt, Angular and Storybook serve through it (https://github.com/vitejs/vite/blob/main/packages/vite/src/client/client.ts)
  channel: { subprotocol: /^vite-(?:hmr|ping)$/ },
  sources: /^\/@fs(?=\/)/,
} as const satisfies DevTool
