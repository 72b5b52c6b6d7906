import { randomBytes } from 'node:crypto'
import { lchown, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LauncherError } from '../errors.ts'
import { askDatabase } from '../facts/database-answer.ts'
import { describeListener, listenersOn } from '../facts/listener.ts'
import { localPort } from '../facts/next-port.ts'
import type { PostgresPrograms } from '../facts/postgres-programs.ts'
import { isFile, readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { exists } from '../host/process-table.ts'
import { runToEnd } from '../host/processes.ts'
import { withoutOurs } from '../host/secret-names.ts'
import type { DatabasePlace, DatabaseServer } from '../plan/database-place.ts'
import {
  accessRules,
  databaseMeans,
  markOf,
  noDatabase,
  planManagedDatabase,
  preparingSql,
  reachedBy,
  type DatabasePrograms,
  type ManagedDatabasePlan,
} from '../plan/managed-database.ts'
import { databaseFolder, type DatabaseFolder } from './database-folder.ts'

/** A database server of the run's own, ready to be supervised. */
export interface ManagedDatabase extends Omit<ManagedDatabasePlan, 'service'> {
  /** Undefined where one of another run is used. */
  readonly service: ManagedDatabasePlan['service'] | undefined
  /** What is to be said of it. */
  readonly note: string
  /** Takes away a container that a forced end left. Call it once the service is stopped; never throws. */
  readonly remove: () => Promise<void>
}

interface PrepareOptions {
  readonly root: string
  readonly kind: 'postgresql' | 'mysql'
  readonly server: DatabaseServer
  readonly place: Extract<DatabasePlace, { kind: 'place' }>
  readonly programs: DatabasePrograms
  readonly stopTimeoutMs: number
  readonly signal: AbortSignal
}

/** How long making a cluster, and preparing it, may take, and the end of an earlier server, in milliseconds. */
const limits = { make: 120_000, prepare: 60_000, end: 15_000 }

/**
 * Sees to it that there is a database server to be started, with the user and
 * the database of the settings in it. Throws LauncherError where there can be
 * none, or where it has to listen on a port that is held.
 */
export async function prepareManagedDatabase(host: Host, options: PrepareOptions): Promise<ManagedDatabase> {
  const { kind, programs, server, place } = options
  const local = kind === 'postgresql' && programs.postgres.length > 0 ? await databaseFolder(options.root) : undefined
  const versions = local === undefined ? [] : (await readdir(local.folder)).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))
  const means = databaseMeans(kind, programs, versions)
  if (means === undefined) throw noDatabase(kind, programs, host.platform)
  const data = local === undefined || means.kind === 'compose' ? options.root : join(local.folder, String(means.programs.major))
  const env = withoutOurs(host.env)
  const planFor = (port: number) =>
    planManagedDatabase({ ...options, means, port, data, env, user: local?.user === undefined ? undefined : idsOf(local.user) })
  if (local === undefined || means.kind === 'compose') {
    const plan = planFor(await portFor(host, place.port))
    const remove = async () => {
      if (plan.cleanUp !== undefined) await runToEnd(plan.cleanUp.file, plan.cleanUp.args, { env: host.env, deadlineMs: 10_000 })
    }
    return { ...plan, note: `database: ${plan.service.shown}`, remove }
  }
  const running = await runningServer(data, server, options.signal)
  if (running !== undefined && (place.port === 'any' || place.port === running.port)) {
    const note = `database: the PostgreSQL of another run, at 127.0.0.1:${running.port} (PID ${running.pid})`
    return { ...planFor(running.port), service: undefined, note, remove: async () => {} }
  }
  const port = await portFor(host, place.port)
  const work = { host, data, local, programs: means.programs, signal: options.signal }
  await makeCluster(work)
  await prepareCluster(work, server)
  const where = local.isOutside ? data : `.election-dev/postgres/${means.programs.major}`
  const as = local.user === undefined ? '' : ` as ${local.user.name}, since it is not run by root`
  const plan = planFor(port)
  const reached = reachedBy(plan.environment, port)
  const how = reached === undefined ? '' : `; ${reached}`
  return { ...plan, note: `database: ${plan.service.shown}${as}; its data stay in ${where}${how}`, remove: async () => {} }
}

const idsOf = ({ uid, gid }: { readonly uid: number; readonly gid: number }) => ({ uid, gid })

interface Work {
  readonly host: Host
  readonly data: string
  readonly local: DatabaseFolder
  readonly programs: PostgresPrograms
  readonly signal: AbortSignal
}

/** Makes the folder of the data, whole or not at all. */
async function makeCluster({ host, data, local, programs, signal }: Work): Promise<void> {
  if (await isFile(join(data, 'PG_VERSION'))) return
  const fresh = `${data}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { mode: 0o700 })
  const { user } = local
  if (user !== undefined) await lchown(fresh, user.uid, user.gid)
  const args = ['-D', fresh, '--username=postgres', '--encoding=UTF8', '--no-locale', '--auth=reject']
  const made = await runToEnd(programs.initdb, args, {
    cwd: fresh,
    env: { ...host.env, LC_ALL: 'C' },
    deadlineMs: limits.make,
    user: user === undefined ? undefined : idsOf(user),
    signal,
  })
  if (made.exitCode !== 0) throw failed(host, programs.initdb, made)
  await rename(fresh, data)
}

/** Makes the user and the database of the settings, where they have changed since. */
async function prepareCluster({ host, data, local, programs, signal }: Work, server: DatabaseServer): Promise<void> {
  const sql = preparingSql(server)
  const mark = join(data, 'election-dev')
  const [salt = '', known] = ((await readText(mark)) ?? '').split(' ')
  await writeFor(local, join(data, 'pg_hba.conf'), accessRules(server))
  if (known === markOf(sql, salt)) return
  const made = await runToEnd(programs.postgres, ['--single', '-D', data, 'postgres'], {
    cwd: data,
    env: { ...host.env, LC_ALL: 'C' },
    input: sql,
    deadlineMs: limits.prepare,
    user: local.user === undefined ? undefined : idsOf(local.user),
    signal,
  })
  if (made.exitCode !== 0) throw failed(host, `${programs.postgres} --single`, made)
  const fresh = randomBytes(12).toString('hex')
  await writeFor(local, mark, `${fresh} ${markOf(sql, fresh)}`)
}

/** Made anew: a link that the folder's user has put there isn't followed. */
async function writeFor({ user }: DatabaseFolder, file: string, text: string): Promise<void> {
  await rm(file, { force: true })
  await writeFile(file, text, { mode: 0o600, flag: 'wx' })
  if (user !== undefined) await lchown(file, user.uid, user.gid)
}

function failed(host: Host, what: string, { outcome, stderr, exitCode }: Awaited<ReturnType<typeof runToEnd>>): LauncherError {
  const lines = host.secrets.mask(stderr).trim().split('\n').slice(-5)
  const how = outcome === 'timeout' ? 'took too long' : outcome === 'missing' ? "can't be run" : `ended with ${exitCode ?? 'a signal'}`
  return new LauncherError('managed-database', `${what} ${how}`, { evidence: lines.filter((line) => line !== '') })
}

/** The server that has the data open already; one that is ending is waited for. */
async function runningServer(
  data: string,
  server: DatabaseServer,
  signal: AbortSignal,
): Promise<{ pid: number; port: number } | undefined> {
  for (const until = performance.now() + limits.end; performance.now() < until && !signal.aborted; await delay(100)) {
    const lines = ((await readText(join(data, 'postmaster.pid'))) ?? '').split('\n')
    const [pid, port] = [Number(lines[0]), Number(lines[3])]
    if (!Number.isInteger(pid) || pid <= 0 || !exists(pid)) return undefined
    if (port > 0 && (await askDatabase('postgresql', port, server)) === 'up') return { pid, port }
  }
  return undefined
}

async function portFor(host: Host, wanted: 'any' | number): Promise<number> {
  return localPort(wanted, async (port) => {
    const [listener] = await listenersOn(host, port)
    return new LauncherError('managed-database', `The settings read no variable for their database's port, and port ${port} is held`, {
      evidence: [`port ${port} is held by ${describeListener(listener)}`],
      hint: 'Let the settings read DATABASE_URL, or end what holds the port.',
    })
  })
}
