import type { DevTool } from './dev-tool.ts'

export const rsbuild = {
  name: 'rsbuild',
  title: 'Rsbuild',
  serving: /^(?:dev)?$/,
  channel: { path: /^\/rsbuild-hmr\b/ },
} as const satisfies DevTool
