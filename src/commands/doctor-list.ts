import { ExitCode } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { listJson, listText } from '../report/known-cause.ts'

/** `election-dev doctor --list`: every cause that can be named. Gives the exit status. */
export async function listCommand(host: Host, { json }: { readonly json: boolean }): Promise<number> {
  if (json) host.terminal.json(listJson())
  else for (const line of listText(host)) host.terminal.out(line)
  return ExitCode.ok
}
