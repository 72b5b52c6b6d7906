import { evidenceOfWire } from '../checks/evidence.ts'
import { judgeHeld } from '../checks/server-process.ts'
import type { Diagnosis } from '../checks/diagnosis.ts'
import { LauncherError } from '../errors.ts'
import type { Checkout } from '../facts/checkout.ts'
import { findHolder } from '../facts/holder.ts'
import { nextFreePort } from '../facts/next-port.ts'
import { isFree, probePort, type PortFact } from '../facts/port.ts'
import { serversOf } from '../facts/servers.ts'
import { newerFiles } from '../look/gather.ts'
import { endpointAt } from '../look/target.ts'
import { decidePort, holderKind, holderWords } from '../plan/port.ts'
import { fixLine } from '../report/words.ts'
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
      throw new LauncherError(decision, `This user may not bind port ${fact.port}`, {
        evidence: [`Binding ${config.host} port ${fact.port}: EACCES`],
        hint: 'Use a port above 1023.',
        commands: [['election-dev', 'start', '--port', '8000']],
      })
    case 'bind-address-unavailable':
      throw new LauncherError(decision, `This machine doesn't have the address ${config.host}`, {
        evidence: [`Binding ${config.host} port ${fact.port}: EADDRNOTAVAIL`],
        hint: 'Bind 127.0.0.1.',
        commands: [['election-dev', 'start', '--host', '127.0.0.1']],
      })
    default:
      return portInPlace(run, checkout, fact, decision)
  }
}

/** The next free port, and who holds the wanted one with the cause that the doctor names of that; `id`: where it names none. */
async function portInPlace(run: SetupRun, checkout: Checkout, fact: PortFact, id: 'port-in-use' | 'ipv6-localhost'): Promise<number> {
  const { host, config, report } = run
  const [holder, cause] = await Promise.all([findHolder(host, fact), causeOfHolder(run, checkout, fact.port)])
  const who = holderWords(holderKind(holder, checkout.project.backend), holder)
  const next = config.strictPort ? undefined : await nextFreePort(fact.port, config.host)
  if (next === undefined)
    throw new LauncherError(cause?.id ?? id, `Port ${fact.port} is held${config.strictPort ? '' : ', and no port above it is free'}`, {
      evidence: [`By ${who}`, ...(cause === undefined ? [] : [cause.title])],
      hint: 'End that program, or take another port.',
      commands: [cause?.remedy.commands[0] ?? ['election-dev', 'start', '--port', String(fact.port + 1)]],
    })
  const why = cause === undefined ? '' : `. ${cause.title}. ${fixLine(cause.remedy)}`
  report({ event: 'warning', id: cause?.id ?? id, text: `Port ${fact.port} is held by ${who}: using ${next}${why}` })
  return next
}

/** What is wrong with a server of this project that holds the port; undefined for any other program. */
async function causeOfHolder({ host, config }: SetupRun, checkout: Checkout, port: number): Promise<Diagnosis | undefined> {
  const { project } = checkout
  const { root, backend } = project
  const servers = await serversOf(host, { ports: [port], root, backend, names: [], deadlineMs: lookMs })
  const wire = untried(endpointAt(config, project, port), {})
  return judgeHeld({ ...evidenceOfWire(wire), checkout, servers, newerThanServer: await newerFiles(project, servers, wire) })
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
      hint: 'End that program, or leave out --strict-port: the next free port is taken.',
    })
  }
}
