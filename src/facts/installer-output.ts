import type { RequirementLine } from './requirement-lines.ts'
import { requiredName } from './packages.ts'

/** Why an installer gave up, as its output says it. */
export interface InstallFailure {
  readonly kind: 'network' | 'download' | 'not-found' | 'python' | 'conflict' | 'build' | 'invalid' | 'encoding'
  /** The requirement that it names, as it writes it; undefined where it names none. */
  readonly named: string | undefined
  /** Its own words. */
  readonly words: readonly string[]
  /** Where the installer says it: its file, and its line or how many bytes come before. */
  readonly place?: { readonly file: string; readonly line?: number; readonly offset?: number }
  /** The Python that would have it: `>=3.12`. */
  readonly python?: string
}

/** What an installer wrote, joined where it has broken a sentence. */
interface Output {
  readonly lines: readonly string[]
  readonly text: string
}

type Reader = (output: Output) => InstallFailure | undefined

const shortened = (line: string): string =>
  line
    .trim()
    .replace(/^cause: /, '')
    .replace(/ \(from versions: .*/, '')
    .slice(0, 300)

/** A reader of the first line that fits. */
const of =
  (
    kind: InstallFailure['kind'],
    pattern: RegExp,
    more: (match: RegExpExecArray, output: Output) => Partial<InstallFailure> = () => ({}),
  ): Reader =>
  (output) => {
    for (const line of output.lines) {
      const match = pattern.exec(line)
      if (match !== null) return { kind, named: match[1], words: [shortened(line)], ...more(match, output) }
    }
    return undefined
  }

const backtracking = /pip is (?:still )?looking at multiple versions of ([\w.-]+)/

/** Whether pip goes back to older releases, since the newest don't fit together. */
export function isBacktracking(line: string): boolean {
  return backtracking.test(line)
}

/** The packages of which it has tried older releases. */
export function backtracked(lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => requiredName(backtracking.exec(line)?.[1] ?? '') ?? []))
}

/** What a build said before it ended: what speaks of an error, else its last line. */
function buildWords({ lines }: Output): string[] {
  const begin = lines.findIndex((line) => /╰─> \[\d+ lines? of output\]|^\s*\[std(?:err|out)\]/.test(line))
  const own = lines
    .slice(begin + 1)
    .filter(
      (line) =>
        !/\[end of output\]|^\s*note: |subprocess-exited-with-error|metadata-generation-failed|\[std(?:err|out)\]|^hint: |^\s*cause: |^\s*[×│╰]/.test(
          line,
        ),
    )
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(?:ERROR: )?Failed (?:to build|building)/.test(line))
  const telling = own.filter((line) => /\berror\b|not found|no such file|exception|can(?:no|')t /i.test(line))
  return (telling.length > 0 ? telling : own.slice(-1)).slice(0, 3).map(shortened)
}

/** The requirement that pip was at: `Processing ./breaks-1.0.tar.gz (from -r r.txt (line 2))`, `Collecting x==1 (from …)`. */
function lastCollected({ lines }: Output): string | undefined {
  const last = lines.findLast((line) => /^\s*(?:Collecting|Processing) /.test(line)) ?? ''
  const word = /^\s*(?:Collecting|Processing) (\S+)/.exec(last)?.[1] ?? ''
  const file = word.split(/[\\/]/).at(-1) ?? word
  return (/^(.+?)-\d[^-]*\.(?:tar\.gz|zip)$/.exec(file)?.[1] ?? file) || undefined
}

/** In the order in which one explains another: pip calls not found what it couldn't ask for. */
const readers: readonly Reader[] = [
  of(
    'encoding',
    /^UnicodeDecodeError: .*codec can't decode byte|failed to decode file `([^`]+)`|stream did not contain valid UTF-8/,
    () => ({
      named: undefined,
    }),
  ),
  of('invalid', /Invalid requirement: '?([^']*)'?/, (_, { text }) => {
    const [, line, file = ''] = /\(from line (\d+) of ([^)]+)\)/.exec(text) ?? []
    return line === undefined ? {} : { place: { file, line: Number(line) } }
  }),
  of('invalid', /Couldn't parse requirement in `([^`]+)` at position (\d+)/, ([, file = '', offset], { lines }) => ({
    named: undefined,
    words: lines
      .slice(
        lines.findIndex((line) => line.includes("Couldn't parse")),
        -1,
      )
      .concat(lines.slice(-1))
      .slice(0, 3)
      .map(shortened),
    place: { file, offset: Number(offset) },
  })),
  of('build', /Failed (?:to build|building wheel for|to download and build) [`']?([\w.-]+(?:==[^`'\s]+)?)/, (_, output) => ({
    words: buildWords(output),
  })),
  of('build', /subprocess-exited-with-error|metadata-generation-failed/, (_, output) => ({
    named: lastCollected(output),
    words: buildWords(output),
  })),
  of('conflict', /ResolutionImpossible/, (_, { lines }) => {
    const begin = lines.findIndex((line) => line.includes('The conflict is caused by'))
    const end = lines.findIndex((line, index) => index > begin && line.trim() === '')
    const words = lines.slice(begin + 1, end).map(shortened)
    return { named: /requested (\S+)/.exec(words.join('\n'))?.[1], words }
  }),
  of('python', /requires a different Python: \S+ not in '([^']+)'/, ({ input, 1: python }, { text }) => ({
    named: /Package '([^']+)' requires a different/.exec(text)?.[1],
    words: [shortened(input)],
    ...(python === undefined ? {} : { python }),
  })),
  of('python', /No matching distribution found for ([\w.-]+)==(\S+)/, ({ input, 1: name = '', 2: version = '' }, { text }) => {
    const ignored = new RegExp(String.raw`[:;] ${version.replaceAll('.', String.raw`\.`)} Requires-Python (\S+?)(?:;|\s|$)`, 'm').exec(
      text,
    )?.[1]
    return { named: `${name}==${version}`, words: [shortened(input)], ...(ignored === undefined ? {} : { python: ignored }) }
  }),
  of('python', /(\S+?==\S+) depends on Python(\S+?),/, ({ input, 2: python }) => ({
    words: [shortened(input)],
    ...(python === undefined ? {} : { python }),
  })),
  of(
    'network',
    /connection broken by|Request failed after \d+ retries|Temporary failure in name resolution|Connection refused|dns error|(?:Read|operation) timed out|All attempts to connect to/,
    (match, { lines }) => ({
      named: undefined,
      words: [shortened(lines.findLast((line) => /refused|resol|timed out|unreachable|reset|broken|attempts/i.test(line)) ?? match[0])],
    }),
  ),
  of('download', /Hash mismatch for [`']([\w.-]+)|Wheel '([\w.-]+)' located at \S+ is invalid/, ({ 1: one, 2: other }) => ({
    named: one ?? other,
  })),
  of('download', /DO NOT MATCH THE HASHES/, (match, output) => ({
    named: lastCollected(output),
    words: [
      shortened(match[0]),
      ...output.lines
        .filter((line) => /^\s*(?:Expected|Got) /.test(line))
        .slice(0, 2)
        .map(shortened),
    ],
  })),
  of(
    'download',
    /HTTP (?:status server )?error \(?5\d\d|connection closed before message|IncompleteRead|error decoding response body|Connection (?:reset|aborted)|RemoteDisconnected/i,
    () => ({ named: undefined }),
  ),
  of('not-found', /No matching distribution found for (\S+)/),
  of(
    'not-found',
    /(?:Because|And because) (?:there (?:is|are) no versions? of )?([\w.-]+(?:==[^\s,]+)?)(?: was not found| and you require|,| has no wheels)/,
    (_, { text }) => ({
      words: [shortened(/Because .*/.exec(text)?.[0] ?? '')],
    }),
  ),
]

/** Why an installation failed, by what pip or uv wrote; undefined where nothing of it is telling. Pure. */
export function installFailure(lines: readonly string[]): InstallFailure | undefined {
  const text = lines.join('\n')
  if (/No solution found when resolving/.test(text) && !/was not found|no versions? of|depends on Python|has no wheels/.test(text)) {
    const words = lines.slice(lines.findIndex((line) => line.includes('Because'))).map(shortened)
    const required = [...words.join(' ').matchAll(/you require ([^\s,]+)/g)].map(([, name]) => name)
    return { kind: 'conflict', named: required.at(-1), words: words.slice(0, 3) }
  }
  for (const read of readers) {
    const failure = read({ lines, text })
    if (failure !== undefined && (failure.kind !== 'python' || failure.python !== undefined)) return failure
  }
  return undefined
}

/** The line of the project that asks for it. Pure. */
export function lineOfNamed(named: string | undefined, asked: readonly RequirementLine[]): RequirementLine | undefined {
  const name = named === undefined ? undefined : requiredName(named)
  return asked.find((line) => line.name === name && line.isConstraint === undefined) ?? asked.find((line) => line.name === name)
}
