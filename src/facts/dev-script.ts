import { launchedTools, toolServing, type ToolName } from '../dev-tools/known.ts'
import { servesBackend, shellParts } from './shell-script.ts'

/** A command that runs without a shell. */
export interface DevCommand {
  readonly tool: ToolName
  /** As it is written: `vite`, `node`. */
  readonly program: string
  readonly args: readonly string[]
  /** What the script sets in front of it. */
  readonly env: Readonly<Record<string, string>>
  /** The script that takes a shell and has it in it, so the whole is run by the package manager. `takes`: it gets what is appended. */
  readonly script?: { readonly name: string; readonly takes: boolean }
  /** What its script starts besides, and this run doesn't: the backend runs already. */
  readonly leftOut?: readonly string[]
}

/** What a script of package.json runs. */
export type ReadScript =
  | { readonly kind: 'command'; readonly command: DevCommand }
  /** It takes a shell, or isn't there; the reason in words. */
  | { readonly kind: 'unclear'; readonly why: string }

/** A script that leads to another one leads there at most this often: two may name each other. */
const mostSteps = 4

/**
 * Reads a script as a shell would, as far as no shell is needed: quotes,
 * assignments in front (`PORT=3001 …`, `cross-env X=y …`, `set X=y && …`), and
 * ways around (`npm run x`, `npx x`). Pure.
 */
export function readScript(scripts: Readonly<Record<string, string>>, name: string, more: readonly string[] = [], step = 0): ReadScript {
  const text = scripts[name]
  if (text === undefined) return { kind: 'unclear', why: `there is no script "${name}"` }
  const env: Record<string, string> = {}
  // the way of Windows' shell: what follows && sees the variable
  const rest = text.replace(/^(?:\s*set\s+([A-Za-z_]\w*)=([^&|<>%]*?)\s*&&)+/i, (sets) => {
    for (const [, key = '', value = ''] of sets.matchAll(/set\s+([A-Za-z_]\w*)=([^&]*?)\s*&&/gi)) env[key] = value
    return ''
  })
  const words = splitWords(rest)
  if (words === undefined) return ofShell(scripts, name, rest, env)
  const command = commandOf([...words, ...more], env)
  if (command === undefined) return { kind: 'unclear', why: `"${name}" runs nothing` }
  const next = leadsTo(command)
  if (next === undefined && (startsOthers.test(command.program) || servesBackend(text))) return ofShell(scripts, name, rest, env)
  if (next === undefined) return { kind: 'command', command }
  if (step === mostSteps) return { kind: 'unclear', why: `"${name}" leads in a circle` }
  const found = readScript(scripts, next.name, next.args, step + 1)
  return found.kind === 'unclear'
    ? found
    : { kind: 'command', command: { ...found.command, env: { ...command.env, ...found.command.env } } }
}

/** What runs the texts that it is given, each by a shell. */
const startsOthers = /^(?:concurrently|npm-run-all2?|run-p|run-s)$/

/** A script that takes a shell. One that starts the backend as well is left for its dev server alone: nothing is started twice. */
function ofShell(scripts: Readonly<Record<string, string>>, name: string, text: string, env: Readonly<Record<string, string>>): ReadScript {
  const parts = shellParts(scripts, text).map((part) => ({ ...part, command: commandOf(part.words, env) }))
  const served = parts.find(({ command }) => command !== undefined && command.tool !== 'other')
  const leftOut = parts.filter((part) => part !== served).map((part) => part.text)
  const command = served?.command
  if (parts.some((part) => servesBackend(part.text))) {
    if (served === undefined || command === undefined) return { kind: 'unclear', why: `"${name}" starts the backend itself: ${text}` }
    return served.elsewhere || splitWords(served.text) === undefined
      ? { kind: 'unclear', why: `"${name}" starts the backend as well, and its ${command.program} takes a shell: ${text}` }
      : { kind: 'command', command: { ...command, leftOut } }
  }
  const script = { name, takes: served?.last === true }
  return { kind: 'command', command: { ...(command ?? { tool: 'other', program: name, args: [], env: { ...env } }), script } }
}

/** A command from its words; undefined where there is none. */
export function commandOf(words: readonly string[], given: Readonly<Record<string, string>> = {}): DevCommand | undefined {
  const env: Record<string, string> = { ...given }
  let rest = [...words]
  for (let first = rest[0]; first !== undefined; first = rest[0]) {
    const [, key, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(first) ?? []
    if (key !== undefined) env[key] = value
    else if (first !== 'cross-env' && first !== 'env') {
      const inner = withoutRunner(rest)
      if (inner === undefined) break
      rest = inner
      continue
    }
    rest = rest.slice(1)
  }
  const [program, ...args] = rest
  return program === undefined ? undefined : { tool: toolServing(launchedTools, program, args)?.name ?? 'other', program, args, env }
}

/** What `npx`, `yarn exec` and their kin run; undefined where it is none of them. */
function withoutRunner([first, second, ...rest]: readonly string[]): string[] | undefined {
  if (second === undefined) return undefined
  if (first === 'npx' || first === 'bunx' || first === 'pnpx') {
    const words = [second, ...rest]
    while (words[0]?.startsWith('-') === true) words.shift()
    return words
  }
  const runs = (/^(?:npm|pnpm|yarn)$/.test(first ?? '') && second === 'exec') || (first === 'pnpm' && second === 'dlx')
  return runs ? rest.filter((word, index) => !(index === 0 && word === '--')) : undefined
}

/** The script that a command only leads to: `npm run start`, `yarn start`, `pnpm start -- --port 3001`. */
function leadsTo({ program, args }: DevCommand): { name: string; args: string[] } | undefined {
  if (!/^(?:npm|pnpm|yarn|bun)$/.test(program)) return undefined
  const [first, second, ...rest] = args
  const own = program === 'npm' ? ['start', 'test'] : undefined
  if (first === 'run' || first === 'run-script') return second === undefined ? undefined : { name: second, args: withoutDashes(rest) }
  if (first === undefined || first.startsWith('-') || (own !== undefined && !own.includes(first))) return undefined
  return { name: first, args: withoutDashes(second === undefined ? [] : [second, ...rest]) }
}

const withoutDashes = (words: readonly string[]): string[] => words.filter((word, index) => !(index === 0 && word === '--'))

/**
 * The words of a command line as a shell splits it; undefined where only a shell
 * could run it (`&&`, `|`, `$X`, `%X%`, a glob). A backslash is a path's, as on
 * Windows, but in front of a quote or a blank. Pure.
 */
export function splitWords(text: string): string[] | undefined {
  if (!new RegExp(`^(?:\\s|${wordPart})*$`).test(text)) return undefined
  return (text.match(new RegExp(`(?:${wordPart})+`, 'g')) ?? []).map((word) =>
    word.replace(/"((?:\\["' \\]|[^"])*)"|'([^']*)'|\\(["' \\])/g, (_, double?: string, single = '', plain = '') =>
      double === undefined ? `${single}${plain}` : double.replace(/\\(["' \\])/g, '$1'),
    ),
  )
}

const escaped = String.raw`\\(?:["' \\]|(?!["' \\]))`
/** A part of a word: an escape or a backslash, a text in quotes, a character that no shell takes for its own. */
const wordPart = String.raw`(?:${escaped}|"(?:${escaped}|[^"$\`\\])*"|'[^']*'|[^\s"'\\&|;<>$\`()*?%])`
