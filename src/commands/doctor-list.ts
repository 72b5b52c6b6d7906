import { ExitCode } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { listJson, listText } from '../report/check-list.ts'

/** `election-dev doctor --list`: every cause that can be named. Gives the exit status. */
export async function listCommand(host: Host, { json }: { readonly json: boolean }): Promise<number> {
  const lines = json ? [JSON.stringify(listJson())] : listText(host)
  for (const line of lines) host.terminal.out(line)
  return ExitCode.ok
}
