import type { BasePython } from '../facts/base-python.ts'
import { deployedServers, preferred } from '../servers/known.ts'
import type { Candidate, PythonEnvironment, PythonFact } from '../facts/python.ts'

/** Which interpreter runs the backend, or why none can. */
export type PythonChoice =
  | ({ readonly kind: 'ready' } & Chosen)
  | ({ readonly kind: 'packages-missing'; readonly missing: readonly string[] } & Chosen)
  | ({ readonly kind: 'venv-broken'; readonly folder: string; readonly label: string; readonly reason: string } & Unchosen)
  /** The interpreter that was named doesn't run: nothing of ours to fix. */
  | ({ readonly kind: 'python-broken'; readonly label: string; readonly reason: string } & Unchosen)
  /** `isForeign`: one of another system is there. */
  | ({ readonly kind: 'venv-missing'; readonly isForeign?: boolean } & Unchosen)

interface Chosen {
  readonly environment: PythonEnvironment
  readonly note: string | undefined
  readonly base?: undefined
}

/** `base`: an interpreter that could make an environment. `other`: what the checkout says of it, where `python3` isn't the one. */
interface Unchosen {
  readonly environment?: undefined
  readonly base?: string | undefined
  readonly other?: BasePython
}

/** What every project that is served needs. The server is a choice of its own. */
const needed = ['django', 'channels'] as const
/** The same, with a server. */
export const bareNeeds: readonly string[] = [...needed, preferred.install]

/**
 * Takes the first environment that has Django, Channels and a server; else the
 * first virtual one, whose packages are to be installed; else says what is
 * broken or missing. An interpreter that isn't virtual has to have all that the
 * project asks for (`names`, normalised), because nothing is ever installed into
 * it. A virtual environment that was passed over is named in `note`.
 */
export function choosePython(fact: PythonFact, names: readonly string[] = []): PythonChoice {
  const usable = fact.candidates.flatMap((candidate) => (candidate.state === 'usable' ? [candidate.environment] : []))
  const complete = usable.find(
    (environment) =>
      lacking(environment).length === 0 && (environment.isVirtual || fact.named || names.every((name) => environment.packages.has(name))),
  )
  if (complete !== undefined) return { kind: 'ready', environment: complete, note: passedOver(fact.candidates, complete) }
  const [partial] = usable.filter((environment) => environment.isVirtual)
  if (partial !== undefined) {
    return { kind: 'packages-missing', environment: partial, missing: lacking(partial), note: passedOver(fact.candidates, partial) }
  }
  const [first] = fact.candidates
  if (fact.named && first?.state === 'broken') return { kind: 'python-broken', label: first.label, reason: first.reason }
  const usual = usable.find((environment) => !environment.isVirtual)
  const { base: other } = fact
  const unchosen: Unchosen = {
    base: other?.kind === 'found' ? other.python : usual?.python,
    ...(other === undefined ? {} : { other }),
  }
  const broken = fact.candidates.find((candidate) => candidate.state === 'broken' && candidate.own)
  if (broken?.state === 'broken')
    return { kind: 'venv-broken', folder: broken.folder, label: broken.label, reason: broken.reason, ...unchosen }
  return { kind: 'venv-missing', ...unchosen, isForeign: fact.candidates.some(({ state }) => state === 'foreign') }
}

/** Whether this version of Channels is one before 3, whose consumers are none that an ASGI server takes. Pure. */
export function isOldChannels(version: string | undefined): boolean {
  return version !== undefined && Number.parseInt(version, 10) < 3
}

/** Distributions that the environment lacks before it can serve a WebSocket. */
function lacking(environment: PythonEnvironment): string[] {
  const missing: string[] = needed.filter((name) => !environment.packages.has(name))
  if (!deployedServers.some(({ name }) => environment.packages.has(name))) missing.push(preferred.install)
  return missing
}

/** The cause that a choice is where it isn't ready. */
export function missingCause(
  choice: PythonChoice,
): 'venv-broken' | 'venv-missing' | 'foreign-environment' | 'python-not-available' | 'daphne-missing' | 'missing-dep' {
  if ((choice.kind === 'venv-broken' || choice.kind === 'venv-missing') && choice.other?.kind === 'none') return 'python-not-available'
  if (choice.kind === 'venv-missing' && choice.isForeign === true) return 'foreign-environment'
  if (choice.kind === 'venv-broken' || choice.kind === 'venv-missing') return choice.kind
  if (choice.kind === 'python-broken') return 'venv-broken'
  return choice.kind === 'packages-missing' && choice.missing[0] === preferred.install ? 'daphne-missing' : 'missing-dep'
}

/** Requirements that the chosen environment lacks, normalised names; all of them where there is no environment. */
export function missingPackages(names: readonly string[], choice: PythonChoice): string[] {
  return names.filter((name) => choice.environment?.packages.has(name) !== true)
}

function passedOver(candidates: readonly Candidate[], taken: PythonEnvironment): string | undefined {
  for (const candidate of candidates) {
    if (candidate.state === 'broken') return `${candidate.label} is passed over: ${candidate.reason}`
    if (candidate.state === 'foreign') return `${candidate.label} is passed over: it is one of ${candidate.system}`
    if (candidate.state === 'other-version') return `${candidate.label} is passed over: it is of Python ${candidate.version}`
    if (candidate.state !== 'usable') continue
    if (candidate.environment === taken) return undefined
    return `${candidate.environment.label} is passed over: it lacks ${lacking(candidate.environment).join(', ')}`
  }
  return undefined
}
