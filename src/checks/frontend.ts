import { managerFails, type FrontendInstall } from '../plan/frontend.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'

/** What keeps the page of a run from being there. Its WebSocket is proven all the same. */

/** Packages that aren't there, or not all of them. `why` says which, `said` what an installation has said. */
export function notInstalled(why: string, { shown }: FrontendInstall, folder: string, said: readonly string[] = []): Diagnosis {
  return diagnosis(
    'frontend-not-installed',
    `The frontend is not started: ${why}`,
    [why, ...said],
    `${shown} in ${folder}, or let the next start do it.`,
    [['election-dev', 'start', '--install']],
  )
}

/** A package manager that isn't on this machine, or isn't the one that the project names. */
export function managerMissing({ manager, shown }: FrontendInstall, named: string | undefined, said: readonly string[] = []): Diagnosis {
  const [first, ...rest] = said.filter((line) => managerFails.test(line)).slice(0, 2)
  const as = named === undefined ? '' : ` as package.json names it: ${named}`
  return diagnosis(
    'package-manager-missing',
    `The frontend is not started: ${manager} isn't available${as}`,
    [first ?? `${shown} could not be run: there is no ${manager} on the PATH`, ...rest],
    manager === 'bun'
      ? 'Install it: https://bun.sh'
      : manager === 'npm'
        ? 'Install it: https://nodejs.org brings it.'
        : `Install it, or connect: corepack fetches ${named ?? manager} from its registry.`,
  )
}

/** A dev server that has ended, or serves no page. `said`: its last lines, of which the first that speaks of an error says most. */
export function frontendFailed(shown: string, why: string, said: readonly string[]): Diagnosis {
  const lines = said.filter((line) => line.trim() !== '' && !/^\s+at /.test(line))
  // `error when starting dev server:` is what stands above the error
  const error = lines.find((line) => /error\b/i.test(line) && !line.trimEnd().endsWith(':'))?.trim()
  return diagnosis(
    'frontend-failed',
    `The frontend does not run: ${error ?? why}`,
    [`${shown}: ${why}`, ...lines.slice(-6)],
    `Run ${shown} by hand to see more.`,
  )
}
