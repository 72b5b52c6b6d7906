import type { DevTool } from './dev-tool.ts'

export const gatsby = {
  name: 'gatsby',
  title: 'Gatsby',
  serving: /^develop$/,
  channel: { path: /^\/socket\.io\/.*\btransport=websocket/, says: /^0\{"sid"/ },
} as const satisfies DevTool
