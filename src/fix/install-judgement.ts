import type { RequirementLine } from '../facts/requirement-lines.ts'
import { requiredName } from '../facts/packages.ts'
import { conditionOf } from '../facts/platform-packages.ts'
import { backtracked, lineOfNamed, type InstallFailure } from '../facts/installer-output.ts'
import { LauncherError } from '../errors.ts'

/** What is known around an installation that has failed. */
export interface InstallFacts {
  /** What it was to install, with where the project asks for it. */
  readonly asked: readonly RequirementLine[]
  readonly lines: readonly string[]
  /** Of the interpreter that it was for: `3.11.7`; undefined where that isn't known. */
  readonly python: string | undefined
  readonly platform: NodeJS.Platform
  /** A path as a person in the checkout writes it. */
  readonly shown: (path: string) => string
  /** Where the file can't be read: not UTF-8, or at so many bytes. */
  readonly broken: { readonly file: string; readonly line: number } | undefined
  /** The files that aren't UTF-8 but UTF-16, as PowerShell writes them. */
  readonly utf16?: ReadonlySet<string>
  /** It installs all or nothing. */
  readonly isWhole: boolean
}

/** The cause of an installation that has failed; undefined where the network or the index is what failed. Pure. */
export function judgeInstall(failure: InstallFailure, facts: InstallFacts): LauncherError | undefined {
  if (failure.kind === 'network' || failure.kind === 'download') return undefined
  const { kind, words, python: needs } = failure
  const { asked, shown, python, isWhole } = facts
  const line = lineOfNamed(failure.named, asked)
  const named = line?.spec.replace(/\s*;.*/, '') ?? failure.named ?? 'a requirement'
  const place = facts.broken ?? line ?? through(failure, facts)
  const at = place === undefined ? undefined : `${shown(place.file)}:${place.line}`
  // an old release that nobody asks for: the newer ones are excluded by something else
  const older = kind === 'build' ? backtracked(facts.lines) : new Set()
  const tried = line === undefined || older.has(line.name) ? older : new Set()
  const excluded = asked.filter(({ name }) => tried.has(name))
  const together = excluded.map((each) => `${shown(each.file)}:${each.line}: ${each.spec}, of which older releases were tried`)
  const where =
    excluded.length > 0 ? together : at === undefined ? [] : [line === undefined || facts.broken !== undefined ? at : `${at}: ${line.spec}`]
  const kept = isWhole ? ['None of it was installed; what was made before stays'] : []
  // pip and uv say so of a name that nobody has, and of an index that answers with no list
  const isEmpty = kind === 'not-found' && facts.lines.some((line) => /from versions: none|there are no versions of/.test(line))
  const none = isEmpty ? ["The index offered no release at all: the name doesn't exist, or it returned none"] : []
  const evidence = [...where, ...words.map((word) => `The installer: ${word}`), ...none, ...kept]
  const own = python === undefined ? 'this Python' : `Python ${python}`
  const condition = conditionOf(failure.named, facts.platform)
  const correct = at === undefined ? 'Correct what asks for it' : `Correct ${at}`
  // an editor that takes it for UTF-8 breaks it
  const coded =
    place !== undefined && facts.utf16?.has(place.file) === true
      ? ` ${shown(place.file)} is UTF-16, as PowerShell writes it: save it so, or all of it as UTF-8.`
      : ''
  const found = (title: string, remedy: string) =>
    new LauncherError('requirement-not-installable', title, { evidence, hint: `${remedy}${coded} Then: election-dev start --setup.` })
  if (condition !== undefined && (kind === 'build' || kind === 'not-found'))
    return found(
      `${named} is not for this machine: it is required where ${condition}`,
      line === undefined ? `Require it under the condition ${condition}.` : `Write ${named} ; ${condition} in ${at ?? ''}.`,
    )
  switch (kind) {
    case 'build':
      if (excluded.length > 0)
        return found(
          `What the project asks for goes together only with ${named}, which can't be built here`,
          `Ask for other releases in ${excluded.map((each) => `${shown(each.file)}:${each.line}`).join(', ')}, or of what excludes the newer ones.`,
        )
      return found(
        `${named} can't be built here`,
        `Install what its build asks for, or ask for a release of it that needs no build on ${own}${at === undefined ? '' : ` in ${at}`}.`,
      )
    case 'python':
      return found(
        `${named} is not for ${own}: it asks for Python ${needs ?? 'of another version'}`,
        `Make the environment with Python ${needs ?? 'of that version'}, or ask for a release that ${own} can have${at === undefined ? '' : ` in ${at}`}.`,
      )
    case 'conflict':
      return found(`What the project asks for can't be installed together: ${named}`, `${correct}, or what excludes it.`)
    case 'invalid':
      return found(`A line of the requirements can't be read${at === undefined ? '' : `: ${at}`}`, `${correct}.`)
    case 'encoding':
      return found(`The requirements aren't UTF-8${at === undefined ? '' : `: ${at}`}`, 'Save the file as UTF-8.')
    case 'not-found':
      return found(
        `${named} is not to be found`,
        `${correct}: its name or its version. One of a private index needs that index in the installer's own settings.`,
      )
  }
}

/** The line of the project that a package comes by, as pip tells it: `Collecting cffi (from cryptography->-r requirements.txt (line 3))`. */
function through({ named }: InstallFailure, { lines, asked }: InstallFacts): { file: string; line: number } | undefined {
  const name = named === undefined ? undefined : requiredName(named)
  if (name === undefined) return undefined
  const told = lines.findLast((line) =>
    requiredName(/^\s*(?:Collecting|Processing) (?:.*[\\/])?([\w.-]+)/.exec(line)?.[1] ?? '').startsWith(name),
  )
  const number = Number(/\(line (\d+)\)/.exec(told ?? '')?.[1])
  return asked.find(({ line, file }) => line === number && told?.includes(file.split(/[\\/]/).at(-1) ?? file) === true)
}

/**
 * What is missing all the same once everything was installed: a condition
 * excludes this Python, or nothing asks for it. Pure.
 */
export function judgeLeftOut(
  missing: readonly string[],
  { asked, python, shown, file }: Pick<InstallFacts, 'asked' | 'python' | 'shown'> & { readonly file: string | undefined },
): LauncherError {
  const own = python === undefined ? 'this Python' : `Python ${python}`
  const seen = missing.map((name) => {
    const line = asked.find((one) => one.name === name && one.marker !== undefined)
    if (line !== undefined) return `${shown(line.file)}:${line.line} asks for ${name} only where ${line.marker ?? ''}, and this is ${own}`
    return `${name}: ${file === undefined ? 'nothing asks for it' : `no line of ${shown(file)} that could be read asks for it`}`
  })
  const excluded = asked.some(({ name, marker }) => marker !== undefined && missing.includes(name))
  return new LauncherError('requirement-not-installable', `Missing after everything was installed: ${missing.join(', ')}`, {
    evidence: ['The installer succeeded, but did not install it', ...seen],
    hint: excluded
      ? 'Create the environment with a Python that meets the condition, or correct the condition.'
      : "Add it to the project's requirements, and run election-dev start --setup again.",
  })
}
