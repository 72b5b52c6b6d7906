import type { FailedStart } from '../facts/startup.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { judgeLog } from './server-log.ts'
import { exceptionsIn } from './traceback.ts'

/** How many of the last lines are shown. */
const shownLines = 12

/**
 * Why the server isn't there: it ended, or lives and doesn't listen. The cause
 * is the one that its output names; else the last lines and the exit status
 * speak for themselves. Pure.
 */
export function judgeStartup(up: FailedStart, startTimeoutMs: number): Diagnosis {
  const tail = up.lines.slice(-shownLines)
  if (up.kind === 'silent') {
    // a reloader stays alive with nothing listening, and only an exception tells; an ERROR line alone does not
    const named =
      exceptionsIn(up.lines).length > 0 || up.lines.some((line) => /SystemCheckError/.test(line)) ? judgeLog(up.lines) : undefined
    if (named !== undefined)
      return { ...named, evidence: [`The process lives, and no socket of it listens on port ${up.port}`, ...named.evidence] }
    return diagnosis(
      'settings-import-hang',
      `The server runs and doesn't listen on port ${up.port} after ${Math.round(startTimeoutMs / 1000)} s`,
      ['Its process lives, and no socket of it listens', ...tail],
      'See where it hangs: python -X faulthandler; no blocking call and no question in the settings. A start that takes longer: --start-timeout.',
    )
  }
  const { exit } = up
  if (exit.spawnError !== undefined) {
    return diagnosis('venv-broken', "The interpreter can't be run", [exit.spawnError], 'Make the environment anew.', {
      commands: [['election-dev', 'start', '--setup']],
      automatic: 'ask',
    })
  }
  const how = exit.signal === undefined ? `exit status ${exit.exitCode ?? 'unknown'}` : `ended by ${exit.signal}`
  if (up.portTaken) {
    return diagnosis(
      'port-in-use',
      `Port ${up.port} was taken by another program before the server could bind it`,
      [
        `The server ended after ${Math.round(exit.afterMs)} ms with ${how}`,
        ...tail.filter((line) => /Errno|address|port/i.test(line)).slice(-2),
      ],
      'Start again, or take another port.',
      { commands: [['election-dev', 'start', '--port', String(up.port + 1)]], automatic: 'ask' },
    )
  }
  const named = exit.signal === undefined ? judgeLog(up.lines) : undefined
  if (named !== undefined)
    return { ...named, evidence: [`The server ended after ${Math.round(exit.afterMs)} ms with ${how}`, ...named.evidence] }
  return diagnosis(
    'server-crashes',
    exit.signal === undefined ? `The server ended by itself (${how})` : `The server was ended by ${exit.signal}`,
    [`It ended after ${Math.round(exit.afterMs)} ms with ${how}; its last lines:`, ...tail],
    exit.signal === 'SIGKILL'
      ? 'Somebody ended it by force (kill -9, or the system for want of memory). Start it again.'
      : 'Its last lines say more.',
    { commands: [['election-dev', 'start']] },
  )
}
