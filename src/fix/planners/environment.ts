import { leftOutWords } from '../../facts/platform-packages.ts'
import { noInterpreter } from '../../facts/base-python.ts'
import { dirname, join } from 'node:path'
import { listenerOf, type Evidence } from '../../checks/evidence.ts'
import type { Checkout } from '../../facts/checkout.ts'
import { standardSpec } from '../../facts/python-spec.ts'
import { normalName, requiredName } from '../../facts/packages.ts'
import { freshEnvironment } from '../../plan/fresh-environment.ts'
import { missingPackages, type PythonChoice } from '../../plan/environment.ts'
import { fix, isNoFix, noFix, type Fix, type NoFix, type Planner, type PlannerOf, type FixFacts } from '../step.ts'
import {
  addCommands,
  commandFacts,
  environmentCommand,
  installCommand,
  managerOf,
  pipCommands,
  installedBy,
  relativeTo,
  type CommandFacts,
} from '../../plan/install.ts'
import { importError } from './dotenv.ts'
import { handOver, startAnew } from './serving.ts'

/** Installs what the project misses, into its own environment. */
export const installPackage: PlannerOf<'checkout' | 'choice'> = (evidence, facts, cause) => {
  const around = commandFacts(evidence, facts)
  const { choice, checkout } = evidence
  const { environment } = choice ?? {}
  if (around === undefined || choice === undefined || environment === undefined) return noFix('there is no environment to install into')
  if (!environment.isVirtual) return noFix(`${environment.label} is no virtual environment: nothing is installed into it`)
  const asked = missingPackages(checkout?.requirements?.names ?? [], choice)
  const wanted = cause.commands.map(installedBy).find((names) => names.length > 0) ?? []
  // what the project asks for, all of it, where it is more than the one; a tool that keeps the environment does it its way
  const isAsked = wanted.every((name) => asked.includes(requiredName(name)))
  const specs = wanted.map((name) => requirementOf(evidence, facts, name) ?? name)
  const isWhole = isAsked && (managerOf(around) !== undefined || asked.length > 1 || wanted.length === 0)
  return isWhole
    ? fix([...pipCommands(around), installCommand(around)], { restart: true, notes: leftOut(around) })
    : fix(addCommands(around, specs), { restart: true })
}

const leftOut = (around: CommandFacts): string[] => leftOutWords(around.requirements, (path) => relativeTo(around, path))

/** Installs newer releases of packages that are there. */
export const upgradePackages: Planner = (evidence, facts, cause) => {
  const around = commandFacts(evidence, facts)
  const { environment } = evidence.choice ?? {}
  if (around === undefined || environment === undefined) return noFix('there is no environment to install into')
  if (!environment.isVirtual) return noFix(`${environment.label} is no virtual environment: nothing is installed into it`)
  return fix(addCommands(around, ['--upgrade', ...cause.commands.flatMap(installedBy)]), { restart: true })
}

/** The line of requirements.txt that asks for the package: its version is the project's to choose. */
function requirementOf({ checkout }: Pick<Evidence, 'checkout'>, { texts }: FixFacts, name: string): string | undefined {
  const text = texts.get(checkout?.requirements?.file ?? '') ?? ''
  const plain = requiredName(name)
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .find((line) => normalName(/^[A-Za-z0-9][A-Za-z0-9._-]*/.exec(line)?.[0] ?? '') === plain && !/[;\s@]/.test(line))
}

/** A new environment in the place of the old one, which goes into the backup; its packages after it. */
function remade(
  evidence: Pick<Evidence, 'checkout' | 'choice'>,
  facts: FixFacts,
  python: PythonChoice,
  folder: string,
  base?: string,
): Fix | NoFix {
  const around = commandFacts({ ...evidence, choice: python }, facts)
  if (around === undefined) return noFix('there is no project here')
  const isNeeded = facts.platform === 'win32' || python.kind === 'venv-missing'
  if (isNeeded && unchosen(python).base === undefined && base === undefined && !facts.hasUv)
    return noFix(`there is ${noInterpreter(facts.platform).seen} that could make one`)
  const made = managerOf(around) === undefined ? [environmentCommand(around, folder, base)] : []
  return fix([...made, installCommand(around)], { restart: true, notes: leftOut(around) })
}

/** A choice of an environment that can't be used, whatever the folder holds. */
function brokenAt(folder: string, choice: PythonChoice | undefined): PythonChoice {
  return { kind: 'venv-broken', folder, label: folder, reason: '', base: choice?.base }
}

/** There is none: one is made beside manage.py. */
export const makeEnvironment: PlannerOf<'checkout' | 'choice'> = (evidence, facts) => {
  const { checkout, choice } = evidence
  if (checkout === undefined) return noFix('there is no project here')
  const { base, other } = unchosen(choice)
  if (other?.kind === 'none' && !facts.hasUv) return noFix(`none of the interpreters here is Python ${other.word.spec}`)
  return remade(evidence, facts, { kind: 'venv-missing', base }, freshEnvironment(checkout), wantedBase(checkout, choice))
}

function unchosen(choice: PythonChoice | undefined): Pick<Extract<PythonChoice, { kind: 'venv-missing' }>, 'base' | 'other'> {
  return choice?.kind === 'venv-missing' || choice?.kind === 'venv-broken' ? choice : {}
}

/** The interpreter that a new environment is made with, where it isn't any that will do; a specifier where uv is to find or fetch one. */
function wantedBase({ python }: Checkout, choice: PythonChoice | undefined): string | undefined {
  const { base, other } = unchosen(choice)
  // uv takes no ||: the last alternative is the newest
  return other?.kind === 'none'
    ? standardSpec(other.word.spec).split(' || ').at(-1)
    : other !== undefined || python.named
      ? base
      : undefined
}

/** It is there and can't run: one is made in its place. Where only its scripts are dead, `python -m` runs all the same. */
export const remakeEnvironment: Planner = (evidence, facts, cause) => {
  const { choice, deadShebang } = evidence
  const plan = replaceEnvironment(evidence, facts, cause)
  if (!isNoFix(plan) || choice?.kind === 'python-broken' || deadShebang === undefined) return plan
  return handOver(evidence, facts, {}, ['start runs the server as a module, which needs no script of the environment'])
}

/** It is there and can't run: one is made in its place. */
export const replaceEnvironment: PlannerOf<'checkout' | 'choice'> = (evidence, facts) => {
  const { choice, checkout } = evidence
  if (choice?.kind === 'python-broken') return noFix('the interpreter was named by hand: only you know which one was meant')
  const broken = checkout?.python.candidates.find((candidate) => candidate.state === 'broken' && candidate.own)
  if (broken?.state !== 'broken') return noFix('no environment of this project is broken')
  const { other } = unchosen(choice)
  if (other?.kind === 'none' && !facts.hasUv) return noFix(`none of the interpreters here is Python ${other.word.spec}`)
  return remade(
    evidence,
    facts,
    brokenAt(broken.folder, choice),
    broken.folder,
    checkout === undefined ? undefined : wantedBase(checkout, choice),
  )
}

/** The code needs a newer Python than the environment's: one of the PATH makes it anew. */
export const newerEnvironment: Planner = (evidence, facts) => {
  const { choice, newerPython } = evidence
  const { environment } = choice ?? {}
  if (environment === undefined) return noFix('there is no environment of this project')
  if (newerPython === undefined) return noFix("which Python the code needs isn't known")
  const { minor, file: base } = newerPython
  if (!environment.isVirtual) return noFix(`${environment.label} is no virtual environment: make one with Python 3.${minor} or newer`)
  if (base === undefined && !facts.hasUv) return noFix(`there is no Python 3.${minor} or newer on the PATH: install one first`)
  const folder = dirname(dirname(environment.python))
  return remade(evidence, facts, brokenAt(folder, choice), folder, base ?? `3.${minor}`)
}

/** Another environment is active: nothing on the disk is wrong, and `start` takes the project's own. */
export const otherEnvironment: Planner = (evidence, facts) =>
  handOver(evidence, facts, {}, [
    `start takes ${evidence.choice?.environment?.label ?? 'the environment of the project'}, whatever is active`,
  ])

/** A file of the project has the name of a package: it gets another, and what imports it is named. */
export const renameShadow: Planner = (evidence, facts) => {
  const backend = evidence.checkout?.project.backend
  const named = evidence.examination?.get('shadows')?.files ?? []
  const file = shadowOf(evidence)
  if (backend === undefined || file === undefined) return noFix("which file it is can't be told")
  const name = named.find((entry) => entry.file === file)?.name ?? file.replace(/\.py$|\/__init__\.py$/, '')
  const from = join(backend, file.replace(/\/__init__\.py$/, ''))
  const to = join(backend, from.endsWith('.py') ? `local_${name}.py` : `local_${name}`)
  return fix([{ kind: 'rename', from, to }, ...facts.compiled.map((path) => ({ kind: 'remove' as const, path }))], {
    restart: true,
    notes: facts.importers.map((line) => `${line} imports ${name}: where the renamed file is meant, write local_${name}`),
  })
}

/** The file that hides a package, relative to the backend. */
export function shadowOf({ examination }: Pick<Evidence, 'examination'>): string | undefined {
  const files = examination?.get('shadows')?.files ?? []
  const text = importError({ examination })
  const module = /['"](\w+)['"] is not a package/.exec(text)?.[1]
  const hit = files.find(({ name }) => name === module) ?? files.find(({ name }) => text.includes(`'${name}`)) ?? files[0]
  return hit?.file ?? (module === undefined ? undefined : `${module}.py`)
}

/** uvicorn was told to do without WebSocket, or has no library for it. */
export const webSocketLibrary: Planner = (evidence, facts, cause) =>
  (listenerOf(evidence)?.command?.ws === 'none' ? startAnew : installPackage)(evidence, facts, cause)
