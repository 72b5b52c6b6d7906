import { booleanOf, entriesOf } from '../facts/dotenv.ts'
import { dotenvSource, entryWith, inFile } from '../facts/dotenv-survey.ts'
import { shownValue } from '../host/secrets.ts'
import { startWithout } from './common-causes.ts'
import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { named, type Evidence } from './evidence.ts'
import { anew } from './server-process.ts'

/** Where a variable stands that isn't in `.env` alone: in the environment of the server, or of this shell. */
export function environmentOf({ servers }: Pick<Evidence, 'servers'>, name: string): string {
  const server = servers.ofProject.find(({ env }) => env?.[name] !== undefined)
  return server === undefined ? 'The environment' : `The environment of ${named(server)}`
}

/** Where the settings get a variable from. */
export function placeOfVariable(evidence: Pick<Evidence, 'servers' | 'env' | 'dotenv'>, name: string): string {
  return evidence.env[name] === undefined ? (inFile(evidence, name)?.shown ?? '.env') : environmentOf(evidence, name)
}

/** What is wrong with the file as a file: its encoding. Asked where the settings can't be imported, or read a value otherwise than it is written. */
export function judgeEncoding({ dotenv }: Pick<Evidence, 'dotenv'>, seen: readonly string[]): Diagnosis | undefined {
  if (dotenv === undefined) return undefined
  const { fact, shown } = dotenv
  const remedy = 'Save it as UTF-8 without BOM.'
  const commands = [['election-dev', 'doctor', '--fix']]
  if (fact.kind === 'unreadable' && fact.code === 'env-encoding')
    return diagnosis('env-encoding', `${shown} isn't plain UTF-8`, [`${shown}: ${fact.reason}`, ...seen], remedy, commands)
  if (fact.kind === 'present' && fact.bom && dotenv.reader !== 'dotenv') {
    const first = fact.entries[0]?.key.replace('\u{feff}', '')
    return diagnosis(
      'env-encoding',
      `${shown} begins with a byte order mark, which becomes part of its first key`,
      [`The first bytes of ${shown} are EF BB BF${first === undefined ? '' : `: the first key is read as \\ufeff${first}`}`, ...seen],
      remedy,
      commands,
    )
  }
  return undefined
}

/** The settings find a value missing, or use a default where a file says otherwise. */
export function judgeNotLoaded(evidence: Pick<Evidence, 'dotenv'>, wanted: string, seen: readonly string[]): Diagnosis | undefined {
  const { dotenv } = evidence
  if (dotenv === undefined) return undefined
  const { fact, others, shown } = dotenv
  const there = inFile(evidence, wanted)
  if (there !== undefined)
    return there.value === ''
      ? undefined
      : diagnosis(
          'env-not-loaded',
          `${shown} has ${wanted}, and what asks for it doesn't read that file`,
          [`${there.shown} has ${wanted}`, ...seen],
          'Load the file there (load_dotenv, environ.Env.read_env), or ask by what reads it (config of decouple).',
          [],
          'no',
        )
  const rest = others.map((other) => `${other.shown} is there`)
  if (fact.kind === 'absent') {
    const source = dotenvSource(dotenv)
    return diagnosis(
      'env-not-loaded',
      `${shown} doesn't exist: the settings find no ${wanted}`,
      [`There is no ${shown}`, ...rest, ...seen],
      'Put it where the settings look.',
      // an example has blanks, which the setup fills
      source === undefined || source.kind === 'example' ? [['election-dev', 'start', '--setup']] : [['cp', source.shown, shown]],
    )
  }
  if (fact.kind === 'unreadable')
    return diagnosis('env-not-loaded', `${shown} can't be read`, [`${shown}: ${fact.reason}`, ...seen], 'Make it a file that you may read.')
  const elsewhere = others.filter(({ kind }) => kind !== 'example')
  return diagnosis(
    'env-not-loaded',
    `${shown} has no ${wanted}, which the settings need`,
    [`${shown} is read, but ${wanted} isn't among its keys`, ...elsewhere.map((other) => `${other.shown} is there too`), ...seen],
    `Add ${wanted} to ${shown}${others.some(({ kind }) => kind === 'example') ? ', as its example has it' : ''}.`,
  )
}

/** A boolean that isn't one: `Ture`. */
export function judgeBoolean(evidence: Pick<Evidence, 'dotenv' | 'env'>, value: string, seen: readonly string[]): Diagnosis {
  const bare = value.replace(/^['"]|['"]$/g, '')
  const entry = entriesOf(evidence.dotenv?.fact).find((candidate) => candidate.value.toLowerCase() === bare.toLowerCase())
  const fromShell =
    entry === undefined
      ? Object.entries(evidence.env).find(([, text]) => text?.toLowerCase() === bare.toLowerCase() && bare !== '')
      : undefined
  const place =
    entry !== undefined ? `${evidence.dotenv?.shown ?? '.env'}:${entry.line}` : fromShell === undefined ? 'the settings' : 'the environment'
  const name = entry?.key ?? fromShell?.[0] ?? 'A boolean'
  return diagnosis(
    'env-bool-typo',
    `${name} in ${place} isn't a boolean: ${bare}`,
    [`${place}: ${name}=${bare}`, ...seen],
    'Write True or False.',
  )
}

/** A truth value that the settings read as the opposite, because the code says `bool("False")`. */
export function judgeReversed(evidence: Pick<Evidence, 'dotenv' | 'env' | 'examination'>): Diagnosis[] {
  const values = evidence.examination?.get('settings')?.values ?? []
  return values.flatMap(({ name, kind, value }) => {
    if (kind !== 'bool') return []
    const shell = evidence.env[name]
    const file = inFile(evidence, name)
    const text = shell ?? file?.value
    if (text === undefined) return []
    const written = booleanOf(text)
    const read = value?.toLowerCase() === 'true'
    // an empty value is false to bool() as well
    if (written === undefined || written === read || text.trim() === '') return []
    const place = shell === undefined ? (file?.shown ?? '.env') : 'the environment'
    return [
      diagnosis(
        'env-bool-typo',
        `${name} is ${text} in ${place}, and ${read ? 'true' : 'false'} in the settings`,
        [`${place}: ${name}=${text}`, `The settings have ${name} = ${read ? 'True' : 'False'}: bool() of any non-empty text is True`],
        'Read it with cast=bool of decouple (env.bool of django-environ) in the settings.',
      ),
    ]
  })
}

/** A value that the settings can't take for what they want: a comment behind a number, a port in a host. */
export function judgeMalformed(
  evidence: Pick<Evidence, 'dotenv' | 'redis' | 'env' | 'brokenLine'>,
  value: string | undefined,
  seen: readonly string[],
): Diagnosis | undefined {
  const { dotenv, redis } = evidence
  const commands = [['election-dev', 'doctor', '--fix']]
  if (value !== undefined) {
    const bare = value.replace(/^['"]|['"]$/g, '')
    const entry = entryWith(evidence, bare)
    const [shell] = entry === undefined ? (Object.entries(evidence.env).find(([, text]) => text === bare) ?? []) : []
    const file = dotenv?.shown ?? '.env'
    const place = entry !== undefined ? `${file}:${entry.line}` : shell === undefined ? file : 'the environment'
    const name = entry?.key ?? shell ?? 'A number'
    return diagnosis(
      'env-value-malformed',
      `${name} in ${place} isn't the number that the settings need`,
      [`${place}: ${name}=${shownValue(name, bare)}`, ...seen],
      bare === '' ? 'Give it a number.' : 'Put nothing after the value: a comment becomes part of it.',
      bare === '' ? [] : commands,
    )
  }
  if (redis?.malformed === undefined) return undefined
  const { name, source, evidence: words } = redis.malformed
  return diagnosis(
    'env-value-malformed',
    `${name} in ${source} isn't what the settings expect`,
    [words[0] ?? name, ...words.slice(1), ...seen],
    'Write the bare value.',
    commands,
  )
}

/** Variables of the shell that differ from `.env`, among those that a cause hangs on. */
export function judgeShadowed(
  evidence: Pick<Evidence, 'dotenv' | 'env' | 'servers' | 'wire'>,
  names: readonly string[],
  cause: Diagnosis,
): Diagnosis | undefined {
  const shadows = names.flatMap((name) => {
    const shell = evidence.env[name]
    const file = inFile(evidence, name)
    return shell === undefined || file === undefined || shell === file.value ? [] : [{ name, shell, file }]
  })
  const [first] = shadows
  if (first === undefined) return undefined
  const shown = (value: string) => (value === '' ? '(empty)' : shownValue(first.name, value))
  return diagnosis(
    'env-shadowed',
    `${first.name} from the shell overrides ${evidence.dotenv?.shown ?? '.env'}`,
    [
      `${first.file.shown}: ${first.name}=${shown(first.file.value)}`,
      `${environmentOf(evidence, first.name)}: ${first.name}=${shown(first.shell)}; the environment wins`,
      `With it: ${cause.title}`,
      ...cause.evidence,
    ],
    `Run unset ${first.name} in that shell, and start the backend again.`,
    startWithout(first.name, anew(evidence)),
  )
}
