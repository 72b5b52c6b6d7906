import { elementsOf, literalOf, type Span } from './python-text.ts'

/** Where a literal layer has its Redis, as far as it says so. */
export interface LayerDefaults {
  readonly host?: string
  readonly port?: number
  readonly url?: string
  /** It is over Redis, whatever any variable says. */
  readonly isRedis?: boolean
}

const understood = /^(?:channels\.layers\.InMemoryChannelLayer|channels_redis\.core\.RedisChannelLayer)$/

/**
 * What a CHANNEL_LAYERS literal between two offsets says; `why` where it holds
 * more than one layer of a class that is known, with one host. Nothing of it
 * would be lost then.
 */
export function layerDefaults(text: string, span: Span): LayerDefaults | { readonly why: string } {
  const layers = entriesAt(text, span)
  if (layers === undefined) return { why: 'CHANNEL_LAYERS is no plain dict' }
  const [layer, another] = layers
  if (layer === undefined) return {}
  if (another !== undefined || layer.key !== 'default') return { why: 'CHANNEL_LAYERS has more than the default layer' }
  const parts = entriesAt(text, layer)
  const backend = parts?.find(({ key }) => key === 'BACKEND')
  const name = backend === undefined ? undefined : literalOf(text.slice(backend.start, backend.end))
  if (parts === undefined || name === undefined || parts.some(({ key }) => key !== 'BACKEND' && key !== 'CONFIG'))
    return { why: 'CHANNEL_LAYERS is no plain literal' }
  if (!understood.test(name)) return { why: `the layer is ${name}` }
  const isRedis = name.startsWith('channels_redis.') ? { isRedis: true } : {}
  const config = parts.find(({ key }) => key === 'CONFIG')
  if (config === undefined) return isRedis
  const options = entriesAt(text, config)
  if (options === undefined) return { why: 'its CONFIG is no plain literal' }
  const lost = options.filter(({ key }) => key !== 'hosts').map(({ key }) => `"${key}"`)
  if (lost.length > 0) return { why: `its CONFIG has ${lost.join(', ')}, which would be lost` }
  const [hosts] = options
  return hosts === undefined ? isRedis : { ...hostOf(text, hosts), ...isRedis }
}

function hostOf(text: string, { start, end }: Span): LayerDefaults | { readonly why: string } {
  const why = { why: 'its hosts are no plain literal' }
  if (text[start] !== '[') return why
  const { elements, close } = elementsOf(text, start)
  const [only, another] = elements
  if (only === undefined || another !== undefined || close !== end - 1) return why
  const written = text.slice(only.start, only.end)
  const url = literalOf(written)
  if (url !== undefined)
    return /^redis(?:s)?:\/\/(?:[^@/]*@)?[\w.-]+/.test(url) && !url.includes('@')
      ? { url }
      : { why: 'its URL holds a login, which belongs into .env' }
  const dict = hostOfDict(written)
  if (dict !== undefined) return dict
  const pair = /^\(\s*(["'])([\w.-]+)\1\s*,\s*(\d+)\s*,?\s*\)$/.exec(written)
  return pair === null ? why : { host: pair[2] ?? '', port: Number(pair[3]) }
}

/** A host as it is written where its client is to read without a limit: nothing else of a dict is known to be kept. */
function hostOfDict(written: string): LayerDefaults | undefined {
  const entries = entriesAt(written, { start: 0, end: written.length })
  if (entries === undefined) return undefined
  const values = new Map(entries.map(({ key, start, end }) => [key, written.slice(start, end)]))
  const { host, port, socket_timeout: limit = 'None', ...rest } = Object.fromEntries(values)
  const name = literalOf(host ?? '')
  if (name === undefined || !/^\d+$/.test(port ?? '') || limit !== 'None' || Object.keys(rest).length > 0) return undefined
  return { host: name, port: Number(port) }
}

/** The entries of the dict between two offsets, each with its value's place; undefined where it is no dict with plain keys alone. */
function entriesAt(text: string, { start, end }: Span): ({ key: string } & Span)[] | undefined {
  if (text[start] !== '{') return undefined
  const { elements, close } = elementsOf(text, start)
  if (close !== end - 1) return undefined
  const entries = elements.flatMap((element) => {
    const match = /^(["'])(\w+)\1\s*:\s*/.exec(text.slice(element.start, element.end))
    return match === null ? [] : [{ key: match[2] ?? '', start: element.start + match[0].length, end: element.end }]
  })
  return entries.length === elements.length ? entries : undefined
}
