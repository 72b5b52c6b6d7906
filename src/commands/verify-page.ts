import { resolve } from 'node:path'
import { judgePage } from '../checks/page.ts'
import type { Config } from '../config/config.ts'
import { usageError } from '../errors.ts'
import { findFrontend } from '../facts/frontend-app.ts'
import { findProject } from '../facts/project.ts'
import type { Host } from '../host/host.ts'
import { holdersOf, pageRequestOf } from '../look/page.ts'
import { inSources } from '../look/page-sources.ts'
import { pageUrl } from '../plan/page-request.ts'
import { pageSummary } from '../report/page.ts'
import type { PageSummary } from '../report/run-event.ts'
import { lookAt } from '../run/page-look.ts'
import { shownUrl } from '../host/shown-url.ts'
import { httpUrl, type Endpoint } from '../verify/endpoint.ts'

/** What `verify --browser` looks at: the WebSocket as it was proven, its page in a browser. */
export interface PageCheck {
  readonly endpoint: Endpoint
  readonly paths: readonly string[]
  /** A second window is opened, and a change made in the first. */
  readonly two: boolean
}

/**
 * Looks at the page of a WebSocket in a headless browser. Throws LauncherError
 * `usage` where two windows are asked for and no change is named.
 */
export async function verifyPage(host: Host, config: Config, { endpoint, paths, two }: PageCheck): Promise<PageSummary> {
  if (two && config.page?.change === undefined) {
    throw usageError('usage', 'Nothing says what is to be changed in one of two windows', {
      hint: 'Name it in election-dev.config.json: "page": {"change": {"click": "button.vote"}}',
    })
  }
  const project = await findProject(host, config).catch(() => undefined)
  const backend = httpUrl(endpoint.url)
  const page = new URL('/', endpoint.origin ?? backend)
  const { request, standsFor, withheld, lacks } = await pageRequestOf(host, config, {
    project,
    endpoint,
    page,
    isOurs: false,
    user: endpoint.identity?.user,
    screenshot: config.screenshot === undefined ? undefined : { file: resolve(host.cwd, config.screenshot), when: 'always' },
    two,
  })
  // a Ctrl+C ends this process at once, and the browser with it
  const seen = lacks === undefined ? await lookAt(host, request, new AbortController().signal) : { result: 'unseen' as const, why: lacks }
  const frontend = project === undefined ? undefined : await findFrontend(config, project, host.env)
  const app = frontend?.kind === 'app' ? frontend.app : undefined
  const root = project?.root ?? host.cwd
  const { look, sources } = await inSources(seen, { root, folder: app?.folder ?? root })
  const proven = new URL(shownUrl(endpoint.url))
  const context = {
    proven,
    user: undefined,
    standsFor,
    withheld,
    paths,
    holders: await holdersOf(host, look),
    folder: app?.shown,
    sources,
    moved: undefined,
  }
  return { url: shownUrl(pageUrl(config.page, page)), ...pageSummary(judgePage(look, context), look) }
}
