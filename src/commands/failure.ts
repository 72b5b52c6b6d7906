import { dirname } from 'node:path'
import { ExitCode, LauncherError } from '../errors.ts'
import { nodeHost } from '../host/node-host.ts'
import { errorPage } from '../report/failure.ts'
import { schemaVersion } from '../report/start-json.ts'
import { styleFor } from '../report/style.ts'

/** Says what ended a command and gives the exit status. An error that isn't ours keeps its stack. */
export function reportError(error: unknown, options: { json: boolean }): number {
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
