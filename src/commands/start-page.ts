import { mkdir, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { judged } from '../causes/causes.ts'
import { notLooked } from '../checks/page.ts'
import { errorMessage } from '../errors.ts'
import type { FrontendApp } from '../facts/frontend-app.ts'
import { readFrontend } from '../facts/frontend-reading.ts'
import { hole, readPageSpeech } from '../facts/page-paths.ts'
import { shown } from '../facts/project.ts'
import { pageMemory, pageMemoryFile, pageSign } from '../facts/page-memory.ts'
import { pageUserAt } from '../look/outcome.ts'
import { provePage, type PageTarget } from '../look/page.ts'
import { pageUrl } from '../plan/page-request.ts'
import { strayPaths } from '../plan/socket-paths.ts'
import { pageSummary } from '../report/page.ts'
import { duration } from '../report/status.ts'
import type { PageSummary } from '../report/run-event.ts'
import { shownUrl } from '../host/urls.ts'
import { commandsToFree } from './start-frontend-port.ts'
import type { Up } from './start-life.ts'
import type { Prepared } from './start-prepare.ts'
import type { StartExtras } from './start.ts'
import { replaceFile } from '../host/replace-file.ts'

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

/** Says why nobody looks at a page of the backend's own, where its sources open a WebSocket: which page that is, nothing tells. */
export async function tellUnnamed({ report, checkout: { project } }: Prepared, up: Up): Promise<void> {
  const { url } = up.summary.backend
  const { pageSocket } = await readFrontend(project.backend)
  if (pageSocket === undefined) return
  const at = `${shown(project, join(project.backend, pageSocket.file))}:${pageSocket.line}`
  const why = `${at} opens a WebSocket, and nothing says on which page: "page": {"url": "/…"} in election-dev.config.json names it`
  report({ event: 'page', url, ...notLooked(why), sockets: [] })
  for (const { file, line, path } of strayPaths(await up.prover.inspection.get('application'), await readPageSpeech(project.backend)))
    report({
      event: 'warning',
      id: 'page-socket-elsewhere',
      text: `${shown(project, join(project.backend, file))}:${line} opens a WebSocket at ${path.replaceAll(hole, '…')}, which no route of the application takes`,
    })
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
  const screenshot =
    config.screenshot !== undefined
      ? ({ file: resolve(host.cwd, config.screenshot), when: 'always' } as const)
      : failedScreenshot !== undefined
        ? ({ file: failedScreenshot, when: 'failed' } as const)
        : undefined
  let up: Up | undefined
  let served: ServedPage | undefined
  let last: PageSummary | undefined
  let looking: Promise<void> | undefined

  const tell = (summary: PageSummary) => {
    last = summary
    report({ event: 'page', ...summary })
  }
  const unseen = (url: string, why: string) => tell({ url, ...notLooked(why), sockets: [] })
  const begin = async (above: Up, page: ServedPage, isAsked: boolean) => {
    const url = shownUrl(pageUrl(config.page, page.url))
    const folder = page.app?.folder ?? root
    if (config.browser === false) return unseen(url, '--no-browser')
    const { dot } = above.state
    if (dot === 'red') return unseen(url, 'the WebSocket is not connected')
    if (dot === 'yellow' && above.state.state === 'refused') return unseen(url, 'the application refuses its user')
    const endpoint = above.prover.endpoint()
    const sign = await pageSign(
      [folder, checkout.project.backend],
      [url, shownUrl(endpoint.url), endpoint.origin, above.prover.identity().user, config.page],
    )
    const memory = await pageMemory(host, root)
    if (!isAsked && config.browser !== true && memory !== undefined && memory.sign === sign)
      return tell({
        url,
        state: 'remembered',
        text: `its WebSocket was open when last looked (${duration(Date.now() - memory.at)} ago, same sources)`,
        sockets: [],
      })
    tell({ url, state: 'looking', text: 'a browser looks at it', sockets: [] })
    if (process.getuid?.() === 0) report({ event: 'note', text: 'the browser runs without its sandbox, which refuses root' })
    const { observer } = above.prover
    const mark = observer?.mark() ?? 0
    const { project } = checkout
    const target: PageTarget = {
      project,
      endpoint,
      isProven: dot === 'green',
      page: page.url,
      isOurs: true,
      user: above.prover.identity().user,
      screenshot,
      two: false,
      app: page.app,
      signal,
    }
    const { look, verdict } = await provePage(host, config, target, async (seen, isWrong) => {
      const sockets = seen.sockets.map((socket) => new URL(socket.url).pathname)
      const from = page.app?.address.port
      const isMoved = isWrong && from !== undefined && page.given !== undefined && from !== page.given
      return {
        user: observer && pageUserAt(observer, mark, sockets),
        paths: (await above.prover.beside()).map(({ path }) => path),
        moved: isMoved ? { from, commands: await commandsToFree(prepared, folder, from) } : undefined,
      }
    })
    if (signal.aborted) return
    tell({ url, ...pageSummary(verdict, look) })
    if (verdict.state === 'failed' && verdict.diagnosis !== undefined) report({ event: 'diagnosis', diagnosis: judged(verdict.diagnosis) })
    await remember(verdict.state === 'open' && sign !== undefined ? { sign, url, at: Date.now() } : undefined)
  }
  const remember = async (memory: object | undefined) => {
    const file = pageMemoryFile(host, root)
    // what can't be kept is looked at again
    await (
      memory === undefined
        ? rm(file, { force: true })
        : mkdir(dirname(file), { recursive: true }).then(() => replaceFile(file, JSON.stringify(memory)))
    ).catch(() => {})
  }
  /** `isAsked`: the user does, whatever was seen before. */
  const look = (isAsked = false) => {
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
      look(true)
      await looking
    },
    /** What was seen to be wrong is looked at anew: a source may be another one by now. */
    lookAgain: async () => {
      await looking
      if (last?.state === 'failed') look(true)
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
