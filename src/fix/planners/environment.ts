import { dirname, join, sep } from 'node:path'
import { normalName } from '../../facts/packages.ts'
import { missingPackages } from '../../plan/environment.ts'
import { environmentCommand, installCommand, pipCommand, toolMakesEnvironment, type SetupCommand } from '../../plan/setup-commands.ts'
import type { SetupFacts } from '../../plan/setup.ts'
import type { Evidence } from '../../checks/evidence.ts'
import { fix, noFix, type Fix, type FixCause, type Step, type Planner, type NoFix } from '../step.ts'
import type { FixFacts } from '../fix-facts.ts'
import { handOver } from './serving.ts'

type CommandFacts = Pick<SetupFacts, 'root' | 'backend' | 'platform' | 'python' | 'requirements' | 'hasUv'>

function commandFacts({ checkout, choice }: Evidence, { platform, hasUv }: FixFacts): CommandFacts | undefined {
  if (checkout === undefined || choice === undefined) return undefined
  const { root, backend } = checkout.project
  return { root, backend, platform, python: choice, requirements: checkout.requirements, hasUv }
}

function step({ shown, action }: SetupCommand): Step[] {
  if (action.kind !== 'command') return []
  const { file, args, cwd, makes } = action
  return [{ kind: 'command', argv: [file, ...args], cwd, shown, ...(makes === undefined ? {} : { makes }) }]
}

/** Installs what the diagnosis misses, into the environment of the project. */
export const installPackage: Planner = (evidence, facts, cause) => {
  const around = commandFacts(evidence, facts)
  const { choice, checkout } = evidence
  if (around === undefined || choice === undefined || !('environment' in choice)) return noFix('there is no environment to install into')
  const { environment } = choice
  if (!environment.isVirtual) return noFix(`${environment.label} is no virtual environment: nothing is installed into it`)
  const pip = pipCommand(around)
  const first = pip === undefined ? [] : step(pip)
  const asked = missingPackages(checkout?.requirements?.names ?? [], choice)
  const wanted = wantedPackages(cause)
  const managed = toolMakesEnvironment(around)
  // what the project asks for, all of it, where it is more than the one; a tool that keeps the environment does it its way
  const isAsked = wanted.every((name) => asked.includes(normalName(name.replace(/\[.*/, ''))))
  if (managed || (asked.length > 1 && isAsked) || wanted.length === 0)
    return fix([...first, ...step(installCommand(around))], { restart: true })
  const specs = wanted.map((name) => requirementOf(evidence, facts, name) ?? name)
  const python = environment.python
  const shownPython = python.startsWith(`${around.root}${sep}`) ? python.slice(around.root.length + 1) : python
  const shownSpecs = specs.map((spec) => (/^[\w.=-]+$/.test(spec) ? spec : `'${spec}'`)).join(' ')
  const install: Step = facts.hasUv
    ? {
        kind: 'command',
        argv: ['uv', 'pip', 'install', '--python', python, ...specs],
        cwd: around.backend,
        shown: `uv pip install --python ${shownPython} ${shownSpecs}`,
      }
    : {
        kind: 'command',
        argv: [python, '-m', 'pip', 'install', '--disable-pip-version-check', ...specs],
        cwd: around.backend,
        shown: `${shownPython} -m pip install ${shownSpecs}`,
      }
  return fix([...first, install], { restart: true })
}

/** The packages that the diagnosis says to install. */
function wantedPackages({ commands }: FixCause): string[] {
  const command = commands.find((words) => words.includes('pip') && words.includes('install') && !words.includes('-r'))
  return command === undefined ? [] : command.slice(command.indexOf('install') + 1).filter((word) => !word.startsWith('-'))
}

/** The line of requirements.txt that asks for the package: its version is the project's to choose. */
function requirementOf({ checkout }: Evidence, { texts }: FixFacts, name: string): string | undefined {
  const text = texts.get(checkout?.requirements?.file ?? '') ?? ''
  const plain = normalName(name.replace(/\[.*/, ''))
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .find((line) => normalName(/^[A-Za-z0-9][A-Za-z0-9._-]*/.exec(line)?.[0] ?? '') === plain && !/[;\s@]/.test(line))
}

/** A new environment in the place of the old one, which goes into the backup; its packages after it. */
function remade(evidence: Evidence, facts: FixFacts, folder: string, old: boolean, base?: string): Fix | NoFix {
  const around = commandFacts(evidence, facts)
  if (around === undefined) return noFix('there is no project here')
  if (toolMakesEnvironment(around)) return fix(step(installCommand(around)), { restart: true })
  // the commands of a checkout that has none yet
  const python = { kind: 'venv-broken' as const, folder, label: folder, reason: '', base: base ?? baseOf(evidence) }
  const fresh = { ...around, python }
  const made =
    base !== undefined && facts.hasUv
      ? withPython(environmentCommand(fresh, folder, false), base)
      : environmentCommand(fresh, folder, false)
  return fix([...(old ? [{ kind: 'rename' as const, from: folder, to: undefined }] : []), ...step(made), ...step(installCommand(fresh))], {
    restart: true,
  })
}

function withPython({ shown, action }: SetupCommand, base: string): SetupCommand {
  if (action.kind !== 'command') return { shown, action }
  return {
    shown: shown.replace('uv venv', `uv venv --python ${base}`),
    action: { ...action, args: ['venv', '--python', base, ...action.args.slice(1)] },
  }
}

function baseOf({ choice }: Evidence): string | undefined {
  return choice !== undefined && 'base' in choice ? choice.base : undefined
}

/** There is none: one is made beside manage.py. */
export const makeEnvironment: Planner = (evidence, facts) => {
  const backend = evidence.checkout?.project.backend
  if (backend === undefined) return noFix('there is no project here')
  const { choice } = evidence
  if (choice?.kind === 'venv-missing' && choice.base === undefined && !facts.hasUv)
    return noFix('there is no python3 on the PATH that could make one')
  return remade(evidence, facts, join(backend, 'venv'), false)
}

/** It is there and can't run: one is made in its place. Where only its scripts are dead, `python -m` runs all the same. */
export const remakeEnvironment: Planner = (evidence, facts) => {
  const { choice, deadShebang, checkout } = evidence
  if (choice?.kind === 'python-broken') return noFix('the interpreter was named by hand: only you know which one was meant')
  const broken = checkout?.python.candidates.find((candidate) => candidate.state === 'broken' && candidate.own)
  if (broken?.state === 'broken') return remade(evidence, facts, broken.folder, true)
  if (deadShebang !== undefined)
    return handOver(evidence, facts, {}, ['start runs the server as a module, which needs no script of the environment'])
  return noFix('no environment of this project is broken')
}

/** The code needs a newer Python than the environment's: one of the PATH makes it anew. */
export const newerEnvironment: Planner = (evidence, facts, cause) => {
  const { choice } = evidence
  if (choice === undefined || !('environment' in choice)) return noFix('there is no environment of this project')
  const { environment } = choice
  const wanted = Number(cause.commands.flat().flatMap((word) => /^python3\.(\d+)$/.exec(word)?.[1] ?? [])[0])
  if (Number.isNaN(wanted)) return noFix("which Python the code needs isn't known")
  if (!environment.isVirtual) return noFix(`${environment.label} is no virtual environment: make one with Python 3.${wanted} or newer`)
  const base = facts.pythons.filter(({ minor }) => minor >= wanted).toSorted((a, b) => a.minor - b.minor)[0]?.file
  if (base === undefined && !facts.hasUv) return noFix(`there is no Python 3.${wanted} or newer on the PATH: install one first`)
  return remade(evidence, facts, dirname(dirname(environment.python)), true, base ?? `3.${wanted}`)
}

/** Another environment is active: nothing on the disk is wrong, and `start` takes the project's own. */
export const otherEnvironment: Planner = (evidence, facts) =>
  handOver(evidence, facts, {}, [`start takes ${labelOf(evidence)}, whatever is active`])

function labelOf({ choice }: Evidence): string {
  return choice !== undefined && 'environment' in choice ? choice.environment.label : 'the environment of the project'
}

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
  const error = examination?.errorOf('settings') ?? examination?.errorOf('application')
  const text = error === undefined ? '' : [error, ...error.causes].map(({ type, message }) => `${type}: ${message}`).join('\n')
  const module = /['"](\w+)['"] is not a package/.exec(text)?.[1]
  const hit = files.find(({ name }) => name === module) ?? files.find(({ name }) => text.includes(`'${name}`)) ?? files[0]
  return hit?.file ?? (module === undefined ? undefined : `${module}.py`)
}
