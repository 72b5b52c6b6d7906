import { entryOf, type CauseId, type Family } from '../vocabulary.ts'
import type { Page } from './page.ts'

export type { Page } from './page.ts'

/** Each family's pages are prose of some kilobytes, so only the one that is asked for is loaded. */
const loaders: Readonly<Record<Family, () => Promise<Readonly<Record<string, Page>>>>> = {
  server: async () => (await import('./server.ts')).serverPages,
  address: async () => (await import('./address.ts')).addressPages,
  url: async () => (await import('./url.ts')).urlPages,
  proxy: async () => (await import('./proxy.ts')).proxyPages,
  python: async () => (await import('./python.ts')).pythonPages,
  settings: async () => (await import('./settings.ts')).settingsPages,
  startup: async () => (await import('./startup.ts')).startupPages,
  routing: async () => (await import('./routing.ts')).routingPages,
  token: async () => (await import('./token.ts')).tokenPages,
  origin: async () => (await import('./origin.ts')).originPages,
  consumer: async () => (await import('./consumer.ts')).consumerPages,
  layer: async () => (await import('./layer.ts')).layerPages,
  redis: async () => (await import('./redis.ts')).redisPages,
  database: async () => (await import('./database.ts')).databasePages,
}

/** What there is to say of a cause. */
export async function pageOf(id: CauseId): Promise<Page> {
  const page = (await loaders[entryOf(id).family]())[id]
  if (page === undefined) throw new Error(`No page for ${id}`)
  return page
}
