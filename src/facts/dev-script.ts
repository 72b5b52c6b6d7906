/** The dev servers whose port and options are known; `other` is any program that is none of them. */
export type DevTool = 'vite' | 'react-scripts' | 'next' | 'vue-cli-service' | 'webpack' | 'astro' | 'ng' | 'other'

/** A command that runs without a shell. */
export interface DevCommand {
  readonly tool: DevTool
  /** As it is written: `vite`, `node`. */
  readonly program: string
  readonly args: readonly string[]
  /** What the script sets in front of it. */
  readonly env: Readonly<Record<string, string>>
}

/** What a script of package.json runs. */
export type ReadScript =
  | { readonly kind: 'command'; readonly command: DevCommand }
  /** It takes a shell, or isn't there; the reason in words. */
  | { readonly kind: 'unclear'; readonly why: string }

/** Where each tool listens when nobody tells it otherwise. */
export const usualPorts: Readonly<Record<DevTool, number | undefined>> = {
  // https://vite.dev/config/server-options#server-port
  vite: 5173,
  // https://create-react-app.dev/docs/advanced-configuration
  'react-scripts': 3000,
  // https://nextjs.org/docs/app/api-reference/cli/next
  next: 3000,
  // https://cli.vuejs.org/guide/cli-service.html
  'vue-cli-service': 8080,
  // https://webpack.js.org/configuration/dev-server/#devserverport
  webpack: 8080,
  // https://docs.astro.build/en/reference/configuration-reference/#serverport
  astro: 4321,
  // https://angular.dev/cli/serve
  ng: 4200,
  other: undefined,
}

/** The package that brings each tool's program. */
export const packageOf: Readonly<Record<Exclude<DevTool, 'other'>, string>> = {
  vite: 'vite',
  'react-scripts': 'react-scripts',
  next: 'next',
  'vue-cli-service': '@vue/cli-service',
  webpack: 'webpack',
  astro: 'astro',
  ng: '@angular/cli',
}

/** Subcommands that serve; a tool without one of them (`vite build`) is no dev server. */
const serving: Readonly<Record<Exclude<DevTool, 'other'>, RegExp>> = {
  vite: /^(?:dev|serve)?$/,
  'react-scripts': /^start$/,
  next: /^(?:dev)?$/,
  'vue-cli-service': /^serve$/,
  webpack: /^(?:serve|server|s)$/,
  astro: /^(?:dev)?$/,
  ng: /^(?:serve|s)$/,
}

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
  if (words === undefined) return { kind: 'unclear', why: `"${name}" takes a shell: ${text}` }
  const command = commandOf([...words, ...more], env)
  if (command === undefined) return { kind: 'unclear', why: `"${name}" runs nothing` }
  const next = leadsTo(command)
  if (next === undefined) return { kind: 'command', command }
  if (step === mostSteps) return { kind: 'unclear', why: `"${name}" leads in a circle` }
  const found = readScript(scripts, next.name, next.args, step + 1)
  return found.kind === 'unclear'
    ? found
    : { kind: 'command', command: { ...found.command, env: { ...command.env, ...found.command.env } } }
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
  return program === undefined ? undefined : { tool: toolOf(program, args), program, args, env }
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

function toolOf(program: string, args: readonly string[]): DevTool {
  const [first = ''] = args
  const subcommand = first.startsWith('-') ? '' : first
  for (const tool of knownTools) {
    if (program === tool) return serving[tool].test(subcommand) ? tool : 'other'
  }
  return 'other'
}

/** Every tool with a name. */
export const knownTools = ['vite', 'react-scripts', 'next', 'vue-cli-service', 'webpack', 'astro', 'ng'] as const

/**
 * The words of a command line as a shell splits it; undefined where only a shell
 * could run it (`&&`, `|`, `$X`, `%X%`, a glob). A backslash is a path's, as on
 * Windows, but in front of a quote or a blank. Pure.
 */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '\\' && /["' \\]/.test(text.charAt(at + 1)) && quote !== "'") {
      word = (word ?? '') + text.charAt(++at)
      continue
    }
    if (quote !== undefined) {
      if (character === quote) quote = undefined
      else if (quote === '"' && (character === '$' || character === '`')) return undefined
      else word = (word ?? '') + character
      continue
    }
    if (character === '"' || character === "'") {
      quote = character
      word ??= ''
      continue
    }
    if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    if ('&|;<>$`()*?%'.includes(character)) return undefined
    word = (word ?? '') + character
  }
  if (quote !== undefined) return undefined
  return word === undefined ? words : [...words, word]
}
