import { diagnosis } from './diagnosis.ts'
import { missing, pip, redisLayerMissing, wrongBackend } from './common-causes.ts'
import { rule, startRule, type LogRule } from './log-rule.ts'

/** What keeps a server from binding its address, whatever the project is. */
export const bindRules: readonly LogRule[] = [
  startRule(
    /(?:listen|bind)\b.*Errno 13\b|Errno 13\b.*\bbind|PermissionError: \[Errno 13\] Permission denied$|permission to access that port/i,
    (_, evidence) =>
      diagnosis('bad-port-permission', 'This user may not bind the port', evidence, 'Use a port above 1023.', [
        ['election-dev', 'start', '--port', '8000'],
      ]),
  ),
  startRule(/(?:Errno|WinError) 10013\b/, (_, evidence) =>
    diagnosis(
      'bad-port-permission',
      'Windows reserves the port, or another program holds it exclusively',
      evidence,
      'Use another port, as start does by itself. Reserved ports: netsh interface ipv4 show excludedportrange protocol=tcp',
      [['election-dev', 'start']],
    ),
  ),
  startRule(/(?:Errno (?:99|49|10049)|WinError 10049)\b|^(?!.*connecting to)(?:.*Can(?:no|')t assign requested address)/i, (_, evidence) =>
    diagnosis(
      'bind-address-unavailable',
      "This machine doesn't have the address that the server should bind",
      evidence,
      'Bind 127.0.0.1.',
      [['election-dev', 'start', '--host', '127.0.0.1']],
    ),
  ),
]

/** What keeps a server from coming up, in the order of the roots. */
export const startRules: readonly LogRule[] = [
  rule(/(?:^|: )Error loading (\w+) module/, ([, name = ''], evidence) => missing(name, evidence)),
  rule(/No module named ['"]channels_redis(?:[.]\w+)*['"]$/, (_, evidence) => redisLayerMissing(evidence)),
  startRule(/No module named ['"]?(daphne)['"]?$/, (_, evidence) =>
    diagnosis('daphne-missing', "daphne isn't installed in the environment", evidence, 'Install it.', pip('daphne')),
  ),
  rule(
    // what the layer's own packages import: another module that lacks a name is the project's own
    /['"]; ['"](\w+)['"] is not a package|cannot import name ['"]\w+['"] from ['"](redis|asgiref|msgpack|channels_redis)['"] \((?!.*-packages)/,
    ([, inName, inPath], evidence) => {
      const name = inName ?? inPath ?? ''
      return diagnosis(
        'module-shadowed',
        `A file of the project has the name of the package ${name}`,
        evidence,
        `Rename ${name}.py and delete its .pyc.`,
      )
    },
  ),
  rule(/InvalidChannelLayerError: Cannot import BACKEND (.+)/, ([, name = ''], evidence) =>
    wrongBackend(`CHANNEL_LAYERS names a BACKEND that doesn't exist: ${name}`, evidence),
  ),
  // Django imports the settings for who names them; a file of the project's own that imports such a module means another
  startRule(/ModuleNotFoundError: No module named ['"]([\w.]*settings[\w.]*)['"]/, ([, name = ''], evidence, frame) =>
    frame !== undefined && !/(?:[aw]sgi|manage)\.py\b/.test(frame)
      ? undefined
      : diagnosis(
          'wrong-settings-module',
          `DJANGO_SETTINGS_MODULE names ${name}, which isn't there`,
          evidence,
          'Correct DJANGO_SETTINGS_MODULE, or unset it.',
        ),
  ),
  rule(
    // the second is Django's of a cache, a session engine, a storage or a password hasher
    /(?:ModuleNotFoundError|ImportError): No module named ['"]?([\w.]+)|Could not (?:find|load) \w+ .*: No module named ['"]([\w.]+)/,
    (match, evidence) => missing(match[1] ?? match[2] ?? '', evidence),
  ),
  startRule(
    /UndefinedValueError: ([^\s:]+) not found|ImproperlyConfigured: Set the ([^\s:]+) environment variable|KeyError: ['"](SECRET_KEY|DJANGO_SECRET_KEY)['"]|ImproperlyConfigured: The (SECRET_KEY) setting must not be empty/,
    (match, evidence) =>
      diagnosis(
        'env-not-loaded',
        `The settings find no ${match.slice(1).find((name) => name !== undefined) ?? 'value'}`,
        evidence,
        'Copy .env.example to .env beside manage.py, and fill it.',
        [['election-dev', 'start', '--setup']],
      ),
  ),
  startRule(/ValueError: (?:Invalid truth value|Not a boolean): ?(.*)/i, ([, value = ''], evidence) =>
    diagnosis('env-bool-typo', `A boolean in the settings isn't one: ${value}`, evidence, 'Write True or False in .env.'),
  ),
  startRule(/invalid literal for int\(\) with base 10: (.*)/, ([, value = ''], evidence) =>
    diagnosis('env-value-malformed', `A number in the settings isn't one: ${value}`, evidence, 'Put no comment after a value in .env.'),
  ),
  startRule(/codec can't decode byte 0x(?:ff|fe)/i, (_, evidence) =>
    diagnosis('env-encoding', ".env isn't plain UTF-8", evidence, 'Save it as UTF-8 without BOM.'),
  ),
  startRule(/Unable to configure handler ['"]?(\w+)|FileNotFoundError: .*\.log['"]?$/, (_, evidence) =>
    diagnosis('log-dir-missing', "LOGGING writes to a folder that isn't there", evidence, 'Make the folder.', [
      ['election-dev', 'start', '--setup'],
    ]),
  ),
  startRule(/AppRegistryNotReady|settings are not configured/, (_, evidence) =>
    diagnosis(
      'apps-not-ready',
      'asgi.py imports models or routing before Django is set up',
      evidence,
      'Call get_asgi_application() before importing the routing.',
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
      ),
  ),
  startRule(/ImportError: (cannot import name '[^']*'(?: from '[^']*')?)/, ([, said = ''], evidence) =>
    diagnosis('asgi-import-error', `Importing the application fails: ${said}`, evidence, 'Correct the import.'),
  ),
  startRule(/daphne\.E001/, (_, evidence) =>
    diagnosis('daphne-app-order', '"daphne" comes after django.contrib.staticfiles in INSTALLED_APPS', evidence, 'Put "daphne" first.'),
  ),
  startRule(/(?:Cannot find .* in|You have not set|Cannot import) ASGI_APPLICATION/, (_, evidence) =>
    diagnosis(
      'asgi-application-setting-wrong',
      'ASGI_APPLICATION is missing or names something else',
      evidence,
      'ASGI_APPLICATION = "core.asgi.application".',
    ),
  ),
]
