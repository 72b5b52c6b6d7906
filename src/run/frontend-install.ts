import { LauncherError } from '../errors.ts'
import { managerProgram } from '../facts/package-bin.ts'
import { lockIn } from '../facts/package-manager.ts'
import type { Host } from '../host/host.ts'
import type { FrontendInstall } from '../plan/frontend.ts'
import { withoutOurs } from '../host/secret-names.ts'
import { runCommand } from './command.ts'
import { withoutEscapes } from '../host/escape-codes.ts'

/** How long an installation may take, in milliseconds: over a slow line it takes minutes. */
const installMs = 15 * 60_000

/** What an installation tells, as a run reports it. */
type InstallEvent = { readonly event: 'setup-log'; readonly line: string } | { readonly event: 'note'; readonly text: string }

/**
 * Installs a frontend's packages, without a shell. Lines of the package manager
 * are reported; `signal` ends it with all that it started. Throws LauncherError
 * `frontend-install` with what it said first of its errors, else its last lines, or `package-manager-missing`.
 */
export async function installFrontend(
  host: Host,
  install: FrontendInstall,
  context: { readonly report: (event: InstallEvent) => void; readonly signal: AbortSignal; readonly node?: string },
): Promise<void> {
  const program = await managerProgram(host, install.manager, context.node ?? process.execPath)
  if (program === undefined) {
    throw new LauncherError('package-manager-missing', `${install.manager} is not on this machine`, {
      evidence: [`${install.cwd} is installed with ${install.shown}`],
      hint:
        install.manager === 'bun'
          ? 'Install it: https://bun.sh'
          : `Install it:  ${install.manager === 'npm' ? 'https://nodejs.org brings it' : `npm install -g ${install.manager}`}`,
    })
  }
  const command = {
    id: 'frontend-install',
    shown: install.shown,
    file: program.file,
    args: [...program.args, ...install.args],
    cwd: install.cwd,
    deadlineMs: installMs,
  }
  const before = await lockIn(install.cwd)
  const errors: string[] = []
  const onLine = (line: string) => {
    const text = withoutEscapes(line).trim()
    if (errors.length < toldErrors && (errorLine.test(text) || (errors.length > 0 && text !== '')) && !emptyLine.test(text))
      errors.push(text)
    context.report({ event: 'setup-log', line })
  }
  const running = runCommand(host, command, {
    env: {
      ...withoutOurs(host.env),
      // a dev server is a dev dependency, which production leaves out
      NODE_ENV: undefined,
      // without a terminal there is nobody to answer (https://github.com/nodejs/corepack#environment-variables)
      COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
      ...(install.manager === 'pnpm' ? { CI: host.env['CI'] ?? 'true' } : {}),
    },
    onLine,
    signal: context.signal,
  })
  await running.catch((error: unknown) => {
    if (!(error instanceof LauncherError) || errors.length === 0) throw error
    const { code, message, hint } = error
    throw new LauncherError(code, message, { evidence: errors, ...(hint === undefined ? {} : { hint }), cause: error })
  })
  const lock = await lockIn(install.cwd)
  if (before === undefined && lock !== undefined)
    context.report({
      event: 'note',
      text: `${install.manager} has written ${lock}, which belongs in the repository: undo doesn't remove it`,
    })
}

/** What went wrong comes first; npm's last lines are its usage, and where its log is. */
const toldErrors = 8
const errorLine = /^(?:npm (?:ERR!|error)|error\b|ERR_|.{0,4}ERR_PNPM|.*\bYN\d{4}: .*(?:Error|error))/i
const emptyLine = /^(?:npm (?:ERR!|error))?$/
