/** What a page does in a real browser, as playwright's own protocol session tells: nothing of the product is asked. */
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { deferred } from '../../src/host/deferred.ts'
import { isRecord } from '../../src/host/json.ts'

/** A WebSocket that the page opened. */
interface TrueSocket {
  readonly url: string
  /** `open`: it had its 101, and nobody has closed it. */
  readonly state: 'opening' | 'open' | 'closed' | 'failed'
  readonly error: string | undefined
}

export interface PageTruth {
  /** Of its document; undefined where none came. */
  readonly status: number | undefined
  readonly error: string | undefined
  /** To the application: a dev server's own are at other paths. */
  readonly sockets: readonly TrueSocket[]
  readonly exceptions: readonly string[]
  readonly console: readonly string[]
}

/** How long a page is looked at that opens none, and one whose own have failed, in milliseconds. */
const patienceMs = 4000
const secondMs = 1000

/**
 * Opens a page and waits until one of its WebSockets is open or has failed, or
 * for `patienceMs`. `path`: of the application's WebSocket.
 */
export async function pageTruth(
  browser: Browser,
  url: string,
  { path = '/ws/election-updates/', storage }: { readonly path?: string; readonly storage?: BrowserContextOptions['storageState'] } = {},
): Promise<PageTruth> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...(storage === undefined ? {} : { storageState: storage }) })
  try {
    const page = await context.newPage()
    const session = await context.newCDPSession(page)
    await session.send('Network.enable')
    const sockets = new Map<string, TrueSocket>()
    const exceptions: string[] = []
    const said: string[] = []
    const over = deferred<void>()
    const change = (id: string, next: Partial<TrueSocket>) => {
      const socket = sockets.get(id)
      if (socket !== undefined) sockets.set(id, { ...socket, ...next })
      const all = [...sockets.values()]
      if (all.some(({ state }) => state === 'open')) over.resolve()
      // StrictMode closes the first and opens another
      else if (all.every(({ state }) => state !== 'opening')) setTimeout(over.resolve, secondMs)
    }
    session.on('Network.webSocketCreated', ({ requestId, url: opened }) => {
      if (new URL(opened).pathname === path) sockets.set(requestId, { url: opened, state: 'opening', error: undefined })
    })
    session.on('Network.webSocketHandshakeResponseReceived', ({ requestId, response }) => {
      if (sockets.has(requestId)) change(requestId, { state: response.status === 101 ? 'open' : 'failed' })
    })
    session.on('Network.webSocketFrameError', ({ requestId, errorMessage }) => {
      if (sockets.has(requestId)) change(requestId, { state: 'failed', error: errorMessage })
    })
    session.on('Network.webSocketClosed', ({ requestId }) => {
      if (sockets.get(requestId)?.state !== 'failed' && sockets.has(requestId)) change(requestId, { state: 'closed' })
    })
    page.on('pageerror', ({ message }) => exceptions.push(message))
    page.on('console', (message) => {
      if (message.type() === 'error') said.push(message.text())
    })
    const timer = setTimeout(over.resolve, patienceMs)
    const [went] = await Promise.allSettled([page.goto(url, { waitUntil: 'commit', timeout: patienceMs }), over.promise])
    clearTimeout(timer)
    const reason: unknown = went.status === 'rejected' ? went.reason : undefined
    return {
      status: went.status === 'fulfilled' ? went.value?.status() : undefined,
      error: isRecord(reason) || reason instanceof Error ? String(reason).split('\n')[0] : undefined,
      sockets: [...sockets.values()],
      exceptions,
      console: said,
    }
  } finally {
    await context.close()
  }
}
