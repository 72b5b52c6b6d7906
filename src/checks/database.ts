import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { pythonOf, type Evidence } from './evidence.ts'

/** What is wrong with the database that the sockets need. Pure. */
export function judgeDatabase(evidence: Evidence): Diagnosis[] {
  const database = evidence.examination?.get('database')
  if (database === undefined) return []
  const name = database.name ?? 'the database'
  if (database.state === 'unreachable') {
    return [
      diagnosis(
        'database-unreachable',
        `The database can't be opened: ${name}`,
        [database.message ?? 'It does not answer'],
        'Correct DATABASES, or start the database.',
      ),
    ]
  }
  if (database.state === 'locked') {
    const { holders } = evidence
    const seen = holders.map(({ pid, command }) => `PID ${pid} has it open${command === undefined ? '' : `: ${command}`}`)
    const [holder] = holders
    return [
      diagnosis(
        'database-locked',
        `Another process holds ${name} locked`,
        [database.message ?? 'database is locked', ...seen],
        holder === undefined ? 'End the process that holds it.' : `End PID ${holder.pid}.`,
        {
          commands: holder === undefined ? [] : [['kill', String(holder.pid)]],
          automatic: 'ask',
        },
      ),
    ]
  }
  const pending = evidence.examination?.get('migrations')?.pending ?? []
  const manage = [pythonOf(evidence), 'manage.py', 'migrate']
  if (database.state === 'empty') {
    return [
      diagnosis(
        'migrations-pending',
        `The database has no tables: ${name}`,
        [`${name} has no django_migrations table`],
        'Apply the migrations.',
        { commands: [manage], automatic: 'ask' },
      ),
    ]
  }
  if (pending.length > 0) {
    const list = pending.slice(0, 5).join(', ')
    return [
      diagnosis(
        'migrations-pending',
        'Migrations are not applied',
        [`Pending: ${list}${pending.length > 5 ? ` and ${pending.length - 5} more` : ''}`],
        'Apply the migrations.',
        {
          commands: [manage],
          automatic: 'ask',
        },
      ),
    ]
  }
  return []
}

/** A database that the consumer asks for and can't use: where it was played without a look at the database, the database is not to blame. */
export function judgeUnusable(evidence: Evidence): Diagnosis[] {
  const played = evidence.examination?.get('consumer')
  if (played !== undefined && played.outcome !== 'skipped') return []
  return evidence.examination?.get('database')?.state === 'ready' ? [] : judgeDatabase(evidence)
}
