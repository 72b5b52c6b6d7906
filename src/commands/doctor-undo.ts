import { ExitCode, LauncherError } from '../errors.ts'
import { readRuns } from '../facts/run-state.ts'
import { ask } from '../host/ask.ts'
import type { Host } from '../host/host.ts'
import { intoBackup, newestBackup } from '../run/backup.ts'
import { styleFor } from '../report/style.ts'
import { version } from '../version.ts'

/** `doctor --undo`: puts the newest backup back, after a yes. Gives 0 where all of it could be, 1 where something was left. */
export async function undoCommand(host: Host, { json, yes }: { json: boolean; yes: boolean }): Promise<number> {
  const { shown, plan, run } = await newestBackup(host, host.cwd)
  const up = plan.some((line) => line.endsWith(intoBackup))
    ? (await readRuns(host, host.cwd)).find(({ kind }) => kind === 'alive')
    : undefined
  if (up?.kind === 'alive')
    throw new LauncherError('run-up', `A run of this project is up (PID ${up.run.launcher.pid}), and uses what would be put away`, {
      evidence: plan,
      hint: 'End it first (Ctrl+C where it runs, or election-dev stop), then undo.',
    })
  const { terminal } = host
  const style = styleFor(host)
  if (!json)
    for (const line of ['', `  ${style.bold(`Will be put back from ${shown}`)}`, ...plan.map((each) => `    ${each}`), ''])
      terminal.out(line)
  const may = yes || (!json && (await ask(host, 'Put it back?')))
  const done = may ? await run() : []
  // what pip has installed stays: that is told, and is no failure
  const isWhole = may && done.every(({ outcome, why }) => outcome !== 'left' || why?.startsWith('what a command did') === true)
  if (json) terminal.json({ schemaVersion: 1, command: 'doctor', version, ok: isWhole, backup: shown, planned: plan, undone: done })
  else if (may) {
    terminal.out(`  ${style.bold(`Put back from ${shown}`)}`)
    for (const { path, outcome, why } of done)
      terminal.out(
        `    ${outcome === 'left' ? style.yellow('!') : style.green('✔')} ${path}   ${outcome}${why === undefined ? '' : `: ${why}`}`,
      )
    terminal.out('')
  } else terminal.out(`  ${terminal.interactive ? '' : 'Needs confirmation; rerun with --yes. '}Nothing was changed.`)
  return isWhole ? ExitCode.ok : ExitCode.finding
}
