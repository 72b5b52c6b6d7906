import { pathsOf } from '../../host/paths.ts'
import { commandFacts, manageCommand } from '../../plan/install.ts'
import { wantedRow } from '../../plan/wanted-row.ts'
import { handOver } from './serving.ts'
import { fix, isNoFix, noFix, type Planner, type PlannerOf } from '../step.ts'

/** Applies the migrations; of an SQLite file a copy is kept. */
export const migrate: PlannerOf<'checkout' | 'choice' | 'examination'> = (evidence, facts) => {
  const around = commandFacts(evidence, facts)
  if (around === undefined) return noFix('there is no project here')
  const path = evidence.examination?.get('database')?.path ?? undefined
  const command = manageCommand(around, ['migrate', '--no-input'])
  return fix([{ ...command, what: 'the database tables', ...(path === undefined ? {} : { changes: [path] }) }])
}

/** Makes the migrations that apps lack, by name, and applies them. */
export const makeMigrations: PlannerOf<'checkout' | 'choice' | 'examination'> = (evidence, facts, cause) => {
  const around = commandFacts(evidence, facts)
  const unmade = evidence.examination?.get('migrations')?.unmade ?? []
  const applied = migrate(evidence, facts, cause)
  if (around === undefined || unmade.length === 0) return noFix("which apps they are can't be told")
  if (isNoFix(applied)) return applied
  const made = unmade.map(({ label, folder }) => ({
    ...manageCommand(around, ['makemigrations', label, '--no-input']),
    what: `the migrations of ${label}`,
    adds: pathsOf(facts.platform).join(around.backend, folder, 'migrations'),
  }))
  return { ...applied, actions: [...made, ...applied.actions] }
}

/** A development user, where the database has none that could log in: by no command that a person could type. */
export const createUser: PlannerOf<'checkout' | 'choice'> = () =>
  fix([{ kind: 'create-user', shown: 'election-dev makes it, and shows its password' }])

/** The row that a path is for: of a fixture, else one for an example. */
export const makeRow: Planner = (evidence, facts, { commands }) => {
  const around = commandFacts(evidence, facts)
  const loads = commands.flatMap((words) => (words.includes('loaddata') ? [words.slice(words.indexOf('loaddata') + 1)] : []))
  if (around !== undefined && loads.length > 0) {
    const files = loads.flat().map((file) => pathsOf(facts.platform).resolve(around.root, file))
    return fix([{ ...manageCommand(around, ['loaddata', ...files]), what: 'the rows of a fixture' }])
  }
  const row = wantedRow(evidence)
  return row === undefined ? noFix('which row is meant only you know') : fix([{ kind: 'create-row', row }])
}

/** A server of the run's own in place of the one that can't be opened. */
export const manageDatabase: Planner = (evidence, facts) =>
  evidence.databaseOutlook?.by === undefined
    ? noFix('which database is meant, and who is to start it, only you know')
    : handOver(evidence, facts, { setup: true, managed: true })

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
    { asks: true },
  )
}

/** It ends by itself. */
export const waitForRedis: Planner = () => fix([{ kind: 'wait', what: 'redis-loading' }])
