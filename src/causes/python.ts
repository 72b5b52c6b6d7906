import { judgeClash } from '../checks/dependency-clash.ts'
import { judgePython, judgeServing } from '../checks/python-environment.ts'
import {
  installPackage,
  makeEnvironment,
  newerEnvironment,
  otherEnvironment,
  remakeEnvironment,
  renameShadow,
  upgradePackages,
} from '../fix/planners/environment.ts'
import { startAnew } from '../fix/planners/serving.ts'
import type { Cause } from './cause.ts'

const python = { family: 'python', severity: 'error', rules: { stopped: judgePython } } as const

/** The Python that runs the backend, and its packages. */
export const pythonCauses = [
  {
    ...python,
    id: 'channels-unsupported',
    automatic: 'no',
    title: 'The project has no Channels, or one that is too old',
    noCommands: 'moving to Channels 3 or newer needs code changes',
  },
  {
    ...python,
    id: 'venv-missing',
    automatic: 'ask',
    title: 'There is no virtual environment, and python3 lacks the packages',
    fix: makeEnvironment,
  },
  {
    ...python,
    id: 'foreign-environment',
    automatic: 'ask',
    title: 'The only virtual environment is from another system',
    fix: makeEnvironment,
  },
  {
    ...python,
    id: 'python-not-available',
    automatic: 'ask',
    title: 'The project needs a Python that is not on this machine',
    noCommands: 'installing another Python is up to you; if uv is installed, setup lets it fetch one',
    fix: makeEnvironment,
  },
  { ...python, id: 'venv-broken', automatic: 'ask', title: "The virtual environment exists but can't run", fix: remakeEnvironment },
  {
    ...python,
    id: 'wrong-venv',
    automatic: 'yes',
    title: "An environment other than the project's is active",
    rules: { ...python.rules, serving: judgeServing },
    fix: otherEnvironment,
  },
  { ...python, id: 'missing-dep', automatic: 'yes', title: "A package that the backend imports isn't installed", fix: installPackage },
  {
    ...python,
    id: 'requirement-not-installable',
    automatic: 'no',
    title: "A line of the requirements can't be installed here",
    seenOnlyIn: 'start --setup',
    noCommands: 'which line to change, and how, is up to the project',
    rules: {},
  },
  {
    ...python,
    id: 'dependency-conflict',
    automatic: 'ask',
    title: 'Two packages of the environment are incompatible',
    rules: { stopped: judgeClash },
    fix: upgradePackages,
  },
  {
    ...python,
    id: 'stdlib-module-removed',
    automatic: 'ask',
    title: 'The code imports a module that this Python no longer has',
    fix: installPackage,
  },
  { ...python, id: 'daphne-missing', automatic: 'yes', title: "daphne isn't installed in the backend's environment", fix: installPackage },
  {
    ...python,
    id: 'channels-redis-missing',
    automatic: 'yes',
    title: "The Redis layer is configured, but channels_redis isn't installed",
    fix: installPackage,
  },
  { ...python, id: 'python-too-old', automatic: 'ask', title: 'The Python is too old for the code or its packages', fix: newerEnvironment },
  {
    ...python,
    id: 'module-shadowed',
    noCommands: 'doctor --fix renames the file, which may be imported by its name',
    automatic: 'ask',
    title: 'A file of the project has the name of a package',
    fix: renameShadow,
  },
  {
    ...python,
    id: 'wrong-working-directory',
    automatic: 'yes',
    title: "The server was not started in manage.py's folder",
    fix: startAnew,
  },
] as const satisfies readonly Cause[]
