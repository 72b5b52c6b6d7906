import type { DevTool } from './dev-tool.ts'

export const next = {
  name: 'next',
  title: 'Next.js',
  serving: /^(?:dev)?$/,
  // https://nextjs.org/docs/app/api-reference/cli/next#next-dev-options
  launch: {
    preference: 3,
    port: 3000,
    portFlags: ['-p', '--port'],
    portVariable: 'PORT',
    usual: 'dev',
    secureFlag: '--experimental-https',
  },
  config: { name: 'next.config' },
  prefixes: ['NEXT_PUBLIC_'],
  localFirst: true,
  root: '__next',
  channel: { path: /^(?:\/[^?]*)?\/_next\/(?:webpack-hmr|hmr)\b/ },
} as const satisfies DevTool
