import type { DevTool } from './dev-tool.ts'

export const parcel = {
  name: 'parcel',
  title: 'Parcel',
  // what stands there is a page
  serving: /^(?!build$)/,
  channel: { says: /^\{"type":"(?:update|reload|error)","(?:assets|diagnostics)"/ },
} as const satisfies DevTool
