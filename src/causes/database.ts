import { judgeTables, judgeUnplayed, judgeUnready, judgeUnusable } from '../checks/database.ts'
import { makeMigrations, makeRow, manageDatabase, migrate, unlock } from '../fix/planners/database.ts'
import type { Cause } from './cause.ts'

const database = {
  family: 'database',
  severity: 'error',
  rules: { unready: judgeTables, inside: judgeUnusable, unplayed: judgeUnplayed, note: judgeUnready },
} as const

/** The database behind users and tokens. */
export const databaseCauses = [
  {
    ...database,
    id: 'migrations-pending',
    automatic: 'ask',
    title: 'The database lacks tables or columns: migrations are not applied',
    fix: migrate,
  },
  {
    ...database,
    id: 'migrations-not-made',
    automatic: 'ask',
    title: 'An app of the project has models but no migrations',
    rules: { inside: judgeUnusable },
    fix: makeMigrations,
  },
  {
    ...database,
    id: 'database-unreachable',
    automatic: 'ask',
    title: "The database can't be opened",
    fix: manageDatabase,
  },
  {
    ...database,
    id: 'database-absent',
    automatic: 'ask',
    title: 'The database server runs, but has no such database or role',
    fix: manageDatabase,
  },
  { ...database, id: 'database-locked', automatic: 'ask', title: 'Another process holds the SQLite file', fix: unlock },
  {
    ...database,
    id: 'user-missing',
    automatic: 'ask',
    title: 'The database has no active user',
    seenOnlyIn: 'start --setup',
    fix: 'election-dev start --setup creates a development user and shows its password',
  },
  {
    family: 'database',
    severity: 'error',
    id: 'row-missing',
    automatic: 'ask',
    state: 'refused',
    title: "What the WebSocket's path names doesn't exist",
    fix: makeRow,
  },
] as const satisfies readonly Cause[]
