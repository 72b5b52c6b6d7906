import type { DevTool } from './dev-tool.ts'

export const nuxt = {
  name: 'nuxt',
  also: 'nuxi',
  title: 'Nuxt',
  serving: /^dev$/,
  prefixes: ['NUXT_PUBLIC_', 'NUXT_'],
} as const satisfies DevTool
