import { layerDefaults, type LayerDefaults } from './layer-literal.ts'
import { appended, assignmentsOf, newlineOf, spliced, statementsOf } from './python-text.ts'

/** A file of the settings. */
interface SettingsText {
  readonly file: string
  readonly text: string
}

export interface LayerBlockFacts {
  /** The settings module itself first. */
  readonly files: readonly SettingsText[]
  readonly reader: 'decouple' | 'environ' | 'dotenv' | undefined
  /** The variable that is to choose the layer. */
  readonly variable: string
  /** Every variable that the settings name. */
  readonly variables: ReadonlySet<string>
  /** Of channels_redis, where that is known: `3.4.1`. */
  readonly layerVersion?: string | undefined
}

/** What `init --settings` does to the settings. Lines are counted from 1. */
export type LayerBlock =
  | { readonly kind: 'there' }
  | { readonly kind: 'edit'; readonly file: string; readonly before: string; readonly after: string }
  /** `block` is to be pasted by hand, with the imports that it needs. */
  | {
      readonly kind: 'refused'
      readonly why: string
      readonly file: string
      readonly line: number | undefined
      readonly block: readonly string[]
    }

/** How a file reads a variable, and the import that it lacks for that. */
interface Style {
  readonly flag: (name: string, fallback: boolean) => string
  readonly text: (name: string, fallback: string) => string
  readonly number: (name: string, fallback: number) => string
  readonly missing: string | undefined
}

/**
 * The channel layer as a choice: Redis where the variable says so, else the
 * memory of the process; where nobody sets it, what the settings had before,
 * which a deployment goes by. An assignment that is there is replaced where it is a
 * plain literal; otherwise nothing is touched. Pure.
 */
export function layerBlock({ files, reader, variable, variables, layerVersion }: LayerBlockFacts): LayerBlock {
  const [main] = files
  if (main === undefined) return { kind: 'refused', why: 'the settings can’t be read', file: '', line: undefined, block: [] }
  if (variables.has(variable)) return { kind: 'there' }
  const found = files.flatMap(({ file, text }) =>
    assignmentsOf(text, 'CHANNEL_LAYERS').map((assignment) => ({ ...assignment, file, text })),
  )
  const [only, another] = found
  // beside what it belongs to: settings in several files have one for all of them
  const target = only ?? files.find((file) => isHome(file)) ?? main
  const style = styleOf(target.text, only?.start ?? target.text.length, reader)
  const block = (defaults: LayerDefaults): string[] => blockOf(variable, style, { ...defaults, isOld: /^[123]\b/.test(layerVersion ?? '') })
  const refused = (why: string, at: { file: string; text: string; start?: number }): LayerBlock => ({
    kind: 'refused',
    why,
    file: at.file,
    line: at.start === undefined ? undefined : lineAt(at.text, at.start),
    block: [...(style.missing === undefined ? [] : [style.missing, '']), ...block({})],
  })
  const changed = files.find(({ text }) => /^[ \t]*CHANNEL_LAYERS\s*(?:\[|\.)/m.test(text))
  if (changed !== undefined)
    return refused('CHANNEL_LAYERS is changed after it is set', {
      ...changed,
      start: changed.text.search(/^[ \t]*CHANNEL_LAYERS\s*(?:\[|\.)/m),
    })
  if (only === undefined) {
    const after = withImport(appended(target.text, block({})), style.missing)
    return { kind: 'edit', file: target.file, before: target.text, after }
  }
  if (another !== undefined) return refused('CHANNEL_LAYERS is set more than once', another)
  if (only.operator !== '=' || /[ \t]/.test(only.text.charAt(only.start))) return refused('CHANNEL_LAYERS is set under a condition', only)
  const defaults = layerDefaults(only.text, only.span)
  if ('why' in defaults) return refused(defaults.why, only)
  const loads = /^[ \t]*(?:environ\.|\w+\.)?(?:read_env|load_dotenv)\(/m.exec(only.text.slice(only.span.end))
  if (loads !== null) return refused('the .env is read below it', only)
  const written = block(defaults).join(newlineOf(only.text))
  const after = withImport(spliced(only.text, { start: only.start, end: only.span.end }, written), style.missing)
  return { kind: 'edit', file: only.file, before: only.text, after }
}

const isHome = ({ text }: SettingsText): boolean => assignmentsOf(text, 'INSTALLED_APPS').some(({ operator }) => operator === '=')

interface BlockFacts extends LayerDefaults {
  /** channels_redis before 4, whose client is aioredis: it takes an address alone. */
  readonly isOld: boolean
}

function blockOf(variable: string, style: Style, { isRedis = false, isOld, ...place }: BlockFacts): string[] {
  return [
    '# In memory is enough for one server process; several need Redis 5.0 or newer.',
    `${variable} = ${style.flag(variable, isRedis)}`,
    '',
    `if ${variable}:`,
    '    CHANNEL_LAYERS = {',
    '        "default": {',
    '            "BACKEND": "channels_redis.core.RedisChannelLayer",',
    '            "CONFIG": {',
    '                "hosts": [',
    '                    {',
    ...(isOld ? oldHost(style, place) : hostOf(style, place)),
    '                    }',
    '                ]',
    '            },',
    '        }',
    '    }',
    'else:',
    '    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}',
  ]
}

function hostOf({ text, number }: Style, { host = '127.0.0.1', port = 6379, url = '' }: LayerDefaults): string[] {
  return [
    '                        # redis-py 8 would end each socket that is idle for 5 s',
    '                        "socket_timeout": None,',
    '                        **(',
    `                            {"address": ${text('REDIS_URL', url)}}`,
    `                            if ${text('REDIS_URL', url)}`,
    '                            else {',
    `                                "host": ${text('REDIS_HOST', host)},`,
    `                                "port": ${number('REDIS_PORT', port)},`,
    `                                "password": ${text('REDIS_PASSWORD', '')} or None,`,
    '                            }',
    '                        ),',
  ]
}

function oldHost({ text, number }: Style, { host = '127.0.0.1', port = 6379, url = '' }: LayerDefaults): string[] {
  return [
    `                        "address": ${text('REDIS_URL', url)}`,
    `                        or (${text('REDIS_HOST', host)}, ${number('REDIS_PORT', port)}),`,
    `                        "password": ${text('REDIS_PASSWORD', '')} or None,`,
  ]
}

const python = (value: boolean): string => (value ? 'True' : 'False')

/** The style of the file above an offset; what its other files import isn't counted on. */
function styleOf(text: string, at: number, reader: LayerBlockFacts['reader']): Style {
  const above = text.slice(0, at).replace(/^\u{feff}/u, '')
  const env = /^(\w+)\s*=\s*(?:environ\.)?(?:FileAware)?Env\(/m.exec(above)?.[1]
  const config = decoupleName(above)
  if (config !== undefined || reader === 'decouple') {
    const name = config ?? 'config'
    return {
      flag: (variable, fallback) => `${name}("${variable}", default=${python(fallback)}, cast=bool)`,
      text: (variable, fallback) => `${name}("${variable}", default="${fallback}")`,
      number: (variable, fallback) => `${name}("${variable}", default=${fallback}, cast=int)`,
      missing: config === undefined ? 'from decouple import config' : undefined,
    }
  }
  if (env !== undefined)
    return {
      flag: (variable, fallback) => `${env}.bool("${variable}", default=${python(fallback)})`,
      text: (variable, fallback) => `${env}.str("${variable}", default="${fallback}")`,
      number: (variable, fallback) => `${env}.int("${variable}", default=${fallback})`,
      missing: undefined,
    }
  // python-dotenv and read_env of django-environ both fill os.environ
  return {
    flag: (variable, fallback) =>
      `os.environ.get("${variable}", "${fallback ? 'true' : ''}").strip().lower() in ("1", "true", "yes", "on")`,
    text: (variable, fallback) => `os.environ.get("${variable}", "${fallback}")`,
    number: (variable, fallback) => `int(os.environ.get("${variable}", "${fallback}"))`,
    missing: /^import (?:[\w.]+, *)*os\b(?!\.| as)/m.test(above) ? undefined : 'import os',
  }
}

function decoupleName(above: string): string | undefined {
  const imported = /^from decouple import (?:\(([^)]*)\)|(.*))$/m.exec(above)
  const names = imported?.[1] ?? imported?.[2] ?? ''
  const direct = /\bconfig\b(?:\s+as\s+(\w+))?/.exec(names)
  if (direct !== null) return direct[1] ?? 'config'
  const made = /^(\w+)\s*=\s*(?:decouple\.)?(?:AutoConfig|Config)\(/m.exec(above)?.[1]
  return made ?? (/^import decouple\b/m.test(above) ? 'decouple.config' : undefined)
}

/** The text with an import behind those that it begins with. */
function withImport(text: string, line: string | undefined): string {
  if (line === undefined) return text
  const newline = newlineOf(text)
  let at = text.startsWith('\u{feff}') ? 1 : 0
  let found = false
  for (const { start, end } of statementsOf(text)) {
    const statement = text
      .slice(start, end)
      .replace(/^\u{feff}/u, '')
      .trim()
    const isImport = /^(?:import|from)\s/.test(statement)
    const isDocstring = !found && /^[rRuU]?(?:"""|'''|"|')/.test(statement)
    if (isImport || isDocstring) at = end
    if (isImport) found = true
    if (!isImport && !isDocstring && statement !== '' && !statement.startsWith('#')) break
  }
  const behind = text.slice(at)
  const gap = found || behind.startsWith(newline) ? '' : newline
  const before = text.slice(0, at)
  return `${before}${before === '' || before.endsWith('\n') || before === '\u{feff}' ? '' : newline}${line}${newline}${gap}${behind}`
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}
