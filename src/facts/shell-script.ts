/** A script of package.json that takes a shell, as text: enough to find the dev server in it, and a server of the backend; never to run it. */
import { anyOf, serverPrograms } from '../servers/known.ts'
/** One command of such a script. */
export interface ShellPart {
  /** As it is written, quotes and blanks at its ends taken off. */
  readonly text: string
  /** Undefined where only a shell could tell the words (`$PORT`). */
  readonly words: readonly string[]
  /** What is appended to the script goes to it. */
  readonly last: boolean
  /** It runs in another folder than the script does. */
  readonly elsewhere: boolean
}

/** A script that leads to others leads there at most this often: two may name each other. */
const mostSteps = 4

const quoted = String.raw`"(?:\\.|[^"\\])*"|'[^']*'`
const part = new RegExp(String.raw`(?:${quoted}|\\.|[^"'\\&|;\n])+|["'\\]`, 'g')
const word = new RegExp(String.raw`(?:${quoted}|\\.|[^\s"'\\])+`, 'g')

/** The commands of a text: those that `concurrently`, `npm-run-all` and other scripts start stand in place of these. Pure. */
export function shellParts(scripts: Readonly<Record<string, string>>, text: string, step = 0): ShellPart[] {
  if (step > mostSteps) return []
  const found = (text.match(part) ?? []).map((one) => one.trim()).filter((one) => one !== '')
  let elsewhere = false
  return found.flatMap((one, index) => {
    const words = (one.match(word) ?? []).map(unquoted)
    if (words[0] === 'cd') elsewhere = true
    const inner = startedBy(scripts, words)
    if (inner === undefined) return [{ text: one, words, last: index === found.length - 1 && step === 0, elsewhere }]
    return inner
      .flatMap((script) => shellParts(scripts, script, step + 1))
      .map((under) => ({ ...under, elsewhere: under.elsewhere || elsewhere }))
  })
}

const serving = new RegExp(
  String.raw`\bmanage\.py\s+(?:run\w*|\w*serve\w*)\b|(?:^|[\s/\\])(?:granian|${anyOf(serverPrograms)})(?:\s|$)|\belection-dev\s+start\b`,
)

/** Whether a command serves this project's backend, or starts the whole run. */
export function servesBackend(text: string): boolean {
  return serving.test(text)
}

const unquoted = (text: string): string =>
  text.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_, double?: string, single = '') => double ?? single)

/** The texts of the scripts that a command starts; undefined where it starts none. */
function startedBy(scripts: Readonly<Record<string, string>>, words: readonly string[]): string[] | undefined {
  const [program = '', ...args] = words.filter((each, index) => !(index === 0 && /^(?:npx|bunx)$/.test(each)))
  const named = (pattern: string): string[] => {
    const fits = new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`).replace(/\*+/g, '.*')}$`)
    return Object.entries(scripts).flatMap(([name, script]) => (fits.test(name) ? [script] : []))
  }
  const own = args.filter((each) => !each.startsWith('-'))
  if (program === 'concurrently')
    return own.flatMap((each) => (/^(?:npm|yarn|pnpm|bun):/.test(each) ? named(each.replace(/^\w+:/, '')) : [each]))
  if (/^(?:npm-run-all2?|run-p|run-s)$/.test(program)) return own.flatMap(named)
  if (!/^(?:npm|pnpm|yarn|bun)$/.test(program)) return undefined
  const [first = '', second = ''] = own
  const name = first === 'run' || first === 'run-script' ? second : first
  const script = scripts[name]
  return script === undefined ? undefined : [script]
}
