import { isCauseId } from '../causes/causes.ts'
import { flagsOf } from '../config/flags.ts'
import type { OptionsOf } from '../config/options/call.ts'
import { usageError } from '../errors.ts'
import { nodeHost } from '../host/node-host.ts'
import { besideRun } from '../look/run.ts'
import { doctorJson, doctorText } from '../report/doctor.ts'
import { diagnose, exitOf, targetsOf } from './doctor-look.ts'

/**
 * `election-dev doctor`: the one cause of a broken WebSocket, with its evidence
 * and the command that fixes it. Gives 0 where all is well, 1 with a cause, 2
 * where nothing could be judged.
 */
export async function doctorCommand(words: readonly string[], options: OptionsOf<'doctor'>): Promise<number> {
  const machine = nodeHost({ cwd: options.cwd })
  const json = options.json === true
  if (options.list === true) return (await import('./doctor-causes.ts')).listCommand(machine, { json })
  if (words[0] === 'explain') return (await import('./doctor-causes.ts')).explainCommand(machine, words[1] ?? '', { json })
  if (options.undo === true) return (await import('./doctor-undo.ts')).undoCommand(machine, { json, yes: options.yes === true })
  const wanted = wantedIds(words)
  const urls = options.url ?? []
  const { host, config } = await besideRun(machine, flagsOf(options), urls[0])
  if (options.fix === true) {
    const { fixCommand } = await import('./doctor-fix.ts')
    return fixCommand(host, config, {
      wanted,
      urls,
      yes: options.yes === true,
      // what the run that was up has had ends with that
      start: async (flags, without) => {
        const env = { ...machine.env }
        for (const name of without) delete env[name]
        return (await import('./start.ts')).start({ ...machine, env }, { ...flagsOf(options), ...flags })
      },
    })
  }
  const targets = await targetsOf(host, config, urls)
  // the seconds that are told are those since its process began
  const run = await diagnose(host, config, targets, { wanted, since: 0 })
  if (config.json) host.terminal.json(doctorJson(run))
  else for (const line of doctorText(host, run, { verbose: config.verbose })) host.terminal.out(line)
  return exitOf(run)
}

function wantedIds(words: readonly string[]): ReadonlySet<string> {
  for (const word of words) {
    if (!isCauseId(word)) {
      throw usageError('usage', `There is no check ${word}`, { hint: 'election-dev doctor --list names them all' })
    }
  }
  return new Set(words)
}
