import { LauncherError } from '../errors.ts'
import type { Checkout } from '../facts/checkout.ts'
import { findHolder } from '../facts/holder.ts'
import { nextFreePort } from '../facts/next-port.ts'
import type { PortFact } from '../facts/port.ts'
import { decidePort, holderWords } from '../plan/port.ts'
import type { SetupRun } from './start-setup.ts'

/** The port to take where the wanted one isn't simply free. Throws LauncherError where there is none. */
export async function portFor({ host, config, report }: SetupRun, checkout: Checkout, found: PortFact): Promise<number> {
  const warn = (text: string) => report({ event: 'warning', id: 'port-in-use', text })
  const fact = config.takeover ? await (await import('../run/takeover.ts')).takeOver(host, config, checkout, found, warn) : found
  const held = fact.binds.some(({ result }) => result === 'held')
  const holder = held ? await findHolder(host, fact) : undefined
  const decision = decidePort(fact, { host: config.host, strict: config.strictPort, holder, backend: checkout.project.backend })
  if (decision.kind === 'take') return decision.port
  if (decision.kind === 'fail') {
    if (decision.id === 'bad-port-permission') {
      throw new LauncherError(decision.id, `This user may not bind port ${fact.port}`, {
        evidence: [`Binding ${config.host} port ${fact.port}: EACCES`],
        hint: 'Use a port above 1023.',
        commands: [['election-dev', 'start', '--port', '8000']],
      })
    }
    if (decision.id === 'bind-address-unavailable') {
      throw new LauncherError(decision.id, `This machine doesn't have the address ${config.host}`, {
        evidence: [`Binding ${config.host} port ${fact.port}: EADDRNOTAVAIL`],
        hint: 'Bind 127.0.0.1.',
        commands: [['election-dev', 'start', '--host', '127.0.0.1']],
      })
    }
    throw new LauncherError(decision.id, `Port ${fact.port} is held`, {
      evidence: [`By ${holderWords(decision.holder ?? 'unknown', holder)}`],
      hint: 'End that program, or take another port.',
      commands: [['election-dev', 'start', '--port', String(fact.port + 1)]],
    })
  }
  const next = await nextFreePort(fact.port, config.host)
  if (next === undefined)
    throw new LauncherError('port-in-use', `Port ${fact.port} is held, and no port above it is free`, {
      evidence: [`By ${holderWords(decision.holder, holder)}`],
      hint: 'Name a port: --port',
    })
  report({
    event: 'warning',
    id: decision.holder === 'wsgi-server' ? 'wsgi-server-on-port' : 'port-in-use',
    text: `Port ${fact.port} is held by ${holderWords(decision.holder, holder)}: using ${next}`,
  })
  return next
}
