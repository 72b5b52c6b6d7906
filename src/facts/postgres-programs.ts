import { readdir, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isFile } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'
import { onPath } from './programs.ts'

/** A PostgreSQL that can be started here. */
export interface PostgresPrograms {
  readonly initdb: string
  readonly postgres: string
  /** `15.18`, as it says of itself. */
  readonly version: string
  readonly major: number
}

/**
 * Where packages put a version each, beside the PATH that has but the client's programs: Debian, Alpine, PGDG's for
 * Fedora, Homebrew on both processors, Postgres.app, EDB's for Windows. `*` stands for a folder of any name.
 */
const places = [
  ['/usr/lib/postgresql', '*', 'bin'],
  ['/usr/libexec', 'postgresql*'],
  ['/usr', 'pgsql-*', 'bin'],
  ['/opt/homebrew/opt', 'postgresql*', 'bin'],
  ['/usr/local/opt', 'postgresql*', 'bin'],
  ['/Applications/Postgres.app/Contents/Versions', '*', 'bin'],
  [String.raw`C:\Program Files\PostgreSQL`, '*', 'bin'],
] as const

/** Looks for PostgreSQL's server programs, the newest first: those of PG_CONFIG, of the PATH, of packages. Never throws; each question has 5 s. */
export async function findPostgres(host: Host): Promise<readonly PostgresPrograms[]> {
  const found = await Promise.all([configured(host), onThePath(host), ...places.map(async (place) => foldersOf(place))])
  const folders = new Set(found.flat())
  const programs = await Promise.all([...folders].map(async (folder) => programsIn(host, folder)))
  return programs.flat().toSorted((a, b) => b.major - a.major)
}

async function configured(host: Host): Promise<string[]> {
  const program = host.env['PG_CONFIG'] ?? (await onPath(host, 'pg_config'))
  if (program === undefined) return []
  const { stdout } = await runToEnd(program, ['--bindir'], { env: host.env, deadlineMs: 5000 })
  return stdout.trim() === '' ? [] : [stdout.trim()]
}

async function onThePath(host: Host): Promise<string[]> {
  const file = await onPath(host, 'initdb')
  return file === undefined ? [] : [dirname(await realpath(file).catch(() => file))]
}

async function foldersOf([above, pattern, ...below]: (typeof places)[number]): Promise<string[]> {
  const start = pattern.replace('*', '')
  const names = await readdir(above).catch(() => [])
  return names.filter((name) => name.startsWith(start)).map((name) => join(above, name, ...below))
}

async function programsIn(host: Host, folder: string): Promise<PostgresPrograms[]> {
  const suffix = host.platform === 'win32' ? '.exe' : ''
  const [initdb, postgres] = [join(folder, `initdb${suffix}`), join(folder, `postgres${suffix}`)]
  if (!(await isFile(initdb)) || !(await isFile(postgres))) return []
  const { stdout } = await runToEnd(postgres, ['--version'], { env: host.env, deadlineMs: 5000 })
  const version = postgresVersion(stdout)
  return version === undefined ? [] : [{ initdb, postgres, version, major: Number.parseInt(version, 10) }]
}

/** `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`. Pure. */
export function postgresVersion(output: string): string | undefined {
  return /\(PostgreSQL\) (\d+[\w.]*)/.exec(output)?.[1]
}
