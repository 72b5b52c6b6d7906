import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { PageChange, PageCrossing, PageJob, PageLogin, PageLook, PageSeen, ScriptPlace } from '../facts/page-seen.ts'
import { errorMessage } from '../errors.ts'
import { isRecord } from '../host/json.ts'
import { originalPlace } from './original-place.ts'
import { shownUrl } from '../host/urls.ts'
import { ownSockets, type ServedPlace } from './page-watch.ts'
import { PageWindow, type Browser } from './page-window.ts'
import { isInstalled } from '../facts/script-text.ts'

/** How long a field of a form, what is expected, or a message in the other window is waited for, in milliseconds. */
const patienceMs = 5000
/** How long a window is watched for messages that come without a change, in milliseconds. */
const listenMs = 1000
/** How long what was seen may take to be told once the look is over, in milliseconds: what looks is killed 3 s after its end. */
const tellMs = 2000
/** So much of a script or of its map is read, in bytes. */
const longestScript = 8 * 1024 * 1024
/** So many sockets and exceptions are looked up in the sources. */
const lookedUp = 3

interface Visit extends Browser {
  readonly version: Readonly<Record<string, unknown>>
  /** When the look began, on performance.now. */
  readonly started: number
}

/** Opens the page as the job says, watches it until it has settled, and tells what was seen. Never throws. */
export async function lookAtPage(job: PageJob, visit: Visit): Promise<PageLook> {
  const deadline = visit.started + job.deadlineMs
  const rest = () => Math.max(1, deadline - performance.now())
  const left = () => Math.max(1, deadline + tellMs - performance.now())
  void visit.devtools.ask('Browser.setDownloadBehavior', { behavior: 'deny' })
  const page = await PageWindow.open(visit, job)
  if (typeof page === 'string') return { result: 'unseen', why: `${job.browserName} could not open a window: ${page}` }

  const { login } = job
  // a form of another page comes before this one, a form of its own after it
  let problem = login?.url === undefined ? undefined : await logIn(page, login, rest, login.url)
  const wrong = await page.go(job.url, rest())
  let settled = wrong !== undefined || (await page.settles(deadline))
  if (login !== undefined && login.url === undefined && wrong === undefined) {
    problem = await logIn(page, login, rest)
    settled = await page.settles(deadline)
  }
  const expected = job.expect === undefined ? undefined : await isThere(page, job.expect, deadline)
  const change = job.change === undefined ? undefined : await crossing(page, job, job.change, visit, deadline)
  const asksForLogin = (await page.evaluate(passwordField, Math.min(1000, left()))) === true
  const { watch } = page
  const places = new Map<ServedPlace, ScriptPlace>()
  const own = ownSockets(watch)
  const trouble = [...own.filter(({ state }) => state !== 'open'), ...(own.length === 0 ? watch.exceptions : [])]
  for (const place of trouble.flatMap((each) => each.place ?? []).slice(0, lookedUp))
    places.set(place, await ownPlace(place, async (url) => scriptAt(page, url, left)))
  const placed = (place: ServedPlace | undefined) => (place === undefined ? undefined : places.get(place))
  const sockets = own.map(({ url, state, status, error, close, received, sent, place }) => ({
    url: shownUrl(url),
    state,
    status,
    error,
    close,
    received,
    sent,
    at: placed(place),
  }))
  const isOut = login !== undefined && asksForLogin && sockets.every(({ state }) => state !== 'open')
  const isWell = sockets.length > 0 && sockets.every(({ state }) => state === 'open')
  const wantsPicture =
    job.screenshot !== undefined && (job.screenshot.when === 'always' || !isWell || (expected !== undefined && expected !== true))
  const seen: PageSeen = {
    browser: `${job.browserName} ${/\/(\d+)/.exec(String(visit.version['product']))?.[1] ?? ''}`.trim(),
    // what the browser shows in place of a page that didn't come has an address of its own
    url: URL.canParse(watch.url) && !watch.url.startsWith('chrome-error:') ? shownUrl(new URL(watch.url)) : job.url,
    status: watch.status,
    error: watch.error ?? wrong,
    loaded: watch.loaded,
    sockets,
    // a host that it might contact was not found by the machine itself
    refusals: watch.refusals.map((refusal) =>
      refusal.kind === 'not-contacted' && job.hosts.includes(new URL(refusal.url).hostname) ? { ...refusal, kind: 'failed' } : refusal,
    ),
    exceptions: watch.exceptions.map(({ text, place }) => ({ text, at: placed(place) })),
    consoleErrors: watch.consoleErrors,
    asksForLogin,
    loginProblem: problem ?? (isOut ? 'the form was sent, and a field for a password is still there' : undefined),
    expected,
    change,
    screenshot: wantsPicture ? await pictureOf(page, job.screenshot?.file ?? '', left()) : undefined,
    end: watch.crashed ? 'crashed' : settled ? 'settled' : 'late',
    elapsedMs: performance.now() - visit.started,
  }
  return { result: 'seen', ...seen }
}

const passwordField = `[...document.querySelectorAll('input[type=password]')].some((field) => field.checkVisibility?.() !== false)`

/** Waits in the page until a selector finds something, for so many milliseconds; a text says that it is none. */
function awaited(selector: string, ms: number): string {
  return `new Promise((resolve) => {
    const has = () => { try { return document.querySelector(${JSON.stringify(selector)}) !== null } catch { return 'no selector' } }
    if (has() !== false) return resolve(has())
    const observer = new MutationObserver(() => { if (has()) { observer.disconnect(); resolve(true) } })
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
    setTimeout(() => { observer.disconnect(); resolve(has()) }, ${ms})
  })`
}

/** Whether a selector finds something on the page, within its patience; a text says why that can't be told. */
async function isThere(page: PageWindow, selector: string, deadline: number): Promise<boolean | string> {
  const until = performance.now() + patienceMs
  for (;;) {
    const now = performance.now()
    const found = await page.evaluate(awaited(selector, Math.max(0, until - now)), Math.min(until + 1000, deadline) - now)
    if (typeof found === 'boolean') return found
    if (found !== undefined) return `${selector} is no CSS selector`
    if (performance.now() >= Math.min(until, deadline)) return `the page did not answer when it was looked for ${selector}`
    // it went to another document meanwhile
    await page.told(Math.min(until, deadline))
  }
}

/** Fills the form in and sends it; a text says what is not there. */
async function logIn(page: PageWindow, login: PageLogin, rest: () => number, url?: string): Promise<string | undefined> {
  if (url !== undefined) {
    const wrong = await page.go(url, rest())
    if (wrong !== undefined) return `${url} could not be opened: ${wrong}`
  }
  const fields = Object.keys(login.fields)
  for (const selector of [...fields, ...(login.submit === undefined ? [] : [login.submit])]) {
    const found = await isThere(page, selector, performance.now() + rest())
    if (found !== true) return found === false ? `there is no ${selector} on its page` : found
  }
  // the setter of the element's own class: that of a component would keep its own state from seeing it (https://github.com/facebook/react/issues/10135)
  const problem = await page.evaluate(`((fields, submit) => {
    let last
    for (const [selector, value] of Object.entries(fields)) {
      last = document.querySelector(selector)
      if (!('value' in last)) return selector + ' is no field'
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(last), 'value').set.call(last, value)
      for (const type of ['input', 'change']) last.dispatchEvent(new Event(type, { bubbles: true }))
    }
    if (submit === null && !last.form) return 'its fields are in no form: "submit" has to name what is clicked'
    if (submit === null) last.form.requestSubmit()
    else document.querySelector(submit).click()
  })(${JSON.stringify(login.fields)}, ${JSON.stringify(login.submit ?? null)})`)
  if (typeof problem === 'string') return problem
  if (url !== undefined) await page.settles(performance.now() + Math.min(patienceMs, rest()))
  return undefined
}

/** Makes the change in the first window, and waits for its message in a second one. */
async function crossing(page: PageWindow, job: PageJob, change: PageChange, visit: Visit, deadline: number): Promise<PageCrossing> {
  const second = await PageWindow.open(visit, { ...job, login: undefined })
  if (typeof second === 'string') return { arrived: false, why: second }
  const wrong =
    (await second.go(job.url, deadline - performance.now())) ?? ((await second.settles(deadline)) ? undefined : 'it has not settled')
  if (wrong !== undefined) return { arrived: false, why: `the second window: ${wrong}` }
  if (!ownSockets(second.watch).some(({ state }) => state === 'open'))
    return { arrived: false, why: 'the second window has no open WebSocket' }
  if (change.expect === undefined) {
    const before = second.messages.length
    await delay(listenMs)
    if (second.messages.length > before)
      return {
        arrived: false,
        why: "the second window gets messages without any change: name a part of the change's own by page.change.expect",
      }
  }
  const began = performance.now()
  const from = second.messages.length
  const problem = await makeChange(page, change)
  if (problem !== undefined) return { arrived: false, why: problem }
  while (performance.now() < Math.min(began + patienceMs, deadline)) {
    const found = second.messages.slice(from).find(({ text }) => change.expect === undefined || text.includes(change.expect))
    if (found !== undefined) return { arrived: true, ms: found.at - began }
    await second.told(Math.min(began + patienceMs, deadline))
  }
  return { arrived: false, why: `no message came to the second window within ${((performance.now() - began) / 1000).toFixed(1)} s` }
}

/** A text says why it could not be made. */
async function makeChange(page: PageWindow, { by }: PageChange): Promise<string | undefined> {
  if (by.kind === 'click') {
    const clicked = await page.evaluate(
      `(() => { const at = document.querySelector(${JSON.stringify(by.selector)}); at?.click(); return at !== null })()`,
    )
    return clicked === true ? undefined : `there is no ${by.selector} on the page`
  }
  if (by.kind === 'request') {
    const request = {
      method: by.method,
      headers: by.body === undefined ? {} : { 'Content-Type': 'application/json' },
      ...(by.body === undefined ? {} : { body: by.body }),
    }
    const status = await page.evaluate(`fetch(${JSON.stringify(by.path)}, ${JSON.stringify(request)}).then(({ status }) => status, String)`)
    return typeof status === 'number' && status < 400 ? undefined : `${by.method} ${by.path} gave ${String(status)}`
  }
  const prototype = await page.ask('Runtime.evaluate', { expression: 'WebSocket.prototype' })
  const objectId = prototype.ok && isRecord(prototype.result['result']) ? prototype.result['result']['objectId'] : undefined
  const all = await page.ask('Runtime.queryObjects', { prototypeObjectId: objectId })
  const sockets = all.ok && isRecord(all.result['objects']) ? all.result['objects']['objectId'] : undefined
  const sent = await page.ask('Runtime.callFunctionOn', {
    objectId: sockets,
    functionDeclaration: `function (text, own) { const at = this.find((socket) => socket.readyState === 1 && own.includes(socket.url)); at?.send(text); return at !== undefined }`,
    arguments: [{ value: by.text }, { value: ownSockets(page.watch).map(({ url }) => url.href) }],
    returnByValue: true,
  })
  return sent.ok && isRecord(sent.result['result']) && sent.result['result']['value'] === true
    ? undefined
    : 'the page has no open WebSocket to send it by'
}

/** Where a place stands in the sources; where that is an installed package's, who of the project's own has called it, if anybody is seen to. */
async function ownPlace(place: ServedPlace, load: (url: string) => Promise<string | undefined>): Promise<ScriptPlace> {
  const loaded = new Map<string, Promise<string | undefined>>()
  const once = async (url: string) => {
    const text = loaded.get(url) ?? load(url)
    loaded.set(url, text)
    return text
  }
  const first = await originalPlace(place, once)
  if (!isInstalled(first.file)) return first
  // what the dev server has made of packages needn't be looked up
  for (const above of (place.above ?? []).filter(({ url }) => !isInstalled(new URL(url).pathname))) {
    const found = await originalPlace(above, once)
    if (!isInstalled(found.file)) return found
  }
  return first
}

/** The text of a script or of its map, fetched by the page's own browser. */
async function scriptAt(page: PageWindow, url: string, left: () => number): Promise<string | undefined> {
  const options = { disableCache: false, includeCredentials: true }
  const answer = await page.ask('Network.loadNetworkResource', { frameId: page.watch.frame, url, options }, left())
  const resource = answer.ok && isRecord(answer.result['resource']) ? answer.result['resource'] : {}
  const { success, stream } = resource
  if (success !== true || typeof stream !== 'string') return undefined
  let text = ''
  for (;;) {
    const part = await page.ask('IO.read', { handle: stream, size: 1024 * 1024 }, left())
    if (!part.ok) return undefined
    const data = String(part.result['data'])
    text += part.result['base64Encoded'] === true ? Buffer.from(data, 'base64').toString() : data
    if (part.result['eof'] === true || text.length > longestScript) break
  }
  void page.ask('IO.close', { handle: stream })
  return text
}

/** The picture's file, or why there is none. Its folder is made. */
async function pictureOf(page: PageWindow, file: string, deadlineMs: number): Promise<PageSeen['screenshot']> {
  const shot = await page.ask('Page.captureScreenshot', { format: 'png' }, deadlineMs)
  if (!shot.ok) return { why: shot.why }
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, Buffer.from(String(shot.result['data']), 'base64'))
    return { file }
  } catch (error) {
    return { why: errorMessage(error) }
  }
}
