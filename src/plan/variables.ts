import { entriesOf, type DotenvReader } from '../facts/dotenv.ts'
import type { Checkout } from '../facts/checkout.ts'
import { dotenvSource, type DotenvSurvey } from '../facts/dotenv-survey.ts'
import { raisedText, wantedVariable, type Examination, type ExaminationOf, type WantedVariable } from '../facts/examination.ts'
import { homeName } from '../facts/home-name.ts'
import { joined } from '../host/paths.ts'
import { namesSecret } from '../host/secret-names.ts'
import { outsideValue, valueFor, type GivenVariable } from './variable-values.ts'

/** Where a variable is written so that it reaches who asks for it. Paths are absolute. */
export type VariableTarget =
  | { readonly kind: 'dotenv'; readonly file: string; readonly reader: DotenvReader }
  | { readonly kind: 'configuration'; readonly file: string }

/** A variable with its value and where that is written. */
export interface PlacedVariable extends GivenVariable {
  readonly target: VariableTarget
}

/** What is to be made of the variables that nobody gives. */
interface VariablesPlan {
  readonly placed: readonly PlacedVariable[]
  /** Nothing says what they are to be, or there is nowhere to write it. */
  readonly left: readonly { readonly variable: WantedVariable; readonly target: VariableTarget | undefined }[]
}

/** The same, of all that were asked for in vain. */
export interface WantedVariables extends VariablesPlan {
  readonly asked: readonly WantedVariable[]
}

interface Evident {
  readonly checkout: Checkout | undefined
  readonly dotenv: DotenvSurvey | undefined
  readonly examination: Pick<Examination, 'get' | 'errorOf'> | undefined
}

/** What gives values besides the files. */
export interface Givers {
  /** Values that somebody has typed. */
  readonly typed?: ReadonlyMap<string, string>
  /** The run starts the database that isn't there, under whatever name and password it is asked for. */
  readonly managed?: boolean
}

interface Seen extends Givers {
  readonly checkout: Checkout
  readonly dotenv: DotenvSurvey
  readonly examination: Pick<Examination, 'get'>
}

type Load = ExaminationOf<'variables'>['loads'][number]

/** What reaches a variable by who asks for it: decouple and pydantic look into the environment as well. */
const reaches: Readonly<Record<WantedVariable['by'], readonly Load['reader'][]>> = {
  decouple: ['decouple', 'environ', 'dotenv'],
  pydantic: ['pydantic', 'environ', 'dotenv'],
  environment: ['environ', 'dotenv'],
}

/** The variables that nobody gives: what a look from inside tells, without what the file has that is read. Pure. */
function missingVariables({ dotenv, examination }: Pick<Seen, 'dotenv' | 'examination'>): readonly WantedVariable[] {
  const told = examination.get('variables')
  const there = new Set(entriesOf(dotenv.fact).map(({ key }) => key))
  const isRead = (variable: WantedVariable) => loadOf(told?.loads ?? [], variable)?.path === dotenv.fact.path
  return (told?.missing ?? []).filter((variable) => !(isRead(variable) && there.has(variable.name)))
}

function loadOf(loads: readonly Load[], { by }: WantedVariable): Load | undefined {
  return reaches[by].flatMap((reader) => loads.filter((load) => load.sure && load.reader === reader))[0]
}

/** Where the value of a variable has to stand. Pure. */
function targetOf({ dotenv, examination }: Pick<Seen, 'dotenv' | 'examination'>, variable: WantedVariable): VariableTarget | undefined {
  const load = loadOf(examination.get('variables')?.loads ?? [], variable)
  if (load !== undefined) return { kind: 'dotenv', file: load.path, reader: load.reader === 'pydantic' ? 'dotenv' : load.reader }
  const { configuration } = dotenv.sources
  return configuration === undefined ? undefined : { kind: 'configuration', file: configuration.file }
}

/** What says that the project runs on PostgreSQL: what it is opened with is asked for, or a container of it is described. */
function postgresWord({ requirements }: Checkout, hasDatabase: boolean): string | undefined {
  const asked = [...(requirements?.lines ?? []), ...(requirements?.development ?? [])]
  const driver = asked.find(({ name }) => /^(?:psycopg|asyncpg$)/.test(name))
  if (driver !== undefined) return `the project asks for ${driver.name}`
  return hasDatabase && !asked.some(({ name }) => /^(?:mysqlclient|pymysql)$/.test(name)) ? 'the compose file has one' : undefined
}

/** A value for each variable that is wanted, and its place. Pure. */
function planVariables(seen: Seen, wanted: readonly WantedVariable[]): VariablesPlan {
  const { checkout, dotenv, typed, managed = false } = seen
  const { said, hasDatabase } = dotenv.sources
  const around = {
    origin: checkout.project.frontendOrigin ?? 'http://localhost:5173',
    backend: 'http://localhost:8000',
    managed,
    sqlite: { path: joined(checkout.project.root, homeName, 'db.sqlite3'), shown: `${homeName}/db.sqlite3` },
    postgres: postgresWord(checkout, hasDatabase),
    namesDatabase: hasDatabase || said.some(({ name }) => /^(?:POSTGRES|MYSQL|DB|PG|DATABASE)_?(?:HOST|NAME|DB|URL)$/.test(name)),
  }
  const placed: PlacedVariable[] = []
  const left: VariablesPlan['left'][number][] = []
  for (const variable of wanted) {
    const target = targetOf(seen, variable)
    const answer = typed?.get(variable.name)
    const given: GivenVariable | undefined =
      answer === undefined ? valueFor(variable, dotenv.sources, around) : { variable, value: answer, source: 'typed', isPrivate: true }
    // a configuration is mostly committed: a secret that a private file has, or a person, doesn't go there
    const isKept = target?.kind === 'configuration' && given?.isPrivate === true && namesSecret(variable.name)
    if (given === undefined || target === undefined || isKept) left.push({ variable, target })
    else placed.push({ ...given, target })
  }
  return { placed, left }
}

/** What settings lack of their variables, which can't be imported or have no database; undefined where they fail for something else, or a whole file is to be put in its place. Pure. */
export function wantedVariables(evidence: Evident, givers: Givers = {}): WantedVariables | undefined {
  const wanted = lackedVariables(evidence, givers)
  return wanted === undefined || isWholeFile(evidence, wanted) ? undefined : wanted
}

/**
 * What a copy of the example has to say otherwise than it, so that the settings
 * have all that they lack, and name no container; undefined where it isn't what
 * is put in the place of the `.env`. Pure.
 */
export function unlikeExample(evidence: Evident, givers: Givers = {}): ReadonlyMap<string, GivenVariable['value']> | undefined {
  const wanted = lackedVariables(evidence, givers)
  const source = evidence.dotenv && dotenvSource(evidence.dotenv)
  if (wanted === undefined || source?.kind !== 'example' || !isWholeFile(evidence, wanted)) return undefined
  const said = evidence.dotenv?.sources.said.filter(({ file }) => file === source.shown) ?? []
  const values = new Map<string, GivenVariable['value']>(said.map((each) => [each.name, outsideValue(each)]))
  for (const { variable, value } of wanted.placed) values.set(variable.name, value)
  for (const { name, value, written = value } of said) if (values.get(name) === written) values.delete(name)
  return values
}

function lackedVariables(evidence: Evident, givers: Givers): WantedVariables | undefined {
  const { dotenv, checkout, examination } = evidence
  const error = examination?.errorOf('settings') ?? examination?.errorOf('folders') ?? examination?.errorOf('application')
  if (examination === undefined || dotenv === undefined || checkout === undefined) return undefined
  if (dotenv.fact.kind === 'unreadable' || examination.get('variables') === undefined) return undefined
  const missing = missingVariables({ dotenv, examination })
  const asked = error === undefined ? databaseInVain(examination, missing) : askedInVain(error, missing)
  if (asked.length === 0) return undefined
  return { ...planVariables({ ...givers, checkout, dotenv, examination }, asked), asked }
}

/** What would name the database of settings that have none: a URL without a default fails for nobody before it is used. */
function databaseInVain(examination: Pick<Examination, 'get'>, missing: readonly WantedVariable[]): readonly WantedVariable[] {
  return examination.get('database')?.state === 'none' ? missing.filter(({ cast }) => cast === 'db') : []
}

/** The variables that an exception is about: it names one, stands where one is asked for, or is pydantic's list of them. */
function askedInVain(error: ExaminationOf<'error'>, missing: readonly WantedVariable[]): readonly WantedVariable[] {
  const text = raisedText(error)
  const first = wantedVariable(text)
  const stands = [{ file: error.file, line: error.line }, ...error.frames]
  const isIt = ({ name, file, line, by }: WantedVariable) =>
    new RegExp(String.raw`\b${name}\b`).test(text) ||
    stands.some((frame) => frame.file === file && frame.line === line) ||
    (by === 'pydantic' && /validation errors? for/.test(text) && /[Ff]ield required/.test(text))
  if (missing.some((variable) => isIt(variable))) return missing
  if (first === undefined || missing.some(({ name }) => name === first) || typeof error.file !== 'string' || typeof error.line !== 'number')
    return []
  // the name is put together, or asked for by a library
  if (!/UndefinedValueError|environment variable/.test(text)) return []
  const by = text.includes('UndefinedValueError') ? 'decouple' : 'environment'
  return [{ name: first, file: error.file, line: error.line, cast: 'str', by }, ...missing]
}

/** Whether a file that lies elsewhere has all of it, or an example some, and the rest can be made: then it is put where it is read. */
function isWholeFile({ dotenv, checkout }: Evident, { placed, left, asked }: WantedVariables): boolean {
  if (dotenv === undefined || dotenv.fact.kind !== 'absent' || checkout === undefined) return false
  const source = dotenvSource(dotenv)
  const { fact } = dotenv
  const isRead = [...placed, ...left].every(({ target }) => target?.kind === 'dotenv' && target.file === fact.path)
  if (source === undefined || !isRead) return false
  const names = new Set(dotenv.sources.said.filter(({ file }) => file === source.shown).map(({ name }) => name))
  return source.kind === 'example'
    ? left.length === 0 && asked.some(({ name }) => names.has(name))
    : asked.every(({ name }) => names.has(name))
}
