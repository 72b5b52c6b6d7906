import type { ExaminationOf, Raised } from '../facts/examination.ts'
import { databaseRefusal, missingPart } from './database-refusal.ts'
import { diagnosis, withSeen, type Diagnosis, type Seen } from './diagnosis.ts'
import { isOwn, listenerOf, type Evidence } from './evidence.ts'
import { judgeVariables } from './variables.ts'

/** It can't be opened: a file that isn't there, a server that isn't, or one that refuses. Pure. */
function unreachable({ name, message, path, engine }: ExaminationOf<'database'>, { databaseOutlook: outlook }: Evidence): Diagnosis {
  const { compose, by, where } = outlook ?? {}
  const published = compose?.port === undefined ? [] : [`Its port answers on this machine: 127.0.0.1:${compose.port}`]
  const seen: Seen = [
    message ?? 'It does not answer',
    typeof path === 'string'
      ? `DATABASES names the file ${path}`
      : `DATABASES has the engine ${engine}${where === undefined ? '' : `, and names ${where}`}`,
    ...(compose === undefined
      ? []
      : [`${compose.service} is a service of ${compose.file}: a name only inside Docker's network`, ...published]),
  ]
  const refusal = databaseRefusal(message)
  const id = refusal?.id ?? 'database-unreachable'
  const title = refusal?.title ?? `The database can't be opened: ${name ?? 'the database'}`
  const mend = refusal?.remedy ?? 'Correct DATABASES, or start the database.'
  if (refusal?.passes === true) return diagnosis(id, title, seen, mend)
  if (by === undefined) {
    const why = outlook === undefined ? '' : ` A run can't start one of its own: ${outlook.why}.`
    return diagnosis(id, title, seen, `${mend}${why}`)
  }
  if (outlook?.isKept === true)
    return diagnosis(
      id,
      title,
      [...seen, 'Data of a PostgreSQL from an earlier run of this project is in .election-dev/postgres'],
      'Start with --managed again, which uses it; without it only the backend is started.',
      [['election-dev', 'start', '--managed']],
    )
  const first = refusal === undefined ? 'Start the database, or have' : `${mend} Or have`
  // a new one has no tables yet
  return diagnosis(id, title, seen, `${first} the run use ${by}; the run ends it, its data stays.`, [
    ['election-dev', 'start', '--setup', '--managed'],
  ])
}

/** Nobody could be made to stand for the page, since the database of the users can't be opened. Pure. */
export function judgeUnidentified(evidence: Evidence, verdict: Diagnosis): Diagnosis | undefined {
  const database = evidence.examination?.get('database')
  const { identity, token } = evidence.wire
  const isNobody = identity === undefined ? token.kind === 'none' : identity.source === 'none'
  if (database?.state !== 'unreachable' || !isNobody) return undefined
  return withSeen(unreachable(database, evidence), "The page's user is created in it", ...verdict.evidence.slice(0, 1))
}

/** Settings that have no database for want of the variable that names it. */
function withoutUrl(evidence: Evidence): Diagnosis | undefined {
  const found = judgeVariables(evidence, ['The settings have no database without it: DATABASES["default"] is empty'])
  if (found === undefined || found.remedy.commands.length === 0 || !isOwn(listenerOf(evidence))) return found
  // a server that was started without it goes on so
  return { ...found, remedy: { ...found.remedy, commands: [['election-dev', 'doctor', '--fix']] } }
}

/** What is wrong with the database that the sockets need. Pure. */
function judgeDatabase(evidence: Evidence): Diagnosis | undefined {
  const database = evidence.examination?.get('database')
  if (database === undefined) return undefined
  const name = database.name ?? 'the database'
  if (database.state === 'unreachable') return unreachable(database, evidence)
  if (database.state === 'none') return withoutUrl(evidence)
  if (database.state === 'locked') {
    const { holders } = evidence
    const seen = holders.map(({ pid, command }) => `PID ${pid} has it open${command === undefined ? '' : `: ${command}`}`)
    const [holder] = holders
    return diagnosis(
      'database-locked',
      `Another process holds ${name} locked`,
      [database.message ?? 'database is locked', ...seen],
      holder === undefined ? 'End the process that holds it.' : `End PID ${holder.pid}.`,
      holder === undefined ? [] : [['kill', String(holder.pid)]],
    )
  }
  const pending = evidence.examination?.get('migrations')?.pending ?? []
  const manage = ['python', 'manage.py', 'migrate']
  if (database.state === 'empty') {
    return diagnosis(
      'migrations-pending',
      `The database has no tables: ${name}`,
      [`${name} has no django_migrations table`],
      'Apply the migrations.',
      [manage],
    )
  }
  if (pending.length > 0) {
    return diagnosis('migrations-pending', 'Migrations are not applied', [`Pending: ${listOf(pending)}`], 'Apply the migrations.', [manage])
  }
  return undefined
}

/** What a database lacks, where it breaks no socket: one that is used or can't be, or one that is empty, where the project is being started. Pure. */
export function judgeUnready(evidence: Evidence): Diagnosis | undefined {
  const state = evidence.examination?.get('database')?.state
  // one that can't be opened fails whatever comes after the handshake
  const isUnfit = state === 'ready' || state === 'unreachable' || (state === 'empty' && evidence.launched !== undefined)
  return isUnfit ? judgeDatabase(evidence) : undefined
}

/**
 * What is wrong with the database, where that can be behind a socket's fault: a
 * handshake that was played to its end asked for no database, since playing one
 * that does is given up, or has raised what the database said. Nor does one that
 * stands at a line of its own: what it asks of SQLite is answered at once. Pure.
 */
export function judgeUnplayed(evidence: Evidence): Diagnosis | undefined {
  const { examination } = evidence
  const played = examination?.get('consumer')
  if (examination?.how === 'timeout' && examination.get('standing')?.stage === 'consumer') return undefined
  return played !== undefined && played.outcome !== 'skipped' ? undefined : judgeDatabase(evidence)
}

/** An exception of a database's driver (PEP 249), as Django wraps it. */
const databaseError = /^(?:OperationalError|ProgrammingError|InterfaceError|DatabaseError|InternalError)$/

const isOfDatabase = (raised: Raised | null | undefined): boolean =>
  raised !== undefined &&
  raised !== null &&
  (databaseError.test(raised.type) ||
    (raised.type === 'ImproperlyConfigured' && raised.message.includes('settings.DATABASES is improperly configured')))

/** A database that the consumer asks for and can't use: where it was played without a look at the database, the database is not to blame. */
export function judgeUnusable(evidence: Evidence): Diagnosis | undefined {
  const { examination } = evidence
  const played = examination?.get('consumer')
  const said = typeof played?.database_error === 'string' ? played.database_error : undefined
  const part = said === undefined ? undefined : missingPart(said)
  if (said !== undefined && part !== undefined) return partMissing(evidence, said, part)
  if (examination?.how === 'timeout' && examination.get('standing')?.stage === 'consumer') return undefined
  const raised = played?.outcome === 'raised' && isOfDatabase(played.raised)
  if (played !== undefined && played.outcome !== 'skipped' && !raised) return undefined
  return examination?.get('database')?.state === 'ready' ? undefined : judgeDatabase(evidence)
}

/** A database without tables, where the page's handshake asks for one or isn't accepted: a start ends with it. Asked where nothing of the project serves. Pure. */
export function judgeTables(evidence: Evidence): Diagnosis | undefined {
  const { examination } = evidence
  const played = examination?.get('consumer')
  if (examination?.get('database')?.state !== 'empty' || played === undefined) return undefined
  return judgeUnusable(evidence) ?? (played.outcome === 'accepted' ? undefined : judgeDatabase(evidence))
}

/** A table or a column that a consumer asked for, also where it hides that behind an except. */
function partMissing(evidence: Evidence, said: string, part: string): Diagnosis {
  const { pending = [], unmade = [] } = evidence.examination?.get('migrations') ?? {}
  const asked = `The consumer asked the database, and got ${said.split('\n')[0] ?? said}`
  if (pending.length === 0 && unmade.length > 0) {
    const labels = unmade.map(({ label }) => label)
    return diagnosis(
      'migrations-not-made',
      `No migrations were made for the models of ${labels.join(', ')}`,
      [asked, ...unmade.map(({ folder }) => `${folder} has models, or fields, that no migration creates`)],
      'Create them, apply them, and commit the files.',
      [
        ['python', 'manage.py', 'makemigrations', ...labels],
        ['python', 'manage.py', 'migrate'],
      ],
    )
  }
  return diagnosis(
    'migrations-pending',
    part,
    [asked, ...(pending.length === 0 ? [] : [`Pending: ${listOf(pending)}`])],
    pending.length === 0 ? "Create the app's migrations, and apply them." : 'Apply the migrations.',
    [...(pending.length === 0 ? [['python', 'manage.py', 'makemigrations']] : []), ['python', 'manage.py', 'migrate']],
  )
}

const listOf = (pending: readonly string[]): string =>
  `${pending.slice(0, 5).join(', ')}${pending.length > 5 ? ` and ${pending.length - 5} more` : ''}`
