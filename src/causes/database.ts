import type { Cause } from './cause.ts'

/** The database behind users and tokens. */
export const databaseCauses = [
  { id: 'migrations-pending', family: 'database', severity: 'error', automatic: 'ask', title: 'Tables are missing in the database' },
  { id: 'database-unreachable', family: 'database', severity: 'error', automatic: 'ask', title: "The database can't be opened" },
  { id: 'database-locked', family: 'database', severity: 'error', automatic: 'ask', title: 'Another process holds the SQLite file' },
  {
    id: 'user-missing',
    family: 'database',
    severity: 'error',
    automatic: 'ask',
    title: 'The database has no active user',
    seenOnlyIn: 'start --setup',
  },
] as const satisfies readonly Cause[]
