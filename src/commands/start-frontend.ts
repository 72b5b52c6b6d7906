import { frontendFailed, managerMissing, notInstalled } from '../checks/frontend.ts'
import type { Diagnosis, Judged } from '../checks/diagnosis.ts'
import { milliseconds } from '../checks/wire-words.ts'
import { judged } from '../causes/causes.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import { pageOrigin } from '../facts/frontend-app.ts'
import { askFrontend, gatherFrontend, withAnswer, type FrontendFiles } from '../facts/frontend-reading.ts'
import { servedPage } from '../facts/served-page.ts'
import type { ServiceStatus } from '../facts/service-status.ts'
import type { AskedTool } from '../facts/dev-answer.ts'
import { deferred } from '../host/deferred.ts'
import { raceStop } from '../host/race-stop.ts'
import { backendAddress } from '../plan/frontend-address.ts'
import { hardCodedWords } from '../plan/hard-coded-port.ts'
import { managerFails, planFrontend, planFrontendInstall, type FrontendPlan } from '../plan/frontend.ts'
import { socketWay } from '../plan/page-socket.ts'
import type { FrontendSummary } from '../report/run-event.ts'
import { installFrontend } from '../run/frontend-install.ts'
import type { Services } from '../run/services.ts'
import { portOf } from '../host/urls.ts'
import { proveFrontend, refusedOrigin, type FrontendProof } from '../verify/frontend.ts'
import { DevServer } from './start-dev-server.ts'
import { freeFrontendPort } from './start-frontend-port.ts'
import type { Up } from './start-life.ts'
import type { ServedPage } from './start-page.ts'
import type { Prepared } from './start-prepare.ts'

/** The frontend of a run, from its files to its proof. */
export type Frontend = ReturnType<typeof startFrontend>

type Run = Extract<FrontendPlan, { kind: 'run' }>
/** How long the backend's proof waits for what the dev tool says of its page's Origin, in milliseconds: Vite takes some 250. */
const originPatienceMs = 1500

/**
 * Starts the frontend beside the backend, which is launched for `port`. Returns
 * at once. `user`: aborted when the user ends the run; its failure ends no
 * installation that is under way. `served`: told each time the page is there.
 */
export function startFrontend(
  run: Prepared,
  services: Services,
  port: number,
  { user, served }: { readonly user: AbortSignal; readonly served: (page: ServedPage) => void },
) {
  const { host, config, report, signal } = run
  let summary: FrontendSummary | undefined
  let plan: Run | undefined
  let files: FrontendFiles | undefined
  let asked: AskedTool | undefined
  let up: Up | undefined
  let dev: DevServer | undefined
  let backendPort = port
  let shown: FrontendSummary | undefined
  let isShown = false
  let installing: Promise<void> | undefined
  const origin = deferred<string | undefined>()
  const sureOrigin = deferred<string | undefined>()
  const originIs = (known: string | undefined) => {
    origin.resolve(known)
    sureOrigin.resolve(known)
  }
  let proving: Promise<void> | undefined

  /** Reads the frontend's files, and lets the dev tool say what it makes of them. */
  const look = async (): Promise<FrontendPlan> => {
    const read = (files = await gatherFrontend(host, config, run.checkout.project, process.execPath))
    asked = undefined
    const first = planAt(run, read, backendPort, { asked })
    if (first.kind !== 'run') return first
    if (first.wanted.port !== undefined) summary ??= { url: first.page, state: 'starting', text: 'starting' }
    const timer = setTimeout(() => origin.resolve(first.origin), originPatienceMs)
    asked = await askFrontend(read, { env: first.service.env, node: process.execPath, signal })
    clearTimeout(timer)
    const mapped = first.variables.map(({ name }) => name)
    files = asked?.kind === 'answer' ? withAnswer(read, asked.answer, mapped) : read
    return planAt(run, files, backendPort, { asked })
  }
  const begin = async () => {
    let next = await look()
    if (next.kind === 'needs-install' && (config.install || config.setup)) {
      summary = { url: expectedOrigin(), state: 'starting', text: `installing its packages: ${next.install.shown}` }
      origin.resolve(expectedOrigin())
      report({ event: 'phase', text: next.install.shown })
      const [step, began] = [{ id: 'frontend-install', title: "the page's packages", shown: next.install.shown }, host.now()]
      installing = installFrontend(host, next.install, { report, signal: user })
      await installing
      installing = undefined
      const elapsedMs = host.now() - began
      run.steps?.push({ id: step.id, title: step.title, elapsedMs })
      report({ event: 'setup-done', step, elapsedMs })
      if (signal.aborted) return
      next = await look()
    }
    if (next.kind === 'error') throw next.error
    if (next.kind === 'needs-install') return fail(expectedOrigin(), notInstalled(next.why, next.install, shownFolder()))
    if (next.kind === 'no-manager') return fail(expectedOrigin(), managerMissing(next.install, namedManager()))
    if (next.kind === 'run' && files !== undefined)
      next = planAt(run, files, backendPort, { asked, port: await freeFrontendPort(run, files) })
    if (next.kind !== 'run') {
      if (next.kind === 'none' && next.why !== undefined) report({ event: 'warning', id: 'frontend-not-started', text: next.why })
      originIs(undefined)
      return
    }
    take(next)
    dev = new DevServer(next.service, services, told)
    services.take(dev)
    // where nobody tells its port, its socket does
    if (next.wanted.port === undefined) setTimeout(() => origin.resolve(undefined), originPatienceMs)
    else originIs(next.origin)
  }
  const app = () => (files?.frontend.kind === 'app' ? files.frontend.app : undefined)
  const shownFolder = () => app()?.shown ?? 'frontend'
  const namedManager = () => app()?.manager.named
  const install = () => {
    const found = app()
    return found && planFrontendInstall(found.manager)
  }
  const expectedOrigin = () => {
    const found = app()
    return (found && pageOrigin(found.address, found.address.port)) ?? 'http://localhost'
  }
  const take = (next: Run) => {
    plan = next
    if (summary?.state !== 'ready') tell({ url: next.page, state: 'starting', text: 'starting' })
    if (next.hardCoded.length > 0)
      report({
        event: 'warning',
        id: 'frontend-port-hard-coded',
        text: hardCodedWords(next.hardCoded, shownFolder(), backendAddress(config, backendPort)),
      })
    for (const { name, value } of next.variables) report({ event: 'note', text: `the frontend gets ${name}=${value}` })
    const command = app()?.command
    const leftOut = command?.kind === 'command' ? (command.command.leftOut ?? []) : []
    if (leftOut.length > 0)
      report({
        event: 'note',
        text: `of the script ${app()?.script ?? ''} only ${next.service.shown} is run, the backend is up already: not ${leftOut.join(', ')}`,
      })
  }
  const tell = (next: FrontendSummary) => {
    summary = next
    if (!isShown || (shown?.state === next.state && (shown.url === next.url || next.state === 'starting'))) return
    shown = next
    report({ event: 'frontend', ...next })
  }
  const fail = (url: string, cause: Diagnosis) => {
    const diagnosis = judged(cause)
    const [command] = diagnosis.remedy.commands
    const fix = command === undefined ? '' : `   ${command.join(' ')}`
    tell({
      url,
      state: 'failed',
      text: `${diagnosis.title.replace(/^The frontend (?:is )?/, '')}. ${diagnosis.remedy.text}${fix}   ${diagnosis.id}`,
      diagnosis,
    })
    originIs(plan?.origin)
  }
  const prove = async () => {
    const now = plan
    if (now === undefined || dev?.status.state !== 'ready' || signal.aborted) return
    const { pid } = dev.status
    const found = await servedPage(host, pid, now.wanted)
    const page = found instanceof URL ? found : new URL(now.page)
    originIs(page.origin)
    const above = up
    if (above === undefined) return
    const endpoint = above.prover.endpoint()
    // its path is known by now: that of the application, where nobody names one
    const addresses = { frontendPort: portOf(page), port: backendPort, path: endpoint.url.pathname }
    const socket = files === undefined ? now.socket : socketWay(files.reading, now.variables, addresses)
    const proof = await raceStop(
      proveFrontend(host, {
        page,
        pid,
        socket: socket.way === 'dev-server' ? endpoint : undefined,
        direct: above.first.facts,
        wiring: files?.reading,
        deadlineMs: config.startTimeout,
        holdMs: 0,
        signal,
      }),
      signal,
    )
    if (proof === undefined) return
    // the backend was proven with the Origin that was expected: a page that is elsewhere has another
    const refused = endpoint.origin === page.origin || config.origin !== undefined ? undefined : await refusedOrigin(endpoint, page)
    const diagnosis = proof.diagnosis ?? refused
    const before = summary?.diagnosis?.id
    tell({
      url: page.href,
      state: proof.state === 'proven' && diagnosis === undefined ? 'ready' : 'failed',
      text: words(proof, diagnosis),
      ...(diagnosis === undefined ? {} : { diagnosis }),
    })
    if (diagnosis !== undefined && diagnosis.id === before) return
    if (diagnosis !== undefined) report({ event: 'diagnosis', diagnosis })
    else if (proof.state === 'proven') served({ url: page, app: app(), given: now.wanted.port })
  }
  const proveSoon = () => {
    proving = (proving ?? Promise.resolve()).then(prove)
  }

  /** How its process stands now. */
  const told = ({ state, why }: ServiceStatus, said: readonly string[]) => {
    if (state === 'ready') proveSoon()
    // one that has never served a page is no better the next time
    const isOver = state === 'failed' || state === 'done' || (state === 'restarting' && why !== undefined)
    if (!isOver || plan === undefined) return
    const { service, page } = plan
    const [packages, manager] = service.hopeless ?? []
    const by = install()
    if (by !== undefined && why !== undefined && why === packages?.why) fail(page, notInstalled(why, by, shownFolder(), said))
    else if (by !== undefined && why !== undefined && why === manager?.why) fail(page, managerMissing(by, namedManager(), said))
    else fail(page, frontendFailed(service.shown, why ?? 'it has ended', said))
  }

  const begun = begin().catch((error: unknown) => {
    const by = install()
    if (!(error instanceof LauncherError) || by === undefined || error.exitCode === ExitCode.usage) {
      origin.reject(error)
      return
    }
    const { code, message, evidence } = error
    const isManager = code === 'package-manager-missing' || evidence.some((line) => managerFails.test(line))
    fail(expectedOrigin(), isManager ? managerMissing(by, namedManager(), evidence) : notInstalled(message, by, shownFolder(), evidence))
  })
  return {
    /** What the browser will send as the Origin; undefined where no frontend is started. Rejects with LauncherError where the configuration is wrong. */
    origin: origin.promise,
    /** The same once it isn't what its files let expect: the dev tool has said it, or its page is there. It may never be. */
    sureOrigin: sureOrigin.promise,
    /** Whether one is started: it is known once its files were read, and its packages are there. */
    runs: begun.then(() => plan !== undefined),
    summary: () => summary,
    /** What the banner says of it; later changes are told by the report. */
    show: () => {
      isShown = true
      shown = summary
      return summary
    },
    /** An installation that is under way is waited for: ended half-way it would leave half of node_modules. */
    over: async () => {
      if (installing === undefined || user.aborted) return
      report({ event: 'note', text: "the frontend's packages are still being installed, which is waited for (Ctrl+C ends it)" })
      await begun
    },
    /** Its page and the WebSocket through it, tried anew where they were tried already. */
    proveAgain: async () => {
      if (summary !== undefined && summary.state !== 'starting') proveSoon()
      await proving
    },
    /** The backend is up: the WebSocket through the page's own server can be tried. */
    backendIsUp: (now: Up) => {
      up = now
      proveSoon()
    },
    /** The backend listens elsewhere than it was planned for: the frontend is told. */
    backendMoved: (moved: number) => {
      backendPort = moved
      if (plan === undefined || files === undefined) return
      const next = planAt(run, files, moved, { asked, port: plan.wanted.port })
      if (next.kind !== 'run') return
      take(next)
      void services.restart('frontend', next.service)
    },
  }
}

function planAt(
  { host, config }: Prepared,
  files: FrontendFiles,
  backendPort: number,
  { asked, port }: { readonly asked: AskedTool | undefined; readonly port?: number | undefined },
): FrontendPlan {
  return planFrontend({
    config,
    ...files,
    asked,
    backend: backendAddress(config, backendPort),
    port: port ?? (files.frontend.kind === 'app' ? files.frontend.app.address.port : undefined),
    env: host.env,
    color: host.terminal.color && !config.json,
    platform: host.platform,
    node: process.execPath,
  })
}

/** What was seen of the dev server, and nothing else: where its page opens a WebSocket only a browser can tell. */
function words({ page, owner, through }: FrontendProof, diagnosis: Judged | undefined): string {
  if (page === undefined) return 'its page does not answer'
  if (owner === 'foreign') return 'another program answers at its address'
  const answered = `page ${page.status} in ${milliseconds(page.elapsedMs)}`
  if (diagnosis !== undefined)
    return `${answered} · ${through === undefined ? 'its WebSocket is refused' : 'WebSocket through it fails'}   ${diagnosis.id}`
  const { handshake } = through?.facts ?? {}
  return handshake?.result === 'open' ? `${answered} · WebSocket through it 101 in ${milliseconds(handshake.elapsedMs)}` : answered
}
