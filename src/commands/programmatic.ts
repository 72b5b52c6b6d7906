import { resolveConfig } from '../config/resolve.ts'
import { atNamedPort } from '../facts/named-port.ts'
import type { Flags } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import { nodeHost } from '../host/node-host.ts'
import { sinkTerminal } from '../host/terminal.ts'
import type { DoctorOptions, DoctorResult, ProjectOptions, VerifyOptions, VerifyResult } from '../public.ts'
import { doctorJson } from '../report/doctor.ts'
import { diagnose, targetsOf } from './doctor-look.ts'
import { verifyOnce } from './verify.ts'

/** Options of the API that are no keys of the configuration. */
const notKeys: ReadonlySet<string> = new Set(['cwd', 'onEvent', 'signal', 'url', 'urls'])

/** The options as flags of the command line; keys alone. */
export function flagsOfOptions(options: ProjectOptions): Flags {
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => !notKeys.has(name) && value !== undefined))
}

/** The host of a program that we are a part of: its terminal is its own. `json` gets each document, without secrets. */
export function programHost(options: ProjectOptions, json: (text: string) => void = () => {}): Host {
  return nodeHost({
    cwd: options.cwd,
    // a callback takes what it is given
    terminal: (secrets) =>
      sinkTerminal({ out: () => {}, err: () => {}, json: (value) => json(secrets.json(value)) }, { color: false, columns: 100 }),
  })
}

/** `verify` for a program. */
export async function verifyForProgram(options: VerifyOptions): Promise<VerifyResult> {
  const host = programHost(options)
  const config = await atNamedPort(host, await resolveConfig(host, flagsOfOptions(options)))
  const { proof } = await verifyOnce(host, config, options.url)
  const { state, facts, diagnosis } = proof
  const { endpoint, handshake, session } = facts
  return {
    proven: state === 'proven',
    state,
    url: endpoint.url,
    origin: endpoint.origin,
    handshakeMs: handshake?.result === 'open' ? handshake.elapsedMs : undefined,
    pongMs: session?.pong?.result === 'pong' ? session.pong.elapsedMs : undefined,
    heldMs: session?.heldMs,
    closeCode: session?.close?.code,
    cause: diagnosis,
  }
}

/** `doctor` for a program. */
export async function doctorForProgram(options: DoctorOptions): Promise<DoctorResult> {
  const host = programHost(options)
  const config = await atNamedPort(host, await resolveConfig(host, flagsOfOptions(options)))
  const targets = await targetsOf(host, config, options.urls ?? [])
  return doctorJson(await diagnose(host, config, targets, { wanted: new Set() }))
}
