import { resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { usageError } from '../errors.ts'
import { findFrontend } from '../facts/frontend-app.ts'
import { findProject } from '../facts/project.ts'
import type { Host } from '../host/host.ts'
import { provePage, type PageTarget } from '../look/page.ts'
import { pageUrl } from '../plan/page-request.ts'
import { pageSummary } from '../report/page.ts'
import type { PageSummary } from '../report/run-event.ts'
import { shownUrl } from '../host/urls.ts'
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
  const page = new URL('/', endpoint.origin ?? httpUrl(endpoint.url))
  const frontend = project === undefined ? undefined : await findFrontend(config, project, host.env)
  const target: PageTarget = {
    project,
    endpoint,
    page,
    isOurs: false,
    user: endpoint.identity?.user,
    screenshot: config.screenshot === undefined ? undefined : { file: resolve(host.cwd, config.screenshot), when: 'always' },
    two,
    app: frontend?.kind === 'app' ? frontend.app : undefined,
    // a Ctrl+C ends this process at once, and the browser with it
    signal: new AbortController().signal,
  }
  const { look, verdict } = await provePage(host, config, target, async () => Promise.resolve({ user: undefined, paths, moved: undefined }))
  return { url: shownUrl(pageUrl(config.page, page)), ...pageSummary(verdict, look) }
}
