import { gatherFrontend, type FrontendFiles } from '../facts/frontend-reading.ts'
import { findHolder } from '../facts/holder.ts'
import { nextFreePort } from '../facts/next-port.ts'
import { isFree, probePort } from '../facts/port.ts'
import type { ServiceStatus } from '../facts/service-status.ts'
import { deferred } from '../host/deferred.ts'
import { raceStop } from '../host/race-stop.ts'
import { hardCodedWords } from '../plan/hard-coded-port.ts'
import { planFrontend, type FrontendPlan } from '../plan/frontend.ts'
import { usualPath } from '../facts/project.ts'
import { holderWords } from '../plan/port.ts'
import type { FrontendSummary } from '../report/run-event.ts'
import { installFrontend } from '../run/frontend-install.ts'
import type { Services } from '../run/services.ts'
import { proveFrontend, type FrontendProof } from '../verify/frontend.ts'
import type { Up } from './start-life.ts'
import type { Prepared } from './start-prepare.ts'

/** The frontend of a run, from its files to its proof. */
export type Frontend = ReturnType<typeof startFrontend>

type Run = Extract<FrontendPlan, { kind: 'run' }>

/** Starts the frontend beside the backend, which is launched for `port`. Returns at once. */
export function startFrontend(run: Prepared, services: Services, port: number) {
  const { host, config, report, signal } = run
  let summary: FrontendSummary | undefined
  let plan: Run | undefined
  let files: FrontendFiles | undefined
  let up: Up | undefined
  let ready = false
  let backendPort = port
  let shown: FrontendSummary | undefined
  const settled = deferred<void>()
  const origin = deferred<string | undefined>()
  let proving: Promise<void> | undefined

  const begin = async () => {
    const project = { root: run.checkout.project.root, backend: run.checkout.project.backend }
    const gather = () => gatherFrontend(host, config, project, process.execPath)
    files = await gather()
    const chosen = await freeFrontendPort(run, files)
    let next = planAt(run, files, chosen, backendPort)
    if (next.kind === 'needs-install') {
      // its Origin is known before its packages are there
      if (!(config.install || config.setup)) {
        report({
          event: 'warning',
          id: 'frontend-packages-missing',
          text: `The frontend is not started: ${next.why}. Install them:  ${inFolder(run, next.install.cwd)}${next.shown}   (--install does it)`,
        })
        done(undefined)
        return
      }
      summary = { url: originAt(chosen), state: 'starting', text: `installing its packages: ${next.shown}` }
      origin.resolve(originAt(chosen))
      report({ event: 'phase', text: next.shown })
      await installFrontend(host, next.install, { onLine: (line) => report({ event: 'setup-log', line }), signal })
      files = await gather()
      next = planAt(run, files, chosen, backendPort)
    }
    if (next.kind === 'error') throw next.error
    if (next.kind !== 'run') {
      const why = next.kind === 'none' ? next.why : `${next.why}, after the installation`
      if (why !== undefined) report({ event: 'warning', id: 'frontend-not-started', text: why })
      done(undefined)
      return
    }
    take(next)
    services.add(next.service)
    origin.resolve(next.origin)
  }
  const take = (next: Run) => {
    plan = next
    summary ??= { url: next.page, state: 'starting', text: 'starting' }
    const folder = files?.frontend.kind === 'app' ? files.frontend.app.shown : 'frontend'
    if (next.hardCoded.length > 0)
      report({
        event: 'warning',
        id: 'frontend-port-hard-coded',
        text: hardCodedWords(next.hardCoded, folder, { port: backendPort, wantedPort: config.port }),
      })
    for (const { name, value } of next.variables) report({ event: 'note', text: `the frontend gets ${name}=${value}` })
  }
  const done = (last: FrontendSummary | undefined) => {
    summary = last
    origin.resolve(undefined)
    settled.resolve()
  }
  const prove = async () => {
    const now = plan
    const above = up
    if (now === undefined || above === undefined || !ready || signal.aborted) return
    const proof = await raceStop(
      proveFrontend(host, {
        page: new URL(now.page),
        pid: services.statuses.find(({ name }) => name === 'frontend')?.pid,
        socket: now.socket.way === 'dev-server' ? above.prover.endpoint() : undefined,
        direct: above.first.facts,
        wiring: files?.reading,
        deadlineMs: config.startTimeout,
        holdMs: 0,
        signal,
      }),
      signal,
    )
    if (proof === undefined) return
    summary = { url: now.page, state: proof.state === 'proven' ? 'ready' : 'failed', text: words(proof, now) }
    if (proof.diagnosis !== undefined) report({ event: 'diagnosis', diagnosis: proof.diagnosis })
    if (shown !== undefined && (shown.state !== summary.state || shown.url !== summary.url)) {
      shown = summary
      report({ event: 'frontend', ...summary })
    }
    settled.resolve()
  }
  const proveSoon = () => {
    proving = (proving ?? Promise.resolve()).then(prove)
  }

  void begin().catch((error: unknown) => {
    origin.reject(error)
    summary = undefined
    settled.resolve()
  })
  return {
    /** What the browser will send as the Origin; undefined where no frontend is started. Rejects with LauncherError where the configuration is wrong. */
    origin: origin.promise,
    /** Resolves once its page was tried, or it is known that none will be. */
    settled: settled.promise,
    summary: () => summary,
    /** What the banner says of it; later changes are told by the report. */
    show: () => {
      shown = summary
      return summary
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
      const next = planAt(run, files, plan.port, moved)
      if (next.kind !== 'run') return
      take(next)
      ready = false
      void services.restart('frontend', next.service)
    },
    /** How its process stands now. */
    told: ({ state, why }: ServiceStatus) => {
      if (state === 'ready') {
        ready = true
        proveSoon()
      }
      if (state !== 'failed' && state !== 'done') return
      ready = false
      if (plan === undefined) return
      summary = { url: plan.page, state: 'failed', text: why ?? 'it has ended' }
      settled.resolve()
    },
  }
}

function planAt({ host, config }: Prepared, files: FrontendFiles, frontendPort: number, backendPort: number): FrontendPlan {
  return planFrontend({
    config,
    ...files,
    backend: { host: config.host, port: backendPort, wantedPort: config.port, path: config.path ?? usualPath },
    port: frontendPort,
    env: host.env,
    color: host.terminal.color && !config.json,
    platform: host.platform,
    node: process.execPath,
  })
}

/** The port that the frontend's own files name where it is free, else the next one; said, since the Origin changes with it. */
async function freeFrontendPort({ host, report }: Prepared, { frontend }: FrontendFiles): Promise<number> {
  const wanted = frontend.kind === 'app' ? frontend.app.address.port : undefined
  // nothing is started then; the plan says why
  if (wanted === undefined) return 0
  const fact = await probePort(wanted, '127.0.0.1')
  if (isFree(fact)) return wanted
  const next = (await nextFreePort(wanted, '127.0.0.1')) ?? wanted
  const holder = await findHolder(host, fact)
  report({
    event: 'warning',
    id: 'port-in-use',
    text: `Port ${wanted} of the frontend is held by ${holderWords('foreign', holder)}: using ${next}`,
  })
  return next
}

function originAt(port: number): string {
  return `http://localhost:${port}`
}

function inFolder({ checkout }: Prepared, folder: string): string {
  const { root } = checkout.project
  return folder === root ? '' : `cd ${folder.startsWith(root) ? folder.slice(root.length + 1) : folder} && `
}

function words({ page, owner, through, diagnosis }: FrontendProof, { socket }: Run): string {
  if (page === undefined) return 'its page does not answer'
  if (owner === 'foreign') return 'another program answers at its address'
  const answered = `page ${page.status} in ${Math.max(1, Math.round(page.elapsedMs))} ms`
  if (diagnosis !== undefined) return `${answered} · WebSocket through it fails   ${diagnosis.id}`
  const { handshake } = through?.facts ?? {}
  if (handshake?.result === 'open') return `${answered} · WebSocket through it 101 in ${Math.max(1, Math.round(handshake.elapsedMs))} ms`
  return socket.way === 'backend' ? `${answered} · its WebSocket goes to the backend` : answered
}
