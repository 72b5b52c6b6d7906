import { startAgain } from '../config/again.ts'
import { evidenceOfWire } from '../checks/evidence.ts'
import { judgeHeld } from '../checks/server-process.ts'
import type { Diagnosis } from '../checks/diagnosis.ts'
import { LauncherError } from '../errors.ts'
import type { Checkout } from '../facts/checkout.ts'
import { gatherFrontend, readFrontend, readingBounds } from '../facts/frontend-reading.ts'
import { findHolder } from '../facts/holder.ts'
import { excludedRange } from '../facts/listener-tables.ts'
import { nextFreePort } from '../facts/next-port.ts'
import { isFree, probePort, type PortFact } from '../facts/port.ts'
import { shown, usualPath } from '../facts/project.ts'
import { serversOf } from '../facts/servers.ts'
import { ask } from '../host/ask.ts'
import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'
import { systemProgram } from '../host/programs.ts'
import { newerFiles } from '../facts/checkout-files.ts'
import { endpointAt } from '../look/target.ts'
import { mapVariables } from '../plan/frontend-env.ts'
import { hardCodedPorts, placeWords } from '../plan/hard-coded-port.ts'
import { decidePort, holderKind, holderWords } from '../plan/port.ts'
import { inShell, typed } from '../host/shell.ts'
import { untried } from '../verify/prove.ts'
import type { SetupRun } from './start-setup.ts'

/** How long a look at who holds the port may take, in milliseconds. */
const lookMs = 3000

/** The port to take where the wanted one isn't simply free. Throws LauncherError where there is none. */
export async function portFor(run: SetupRun, checkout: Checkout, found: PortFact): Promise<number> {
  const { host, config, report } = run
  const warn = (text: string) => report({ event: 'warning', id: 'port-in-use', text })
  const fact = config.takeover ? await (await import('../run/takeover.ts')).takeOver(host, config, checkout, found, warn) : found
  const decision = decidePort(fact, config.host)
  switch (decision) {
    case 'take':
      return fact.port
    case 'bad-port-permission':
      // a low port is for everybody there; a high one isn't free for another reason
      if (host.platform === 'win32') return portInPlace(run, checkout, fact, 'port-in-use', await keeperWords(host, fact.port))
      throw new LauncherError(decision, `This user may not bind port ${fact.port}`, {
        evidence: [`Binding ${config.host} port ${fact.port}: EACCES`],
        hint: 'Use a port above 1023.',
        commands: [startAgain(config, '--port', '8000')],
      })
    case 'bind-address-unavailable':
      throw new LauncherError(decision, `This machine doesn't have the address ${config.host}`, {
        evidence: [`Binding ${config.host} port ${fact.port}: EADDRNOTAVAIL`],
        hint: 'Bind 127.0.0.1.',
        commands: [startAgain(config, '--host', '127.0.0.1')],
      })
    default:
      return portInPlace(run, checkout, fact, decision)
  }
}

/**
 * What becomes of a held port: the next free one, unless the page names this
 * one where no variable reaches. Such a page isn't left behind: an older server
 * of this project is offered to be ended, and else the run ends here.
 */
async function portInPlace(
  run: SetupRun,
  checkout: Checkout,
  fact: PortFact,
  id: 'port-in-use' | 'ipv6-localhost',
  keeper?: string,
): Promise<number> {
  const { host, config, report, signal } = run
  const { takeOver, takeoverOf, targetWords } = await import('../run/takeover.ts')
  const ours = { backend: checkout.project.backend, what: 'server' } as const
  const [holder, cause, takeover, fixed] = await Promise.all([
    findHolder(host, fact),
    causeOfHolder(run, checkout, fact.port),
    takeoverOf(host, checkout, fact.port, ours),
    fixedPlaces(run, checkout, fact.port),
  ])
  const kind = takeover.kind === 'end' ? 'earlier-run' : holderKind(holder, checkout.project.backend)
  const who = keeper ?? holderWords(kind, holder)
  const [place] = fixed
  if (place !== undefined && takeover.kind === 'end' && !config.json) {
    const targets = takeover.targets.map((target) => targetWords(target)).join(' and ')
    if (await ask(host, `Port ${fact.port} is held by ${targets}, and the page names it: ${place}. End it?`, { enter: true, signal })) {
      const warn = (text: string) => report({ event: 'warning', id: 'port-in-use', text })
      if (isFree(await takeOver(host, config, checkout, fact, warn))) return fact.port
    }
  }
  const next = config.strictPort || place !== undefined ? undefined : await nextFreePort(fact.port, config.host)
  const takeIt = takeover.kind === 'end' ? [startAgain(config, '--takeover')] : undefined
  if (next === undefined) {
    const why = place !== undefined ? ', and the page names it' : config.strictPort ? '' : ', and no port above it is free'
    const pid = holder.listener?.pid
    const freed = pid === undefined ? [] : [...inShell(['kill', String(pid)], host.platform), startAgain(config)]
    const end = keeper === undefined ? 'End that program' : 'Have it given back (net stop winnat; net start winnat, as administrator)'
    const other = keeper === undefined ? undefined : await nextFreePort(fact.port, config.host)
    const elsewhere = [startAgain(config, '--port', String(other ?? fact.port + 1))]
    throw new LauncherError(place === undefined ? (cause?.id ?? id) : 'port-in-use', `Port ${fact.port} is held${why}`, {
      evidence: [
        `By ${who}`,
        ...(cause === undefined ? [] : [cause.title]),
        ...fixed.slice(0, 5).map((one) => `${one} names port ${fact.port}`),
      ],
      hint:
        takeIt !== undefined
          ? 'End that server of this project: --takeover does it.'
          : place === undefined
            ? `${end}, or take another port.`
            : `${end}: on another port the page would not find its backend. Or let a variable name the port (VITE_WS_URL).`,
      commands: takeIt ?? (place === undefined ? elsewhere : freed),
    })
  }
  const why = cause === undefined ? '' : `. ${cause.title}`
  const keep = takeIt === undefined ? '' : `. To end it and keep the port: ${typed(takeIt[0] ?? [])}`
  report({ event: 'warning', id: cause?.id ?? id, text: `Port ${fact.port} is held by ${who}: using ${next}${why}${keep}` })
  return next
}

/** What keeps a port of Windows that may not be bound and that nobody listens on, where it is known. */
async function keeperWords(host: Host, port: number): Promise<string | undefined> {
  const args = ['interface', 'ipv4', 'show', 'excludedportrange', 'protocol=tcp']
  const { stdout } = await runToEnd(systemProgram('netsh'), args, { env: host.env, deadlineMs: 3000 })
  const range = excludedRange(stdout, port)
  return range && `Windows itself, which keeps ${range.from} to ${range.to} for Hyper-V, WSL or Docker`
}

/** Where the page names the port, a place each, and no variable that this run sets reaches: in the frontend, and in the backend's own pages. */
async function fixedPlaces({ host, config }: SetupRun, checkout: Checkout, port: number): Promise<string[]> {
  const { root, backend } = checkout.project
  const moved = { host: config.host, port: port + 1, wantedPort: port, path: config.path ?? usualPath }
  const { frontend, reading } = await gatherFrontend(host, config, { root, backend }, process.execPath)
  const app = frontend.kind === 'app' ? frontend.app : undefined
  const own = await readFrontend(backend, readingBounds, app?.folder)
  // a link of a page to its own server is followed by nobody before it is opened
  const sockets = hardCodedPorts(own, [], moved).filter(({ text }) => !/^https?:/i.test(text))
  const places = placeWords(sockets, shown(checkout.project, backend))
  if (app === undefined || config.frontend === false) return places
  const command = app.command.kind === 'command' ? app.command.command : undefined
  const given = config.frontend?.env ?? {}
  const env = { ...host.env, ...command?.env }
  const mapped = mapVariables({ reading, tool: app.tool, args: command?.args ?? [], env, backend: moved, given })
  return [...placeWords(hardCodedPorts(reading, mapped, moved), app.shown), ...places]
}

/** What is wrong with a server of this project that holds the port; undefined for any other program. */
async function causeOfHolder({ host, config }: SetupRun, checkout: Checkout, port: number): Promise<Diagnosis | undefined> {
  const { project } = checkout
  const { root, backend } = project
  const servers = await serversOf(host, { ports: [port], root, backend, names: [], deadlineMs: lookMs })
  const wire = untried(endpointAt(config, project, port), {})
  return judgeHeld({ ...evidenceOfWire(wire), checkout, servers, newerThanServer: await newerFiles(backend, servers, port) })
}

/** With `--strict-port` the instances take the ports above the first one as they come. Throws LauncherError `port-in-use` where one is held. */
export async function refuseHeldPorts({ host, instances }: Pick<SetupRun['config'], 'host' | 'instances'>, first: number): Promise<void> {
  for (let index = 1; index < instances; index++) {
    const fact = await probePort(first + index, host)
    if (isFree(fact)) continue
    throw new LauncherError('port-in-use', `Port ${fact.port} is held, which ${instances} instances need`, {
      evidence: fact.binds
        .filter(({ result }) => result === 'held')
        .map(({ address }) => `Binding ${address} port ${fact.port}: EADDRINUSE`),
      hint: 'End that program, or leave out --strict-port: the next free port is used.',
    })
  }
}
