import { judgeApplication, judgeRoutes } from '../checks/application.ts'
import { judgeChecks, judgeChecksNoted, judgeChecksOfTables } from '../checks/system-checks.ts'
import { rightApplication } from '../fix/planners/serving.ts'
import { daphneFirst, nameApplication } from '../fix/planners/settings.ts'
import { own, type Cause } from './cause.ts'

const startup = { family: 'startup', severity: 'error', rules: { stopped: judgeApplication } } as const

/** The ASGI application, from its import to its first request. */
export const startupCauses = [
  {
    ...startup,
    id: 'asgi-syntax-error',
    noCommands: own.code,
    automatic: 'no',
    title: 'A file that the ASGI application imports has a syntax error',
  },
  { ...startup, id: 'asgi-import-error', automatic: 'no', title: "Importing the ASGI application fails in the project's own code" },
  { ...startup, id: 'apps-not-ready', automatic: 'no', title: 'asgi.py imports models or routing before Django is set up' },
  {
    ...startup,
    id: 'asgi-attribute-missing',
    automatic: 'yes',
    title: "The server is given a name that the ASGI module doesn't have",
    fix: rightApplication,
  },
  {
    ...startup,
    id: 'asgi-application-setting-wrong',
    noCommands: own.settings,
    automatic: 'yes',
    title: 'ASGI_APPLICATION is missing or names something else',
    fix: nameApplication,
  },
  {
    ...startup,
    id: 'daphne-app-order',
    noCommands: own.settings,
    automatic: 'yes',
    title: '"daphne" comes after staticfiles in INSTALLED_APPS',
    fix: daphneFirst,
  },
  {
    ...startup,
    id: 'system-check-failed',
    noCommands: own.code,
    automatic: 'no',
    title: "Django's system checks fail: runserver and migrate refuse to run",
    rules: { stopped: judgeChecks, inside: judgeChecksOfTables, note: judgeChecksNoted },
  },
  {
    ...startup,
    id: 'http-only-asgi',
    noCommands: own.code,
    automatic: 'no',
    title: 'The ASGI application has no WebSocket part',
    rules: { inside: judgeRoutes },
  },
] as const satisfies readonly Cause[]
