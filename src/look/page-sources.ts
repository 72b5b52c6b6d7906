import { isAbsolute, relative, resolve, sep } from 'node:path'
import type { PageSources } from '../checks/page-places.ts'
import { readFrontend } from '../facts/frontend-reading.ts'
import { parametersIn, tokenReadIn } from '../facts/query-places.ts'
import { readPageSpeech } from '../facts/page-paths.ts'
import type { PageSeen, ScriptPlace } from '../facts/page-seen.ts'
import { isFile } from '../host/files.ts'

/** What a browser saw, and what the page's sources say of it. */
interface SeenInSources {
  readonly look: PageSeen
  /** Undefined where nothing is wrong with its WebSockets. */
  readonly sources: PageSources | undefined
}

/**
 * Finds the places that the browser named in the page's sources, below `folder`,
 * and names them as a person in the checkout (`root`) writes them; what only was
 * served is named by its URL. Reads the sources where a WebSocket isn't open. Never throws.
 */
export async function inSources(
  look: PageSeen,
  {
    root,
    folder,
    backend,
    tokenName,
  }: {
    readonly root: string
    readonly folder: string
    readonly backend: string | undefined
    /** The parameter that the application reads its token from. */
    readonly tokenName: string | undefined
  },
): Promise<SeenInSources> {
  const shown = (file: string) => relative(root, resolve(folder, file)).split(sep).join('/')
  const found = async (at: ScriptPlace | undefined): Promise<ScriptPlace | undefined> => {
    if (at === undefined || URL.canParse(at.file)) return at
    if (await isFile(resolve(folder, at.file))) return { ...at, file: shown(at.file) }
    // a bundler's, which nobody has written
    return isAbsolute(at.file) ? at : { ...at, file: new URL(at.file, new URL('/', look.url)).href, text: undefined }
  }
  const [sockets, exceptions] = await Promise.all([
    Promise.all(look.sockets.map(async (socket) => ({ ...socket, at: await found(socket.at) }))),
    Promise.all(look.exceptions.map(async (thrown) => ({ ...thrown, at: await found(thrown.at) }))),
  ])
  const here = { ...look, sockets, exceptions }
  if (sockets.every(({ state }) => state === 'open')) return { look: here, sources: undefined }
  const names = [...new Set(sockets.filter(({ state }) => state !== 'open').flatMap(({ url }) => [...new URL(url).searchParams.keys()]))]
  const [{ variables, urls, ports, pageSocket }, { paths }, parameters, tokenRead] = await Promise.all([
    readFrontend(folder),
    readPageSpeech(folder),
    parametersIn(folder, names),
    backend === undefined || tokenName === undefined ? undefined : tokenReadIn(backend, tokenName),
  ])
  const inCheckout = <Place extends { readonly file: string }>(place: Place): Place => ({ ...place, file: shown(place.file) })
  return {
    look: here,
    sources: {
      variables: variables.map(inCheckout),
      urls: urls.map(inCheckout),
      ports: ports.map(inCheckout),
      pageSocket: pageSocket && inCheckout(pageSocket),
      paths: paths.map(inCheckout),
      parameters: parameters.map(inCheckout),
      tokenRead: tokenRead && {
        ...tokenRead,
        file: relative(root, resolve(backend ?? root, tokenRead.file))
          .split(sep)
          .join('/'),
      },
    },
  }
}
