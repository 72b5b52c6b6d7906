import type { Config } from '../config/config.ts'
import type { FileSpeech } from '../facts/page-paths.ts'
import { serves } from '../facts/routes.ts'
import type { SourcePlace } from '../facts/script-text.ts'
import type { Greeting } from '../facts/greeting.ts'
import type { Spoken } from '../facts/wire.ts'
import type { RouteFact } from '../facts/examination.ts'
import { isNamedBy, type SocketPath } from './socket-paths.ts'

/**
 * What is said to the consumer of a path: what the configuration names, what its own source has an answer to, and what
 * a page of the project sends. Any other message may be the end of it, so nothing else is sent. Pure.
 */
export function spokenAt(
  config: Config,
  { paths, said }: { readonly paths: readonly SocketPath[]; readonly said: FileSpeech },
  path: string,
): Spoken {
  const socket =
    paths.find((known) => known.path === path) ?? paths.find(({ route }) => route !== undefined && serves(route, path) === true)
  // what a file sends belongs to the socket that it names; where there is but one, to that
  const isMeant = ({ file }: SourcePlace) =>
    paths.length === 1 || said.paths.some((named) => named.file === file && isNamedBy(named, socket?.path ?? path))
  const by =
    config.source('ping') !== 'default'
      ? 'configuration'
      : said.pings.some(isMeant)
        ? 'page'
        : socket?.route?.pings === true
          ? 'consumer'
          : undefined
  const wanted = socket?.route?.subprotocols ?? []
  const offer = said.offers.find(isMeant)
  const isAsPage = config.source('subprotocols') === 'default' && wanted.length === 0 && offer !== undefined
  return {
    ping: by !== undefined && config.ping,
    pingBy: by,
    greeting: config.source('tokenIn') === 'default' ? greetingOf(socket?.route, said.greetings.filter(isMeant)) : undefined,
    ...(isAsPage
      ? { subprotocols: offer.subprotocols, offeredAt: `${offer.file}:${offer.line}` }
      : { subprotocols: config.source('subprotocols') === 'default' ? wanted : config.subprotocols }),
  }
}

/** As a page sends it, where all of that can be read; else as the consumer reads it. Whether it is needed, the consumer tells. */
function greetingOf(route: RouteFact | undefined, written: FileSpeech['greetings']): Greeting | undefined {
  const ofPage = written.find(({ text }) => text !== undefined) ?? written[0]
  const read = route?.first ?? undefined
  if (read === undefined && ofPage === undefined) return undefined
  const page = ofPage === undefined ? undefined : { text: ofPage.text, source: `${ofPage.file}:${ofPage.line}` }
  const consumer =
    read === undefined
      ? undefined
      : { text: read.text ?? undefined, source: typeof read.file === 'string' ? `${read.file}:${read.line ?? 1}` : (route?.consumer ?? '') }
  const [first = { text: undefined, source: '' }] = [page, consumer]
    .filter((each) => each !== undefined)
    .toSorted((a, b) => Number(a.text === undefined) - Number(b.text === undefined))
  return { ...first, isNeeded: read?.needed ?? true }
}
