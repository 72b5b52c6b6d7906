import type { Requirements } from '../facts/requirements.ts'

export type CiKind = 'github' | 'gitlab'

/** What a job of the project's own has to install. Folders are relative to the checkout, with forward slashes. */
export interface CiFacts {
  readonly backend: string
  readonly requirements: { readonly kind: Requirements['kind']; readonly file: string } | undefined
  readonly frontend: FrontendPackages | undefined
  /** The channel layer is Redis. */
  readonly redis: boolean
  /** The variable that chooses it; undefined: the settings always use it. */
  readonly layerVariable: string | undefined
}

/** A package.json with its lock file. */
interface FrontendPackages {
  readonly folder: string
  readonly lock: 'package-lock.json' | 'yarn.lock' | 'yarn.lock (berry)' | 'pnpm-lock.yaml' | undefined
}

/** The job's file out of its template: what the project doesn't need is left out, paths are its own. Pure. */
export function renderCi(template: string, facts: CiFacts): string {
  const { backend, requirements, frontend, redis } = facts
  const inPip = requirements?.kind === 'requirements'
  const cached = frontend?.lock === 'package-lock.json' || frontend?.lock === 'yarn.lock'
  const kept = new Map<string, boolean>([
    ['redis', redis],
    ['pip', inPip],
    ['lock', cached],
    ['frontend', frontend !== undefined],
  ])
  const lines: string[] = []
  let hidden = 0
  for (const line of template.split('\n')) {
    const marker = /^\s*# <(\/?)(\w+)>$/.exec(line)
    if (marker !== null) {
      if (kept.get(marker[2] ?? '') === false) hidden += marker[1] === '' ? 1 : -1
    } else if (hidden === 0 && !line.startsWith('# What stands between two markers')) lines.push(line)
  }
  const folder = frontend?.folder ?? 'frontend'
  const venv = backend === '.' ? 'venv' : `${backend}/venv`
  return lines
    .flatMap((line) => (line.includes('USE_REDIS_FOR_CHANNELS') && facts.layerVariable === undefined ? [] : [line]))
    .join('\n')
    .replace('USE_REDIS_FOR_CHANNELS', facts.layerVariable ?? '')
    .replaceAll('backend/venv', venv)
    .replace('python -m pip install -r backend/requirements.txt', installCommand(facts))
    .replaceAll('backend/requirements.txt', requirements?.file ?? 'requirements.txt')
    .replace('cache: npm', frontend?.lock === 'yarn.lock' ? 'cache: yarn' : 'cache: npm')
    .replace('frontend/package-lock.json', below(folder, frontend?.lock === 'yarn.lock' ? 'yarn.lock' : 'package-lock.json'))
    .replace('working-directory: frontend', `working-directory: ${folder}`)
    .replace('cd frontend && npm ci', `cd ${folder} && npm ci`)
    .replace('npm ci', packagesCommand(frontend?.lock))
}

function below(folder: string, name: string): string {
  return folder === '.' ? name : `${folder}/${name}`
}

function installCommand({ backend, requirements }: CiFacts): string {
  switch (requirements?.kind) {
    case 'requirements':
      return `python -m pip install -r ${requirements.file}`
    case 'pyproject':
      return `python -m pip install ./${backend === '.' ? '' : backend}`
    case 'poetry':
      return `python -m pip install poetry && poetry --directory ${backend} install`
    case 'pipenv':
      return `python -m pip install pipenv && cd ${backend} && pipenv install --dev`
    case 'uv':
      return `python -m pip install uv && uv sync --project ${backend}`
    default:
      return 'python -m pip install django channels daphne'
  }
}

/** What installs exactly what the lock file has. */
function packagesCommand(lock: FrontendPackages['lock']): string {
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
