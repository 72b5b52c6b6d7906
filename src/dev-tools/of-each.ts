import type { DevTool } from './dev-tool.ts'
import { devTools } from './known.ts'

/** What each has of something. */
export const ofEach = <Value>(value: (tool: DevTool) => Value | undefined): Value[] => devTools.flatMap((tool) => value(tool) ?? [])

/** What the names of variables begin with that are handed to a page, and those of them that no other variable begins with. */
export const prefixes = ofEach((tool) => tool.prefixes).flat()
export const ownPrefixes = ofEach((tool) => (tool.sharesPrefix === true ? undefined : tool.prefixes)).flat()

/** How the proxies of those pass WebSockets on that don't by themselves. */
export const upgradeWords = ofEach(({ title, config }) => config?.upgrades && `${title}: ${config.upgrades}`).join(', ')
