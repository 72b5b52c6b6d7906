import { manageCommand } from '../../plan/setup-commands.ts'
import { fix, noFix, type Planner } from '../step.ts'

/** Applies the migrations; of an SQLite file a copy is kept. */
export const migrate: Planner = ({ checkout, choice, examination }, { platform, hasUv }) => {
  if (checkout === undefined || choice?.kind !== 'ready') return noFix('there is no environment that could run manage.py')
  const { root, backend } = checkout.project
  const { shown, action } = manageCommand({ root, backend, platform, python: choice, requirements: checkout.requirements, hasUv }, [
    'migrate',
    '--no-input',
  ])
  if (action.kind !== 'command') return noFix('there is no manage.py')
  const path = examination?.get('database')?.path ?? undefined
  return fix([
    { kind: 'command', argv: [action.file, ...action.args], cwd: action.cwd, shown, ...(path === undefined ? {} : { changes: path }) },
  ])
}

/** Ends the process that holds the file locked. */
export const unlock: Planner = ({ holders }, { started }) => {
  const [holder, ...rest] = holders
  if (holder === undefined) return noFix("who holds the file can't be seen from here")
  if (rest.length > 0)
    return noFix(`several processes have it open (PID ${holders.map(({ pid }) => pid).join(', ')}): which of them holds it can't be told`)
  return fix(
    [
      {
        kind: 'signal',
        pid: holder.pid,
        startedAt: started.get(holder.pid),
        signal: 'SIGTERM',
        why: `it holds the database: ${holder.command ?? 'a program'} (PID ${holder.pid})`,
      },
    ],
    { needsWord: true },
  )
}

/** It ends by itself. */
export const waitForRedis: Planner = () => fix([{ kind: 'wait', what: 'redis-loading' }])
