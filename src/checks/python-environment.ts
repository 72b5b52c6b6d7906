import { noInterpreter, unavailable } from '../facts/base-python.ts'
import { leftOutWords } from '../facts/platform-packages.ts'
import { bareNeeds, missingPackages } from '../plan/environment.ts'
import { leftBehind, unsupportedChannels } from '../plan/channels-support.ts'
import { freshEnvironment } from '../plan/fresh-environment.ts'
import { requirementWords, typedPlaces } from '../plan/install.ts'
import { chooseServer } from '../plan/server.ts'
import { all, diagnosis, orElse, type Commands, type Diagnosis } from './diagnosis.ts'
import { pythonOf, type Evidence } from './evidence.ts'
import { missing } from './common-causes.ts'
import { interpreterIn, isWithin, pathFrom, platformOf } from '../host/paths.ts'

/**
 * Why the project's Python can't run the backend: asked where nothing of the
 * project serves. The first is the nearest to the root. Pure.
 */
export function judgePython(evidence: Evidence): Diagnosis[] {
  const { choice, checkout } = evidence
  if (choice === undefined || checkout === undefined) return []
  const unsupported = judgeChannels(evidence)
  if (unsupported !== undefined) return [unsupported]
  return all(
    judgeBroken(evidence),
    judgeShebang(evidence),
    judgeActive(evidence),
    judgeMissingVenv(evidence),
    judgePackages(evidence),
    judgeServers(evidence),
  )
}

const requirementsOf = (evidence: Evidence): string => relativeTo(evidence, evidence.checkout?.requirements?.file ?? 'requirements.txt')

/** The commands that make an environment and install what the project asks for. */
function make(evidence: Evidence, folder: string, options: readonly string[], base = evidence.choice?.base ?? 'python3'): Commands {
  const requirements = evidence.checkout?.requirements
  // how another tool's project is installed, setup knows
  if (requirements !== undefined && requirements.kind !== 'requirements') return [['election-dev', 'start', '--setup']]
  const place = { root: evidence.checkout?.project.root ?? '', platform: platformOf(evidence.checkout?.project.root ?? '') }
  const wanted = requirements === undefined ? bareNeeds : typedPlaces(place, requirementWords(requirements))
  return [
    [base, '-m', 'venv', ...options, folder],
    [interpreterIn(evidence.checkout?.project.root ?? '', folder), '-m', 'pip', 'install', ...wanted],
  ]
}

/** The lines that `make` leaves out, each with its reason. */
const leftOut = (evidence: Evidence): string[] => leftOutWords(evidence.checkout?.requirements, (path) => relativeTo(evidence, path))

/** The commands that make an environment anew in its place, with the interpreter `base`, and install what the project asks for. */
export const remake = (evidence: Evidence, folder: string, base?: string): Commands =>
  make(evidence, relativeTo(evidence, folder), ['--clear'], base)

/** A path as it is written in a command from the checkout's root. */
export function relativeTo({ checkout }: Pick<Evidence, 'checkout'>, path: string): string {
  return pathFrom(checkout?.project.root, path)
}

/** Channels before 3, or none: nothing is installed for that. Pure. */
export function judgeChannels(evidence: Pick<Evidence, 'choice' | 'checkout' | 'speaksOfChannels'>): Diagnosis | undefined {
  const { choice, checkout, speaksOfChannels } = evidence
  const { environment } = choice ?? {}
  const asked = [...(checkout?.requirements?.lines ?? []), ...(checkout?.requirements?.development ?? [])]
  const lines = asked.flatMap(({ name, spec, file, line }) =>
    name === 'channels' ? [{ spec, at: `${relativeTo(evidence, file)}:${line}` }] : [],
  )
  const installed = environment === undefined ? undefined : { label: environment.label, version: environment.packages.get('channels') }
  const [title, first, ...more] = unsupportedChannels({ installed, lines, speaks: speaksOfChannels }) ?? []
  if (title === undefined || first === undefined) return undefined
  // the code is for the newer one, and the environment was left behind
  const newer = leftBehind(choice, checkout?.requirements)
  if (newer !== undefined)
    return diagnosis(
      'missing-dep',
      `The installed Channels is older than the project requires: ${installed?.version ?? ''}`,
      [first, `${relativeTo(evidence, newer.file)}:${newer.line} asks for ${newer.spec}`],
      `Install the project's requirements into ${installed?.label ?? ''}.`,
      [['election-dev', 'start', '--setup']],
    )
  return diagnosis(
    'channels-unsupported',
    title,
    [first, ...more],
    speaksOfChannels === false
      ? 'There is no WebSocket to start: see the Channels tutorial, or go to the project that has one.'
      : 'Move the project to Channels 4: routes take as_asgi(), and the application get_asgi_application() (channels.readthedocs.io, 3.0 release notes).',
  )
}

function judgeBroken(evidence: Evidence): Diagnosis | undefined {
  const { choice, checkout } = evidence
  if (choice?.kind === 'python-broken') {
    return diagnosis(
      'venv-broken',
      `The interpreter that was named can't run: ${choice.label}`,
      [choice.reason],
      'Name one that runs: --python, or "python" in election-dev.config.json.',
    )
  }
  const broken = checkout?.python.candidates.find((candidate) => candidate.state === 'broken' && candidate.own)
  if (broken?.state !== 'broken' || choice?.kind === 'ready') return undefined
  // no other can be made in its place
  if (choice?.kind === 'venv-broken' && choice.other?.kind === 'none') return undefined
  return diagnosis(
    'venv-broken',
    `The virtual environment ${broken.label} exists but can't run`,
    [broken.reason, ...leftOut(evidence)],
    'Make it anew.',
    remake(evidence, broken.folder),
  )
}

/** The interpreter is sound, and a script beside it names another one: the environment was moved or copied. */
function judgeShebang(evidence: Evidence): Diagnosis | undefined {
  const dead = evidence.deadShebang
  if (dead === undefined) return undefined
  const served = diagnosis(
    'venv-broken',
    `${relativeTo(evidence, dead.script)} can't be run: its first line names an interpreter that doesn't exist`,
    [
      `${relativeTo(evidence, dead.script)}:1 is \`#!${dead.interpreter}\`, and there is no such file`,
      'The environment was moved or copied; its own bin/python runs',
    ],
    'Run the server as a module (python -m daphne …, as election-dev start does), or recreate the environment.',
    [['election-dev', 'start']],
  )
  return orElse(served, remake(evidence, dead.folder))
}

/** Another environment than the project's is active or first on the PATH, and lacks what the project's has. */
function judgeActive(evidence: Evidence): Diagnosis | undefined {
  const { choice, env, checkout, pathPython } = evidence
  if (choice?.kind !== 'ready' || !choice.environment.isVirtual || checkout?.python.named === true) return undefined
  const active = env['VIRTUAL_ENV']
  const own = choice.environment
  if (active === undefined || active === '' || isWithin(active, own.python) || own.label.startsWith('VIRTUAL_ENV')) return undefined
  const lacks = pathPython !== undefined && (!pathPython.hasDjango || (!pathPython.hasDaphne && own.packages.has('daphne')))
  const broken = checkout?.python.candidates.some((candidate) => candidate.state !== 'usable' && candidate.label.startsWith('VIRTUAL_ENV'))
  if (!lacks && broken !== true) return undefined
  const what = pathPython === undefined ? '' : pathPython.hasDjango ? 'daphne' : 'Django'
  return diagnosis(
    'wrong-venv',
    "An environment other than this project's is active",
    [
      `VIRTUAL_ENV is ${active}${what === '' ? ", which can't run" : `: its python (${pathPython?.executable ?? ''}) has no ${what}`}`,
      `${own.label} has them`,
    ],
    `Run deactivate, or call ${pythonOf(evidence)}.`,
    [['election-dev', 'start', '--python', pythonOf(evidence)]],
  )
}

/** The server runs in an environment that lacks what its own sockets need, and the project's has it. Pure. */
export function judgeServing(evidence: Evidence, seen: readonly string[]): Diagnosis | undefined {
  const { servingEnvironment: serving, choice, examination } = evidence
  if (serving === undefined || choice?.kind !== 'ready') return undefined
  const own = choice.environment
  const backend = examination?.get('settings')?.layer_backend ?? ''
  const needed = ['django', 'channels', ...(backend.startsWith('channels_redis.') ? ['channels-redis'] : [])]
  const lacks = needed.filter((name) => own.packages.has(name) && !serving.packages.has(name))
  if (lacks.length === 0) return undefined
  return diagnosis(
    'wrong-venv',
    "The server runs in an environment other than the project's",
    [`PID ${serving.pid} runs ${serving.python}, which has no ${lacks.join(' and no ')}`, `${own.label} has it`, ...seen],
    `Stop it, and start it with ${pythonOf(evidence)}.`,
    [
      ['kill', String(serving.pid)],
      ['election-dev', 'start'],
    ],
  )
}

function judgeMissingVenv(evidence: Evidence): Diagnosis | undefined {
  const { choice, checkout } = evidence
  if (checkout === undefined || (choice?.kind !== 'venv-missing' && choice?.kind !== 'venv-broken')) return undefined
  const { base, other } = choice
  const platform = platformOf(checkout.project.root)
  if (other?.kind === 'none') {
    const { title, evidence: seen, hint } = unavailable(other)
    return diagnosis('python-not-available', title, seen, hint)
  }
  if (choice.kind === 'venv-broken') return undefined
  const folder = relativeTo(evidence, freshEnvironment(checkout))
  const [one] = checkout.python.candidates.flatMap((candidate) => (candidate.state === 'foreign' ? [candidate] : []))
  const lacks = [
    base === undefined ? `There is ${noInterpreter(platform).seen} either` : `${base} has no Django, Channels and ASGI server`,
    ...(other === undefined ? [] : [`${other.word.source} names Python ${other.word.spec}: ${other.python} is ${other.version}`]),
    ...leftOut(evidence),
  ]
  const made = make(evidence, folder, [])
  if (one !== undefined)
    return diagnosis(
      'foreign-environment',
      `The virtual environment ${one.label} is from ${one.system}, and there is none for this system`,
      [`${one.label} has the layout of ${one.system}: it is left alone`, ...lacks],
      `Make one for this system beside it, in ${folder}.`,
      made,
    )
  return diagnosis(
    'venv-missing',
    `There is no virtual environment, and the ${checkout.python.named ? 'interpreter that was named' : platform === 'win32' ? 'Python of the PATH' : 'python3 of the PATH'} lacks the packages`,
    ['Looked for .venv, venv and env beside manage.py and above it: there is none', ...lacks],
    base === undefined && platform === 'win32' ? noInterpreter(platform).hint : 'Make one, and install the requirements into it.',
    made,
  )
}

/** The environment lacks what the project asks for, or what every Channels backend needs. */
function judgePackages(evidence: Evidence): Diagnosis[] {
  const { choice, checkout } = evidence
  const { environment } = choice ?? {}
  if (choice === undefined || environment === undefined) return []
  const found: Diagnosis[] = []
  const asked = missingPackages(checkout?.requirements?.names ?? [], choice)
  const essential = ['django', 'channels'].filter((name) => !environment.packages.has(name))
  const where = environment.label
  if (essential.length > 0) found.push(missing(essential[0] ?? '', [`${where} has no ${essential.join(' and no ')}`]))
  const needsDaphne = asked.includes('daphne') || checkout?.project.hasDaphneApp === true || choice.kind === 'packages-missing'
  if (
    needsDaphne &&
    !environment.packages.has('daphne') &&
    (choice.kind !== 'packages-missing' || choice.missing.includes('daphne') || asked.includes('daphne'))
  ) {
    const why = asked.includes('daphne')
      ? `${requirementsOf(evidence)} asks for it`
      : checkout?.project.hasDaphneApp === true
        ? 'INSTALLED_APPS has "daphne"'
        : 'no other ASGI server is there either'
    found.push(
      diagnosis(
        'daphne-missing',
        `daphne isn't installed in ${where}`,
        [`${where} has no daphne: \`No module named daphne\``, why],
        'Install it.',
        [[pythonOf(evidence), '-m', 'pip', 'install', 'daphne']],
      ),
    )
  }
  return found
}

/** Nothing is installed that could serve a WebSocket, by the rule that `start` chooses by. */
function judgeServers({ choice, checkout }: Evidence): Diagnosis | undefined {
  if (choice?.kind !== 'ready') return undefined
  const { packages, label, python } = choice.environment
  const server = chooseServer({ packages, hasDaphneApp: checkout?.project.hasDaphneApp === true, wanted: undefined })
  if (server.kind === 'server') return undefined
  return diagnosis(server.id, 'There is no server that can speak WebSocket', [`${label}: ${server.reason}`], 'Install one.', [
    [pathFrom(checkout?.project.root, python), '-m', 'pip', 'install', ...server.install],
  ])
}
