import type { Cause } from './cause.ts'

/** The ASGI application, from its import to its first request. */
export const startupCauses = [
  {
    id: 'asgi-syntax-error',
    family: 'startup',
    severity: 'error',
    automatic: 'no',
    title: 'A file that the ASGI application imports has a syntax error',
  },
  {
    id: 'asgi-import-error',
    family: 'startup',
    severity: 'error',
    automatic: 'no',
    title: "Importing the ASGI application fails in the project's own code",
  },
  {
    id: 'apps-not-ready',
    family: 'startup',
    severity: 'error',
    automatic: 'no',
    title: 'asgi.py imports models or routing before Django is set up',
  },
  {
    id: 'asgi-attribute-missing',
    family: 'startup',
    severity: 'error',
    automatic: 'yes',
    title: "The server is told a name that the ASGI module doesn't have",
  },
  {
    id: 'asgi-application-setting-wrong',
    family: 'startup',
    severity: 'error',
    automatic: 'yes',
    title: 'ASGI_APPLICATION is missing or names something else',
  },
  {
    id: 'daphne-app-order',
    family: 'startup',
    severity: 'error',
    automatic: 'yes',
    title: '"daphne" stands after staticfiles in INSTALLED_APPS',
  },
  { id: 'http-only-asgi', family: 'startup', severity: 'error', automatic: 'no', title: 'The ASGI application has no WebSocket part' },
] as const satisfies readonly Cause[]
