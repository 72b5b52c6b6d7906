/** A PostgreSQL that is there, and has neither roles nor databases but its own. */
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { findPostgres } from '../../src/facts/postgres-programs.ts'
import { prepareManagedDatabase } from '../../src/run/managed-database.ts'
import { testHost } from './processes.ts'
import { record, supervised } from './services.ts'

const nobody = { host: '', port: '', user: 'postgres', password: '' } as const

/** Starts it on a port, with its data where a run for this root would have them; `stop` ends it, and takes those away. */
export async function startPostgres(root: string, port: number): Promise<{ readonly stop: () => Promise<void> }> {
  const kept = await prepareManagedDatabase(testHost, {
    root,
    kind: 'postgresql',
    server: { fact: 'database_server', engine: 'x', name: 'postgres', service: false, ...nobody },
    place: { kind: 'place', port, environment: () => ({}) },
    programs: { postgres: await findPostgres(testHost), compose: undefined, docker: undefined },
    stopTimeoutMs: 5000,
    signal: new AbortController().signal,
  })
  if (kept.service === undefined) throw new Error('nothing is started')
  const { cwd } = kept.service
  const services = supervised([kept.service], record().events, new AbortController().signal)
  const stop = async () => {
    await services.stop()
    await rm(cwd.startsWith('/var/tmp/election-dev-postgres-') ? dirname(cwd) : cwd, { recursive: true })
  }
  if ((await services.wait('postgres')) === 'ready') return { stop }
  await stop()
  throw new Error('PostgreSQL did not get ready')
}
