import { raisedText, type ExaminationOf } from '../facts/examination.ts'
import { diagnosis, type Diagnosis, type Seen } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import { relativeTo, remake } from './python-environment.ts'

/** Modules of the standard library that came with a Python, as [major, minor] (docs.python.org, "New in version"). */
const newModules: Readonly<Record<string, number>> = { contextvars: 7, dataclasses: 7, graphlib: 9, zoneinfo: 9, tomllib: 11 }

/** Names of typing that came later than the module. */
const newTypes: Readonly<Record<string, number>> = {
  Annotated: 9,
  Concatenate: 10,
  ParamSpec: 10,
  TypeAlias: 10,
  TypeGuard: 10,
  Self: 11,
  override: 12,
}

/** What an older Python says of the syntax of a newer one, and which minor version of 3 brought it. */
const newSyntax: readonly { readonly message: RegExp; readonly line?: RegExp; readonly minor: number; readonly what: string }[] = [
  // PEP 701: quotes, backslashes and comments inside an f-string's braces
  {
    message: /f-string(?:: unmatched| expression part cannot include|: expecting '}'|: invalid syntax)/,
    minor: 12,
    what: 'an f-string with quotes inside its braces',
  },
  { message: /invalid syntax|expected ':'/, line: /^\s*type\s+\w+(?:\[.*\])?\s*=/, minor: 12, what: 'a type statement' },
  {
    message: /invalid syntax|expected '\('|expected ':'/,
    line: /^\s*(?:class|(?:async )?def)\s+\w+\[/,
    minor: 12,
    what: 'type parameters',
  },
  { message: /invalid syntax|expected one or more exception types/, line: /^\s*except\s*\*/, minor: 11, what: 'except*' },
  { message: /invalid syntax/, line: /^\s*(?:match|case)\s+.*:\s*(?:#.*)?$/, minor: 10, what: 'a match statement' },
  { message: /invalid syntax/, line: /:=/, minor: 8, what: 'an assignment expression (:=)' },
  {
    message: /Missing parentheses in call|multiple exception types must be parenthesized/,
    line: /^\s*except\s+\w+\s*,\s*\w+\s*:/,
    minor: 14,
    what: 'except without parentheses',
  },
]

/** The interpreter is too old for the code or a package: a syntax or a module that a newer one has. Pure. */
export function judgeTooOld(
  evidence: Evidence,
  error: Pick<ExaminationOf<'error'>, 'type' | 'message' | 'causes' | 'file' | 'line'>,
  seen: Seen,
): Diagnosis | undefined {
  const { examination, choice, checkout, newerPython } = evidence
  const need = newerNeeded(evidence, error)
  if (need === undefined) return undefined
  const python = examination?.get('start')?.python ?? ''
  const base = newerPython?.file
  const own = choice?.environment?.isVirtual === true ? choice.environment.python : undefined
  const folder = own === undefined ? 'backend/venv' : relativeTo({ checkout }, own).replace(/[\\/](?:bin|Scripts)[\\/][^\\/]*$/, '')
  return diagnosis(
    'python-too-old',
    `Python ${python} is too old for this code: it needs 3.${need.minor}`,
    [...seen, `${need.what} came with Python 3.${need.minor}; the backend's interpreter is ${python}`],
    `Recreate the environment with Python 3.${need.minor} or newer${base === undefined ? ', which has to be installed first: none is on the PATH' : ''}.`,
    base === undefined ? [] : remake(evidence, folder, base),
  )
}

/** The minor version of Python 3 that the code needs, by what its import raised, where it is newer than the interpreter's. Pure. */
export function newerNeeded(
  { examination, brokenLine }: Pick<Evidence, 'examination' | 'brokenLine'>,
  error: Parameters<typeof neededBy>[0] | undefined = examination?.errorOf('settings') ?? examination?.errorOf('application'),
): { minor: number; what: string } | undefined {
  const minor = Number(/^3\.(\d+)/.exec(examination?.get('start')?.python ?? '')?.[1])
  return error === undefined || Number.isNaN(minor) ? undefined : neededBy(error, brokenLine, minor)
}

function neededBy(
  error: Pick<ExaminationOf<'error'>, 'type' | 'message' | 'causes'>,
  line: string | undefined,
  minor: number,
): { minor: number; what: string } | undefined {
  const text = raisedText(error)
  if (/^(?:SyntaxError|IndentationError)/.test(error.type)) {
    const rule = newSyntax.find(
      (candidate) =>
        candidate.minor > minor && candidate.message.test(text) && (candidate.line === undefined || candidate.line.test(line ?? '')),
    )
    return rule === undefined ? undefined : { minor: rule.minor, what: rule.what }
  }
  const module = /No module named ['"](\w+)['"]/.exec(text)?.[1]
  const came = module === undefined ? undefined : newModules[module]
  if (module !== undefined && came !== undefined && came > minor) return { minor: came, what: `The module ${module}` }
  const name = /cannot import name ['"](\w+)['"] from ['"]typing['"]/.exec(text)?.[1]
  const since = name === undefined ? undefined : newTypes[name]
  if (name !== undefined && since !== undefined && since > minor) return { minor: since, what: `typing.${name}` }
  // PEP 604: `int | None` outside an annotation string
  if (minor < 10 && /unsupported operand type\(s\) for \|: '(?:type|_GenericAlias|NoneType)'/.test(text))
    return { minor: 10, what: '`X | Y` for types' }
  if (minor < 9 && /'(?:type|ABCMeta)' object is not subscriptable/.test(text)) return { minor: 9, what: '`list[int]` and the like' }
  if (/requires Python (?:>=\s*)?3\.(\d+)|requires a different Python/.test(text)) {
    const wanted = Number(/3\.(\d+)/.exec(text)?.[1])
    if (wanted > minor) return { minor: wanted, what: 'A package' }
  }
  return undefined
}
