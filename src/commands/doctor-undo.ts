import { ExitCode } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { undoNewest } from '../run/backup.ts'
import { styleFor } from '../report/style.ts'

/** `doctor --undo`: puts the newest backup back. Gives 0 where all of it could be, 1 where something was left. */
export async function undoCommand(host: Host, { json, version }: { json: boolean; version: string }): Promise<number> {
  const { shown, done } = await undoNewest(host.cwd)
  // what pip has installed stays: that is told, and is no failure
  const isWhole = done.every(({ outcome, why }) => outcome !== 'left' || why?.startsWith('what a command did') === true)
  if (json) host.terminal.json({ schemaVersion: 1, command: 'doctor', version, ok: isWhole, backup: shown, undone: done })
  else {
    const style = styleFor(host)
    host.terminal.out('')
    host.terminal.out(`  ${style.bold(`Put back from ${shown}`)}`)
    for (const { path, outcome, why } of done)
      host.terminal.out(
        `    ${outcome === 'left' ? style.yellow('!') : style.green('✔')} ${path}   ${outcome}${why === undefined ? '' : `: ${why}`}`,
      )
    host.terminal.out('')
  }
  return isWhole ? ExitCode.ok : ExitCode.finding
}
