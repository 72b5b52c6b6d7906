import type { Cause } from './cause.ts'

/** The Python that runs the backend, and its packages. */
export const pythonCauses = [
  {
    id: 'venv-missing',
    family: 'python',
    severity: 'error',
    automatic: 'ask',
    title: 'There is no virtual environment, and python3 lacks the packages',
  },
  { id: 'venv-broken', family: 'python', severity: 'error', automatic: 'ask', title: "The virtual environment is there and can't run" },
  { id: 'wrong-venv', family: 'python', severity: 'error', automatic: 'yes', title: "Another environment than the project's is active" },
  { id: 'missing-dep', family: 'python', severity: 'error', automatic: 'yes', title: "A package that the backend imports isn't installed" },
  {
    id: 'daphne-missing',
    family: 'python',
    severity: 'error',
    automatic: 'yes',
    title: "daphne isn't installed in the backend's environment",
  },
  {
    id: 'channels-redis-missing',
    family: 'python',
    severity: 'error',
    automatic: 'yes',
    title: "The Redis layer is configured, and channels_redis isn't installed",
  },
  {
    id: 'python-too-old',
    family: 'python',
    severity: 'error',
    automatic: 'ask',
    title: 'The Python is too old for the code or its packages',
  },
  {
    id: 'module-shadowed',
    family: 'python',
    severity: 'error',
    automatic: 'ask',
    title: 'A file of the project has the name of a package',
  },
  {
    id: 'wrong-working-directory',
    family: 'python',
    severity: 'error',
    automatic: 'yes',
    title: "The server was started in another folder than manage.py's",
  },
] as const satisfies readonly Cause[]
