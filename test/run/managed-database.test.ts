import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { askDatabase } from '../../src/facts/database-answer.ts'
import { findPostgres } from '../../src/facts/postgres-programs.ts'
import { prepareManagedDatabase } from '../../src/run/managed-database.ts'
import { markEach } from '../support/ends.ts'
import { filesIn } from '../support/files.ts'
import { listens, testHost } from '../support/processes.ts'
import { record, supervised } from '../support/services.ts'

const mark = markEach()

/** Stands for docker, of which there is no engine here: says what it was asked, and answers on the port as a server that wants a password. */
const fakeDocker = `#!${process.execPath}
const { appendFileSync } = require('node:fs')
const { createServer } = require('node:net')
appendFileSync(__dirname + '/asked', process.argv.slice(2).join(' ') + '\\n')
const published = /127\\.0\\.0\\.1:(\\d+):5432/.exec(process.argv.join(' '))
if (published) createServer((socket) => socket.once('data', () => socket.end('R'))).listen(Number(published[1]), '127.0.0.1')
`

test('without programs of PostgreSQL the service of the compose file is run by docker, and its container taken away', async () => {
  const root = await filesIn({ 'bin/docker': fakeDocker, 'compose.yml': 'services:\n  db:\n    image: postgres:17\n' })
  const docker = join(root, 'bin', 'docker')
  await chmod(docker, 0o755)
  const server = {
    fact: 'database_server',
    engine: 'django.db.backends.postgresql',
    name: 'votes',
    host: 'db',
    port: '',
    user: 'ada',
    password: '',
    service: false,
  } as const
  const made = await prepareManagedDatabase(
    { ...testHost, env: mark().env },
    {
      root,
      kind: 'postgresql',
      server,
      place: { kind: 'place', port: 'any', environment: (port) => ({ DB_PORT: String(port) }) },
      programs: { postgres: [], compose: { file: join(root, 'compose.yml'), service: 'db' }, docker: { state: 'ready', file: docker } },
      stopTimeoutMs: 2000,
      signal: new AbortController().signal,
    },
  )
  if (made.service === undefined) throw new Error('nothing is started')
  const port = Number(made.environment['DB_PORT'])
  const services = supervised([made.service], record().events, new AbortController().signal)
  expect(await services.wait('postgres')).toBe('ready')
  expect(await askDatabase('postgresql', port, server)).toBe('up')
  await services.stop()
  await made.remove()
  expect(await listens(port)).toBe(false)
  const name = `election-dev-postgres-${port}`
  expect(await readFile(join(root, 'bin', 'asked'), 'utf8')).toBe(
    `compose -f ${join(root, 'compose.yml')} run --rm --no-deps -T --name ${name} -p 127.0.0.1:${port}:5432 db\nrm --force ${name}\n`,
  )
})

test('what pg_config names is found, wherever it is', async () => {
  const root = await filesIn({
    pg_config: '#!/bin/sh\necho "$(dirname "$0")/bin"\n',
    'bin/initdb': '#!/bin/sh\n',
    'bin/postgres': '#!/bin/sh\necho "postgres (PostgreSQL) 99.1"\n',
  })
  for (const name of ['pg_config', 'bin/initdb', 'bin/postgres']) await chmod(join(root, name), 0o755)
  const host = { ...testHost, env: { PATH: process.env['PATH'], PG_CONFIG: join(root, 'pg_config') } }
  expect((await findPostgres(host))[0]).toEqual({
    initdb: join(root, 'bin', 'initdb'),
    postgres: join(root, 'bin', 'postgres'),
    version: '99.1',
    major: 99,
  })
})
