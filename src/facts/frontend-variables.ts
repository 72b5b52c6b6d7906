import { lineOf, withoutComments, type SourcePlace } from './script-text.ts'

/** A variable that an `.env` file of the frontend sets. */
export interface EnvValue extends SourcePlace {
  readonly name: string
  /** As the bundler reads it; it may hold what is to be shown to nobody. */
  readonly value: string
}

/** Where a source asks for a variable: `import.meta.env.VITE_WS_URL ?? 'ws://localhost:8000'`. */
export interface VariableUse extends SourcePlace {
  readonly name: string
  /**
   * What stands in for a variable without a value: a text, something else (an
   * expression, an `if`), or nothing, so that the page gets `undefined`.
   */
  readonly fallback: { readonly kind: 'text'; readonly text: string } | { readonly kind: 'other' } | { readonly kind: 'none' }
}

/** The variables of an `.env` file of a bundler: quotes taken off, a comment behind an unquoted value passed over. Pure. */
export function envValues(file: string, text: string): EnvValue[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const [, name, written = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line.replace(/^\uFEFF/, '')) ?? []
    if (name === undefined) return []
    const value = /^(['"`])(.*?)\1/.exec(written)?.[2] ?? written.replace(/(?:^|\s)#.*$/, '').trim()
    return [{ file, line: index + 1, name, value }]
  })
}

const use = /\b(?:import\.meta\.env|process\.env)\s*(?:\??\.\s*([A-Za-z_]\w*)|(?:\?\.)?\[\s*['"]([A-Za-z_]\w*)['"]\s*\])/g
/** In a configuration `env` is what loadEnv gave, too. */
const configUse = /\b(?:import\.meta\.env|process\.env|env)\s*(?:\??\.\s*([A-Z_]\w*)|(?:\?\.)?\[\s*['"]([A-Z_]\w*)['"]\s*\])/g

/** The variables that a source asks for, comments passed over. `config`: it is the dev server's own configuration. Pure. */
export function variableUses(file: string, source: string, config = false): VariableUse[] {
  if (!source.includes('env')) return []
  const text = withoutComments(source)
  return [...text.matchAll(config ? configUse : use)].map((match) => ({
    file,
    line: lineOf(text, match.index),
    name: match[1] ?? match[2] ?? '',
    fallback: fallbackOf(text.slice(Math.max(0, match.index - 40), match.index), text.slice(match.index + match[0].length).slice(0, 400)),
  }))
}

function fallbackOf(before: string, after: string): VariableUse['fallback'] {
  // what a type assertion says is nothing to the value
  const rest = after.replace(/^!?(?:\s+as\s+\w+(?:\s*\|\s*\w+)*)?\s*\)*\s*/, '')
  const [operator] = /^(?:\?\?|\|\|)/.exec(rest) ?? []
  if (operator !== undefined) {
    const [, quote, text] = /^\s*(['"`])((?:\\.|(?!\1)[^\\\n])*)\1/.exec(rest.slice(2)) ?? []
    return text === undefined || (quote === '`' && text.includes('${')) ? { kind: 'other' } : { kind: 'text', text }
  }
  const asks = /^(?:\?(?!\.)|&&|[=!]==?)/.test(rest) || /(?:\bif\s*\(|!|\btypeof\s|\|\||\?\?)\s*$/.test(before)
  return { kind: asks ? 'other' : 'none' }
}
