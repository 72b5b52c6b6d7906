import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { findBrowser } from '../browser/find.ts'
import { clearProfiles } from '../browser/profiles.ts'
import type { PageJob, PageLook, PageRequest } from '../facts/page-seen.ts'
import { errorMessage } from '../errors.ts'
import { deferred } from '../host/deferred.ts'
import type { Host } from '../host/host.ts'
import { isRecord } from '../host/json.ts'
import { onAbort, within } from '../host/race-stop.ts'
import { withoutOurs } from '../host/secret-names.ts'
import { spawnGuarded } from './guarded.ts'

/** The program that looks (page-looker.ts). */
const lookFile = fileURLToPath(new URL('../page-look.js', import.meta.url))

/** A look is over after so many milliseconds, whatever the page does; what looks may take so much longer to clear up. */
const deadlineMs = 15_000
const clearMs = 3000

/**
 * Opens a page in a headless browser and tells what was seen. The browser with
 * all of its processes and its profile is gone when this resolves, and goes with
 * this process, too. Ends early where `signal` is aborted. Never throws.
 */
export async function lookAt(host: Host, request: PageRequest, signal: AbortSignal): Promise<PageLook> {
  const found = await findBrowser(host)
  if ('why' in found) return { result: 'unseen', why: found.why }
  const asRoot = process.getuid?.() === 0
  try {
    return await run(host, { ...request, browser: found.file, browserName: found.name, asRoot, deadlineMs }, signal)
  } catch (error) {
    return { result: 'unseen', why: errorMessage(error) }
  } finally {
    await clearProfiles()
  }
}

async function run(host: Host, job: PageJob, signal: AbortSignal): Promise<PageLook> {
  if (signal.aborted) return { result: 'unseen', why: 'the run has ended' }
  const end = deferred<string | undefined>()
  // no secret of the project is a browser's business
  const launch = { file: process.execPath, args: [lookFile], cwd: process.cwd(), env: withoutOurs(host.env), endsItselfMs: clearMs }
  const { child, tree } = spawnGuarded(host, launch, ['ignore', 'ignore', 'ignore', 'ipc'], {
    born: () => {},
    unborn: end.resolve,
    ended: () => end.resolve(undefined),
  })
  let looked: PageLook | undefined
  child.on('message', (message) => {
    if (isLook(message)) looked = message
  })
  child.send(job, () => {})
  let isLate = false
  const late = setTimeout(() => {
    isLate = true
    tree.kill()
  }, deadlineMs + clearMs)
  const quit = onAbort(signal, () => void tree.end(clearMs))
  const why = await end.promise
  // its last word may be on its way
  if (child.connected) await within(clearMs, once(child, 'disconnect'))
  clearTimeout(late)
  quit()
  // what the browser has left behind
  await tree.end(0)
  const silent = isLate ? `it was not over after ${(deadlineMs + clearMs) / 1000} s` : 'what looks at the page has ended without a word'
  return looked ?? { result: 'unseen', why: why ?? (signal.aborted ? 'the run has ended' : silent) }
}

/** Both ends are of one build. */
function isLook(message: unknown): message is PageLook {
  return isRecord(message) && (message['result'] === 'seen' || message['result'] === 'unseen')
}
