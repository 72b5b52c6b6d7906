import { nearestIds } from '../checks/nearest.ts'
import { pageOf } from '../causes/page.ts'
import { causeOf, isCauseId } from '../causes/causes.ts'
import { ExitCode, usageError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { explainJson, explainText, listJson, listText } from '../report/known-cause.ts'

/** `election-dev doctor --list`: every cause that can be named. Gives the exit status. */
export async function listCommand(host: Host, { json }: { readonly json: boolean }): Promise<number> {
  if (json) host.terminal.json(listJson())
  else for (const line of listText(host)) host.terminal.out(line)
  return ExitCode.ok
}

/** `election-dev doctor explain ID`: all that there is to say of one cause. Gives the exit status. */
export async function explainCommand(host: Host, id: string, { json }: { readonly json: boolean }): Promise<number> {
  const wanted = id.trim().toLowerCase()
  if (!isCauseId(wanted)) {
    const near = nearestIds(wanted)
    const hint = near.length === 0 ? '' : `Did you mean ${near.join(', ')}?\n`
    throw usageError('usage', `There is no cause named ${id}`, { hint: `${hint}election-dev doctor --list shows all of them.` })
  }
  const cause = causeOf(wanted)
  const page = await pageOf(wanted)
  if (json) host.terminal.json(explainJson(cause, page))
  else for (const line of explainText(host, cause, page)) host.terminal.out(line)
  return ExitCode.ok
}
