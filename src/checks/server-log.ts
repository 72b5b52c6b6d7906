import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { redisRefusalIn } from './redis-raised.ts'
import { redisDiagnosis } from './redis.ts'
import { exceptionsIn, type LoggedException } from './traceback.ts'

/** When a log is read: a server that didn't come up, or one that serves and whose socket failed. */
export type LogStage = 'start' | 'serving'

/** One telling line of a server's or an application's output, and the cause that it names. */
interface LogRule {
  readonly pattern: RegExp
  /** Tells something of a start only: while a server serves, the same words come from the application's own code. */
  readonly startOnly: boolean
  readonly judge: (match: RegExpExecArray, evidence: readonly [string, ...string[]]) => Diagnosis
}

/** PyPI's name of a module, where the two differ. */
const distributions: Readonly<Record<string, string>> = {
  jwt: 'PyJWT',
  decouple: 'python-decouple',
  environ: 'django-environ',
  dotenv: 'python-dotenv',
  corsheaders: 'django-cors-headers',
  rest_framework: 'djangorestframework',
  rest_framework_simplejwt: 'djangorestframework-simplejwt',
  psycopg2: 'psycopg2-binary',
  MySQLdb: 'mysqlclient',
  yaml: 'PyYAML',
  PIL: 'Pillow',
  channels_redis: 'channels-redis',
}

const pip = (name: string): readonly (readonly string[])[] => [['python', '-m', 'pip', 'install', name]]

/** In the order of the roots: the first that matches any line is the cause. */
const rules: readonly LogRule[] = [
  startRule(
    /(?:listen|bind)\b.*Errno 13\b|Errno 13\b.*\bbind|PermissionError: \[Errno 13\] Permission denied$|permission to access that port/i,
    (_, evidence) =>
      diagnosis('bad-port-permission', 'This user may not bind the port', evidence, 'Use a port above 1023.', {
        commands: [['election-dev', 'start', '--port', '8000']],
        automatic: 'yes',
      }),
  ),
  startRule(/Errno (?:99|49|10049)\b|^(?!.*connecting to)(?:.*Can(?:no|')t assign requested address)/i, (_, evidence) =>
    diagnosis('bind-address-unavailable', "This machine doesn't have the address that the server is to bind", evidence, 'Bind 127.0.0.1.', {
      commands: [['election-dev', 'start', '--host', '127.0.0.1']],
      automatic: 'yes',
    }),
  ),
  rule(/(?:^|: )Error loading (\w+) module/, ([, name = ''], evidence) => missing(name, evidence)),
  rule(/InvalidChannelLayerError: Cannot import BACKEND ['"]channels_redis/, (_, evidence) =>
    diagnosis(
      'channels-redis-missing',
      "The Redis layer is configured, and channels_redis isn't installed",
      evidence,
      'Install it into the environment of the backend.',
      { commands: pip('channels-redis'), automatic: 'yes' },
    ),
  ),
  rule(/InvalidChannelLayerError: Cannot import BACKEND (.+)/, ([, name = ''], evidence) =>
    diagnosis(
      'channel-layer-backend-wrong',
      `CHANNEL_LAYERS names a BACKEND that isn't there: ${name}`,
      evidence,
      'Use channels_redis.core.RedisChannelLayer or channels.layers.InMemoryChannelLayer.',
      { automatic: 'yes' },
    ),
  ),
  startRule(/No module named ['"]?(daphne)['"]?$/, (_, evidence) =>
    diagnosis('daphne-missing', "daphne isn't installed in the environment", evidence, 'Install it.', {
      commands: pip('daphne'),
      automatic: 'yes',
    }),
  ),
  rule(/['"]([\w.]+)['"]; ['"](\w+)['"] is not a package/, ([, , name = ''], evidence) =>
    diagnosis(
      'module-shadowed',
      `A file of the project has the name of the package ${name}`,
      evidence,
      `Rename ${name}.py and delete its .pyc.`,
      { automatic: 'ask' },
    ),
  ),
  startRule(/ModuleNotFoundError: No module named ['"]([\w.]*settings[\w.]*)['"]/, ([, name = ''], evidence) =>
    diagnosis(
      'wrong-settings-module',
      `DJANGO_SETTINGS_MODULE names ${name}, which isn't there`,
      evidence,
      'Correct DJANGO_SETTINGS_MODULE, or unset it.',
      { automatic: 'yes' },
    ),
  ),
  rule(/(?:ModuleNotFoundError|ImportError): No module named ['"]?([\w.]+)/, ([, name = ''], evidence) =>
    missing(name.split('.')[0] ?? name, evidence),
  ),
  startRule(
    /UndefinedValueError: (\w+) not found|ImproperlyConfigured: Set the (\w+) environment variable|KeyError: ['"](SECRET_KEY|DJANGO_SECRET_KEY)['"]|ImproperlyConfigured: The (SECRET_KEY) setting must not be empty/,
    (match, evidence) =>
      diagnosis(
        'env-not-loaded',
        `The settings find no ${match.slice(1).find((name) => name !== undefined) ?? 'value'}`,
        evidence,
        'Copy .env.example to .env beside manage.py, and fill it.',
        { commands: [['election-dev', 'start', '--setup']], automatic: 'ask' },
      ),
  ),
  startRule(/ValueError: (?:Invalid truth value|Not a boolean): ?(.*)/i, ([, value = ''], evidence) =>
    diagnosis('env-bool-typo', `A boolean of the settings isn't one: ${value}`, evidence, 'Write True or False in .env.', {
      automatic: 'ask',
    }),
  ),
  startRule(/invalid literal for int\(\) with base 10: (.*)/, ([, value = ''], evidence) =>
    diagnosis('env-value-malformed', `A number of the settings isn't one: ${value}`, evidence, 'Put no comment behind a value in .env.', {
      automatic: 'yes',
    }),
  ),
  startRule(/codec can't decode byte 0x(?:ff|fe)/i, (_, evidence) =>
    diagnosis('env-encoding', ".env isn't plain UTF-8", evidence, 'Save it as UTF-8 without BOM.', { automatic: 'yes' }),
  ),
  startRule(/Unable to configure handler ['"]?(\w+)|FileNotFoundError: .*\.log['"]?$/, (_, evidence) =>
    diagnosis('log-dir-missing', "LOGGING writes to a folder that isn't there", evidence, 'Make the folder.', {
      commands: [['election-dev', 'start', '--setup']],
      automatic: 'yes',
    }),
  ),
  startRule(/AppRegistryNotReady|settings are not configured/, (_, evidence) =>
    diagnosis(
      'apps-not-ready',
      'asgi.py imports models or routing before Django is set up',
      evidence,
      'Call get_asgi_application() before the import of the routing.',
    ),
  ),
  rule(/^\s*(?:SyntaxError|IndentationError|TabError): (.*)/, ([, text = ''], evidence) =>
    diagnosis('asgi-syntax-error', `A file that the application imports has a syntax error: ${text}`, evidence, 'Correct the line.'),
  ),
  startRule(
    /AttributeError: module ['"]([\w.]+)['"] has no attribute ['"](\w+)['"]|Attribute "(\w+)" not found in module "([\w.]+)"/,
    (match, evidence) =>
      diagnosis(
        'asgi-attribute-missing',
        `${match[1] ?? match[4] ?? 'The module'} has no ${match[2] ?? match[3] ?? 'such name'}`,
        evidence,
        'Name the application: --application core.asgi:application.',
        { automatic: 'yes' },
      ),
  ),
  startRule(/ImportError: cannot import name (.*)/, ([, name = ''], evidence) =>
    diagnosis('asgi-import-error', `Importing the application fails: ${name.slice(0, 80)}`, evidence, 'Correct the import.'),
  ),
  startRule(/daphne\.E001/, (_, evidence) =>
    diagnosis('daphne-app-order', '"daphne" stands after django.contrib.staticfiles in INSTALLED_APPS', evidence, 'Put "daphne" first.', {
      automatic: 'yes',
    }),
  ),
  startRule(/(?:Cannot find .* in|You have not set|Cannot import) ASGI_APPLICATION/, (_, evidence) =>
    diagnosis(
      'asgi-application-setting-wrong',
      'ASGI_APPLICATION is missing or names something else',
      evidence,
      'ASGI_APPLICATION = "core.asgi.application".',
      { automatic: 'yes' },
    ),
  ),
  rule(/No supported WebSocket library detected/i, (_, evidence) =>
    diagnosis('ws-library-missing', 'uvicorn runs without a WebSocket library', evidence, 'Install one.', {
      commands: pip('uvicorn[standard]'),
      automatic: 'yes',
    }),
  ),
  rule(/unknown command ['"`]?BZPOPMIN/i, (_, evidence) =>
    diagnosis(
      'redis-too-old',
      'Redis is too old for channels_redis: it has no BZPOPMIN, which came with Redis 5.0',
      evidence,
      'Use the in-memory layer, or Redis 5 or newer.',
      { commands: [['election-dev', 'env', '--channel-layer', 'memory', '--write']], automatic: 'ask' },
    ),
  ),
  rule(
    /Error -?\d+ connecting to|(?:redis|ConnectionError|ConnectionRefusedError).*Connect call failed|redis\.exceptions\.ConnectionError: (?:Connection (?:closed|reset|lost)|Error (?:UNKNOWN|\d+) while)/i,
    (_, evidence) =>
      diagnosis(
        'redis-unreachable',
        'Nothing answers where the settings look for Redis',
        evidence,
        'Start Redis, or use the in-memory layer.',
        { commands: [['redis-server'], ['election-dev', 'env', '--channel-layer', 'memory', '--write']], automatic: 'ask' },
      ),
  ),
  rule(/NoneType' object has no attribute 'group_(?:add|send|discard)'/, (_, evidence) =>
    diagnosis('channel-layer-unset', "CHANNEL_LAYERS isn't set", evidence, 'Set CHANNEL_LAYERS; in memory for one process.', {
      automatic: 'yes',
    }),
  ),
  rule(/no such table: (\S+)|relation "(\S+)" does not exist/, (match, evidence) =>
    diagnosis('migrations-pending', `Tables are missing: ${match[1] ?? match[2] ?? ''}`, evidence, 'Apply the migrations.', {
      commands: [['python', 'manage.py', 'migrate']],
      automatic: 'ask',
    }),
  ),
  rule(
    /Django can only handle ASGI\/HTTP connections, not websocket|No application configured for scope type ['"]websocket['"]/,
    (_, evidence) =>
      diagnosis(
        'http-only-asgi',
        'The ASGI application has no WebSocket part',
        evidence,
        'Wrap it: ProtocolTypeRouter({"http": …, "websocket": …}).',
      ),
  ),
  rule(/can't be used in ['"]await['"] expression/, (_, evidence) =>
    diagnosis('as-asgi-missing', 'The consumer class itself is in the route', evidence, 'Write Consumer.as_asgi() in the routing.'),
  ),
  rule(/WSGIHandler\.__call__\(\)/, (_, evidence) =>
    diagnosis('asgi-app-wrong', 'The server was given the WSGI application', evidence, 'Run core.asgi:application.', { automatic: 'yes' }),
  ),
  rule(/No route found for path ['"](.*)['"]/, ([, path = ''], evidence) =>
    diagnosis(
      'no-websocket-route',
      `No WebSocket route fits /${path}`,
      evidence,
      'Make path and route agree; no slash at the start of the pattern.',
    ),
  ),
]

function rule(pattern: RegExp, judge: LogRule['judge']): LogRule {
  return { pattern, judge, startOnly: false }
}

function startRule(pattern: RegExp, judge: LogRule['judge']): LogRule {
  return { pattern, judge, startOnly: true }
}

function missing(module: string, evidence: readonly [string, ...string[]]): Diagnosis {
  const name = distributions[module] ?? module
  return diagnosis(
    'missing-dep',
    `A package that the code imports isn't installed: ${name}`,
    evidence,
    'Install it into the environment of the backend.',
    { commands: pip(name), automatic: 'yes' },
  )
}

/**
 * The cause that the output of a server names, or undefined where no line is
 * telling. An ERROR in a log is no diagnosis by itself: this is asked only where
 * the server died or the handshake failed. The last exception speaks first,
 * since an earlier one was survived; where there is none, or it tells nothing,
 * every line that isn't an earlier exception's. Pure.
 */
export function judgeLog(lines: readonly string[]): Diagnosis | undefined {
  const exceptions = exceptionsIn(lines)
  const last = exceptions.at(-1)
  const earlier = new Set(exceptions.slice(0, -1).flatMap((exception) => exception.lines))
  return (
    (last === undefined ? undefined : judgeException(last, 'start')) ??
    judgeLines(
      lines.filter((line) => !earlier.has(line)),
      'start',
      last?.ownFrame,
    ) ??
    judgeLines(lines, 'start', last?.ownFrame)
  )
}

/** The cause that one exception names. Pure. */
export function judgeException(exception: LoggedException, stage: LogStage): Diagnosis | undefined {
  return judgeLines(exception.lines, stage, exception.ownFrame)
}

/** The first rule that any of the lines fits. Pure. */
export function judgeLines(lines: readonly string[], stage: LogStage, frame?: string): Diagnosis | undefined {
  for (const { pattern, judge, startOnly } of rules) {
    if (startOnly && stage === 'serving') continue
    for (const line of lines) {
      const match = pattern.exec(line.trim())
      if (match === null) continue
      return judge(match, told(line, frame))
    }
  }
  return judgeRedisLines(lines, frame)
}

const told = (line: string, frame: string | undefined): readonly [string, ...string[]] => [
  `The server's log: ${line.trim().slice(0, 300)}`,
  ...(frame === undefined ? [] : [frame]),
]

/** What redis-py raised, where no rule above names it. */
function judgeRedisLines(lines: readonly string[], frame: string | undefined): Diagnosis | undefined {
  for (const line of lines) {
    // a text of the application's own may speak of Redis, too
    const id = /^(?:redis\.exceptions\.)?[A-Z]\w*(?:Error|Response)\b: /.test(line.trim()) ? redisRefusalIn(line) : undefined
    if (id !== undefined) return redisDiagnosis(id, { where: 'the address of the settings', evidence: told(line, frame) })
  }
  return undefined
}
