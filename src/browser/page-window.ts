import { setTimeout as delay } from 'node:timers/promises'
import type { PageJob } from '../facts/page-seen.ts'
import { deferred } from '../host/deferred.ts'
import { isRecord } from '../host/json.ts'
import type { DevTools, DevToolsEvent } from './devtools.ts'
import { closeBinding, closeTeller } from './close-teller.ts'
import { isOwnSocket, ownSockets, unwatched, watched, type PageWatch } from './page-watch.ts'

/** What a visit has of the browser. */
export interface Browser {
  readonly devtools: DevTools
  readonly listeners: Set<(event: DevToolsEvent) => void>
}

/** How long a page is quiet before it counts as settled, in milliseconds: with all of its sockets open; with one that isn't; with none. */
const quiet = { open: 400, trouble: 1200, none: 1500 }
/** How long after its first socket, or after its load where there is none, a page is waited for that is never quiet, in milliseconds. */
const restless = { sockets: 4000, none: 6000 }

/** What is told of what belongs to a page, before its first script runs. */
const following = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true }

/** One window of the browser, and what has happened in it. */
export class PageWindow {
  watch: PageWatch
  /** Messages that its own sockets received. */
  readonly messages: { readonly at: number; readonly text: string }[] = []
  readonly #browser: Browser
  readonly #session: string
  readonly #workers = new Set<string>()
  #told = deferred<void>()

  private constructor(browser: Browser, session: string, target: string) {
    this.#browser = browser
    this.#session = session
    this.watch = unwatched(target)
    browser.listeners.add((event) => this.#take(event))
  }

  /** Opens a window, empty yet, with what identifies its user; a text says why it can't be. */
  static async open(browser: Browser, job: PageJob): Promise<PageWindow | string> {
    const { devtools } = browser
    const created = await devtools.ask('Target.createTarget', { url: 'about:blank' })
    if (!created.ok) return created.why
    const attached = await devtools.ask('Target.attachToTarget', { targetId: created.result['targetId'], flatten: true })
    if (!attached.ok) return attached.why
    const page = new PageWindow(browser, String(attached.result['sessionId']), String(created.result['targetId']))
    const { local, session } = job.storage
    const filled = `((all) => { try { if (location.origin === ${JSON.stringify(new URL(job.url).origin)}) for (const [store, values] of all) for (const [name, value] of Object.entries(values)) if (globalThis[store].getItem(name) === null) globalThis[store].setItem(name, value) } catch {} })(${JSON.stringify(
      [
        ['localStorage', local],
        ['sessionStorage', session],
      ],
    )})`
    for (const [method, params] of [
      ['Network.enable', {}],
      ['Page.enable', {}],
      ['Runtime.enable', {}],
      ['Audits.enable', {}],
      ['Inspector.enable', {}],
      ['Runtime.addBinding', { name: closeBinding }],
      ['Page.addScriptToEvaluateOnNewDocument', { source: closeTeller }],
      ['Page.addScriptToEvaluateOnNewDocument', { source: filled }],
      // workers open sockets, too
      ['Target.setAutoAttach', following],
      ...job.cookies.map((cookie) => ['Network.setCookie', cookie] as const),
    ] as const) {
      const answer = await page.ask(method, params)
      if (!answer.ok) return `${method}: ${answer.why}`
    }
    // a shared worker is no page's: the browser as a whole tells of it
    const shared = await devtools.ask('Target.setAutoAttach', { ...following, filter: [{ type: 'shared_worker' }] })
    return shared.ok ? page : `Target.setAutoAttach: ${shared.why}`
  }

  async ask(method: string, params: object = {}, deadlineMs?: number) {
    return this.#browser.devtools.ask(method, params, this.#session, deadlineMs)
  }

  /** Goes to a page; a text says what kept it from coming. */
  async go(url: string, deadlineMs: number): Promise<string | undefined> {
    const answer = await this.ask('Page.navigate', { url }, deadlineMs)
    if (!answer.ok) return answer.why
    const { errorText, isDownload } = answer.result
    if (isDownload === true) return 'it is a download'
    return typeof errorText === 'string' && errorText !== '' ? errorText : undefined
  }

  /** What an expression comes to in the page, once that is settled; undefined where it fails. */
  async evaluate(expression: string, deadlineMs = 5000): Promise<unknown> {
    const answer = await this.ask(
      'Runtime.evaluate',
      { expression, awaitPromise: true, returnByValue: true, userGesture: true },
      deadlineMs,
    )
    const result = answer.ok ? answer.result['result'] : undefined
    return isRecord(result) ? result['value'] : undefined
  }

  /** Waits for the next thing that happens in it, until `deadline` (on performance.now). */
  async told(deadline: number): Promise<void> {
    const timer = new AbortController()
    const { promise } = this.#told
    await Promise.race([promise, delay(Math.max(0, deadline - performance.now()), undefined, { signal: timer.signal }).catch(() => {})])
    timer.abort()
  }

  /** Waits until the page has settled; false: not before `deadline` (on performance.now). */
  async settles(deadline: number): Promise<boolean> {
    let since = performance.now()
    let seen = ''
    let [firstSocket, load]: (number | undefined)[] = []
    for (;;) {
      const now = performance.now()
      const sockets = ownSockets(this.watch)
      const busy = sockets.length > 0 ? '' : `${this.watch.underWay.size}`
      const state = `${this.watch.url} ${this.watch.loaded} ${sockets.map((socket) => socket.state).join()} ${busy}`
      if (state !== seen) [seen, since] = [state, now]
      if (sockets.length > 0) firstSocket ??= now
      if (this.watch.loaded) load ??= now
      const due = Math.min(since + quietMs(this.watch), (firstSocket ?? Infinity) + restless.sockets, (load ?? Infinity) + restless.none)
      if (now >= due) return true
      if (now >= deadline) return false
      await this.told(Math.min(due, deadline))
    }
  }

  #take(event: DevToolsEvent): void {
    const { method, params, session } = event
    const isOwn = session === this.#session
    const isWorkers = session !== undefined && this.#workers.has(session)
    if ((isOwn || isWorkers || session === undefined) && method === 'Target.attachedToTarget') this.#follow(params)
    if (isOwn && method === 'Page.javascriptDialogOpening') void this.ask('Page.handleJavaScriptDialog', { accept: false })
    // of a worker only its sockets: it has requests of its own, and no document
    if (!isOwn && !(isWorkers && method.startsWith('Network.webSocket'))) return
    const before = this.watch
    this.watch = watched(before, event)
    if (method === 'Network.webSocketFrameReceived' && isRecord(params['response']) && isOwnSocket(this.watch, String(params['requestId'])))
      this.messages.push({ at: performance.now(), text: String(params['response']['payloadData']) })
    if (this.watch === before) return
    this.#told.resolve()
    this.#told = deferred()
  }

  /** A worker or a frame of another origin: its sockets are the page's. Anything else, such as a window that the page opens, isn't. */
  #follow(params: DevToolsEvent['params']): void {
    const session = String(params['sessionId'])
    this.#workers.add(session)
    const { devtools } = this.#browser
    void devtools.ask('Network.enable', {}, session)
    // a worker may have workers; what has none says so
    void devtools.ask('Target.setAutoAttach', following, session)
    void devtools.ask('Runtime.runIfWaitingForDebugger', {}, session)
  }
}

/** How long nothing may change before the page counts as settled, in milliseconds. */
function quietMs(watch: PageWatch): number {
  if (watch.crashed || watch.error !== undefined) return 0
  const states = ownSockets(watch).map(({ state }) => state)
  if (states.includes('opening')) return Infinity
  if (states.includes('refused') || states.includes('closed')) return quiet.trouble
  if (states.length > 0) return quiet.open
  return watch.loaded && watch.underWay.size === 0 ? quiet.none : Infinity
}
