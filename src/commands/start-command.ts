import { cwdOf, flagsOf } from '../config/flags.ts'
import { nodeHost } from '../host/node-host.ts'
import { start } from './start.ts'

/** `election-dev start` from the command line. Gives the exit status. */
export async function startCommand(options: Readonly<Record<string, unknown>>, version: string): Promise<number> {
  return start(nodeHost({ cwd: cwdOf(options) }), flagsOf(options), { version })
}
