import type { IdsOfFamily } from '../vocabulary.ts'
import { withCode, type Page } from './page.ts'

/** The settings module, and the .env that it reads. */
export const settingsPages: Readonly<Record<IdsOfFamily<'settings'>, Page>> = {
  'wrong-settings-module': {
    what: "The variable DJANGO_SETTINGS_MODULE names a settings module that does not exist, so Django can't be set up. The server ends at the start and the page finds no backend.",
    tells: [
      "`ModuleNotFoundError: No module named 'core.settings_production'`, and the name is the value of DJANGO_SETTINGS_MODULE.",
      'The variable is set in the shell, a .env that the shell loads, or a service file; asgi.py names another module.',
      "If the missing name is the project's package itself (`core`), it is `wrong-working-directory`.",
    ],
    mend: [
      'Remove it from this shell: `unset DJANGO_SETTINGS_MODULE`; PowerShell: `Remove-Item Env:DJANGO_SETTINGS_MODULE`; cmd: `set DJANGO_SETTINGS_MODULE=`.',
      'Or set it to a module that is there: `core.settings`.',
      'If it comes back in a new shell, look in ~/.bashrc, ~/.zshrc, .envrc, or the user variables of Windows.',
    ],
    commands: [['election-dev', 'start', '--settings', 'core.settings']],
    background:
      'manage.py and asgi.py use `os.environ.setdefault`: what the environment has already wins. That is meant for servers, and hits anybody whose shell still has the value of another project.',
  },
  'settings-import-hang': {
    what: 'Loading the settings never ends: something in them waits, for Redis, for a host that does not answer, or for a person to type. The server process is alive, prints nothing and never opens its port, so the page gets `connection refused`.',
    tells: [
      'The process runs, uses no processor time, and no port opens; an import of the settings under a time limit does not come back.',
      'Its stack shows where it waits: `python -X faulthandler` with a timer, or `py-spy dump --pid PID`.',
      'Typical: BZPOPMIN with a time-out of 0 as a test of Redis (Redis then counts it in `blocked_clients`), a ping without a time limit, `input()`.',
      'An import that ends after some seconds is slow, not hung: nine seconds have been seen on a healthy backend.',
    ],
    mend: [
      withCode(
        'Give every probe in the settings a time limit, or take it out: the tool asks Redis itself.',
        'redis.Redis(host=REDIS_HOST, port=REDIS_PORT,',
        '            socket_connect_timeout=1, socket_timeout=1).ping()',
      ),
      'No BZPOPMIN, BLPOP or other blocking command there, and no question at the terminal.',
    ],
    commands: [
      ['python', '-X', 'faulthandler', '-c', 'import faulthandler; faulthandler.dump_traceback_later(10, exit=True); import core.settings'],
    ],
    background:
      'A blocking command with time-out 0 means wait for ever, and on a good Redis with an empty queue that is what it does: such a check hangs when all is well and passes only where the command is missing. Servers import the settings before they bind.',
  },
  'env-bool-typo': {
    what: 'A switch in .env is misspelt, or the settings read it in a way that turns False into true. Either the server ends at the start, or it runs with the wrong choice, for instance with Redis although .env says no.',
    tells: [
      'Misspelt: `ValueError: Invalid truth value: ture` from python-decouple, `Not a boolean: ture` from older ones.',
      'Read wrongly: .env has False and the setting is true. The code has `bool(config("X"))` or `bool(os.environ["X"])`.',
      'If the value in the settings equals the one of the shell, it is `env-shadowed`.',
    ],
    mend: [
      'Write True or False in .env, with nothing behind it.',
      withCode('Let decouple convert it:', 'USE_REDIS_FOR_CHANNELS = config("USE_REDIS_FOR_CHANNELS", default=False, cast=bool)'),
      withCode(
        'Without decouple:',
        'USE_REDIS_FOR_CHANNELS = os.environ.get("USE_REDIS_FOR_CHANNELS", "").lower() in ("1", "true", "yes", "on")',
      ),
    ],
    commands: [['election-dev', 'env']],
    background:
      'Everything in .env is text, and in Python every text but the empty one is true: `bool("False")` is True. decouple\'s `cast=bool` reads the word instead: true, yes, on, y, t, 1 and their opposites, in any case.',
  },
  'env-not-loaded': {
    what: 'The .env file is missing, has another name, or lies in another folder than the one in which the settings look. The server ends because a value is missing; or it starts with the defaults, and nothing of what .env says has an effect.',
    tells: [
      '`UndefinedValueError: SECRET_KEY not found. Declare it as envvar or define a default value.` With django-environ: `Set the SECRET_KEY environment variable`.',
      'Beside it there is a .env.example, a .env.txt, an env, or a .env one folder up or down.',
      'Silent form: every value of the settings is its default although the .env says otherwise.',
      'If the file is in the right place and the first key alone is not found, look at its encoding: `env-encoding`.',
    ],
    mend: [
      'Copy it: `cp .env.example .env` in backend/ (Windows: `copy .env.example .env`) and fill it. `election-dev start --setup` does so with a fresh SECRET_KEY.',
      'If it is named .env.txt, rename it; Explorer hides the ending unless file name extensions are shown.',
      'If it lies elsewhere, move it beside manage.py, or start with `--env-file FILE`.',
    ],
    commands: [['election-dev', 'start', '--setup']],
    background:
      'python-decouple starts in the folder of the file that calls config() and goes up until it finds settings.ini or .env: core/.env beats backend/.env. .env is in .gitignore, rightly, so a clone never has one.',
  },
  'env-encoding': {
    what: "The .env file is saved in an encoding that the settings don't read: UTF-16, or UTF-8 with a mark at the beginning. It looks right in every editor, and yet the server ends at the start.",
    tells: [
      "First bytes `FF FE` (UTF-16): `UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0`.",
      'First bytes `EF BB BF` (a byte order mark): the first key is not found, as in `SECRET_KEY not found`, since its name begins with an invisible \\ufeff. The keys below work.',
      'Windows line ends (CRLF) alone do no harm.',
    ],
    mend: [
      'Save it as UTF-8 without BOM. VS Code: click the encoding at the lower right, Save with Encoding, UTF-8. Notepad: Save as, UTF-8.',
      withCode('Linux and macOS, from UTF-16:', 'iconv -f UTF-16 -t UTF-8 .env > .env.new && mv .env.new .env'),
      withCode(
        'Windows PowerShell 5, which has no UTF-8 without a mark among its encodings:',
        '[IO.File]::WriteAllText("$pwd\\.env", (Get-Content .env -Raw))',
      ),
    ],
    commands: [['file', '.env']],
    background:
      "Windows PowerShell 5 writes UTF-16 with `>` and `Out-File`, and a mark with `-Encoding utf8`. PowerShell 7 writes plain UTF-8. So `echo DEBUG=True > .env` makes a file that Python can't read on one and a good one on the other.",
  },
  'env-value-malformed': {
    what: 'A value in .env is not what the settings take it for: a port with a comment behind it, or a host that has the port in it. The server ends at the start, or the first WebSocket fails because Redis is looked for at an impossible address.',
    tells: [
      "`ValueError: invalid literal for int() with base 10: '6379  # default'`: the comment is part of the value.",
      '`Error -2 connecting to 127.0.0.1:6379:6379`: the host has the port in it. A `redis://` in front of the host looks similar.',
      "If the host is written properly and doesn't resolve, it is `redis-unreachable`.",
    ],
    mend: [
      withCode(
        'Comments on a line of their own, the host bare, numbers bare:',
        '# the local Redis',
        'REDIS_HOST=127.0.0.1',
        'REDIS_PORT=6379',
      ),
    ],
    commands: [['election-dev', 'env']],
    background:
      'python-decouple takes everything behind the equals sign, up to the end of the line. python-dotenv and the shell cut a comment off, which is why the same file may work elsewhere.',
  },
  'env-shadowed': {
    what: 'A variable of the shell has the same name as one in .env, and the shell wins. Whatever is changed in .env has no effect, for instance USE_REDIS_FOR_CHANNELS=False while the backend goes on with Redis.',
    tells: [
      'The value in the settings differs from the one in backend/.env, and equals the environment of the process (`/proc/PID/environ` on Linux).',
      '`printenv NAME` in the shell that starts the server prints it (PowerShell: `$env:NAME`).',
      "If the settings have neither value but a default, .env isn't read: see `env-not-loaded`.",
    ],
    mend: [
      'Remove it: `unset NAME`; PowerShell: `Remove-Item Env:NAME`; cmd: `set NAME=`. Then restart the server from that shell.',
      "If it comes back, find who sets it: a shell profile, direnv, docker-compose (`environment:` and `env_file:`), the editor's terminal settings.",
    ],
    commands: [['printenv', 'USE_REDIS_FOR_CHANNELS']],
    background:
      'decouple, django-environ and python-dotenv all let the environment win by design, so that a server can be configured without a file. A process keeps the environment that it was started with: an unset in another terminal does not reach it.',
  },
  'log-dir-missing': {
    what: "LOGGING in the settings writes to a file in a folder that does not exist, since an empty logs folder is not part of the repository. Django can't set up its logging, and the server ends at the start.",
    tells: [
      "`ValueError: Unable to configure handler 'file'`, caused by `FileNotFoundError: … /logs/django.log`.",
      'With `PermissionError` instead the folder is there and belongs to another user, often root after a run in Docker.',
    ],
    mend: [
      'Make it: `mkdir backend/logs`. `election-dev start --setup` does so.',
      withCode('For every clone to come, in the settings before LOGGING:', '(BASE_DIR / "logs").mkdir(exist_ok=True)'),
    ],
    commands: [
      ['mkdir', '-p', 'backend/logs'],
      ['election-dev', 'start', '--setup'],
    ],
    background:
      'git keeps no empty folders, and *.log is ignored, so the folder exists only where somebody made it. The handler opens its file when logging is set up, before the first line is written, unless it has `delay=True`.',
  },
}
