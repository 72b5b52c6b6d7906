import { posix } from 'node:path'
import type { PackageFolder } from '../facts/init-project.ts'
import { takesPython } from '../facts/python-spec.ts'
import type { PythonWish } from '../facts/python-wish.ts'
import type { Requirements } from '../facts/requirements.ts'
import { bareNeeds } from './environment.ts'
import { fill } from './template.ts'

export type CiKind = 'github' | 'gitlab'

/** What a job of the project's own has to install. Folders are relative to the checkout, with forward slashes. */
export interface CiFacts {
  readonly backend: string
  readonly requirements: Pick<Requirements, 'kind' | 'file'> | undefined
  readonly frontend: Pick<PackageFolder, 'folder' | 'lock'> | undefined
  /** The channel layer is Redis. */
  readonly redis: boolean
  /** The variable that chooses it; undefined: the settings always use it. */
  readonly layerVariable: string | undefined
  readonly python: PythonWish
}

/** The job's file out of its template: what the project doesn't need is left out, paths are its own. Pure. */
export function renderCi(template: string, facts: CiFacts): string {
  const { backend, requirements, frontend, redis, layerVariable, python } = facts
  const { folder, lock } = frontend ?? { folder: '.', lock: undefined }
  const values = {
    redis,
    layerVariable: layerVariable ?? '',
    python: versionFor(python),
    pip: requirements?.kind === 'requirements',
    requirements: requirements?.file ?? '',
    install: installCommand(facts),
    venv: posix.join(backend, 'venv'),
    frontend: frontend !== undefined,
    folder,
    installFrontend: packagesCommand(lock),
    installInFolder: folder === '.' ? packagesCommand(lock) : `(cd ${folder} && ${packagesCommand(lock)})`,
    // what actions/setup-node can keep between two runs
    cache: lock === 'package-lock.json' ? 'npm' : lock === 'yarn.lock' ? 'yarn' : '',
    lock: posix.join(folder, lock ?? ''),
  }
  return fill(template, values, new Map(), (text) => text)
}

/** What a project that says nothing gets first; every Django of today runs on it. */
const versions = ['3.12', '3.13', '3.11', '3.10', '3.9', '3.14', '3.8']

/** The Python of a project's people, else one that it takes: `3.11`. Pure. */
function versionFor({ preferred, required }: PythonWish): string {
  const named = /^3\.\d+/.exec(preferred?.spec ?? '')?.[0]
  // the newest patch of it is what a runner has
  return named ?? versions.find((version) => required === undefined || takesPython(required.spec, `${version}.99`)) ?? '3.12'
}

/** Goes into the folder, where that is another one. */
const within = (backend: string): string => (backend === '.' ? '' : `cd ${backend} && `)

function installCommand({ backend, requirements }: CiFacts): string {
  switch (requirements?.kind) {
    case 'requirements':
      return `python -m pip install -r ${requirements.file}`
    case 'pyproject':
    case 'setuptools':
      return `python -m pip install ./${backend === '.' ? '' : backend}`
    case 'poetry':
      return `python -m pip install poetry && poetry --directory ${backend} install`
    case 'pdm':
      return `python -m pip install pdm && pdm sync --project ${backend}`
    case 'pipenv':
      return `python -m pip install pipenv && ${within(backend)}pipenv install --dev`
    case 'uv':
      return `python -m pip install uv && uv sync --project ${backend}`
    default:
      return `python -m pip install ${bareNeeds.join(' ')}`
  }
}

/** What installs exactly what the lock file has. */
function packagesCommand(lock: PackageFolder['lock']): string {
  switch (lock) {
    case 'package-lock.json':
      return 'npm ci'
    case 'yarn.lock':
      return 'corepack enable && yarn install --frozen-lockfile'
    case 'yarn.lock (berry)':
      return 'corepack enable && yarn install --immutable'
    case 'pnpm-lock.yaml':
      return 'corepack enable && pnpm install --frozen-lockfile'
    default:
      return 'npm install'
  }
}
