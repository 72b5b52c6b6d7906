import { booleanOf } from '../facts/dotenv.ts'
import type { WantedVariable } from '../facts/examination.ts'
import type { SaidVariable, VariableSources } from '../facts/variable-sources.ts'
import { isSigningKey } from '../host/secret-names.ts'

/** A value with a key in it that whoever writes it makes. */
export interface RandomValue {
  readonly random: 'key' | 'fernet'
  /** What stands before and after the key. */
  readonly around?: readonly [string, string]
}

/** The value with the key that was made for it. 32 bytes in URL-safe base64 are a fernet key with their padding. Pure. */
export function withKey({ random, around: [before, after] = ['', random === 'fernet' ? '=' : ''] }: RandomValue, key: string): string {
  return `${before}${key}${after}`
}

/** A variable with the value that it is to get. */
export interface GivenVariable {
  readonly variable: WantedVariable
  readonly value: string | RandomValue
  /** `docker-compose.yml:9`, or how it was made. */
  readonly source: string
  /** What says it isn't for everybody who reads the repository. */
  readonly isPrivate: boolean
  /** Which of several ways was taken, and why: whoever has it written has to be told. */
  readonly why?: string
}

/** What values are made of, where no file says one. */
export interface Around {
  /** The page's own, as far as the files tell. */
  readonly origin: string
  readonly backend: string
  /** Something names a database, or a service of the compose file is one. */
  readonly namesDatabase: boolean
  /** The run starts the database that isn't there, as whom and with what the settings say. */
  readonly managed: boolean
  /** The file of a database of its own, absolute, and as it is said. */
  readonly sqlite: { readonly path: string; readonly shown: string }
  /** What says that the project runs on PostgreSQL, in words; undefined where nothing does. */
  readonly postgres: string | undefined
}

type Value = GivenVariable['value']

/** A kind of variable by its name; the first that fits counts. */
interface Kind {
  readonly name: RegExp
  /** What it has to be made of. */
  readonly cast?: RegExp
  /** Variables by which the image of a database is told the same. */
  readonly also?: RegExp
  /** What is said of it and isn't to be taken over: it is production's. */
  readonly refused?: (value: string) => boolean
  /** Its value where none is said; undefined: only who knows the project knows it. */
  readonly make: (around: Around) => Value | undefined
  /** Why it is that one. */
  readonly why?: (around: Around) => string
}

const isFalse = (value: string) => booleanOf(value) === false
const isTrue = (value: string) => booleanOf(value) === true
const localHost = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[?::1\]?|\*|host\.docker\.internal)$/i
const hostsOf = (value: string): string[] =>
  value
    .split(/[\s,;[\]"']+/)
    .filter((part) => part !== '')
    .map((part) => /^(?:[a-z][\w+.-]*:\/\/)?(?:[^\s/@]*@)?(\[[^\]]*\]|[^/:?#]*)/i.exec(part)?.[1] ?? part)
// a switch is no host: `USE_REDIS=False`
const isElsewhere = (value: string) =>
  booleanOf(value) === undefined && hostsOf(value).length > 0 && hostsOf(value).every((host) => host !== '' && !localHost.test(host))
const isRemote = (value: string) => !/^sqlite|:memory:/.test(value) && isElsewhere(value)

const kinds: readonly Kind[] = [
  { name: /FERNET|FIELD_ENCRYPTION_KEY/, make: () => ({ random: 'fernet' }) },
  {
    name: /(?:^|_)SECRET_KEY$|(?:^|_)JWT_\w*(?:KEY|SECRET)$|(?:^|_)SIGNING_KEY$|(?:^|_)(?:HASHIDS?_)?SALT$|(?:^|_)APP_SECRET$/,
    make: () => ({ random: 'key' }),
  },
  { name: /(?:^|_)DEBUG$/, refused: isFalse, make: () => 'True' },
  {
    name: /(?:^|_)SECURE_|_SECURE$|SSL_REDIRECT|(?:^|_)FORCE_(?:SSL|HTTPS)|(?:^|_)USE_(?:SSL|TLS|HTTPS)$|(?:^|_)HTTPS$/,
    refused: isTrue,
    make: () => 'False',
  },
  { name: /HSTS_SECONDS$/, refused: (value) => value !== '0', make: () => '0' },
  { name: /(?:^|_)(?:ALLOWED_)?HOSTS$/, refused: isElsewhere, make: () => 'localhost,127.0.0.1' },
  {
    name: /CORS|CSRF|(?:^|_)ORIGINS?$/,
    cast: /^(?:str|list|tuple|json|url)$/,
    refused: isElsewhere,
    make: ({ origin }) => [...new Set([origin, origin.replace('//localhost', '//127.0.0.1')])].join(','),
  },
  {
    name: /(?:^|_)(?:FRONTEND|FRONT_END|CLIENT|PAGE|UI|SPA|WEBAPP)_(?:BASE_)?(?:URL|URI|ORIGIN|HOST_URL)$/,
    refused: isElsewhere,
    make: ({ origin }) => origin,
  },
  {
    name: /(?:^|_)(?:SITE|BASE|BACKEND|SERVER|PUBLIC|APP|HOST|ROOT|API|DOMAIN)_(?:BASE_)?(?:URL|URI)$/,
    refused: isElsewhere,
    make: ({ backend }) => backend,
  },
  { name: /(?:^|_)(?:SITE_)?DOMAIN(?:_NAME)?$/, refused: isElsewhere, make: () => 'localhost' },
  {
    name: /(?:^|_)EMAIL_BACKEND$/,
    refused: (value) => !/console|dummy|locmem|filebased/.test(value),
    make: () => 'django.core.mail.backends.console.EmailBackend',
  },
  { name: /(?:^|_)EMAIL_URL$/, refused: (value) => !/^(?:console|dummy|memory|file)mail:/.test(value), make: () => 'consolemail://' },
  { name: /(?:^|_)EMAIL_HOST$|(?:^|_)SMTP_HOST$/, refused: isElsewhere, make: () => 'localhost' },
  { name: /(?:^|_)EMAIL_PORT$|(?:^|_)SMTP_PORT$/, make: () => '1025' },
  { name: /(?:^|_)EMAIL_(?:HOST_)?(?:USER|PASSWORD)$/, make: () => '' },
  { name: /FROM_EMAIL$|(?:^|_)SERVER_EMAIL$/, make: () => 'webmaster@localhost' },
  {
    name: /(?:^|_)DATABASE_URL$/,
    cast: /^db$/,
    refused: isRemote,
    make: ({ namesDatabase, managed, postgres, sqlite }) =>
      managed && postgres !== undefined
        ? { random: 'key', around: ['postgres://election:', '@127.0.0.1:5432/election'] }
        : namesDatabase
          ? undefined
          : sqliteUrl(sqlite.path),
    why: ({ managed, postgres, sqlite }) =>
      postgres === undefined
        ? `SQLite in ${sqlite.shown}, since no file here names a database server`
        : managed
          ? `PostgreSQL, which this run starts, since ${postgres}`
          : `SQLite in ${sqlite.shown}, since no file here says where a PostgreSQL is (${postgres}); start --setup --managed starts one`,
  },
  {
    name: /(?:^|_)(?:REDIS|CACHE|BROKER|CELERY\w*)_(?:URL|BACKEND)$|(?:^|_)REDIS$/,
    refused: isRemote,
    make: () => 'redis://127.0.0.1:6379/0',
  },
  { name: /(?:^|_)REDIS_HOST$/, refused: isRemote, make: () => '127.0.0.1' },
  { name: /(?:^|_)REDIS_PORT$/, make: () => '6379' },
  { name: /(?:^|_)REDIS_DB$/, make: () => '0' },
  { name: /(?:^|_)(?:DB|DATABASE|POSTGRES|PG|SQL|MYSQL)_?HOST$/, refused: isRemote, make: () => '127.0.0.1' },
  { name: /(?:^|_)(?:POSTGRES|PG)_?PORT$/, make: () => '5432' },
  {
    name: /(?:^|_)(?:DB|DATABASE|POSTGRES|PG|SQL|MYSQL)_?PASS(?:WORD)?$/,
    also: /^(?:POSTGRES|MYSQL)_PASSWORD$/,
    make: ({ managed }) => (managed ? { random: 'key' } : undefined),
  },
  {
    name: /(?:^|_)(?:DB|DATABASE|POSTGRES|PG|SQL|MYSQL)_?USER(?:NAME)?$/,
    also: /^(?:POSTGRES|MYSQL)_USER$/,
    make: ({ managed }) => (managed ? 'election' : undefined),
  },
  {
    name: /(?:^|_)(?:DB|DATABASE|SQL|MYSQL)_?NAME$|(?:^|_)(?:POSTGRES|PG)_?(?:DB|NAME|DATABASE)$/,
    also: /^(?:POSTGRES_DB|MYSQL_DATABASE)$/,
    make: ({ managed }) => (managed ? 'election' : undefined),
  },
  { name: /(?:^|_)ADMIN_URL$/, make: () => 'admin/' },
  { name: /(?:^|_)LOG_?LEVEL$/, make: () => 'INFO' },
  { name: /(?:^|_)(?:TIME_ZONE|TZ)$/, make: () => 'UTC' },
  { name: /(?:^|_)LANGUAGE_CODE$/, make: () => 'en-us' },
]

const placeholder =
  /^$|change[-_ ]?me|change[-_ ]?this|^your\b|^your[-_]|[-_ ]here$|^<.*>$|^x{3,}$|^\.{3}$|^\*+$|^(?:todo|none|null|replace.*|insert.*|secret|example)$|^\[.*\]$/i
/** Of a key that Django signs with, more words say that it is none. */
const keyPlaceholder = /secret|insecure|example|replace|generate|your/i

/** The value that a variable is to get: what the files say where that fits and is none of production's, else what can be made. Pure. */
export function valueFor(variable: WantedVariable, { said }: Pick<VariableSources, 'said'>, around: Around): GivenVariable | undefined {
  const { name, cast } = variable
  // the names of a project's own can be anything; what a value is for, the setting that it goes to tells as well
  const names = [name, ...(typeof variable.setting === 'string' ? [variable.setting] : [])]
  const [kind] = names.flatMap((called) => kinds.filter((each) => each.name.test(called) && (each.cast?.test(cast) ?? true)))
  const isKey = names.some(isSigningKey) || (kind?.also === undefined && typeof kind?.make(around) === 'object')
  const fits = (each: SaidVariable) => {
    const isHolder = placeholder.test(each.value) || (isKey && keyPlaceholder.test(each.value))
    return !isHolder && kind?.refused?.(local(each.value)) !== true
  }
  const others = said.filter((each) => kind?.also?.test(each.name))
  for (const each of [...said.filter((each) => each.name === name), ...others].filter(fits)) {
    const value = shaped(local(each.value), cast)
    if (value !== undefined) return { variable, value, source: `${each.file}:${each.line}`, isPrivate: each.kind === 'own' }
  }
  const made = kind?.make(around)
  if (made === undefined) return undefined
  const value = typeof made === 'string' ? shaped(made, cast) : made
  const why = kind?.why?.(around)
  const source = why ?? (typeof value === 'string' ? 'made for development' : 'a random key')
  return value === undefined ? undefined : { variable, value, source, isPrivate: false, ...(why === undefined ? {} : { why }) }
}

/** What a file says as it holds outside of containers, of which a host of one word is one's name. Pure. */
export function outsideValue({ name, value }: Pick<SaidVariable, 'name' | 'value'>): string {
  const near = local(value)
  const kind = kinds.find((each) => each.name.test(name))
  return kind?.refused === isRemote && /^[a-z][\w-]*$/i.test(near) && isRemote(near) ? '127.0.0.1' : near
}

/** The same file from whatever folder a command is run in. */
function sqliteUrl(path: string): string {
  const parts = path.split(/[\\/]/).map((part, index) => (index === 0 ? part : encodeURIComponent(part)))
  return `sqlite:///${parts.join('/')}`
}

/** A host of one word is a container's name: what it publishes is on this machine. */
function local(value: string): string {
  return value.replace(/^([a-z][a-z\d+.-]*:\/\/(?:[^\s/@,]*@)?)(?![^\s/]*@)(?!localhost\b)[a-z][\w-]*(?=[:/]|$)/i, '$1127.0.0.1')
}

/** The value as what is made of it wants it; undefined where it can't be that. */
function shaped(value: string, cast: string): string | undefined {
  if (cast === 'bool') return booleanOf(value, 'dotenv') === undefined ? undefined : value
  if (cast === 'int') return /^[+-]?\d+$/.test(value) ? value : undefined
  if (cast === 'float' || cast === 'decimal') return value !== '' && !Number.isNaN(Number(value)) ? value : undefined
  if (cast === 'json' && !/^\s*[[{"\d]/.test(value)) return JSON.stringify(value.split(',').map((part) => part.trim()))
  if (['db', 'cache', 'url', 'email', 'channels', 'search'].includes(cast)) return /^[a-z][\w+.-]*:/i.test(value) ? value : undefined
  return value
}
