import { dirname } from 'node:path'
import { errorCode, errorMessage, ExitCode, LauncherError, usageError } from '../errors.ts'
import { nodeHost } from '../host/node-host.ts'
import { errorPage } from '../report/failure.ts'
import { schemaVersion } from '../report/start-json.ts'
import { styleFor } from '../report/style.ts'

const notForThisUser = 'Make it writable for this user, or run election-dev where it is.'
const noRoom = 'Free some space, then try again.'

/** What the system refuses whoever asks, by the code of its error (errno(3)), and what helps. */
const refusals: ReadonlyMap<string, string> = new Map([
  ['EACCES', notForThisUser],
  ['EPERM', notForThisUser],
  ['EROFS', notForThisUser],
  ['ENOSPC', noRoom],
  ['EDQUOT', noRoom],
])

/** The error for people of what the system refuses: it is no defect of ours. */
function refusalOf(error: unknown): LauncherError | undefined {
  const hint = refusals.get(errorCode(error) ?? '')
  return hint === undefined
    ? undefined
    : usageError('system-refused', `The system refuses it: ${errorMessage(error)}`, { hint, cause: error })
}

/** Says what ended a command and gives the exit status. An error that isn't ours keeps its stack. */
export function reportError(thrown: unknown, options: { json: boolean }): number {
  const error = thrown instanceof LauncherError ? thrown : (refusalOf(thrown) ?? thrown)
  // the working folder may be what is wrong
  const host = nodeHost({ cwd: dirname(process.execPath) })
  if (!(error instanceof LauncherError)) {
    host.terminal.err(
      `election-dev failed in a way that it should not: please report this.\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
    return ExitCode.usage
  }
  if (options.json) {
    const { code, message, hint, evidence } = error
    host.terminal.json({ schemaVersion, event: 'error', ok: false, code, message, hint: hint ?? null, evidence })
  } else {
    const color = host.terminal.color && host.terminal.errIsTerminal
    for (const line of errorPage(error, styleFor({ terminal: { ...host.terminal, color } }), host.terminal.columns)) host.terminal.err(line)
  }
  return error.exitCode
}
