import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { judged } from '../causes/causes.ts'
import { judgePage } from '../checks/page.ts'
import { errorMessage } from '../errors.ts'
import type { FrontendApp } from '../facts/frontend-app.ts'
import { pageMemory, pageMemoryFile, pageSign } from '../facts/page-memory.ts'
import { pageUserAt } from '../look/outcome.ts'
import { holdersOf, pageRequestOf } from '../look/page.ts'
import { inSources } from '../look/page-sources.ts'
import { pageUrl } from '../plan/page-request.ts'
import { pageSummary } from '../report/page.ts'
import type { PageSummary } from '../report/run-event.ts'
import { lookAt } from '../run/page-look.ts'
import { shownUrl } from '../host/shown-url.ts'
import { commandsToFree } from './start-frontend-port.ts'
import type { Up } from './start-life.ts'
import type { Prepared } from './start-prepare.ts'
import type { StartExtras } from './start.ts'

/** The page of a run: when a browser looks at it, and what it has seen. */
export type RunPage = ReturnType<typeof watchPage>

/** A page that is served. */
export interface ServedPage {
  readonly url: URL
  /** Undefined where it is the backend's own. */
  readonly app: FrontendApp | undefined
  /** The port that its dev server was given; undefined where it was left to it. */
  readonly given: number | undefined
}

/**
 * Looks at the page of a run in a browser once both it and the backend are up:
 * at once where `--browser` says so, never with `--no-browser`, else where its
 * sources, the configuration or the ports are others than when it was last seen.
 * Returns at once; nothing waits for it.
 */
export function watchPage(prepared: Prepared, { failedScreenshot }: Pick<StartExtras, 'failedScreenshot'>) {
  const { host, config, report, signal: runSignal, checkout } = prepared
  const { root } = checkout.project
  const ending = new AbortController()
  const signal = AbortSignal.any([runSignal, ending.signal])
  let up: Up | undefined
  let served: ServedPage | undefined
  let last: PageSummary | undefined
  let looking: Promise<void> | undefined
  let isAsked = false

  const tell = (summary: PageSummary) => {
    last = summary
    report({ event: 'page', ...summary })
  }
  const unseen = (url: string, why: string) => tell({ url, state: 'unseen', text: `not looked at: ${why}`, sockets: [] })
  const begin = async (above: Up, page: ServedPage, isAsked: boolean) => {
    const url = shownUrl(pageUrl(config.page, page.url))
    const folder = page.app?.folder ?? root
    if (config.browser === false) return unseen(url, '--no-browser')
    const { dot } = above.state
    if (dot === 'red') return unseen(url, 'the WebSocket is not connected')
    if (dot === 'yellow' && above.state.state === 'refused') return unseen(url, 'the application refuses its user')
    const endpoint = above.prover.endpoint()
    const sign = await pageSign(folder, [url, shownUrl(endpoint.url), endpoint.origin, above.prover.identity().user, config.page])
    const memory = await pageMemory(host, root)
    if (!isAsked && config.browser !== true && memory !== undefined && memory.sign === sign)
      return tell({
        url,
        state: 'remembered',
        text: `its WebSocket was open when last looked (${ago(Date.now() - memory.at)}, same sources)`,
        sockets: [],
      })
    tell({ url, state: 'looking', text: 'a browser looks at it', sockets: [] })
    if (process.getuid?.() === 0) report({ event: 'note', text: 'the browser runs without its sandbox, which refuses root' })
    const { observer } = above.prover
    const mark = observer?.mark() ?? 0
    const { request, standsFor, withheld, lacks } = await pageRequestOf(host, config, {
      project: checkout.project,
      endpoint,
      page: page.url,
      isOurs: true,
      user: above.prover.identity().user,
      screenshot: pictureOf(config.screenshot, failedScreenshot),
      two: false,
    })
    const seen = lacks === undefined ? await lookAt(host, request, signal) : { result: 'unseen' as const, why: lacks }
    if (signal.aborted) return
    const { look, sources } = await inSources(seen, { root, folder })
    const wantedPort = page.app?.address.port
    const isMoved = sources !== undefined && wantedPort !== undefined && page.given !== undefined && wantedPort !== page.given
    const beside = (await above.prover.beside()).map(({ path }) => path)
    const verdict = judgePage(look, {
      proven: new URL(shownUrl(endpoint.url)),
      user:
        observer && look.result === 'seen'
          ? pageUserAt(
              observer,
              mark,
              look.sockets.map((socket) => new URL(socket.url).pathname),
            )
          : undefined,
      standsFor,
      withheld,
      paths: beside,
      holders: await holdersOf(host, look),
      folder: page.app?.shown,
      sources,
      moved: isMoved ? { from: wantedPort, commands: await commandsToFree(prepared, folder, wantedPort) } : undefined,
    })
    tell({ url, ...pageSummary(verdict, look) })
    if (verdict.state === 'failed' && verdict.diagnosis !== undefined) report({ event: 'diagnosis', diagnosis: judged(verdict.diagnosis) })
    await remember(verdict.state === 'open' && sign !== undefined ? { sign, url, at: Date.now() } : undefined)
  }
  const pictureOf = (always: string | undefined, failed: string | undefined) =>
    always === undefined
      ? failed === undefined
        ? undefined
        : { file: failed, when: 'failed' as const }
      : { file: resolve(host.cwd, always), when: 'always' as const }
  const remember = async (memory: object | undefined) => {
    const file = pageMemoryFile(host, root)
    // what can't be kept is looked at again
    await (
      memory === undefined
        ? rm(file, { force: true })
        : mkdir(dirname(file), { recursive: true }).then(() => writeFile(file, JSON.stringify(memory)))
    ).catch(() => {})
  }
  const look = () => {
    const [above, page] = [up, served]
    if (above === undefined || page === undefined || looking !== undefined || signal.aborted) return
    // by itself once in a run: a backend or a dev server that was started again is no other page
    if (last !== undefined && !isAsked) return
    looking = begin(above, page, isAsked)
      .catch((error: unknown) => unseen(shownUrl(page.url), errorMessage(error)))
      .finally(() => {
        looking = undefined
      })
  }
  return {
    /** What is known of it. */
    summary: () => last,
    /** The ready line is out. */
    backendIs: (now: Up) => {
      up = now
      look()
    },
    /** It answers, there. */
    isServed: (page: ServedPage) => {
      served = page
      look()
    },
    /** The user asks: now, whatever was seen before. */
    lookNow: async () => {
      await looking
      isAsked = true
      look()
      isAsked = false
      await looking
    },
    /** Ends a look that is under way, with all that it started. */
    end: async () => {
      ending.abort()
      await looking
    },
    /** A look that is under way is over. */
    looked: async () => void (await looking),
  }
}

/** `2 h ago`: of milliseconds, the largest whole unit. */
function ago(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
  ] as const
  const [unit, size] = units.find(([, each]) => ms >= each) ?? ['s', 1000]
  return `${Math.max(1, Math.floor(ms / size))} ${unit} ago`
}
