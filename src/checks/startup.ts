import type { FailedStart } from '../facts/startup.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { judgeBinding, judgeLog } from './server-log.ts'
import { exceptionsIn } from './traceback.ts'

/** How many of the last lines are shown. */
const shownLines = 12

/** How the server ended, or that it never listened, in a sentence. */
export function endWords(end: FailedStart): string {
  if (end.kind === 'silent')
    return `The process lives, but no socket of it listens on port ${end.port} after ${Math.round(end.afterMs / 1000)} s`
  return `The server ended after ${Math.round(end.exit.afterMs)} ms with ${statusWords(end)}`
}

function statusWords({ exit }: Extract<FailedStart, { kind: 'died' }>): string {
  return exit.signal === undefined ? `exit status ${exit.exitCode ?? 'unknown'}` : `ended by ${exit.signal}`
}

/** What the end of a server's process says by itself, whatever the project is: it could not be run, could not bind, or was ended. Pure. */
export function judgeProcess(end: FailedStart): Diagnosis | undefined {
  if (end.kind === 'silent') return undefined
  const { exit, lines, port } = end
  if (exit.spawnError !== undefined) {
    return diagnosis('venv-broken', "The interpreter can't be run", [exit.spawnError], 'Recreate the environment.', [
      ['election-dev', 'start', '--setup'],
    ])
  }
  if (end.portTaken) {
    return diagnosis(
      'port-in-use',
      `Port ${port} was taken by another program before the server could bind it`,
      [
        endWords(end),
        ...lines
          .slice(-shownLines)
          .filter((line) => /Errno|address|port/i.test(line))
          .slice(-2),
      ],
      'Start again, or use another port.',
      [['election-dev', 'start', '--port', String(port + 1)]],
    )
  }
  if (exit.signal !== undefined) {
    return diagnosis(
      'server-crashes',
      `The server was ended by ${exit.signal}`,
      [`${endWords(end)}; its last lines:`, ...lines.slice(-shownLines)],
      exit.signal === 'SIGKILL'
        ? 'It was killed (kill -9, or by the system when out of memory). Start it again.'
        : 'Its last lines say more.',
    )
  }
  const unbound = judgeBinding(lines)
  return unbound === undefined ? undefined : { ...unbound, evidence: [endWords(end), ...unbound.evidence] }
}

/** The cause that the output of a server names that isn't there; else its last lines and how it ended speak for themselves. Pure. */
export function judgeOutput(end: FailedStart): Diagnosis {
  const { lines } = end
  // a reloader stays alive with nothing listening, and only an exception tells; an ERROR line alone does not
  const telling = end.kind === 'died' || exceptionsIn(lines).length > 0 || lines.some((line) => /SystemCheckError/.test(line))
  const named = telling ? judgeLog(lines) : undefined
  if (named !== undefined) return { ...named, evidence: [endWords(end), ...named.evidence] }
  const tail = lines.slice(-shownLines)
  return end.kind === 'silent'
    ? diagnosis(
        'settings-import-hang',
        `The server runs but doesn't listen on port ${end.port} after ${Math.round(end.afterMs / 1000)} s`,
        ['Its process lives, but no socket of it listens', ...tail],
        'See where it hangs: python -X faulthandler; the settings must not block or prompt. For a slower start: --start-timeout.',
      )
    : diagnosis(
        'server-crashes',
        `The server ended by itself (${statusWords(end)})`,
        [`${endWords(end)}; its last lines:`, ...tail],
        'Its last lines say more.',
      )
}
