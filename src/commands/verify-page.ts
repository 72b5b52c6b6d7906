import { resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { usageError } from '../errors.ts'
import { findFrontend } from '../facts/frontend-app.ts'
import { causeOf, judged } from '../causes/causes.ts'
import { findProject } from '../facts/project.ts'
import type { Host } from '../host/host.ts'
import { lookAtFrontend } from '../look/frontend.ts'
import { pageTrouble } from '../look/page-trouble.ts'
import { provePage, type PageTarget } from '../look/page.ts'
import { pageUrl } from '../plan/page-request.ts'
import { pageSummary } from '../report/page.ts'
import type { PageSummary } from '../report/run-event.ts'
import { shownUrl } from '../host/urls.ts'
import { httpUrl, type Endpoint } from '../verify/endpoint.ts'
import type { Proof } from '../verify/prove.ts'

/** What `verify --browser` looks at: the WebSocket as it was proven, its page in a browser. */
export interface PageCheck {
  readonly endpoint: Endpoint
  readonly isProven: boolean
  readonly paths: readonly string[]
  /** A second window is opened, and a change made in the first. */
  readonly two: boolean
}

/**
 * Looks at the page of a WebSocket in a headless browser. Throws LauncherError
 * `usage` where two windows are asked for and no change is named.
 */
export async function verifyPage(host: Host, config: Config, { endpoint, isProven, paths, two }: PageCheck): Promise<PageSummary> {
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
    isProven,
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

/** What keeps the page from a WebSocket that is proven, where anything is seen to: as the doctor tries it. */
export async function pageWay(host: Host, config: Config, endpoint: Endpoint, { facts }: Proof): Promise<PageSummary | undefined> {
  const project = await findProject(host, config).catch(() => undefined)
  if (project === undefined) return undefined
  const trouble = await pageTrouble(host, { project, files: async () => lookAtFrontend(host, config, project), endpoint, direct: facts })
  const cause = trouble?.causes.find(({ id }) => causeOf(id).severity === 'error')
  if (trouble === undefined || cause === undefined) return undefined
  return { url: trouble.url, state: 'failed', text: `${cause.title}   ${cause.id}`, sockets: [], diagnosis: judged(cause) }
}
