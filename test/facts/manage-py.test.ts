import { describe, expect, test } from 'vitest'
import { logFoldersOf } from '../../src/facts/log-folders.ts'
import {
  asgiApplicationOf,
  dotenvReaderOf,
  hasDaphneApp,
  namedImports,
  namedVariables,
  preambleOf,
  settingsModuleOf,
  starImports,
} from '../../src/facts/manage-py.ts'

describe('the settings module of manage.py', () => {
  test.each([
    ['setdefault', 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")', 'core.settings'],
    ['single quotes', "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'core.settings')", 'core.settings'],
    [
      'over lines, as black writes it',
      'os.environ.setdefault(\n    "DJANGO_SETTINGS_MODULE",\n    "a.very.long.settings",\n)',
      'a.very.long.settings',
    ],
    ['Windows line ends', 'import os\r\nos.environ.setdefault(\r\n    "DJANGO_SETTINGS_MODULE", "core.settings"\r\n)\r\n', 'core.settings'],
    ['a byte order mark', '\uFEFFimport os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")', 'core.settings'],
    ['assignment', 'os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.local"', 'config.settings.local'],
    [
      "decouple's default",
      'os.environ.setdefault("DJANGO_SETTINGS_MODULE", config("DJANGO_SETTINGS_MODULE", default="core.settings.dev"))',
      'core.settings.dev',
    ],
    [
      "decouple's default of another name",
      'os.environ.setdefault("DJANGO_SETTINGS_MODULE", config("SETTINGS", default="core.settings.dev"))',
      'core.settings.dev',
    ],
    ['a cast before the default', 'config("DJANGO_SETTINGS_MODULE", cast=str, default="core.settings.dev")', 'core.settings.dev'],
    ['os.getenv', 'os.environ["DJANGO_SETTINGS_MODULE"] = os.getenv("DJANGO_SETTINGS_MODULE", "core.settings.dev")', 'core.settings.dev'],
    [
      'os.environ.get of another name',
      'os.environ.setdefault("DJANGO_SETTINGS_MODULE", os.environ.get("SETTINGS", "core.settings.dev"))',
      'core.settings.dev',
    ],
    [
      'a comment before the line that counts',
      '# os.environ.setdefault("DJANGO_SETTINGS_MODULE", "old.settings")\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "new.settings")',
      'new.settings',
    ],
    ['a name that is put together', 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"core.settings.{mode}")', undefined],
    ['none', 'print("hello")', undefined],
  ])('%s', (_, text, expected) => {
    expect(settingsModuleOf(text)).toBe(expected)
  })
})

describe('ASGI_APPLICATION', () => {
  test.each([
    ['a text', 'ASGI_APPLICATION = "core.asgi.application"', 'core.asgi:application'],
    ['with a type', "ASGI_APPLICATION: str = 'core.asgi.application'", 'core.asgi:application'],
    ['in brackets', 'ASGI_APPLICATION = (\n    "core.asgi.application"\n)', 'core.asgi:application'],
    ['another callable in a deeper module', 'ASGI_APPLICATION = "config.routing.asgi.app"', 'config.routing.asgi:app'],
    ['twice', 'ASGI_APPLICATION = "a.asgi.application"\nASGI_APPLICATION = "b.asgi.application"', 'b.asgi:application'],
    ['in a comment', '# ASGI_APPLICATION = "core.asgi.application"', undefined],
    ['put together', 'ASGI_APPLICATION = f"{PROJECT}.asgi.application"', undefined],
    ['WSGI alone', 'WSGI_APPLICATION = "core.wsgi.application"', undefined],
  ])('%s', (_, text, expected) => {
    expect(asgiApplicationOf(text)).toBe(expected)
  })
})

test('imports: taken whole, and taken by name', () => {
  const text =
    'from .base import *  # noqa\r\nfrom config.env import env, BASE_DIR\ntry:\n    from .local import *\nexcept ImportError:\n    pass\nimport os\n# from .old import *\n'
  expect(starImports(text)).toEqual(['.base', '.local'])
  expect(namedImports(text)).toEqual(['config.env'])
})

test('variables that the settings name', () => {
  const text =
    'A = config("USE_REDIS_FOR_CHANNELS", cast=bool)\nB = os.environ["REDIS_HOST"]\nC = "Word"\n# D = env("OLD_NAME")\nclass S(BaseSettings):\n    CACHE_URL: str = ""\n'
  expect([...namedVariables(text)].toSorted()).toEqual(['CACHE_URL', 'REDIS_HOST', 'USE_REDIS_FOR_CHANNELS'])
})

test.each([
  ['from decouple import config, Csv', 'decouple'],
  ['import environ\nenv = environ.Env()', 'environ'],
  ['from environ import Env', 'environ'],
  ['from dotenv import load_dotenv', 'dotenv'],
  ['# from decouple import config\nimport os', undefined],
] as const)('the reader of %s', (text, reader) => {
  expect(dotenvReaderOf(text)).toBe(reader)
})

test.each([
  ['INSTALLED_APPS = ["daphne", "channels"]', true],
  ["INSTALLED_APPS = ['daphne.apps.DaphneConfig']", true],
  ['INSTALLED_APPS = [\n    # "daphne",\n    "channels",\n]', false],
  ['INSTALLED_APPS = ["daphne_extras"]', false],
])('the daphne app: %s', (text, expected) => {
  expect(hasDaphneApp(text)).toBe(expected)
})

describe('folders of log files', () => {
  test.each([
    ['pathlib', '"filename": BASE_DIR / "logs" / "django.log"', ['logs']],
    ['pathlib in one text', '"filename": BASE_DIR / "logs/deep/django.log",', ['logs/deep']],
    ['str() around it', '"filename": str(BASE_DIR / "logs" / "django.log"),', ['logs']],
    ['joinpath', '"filename": BASE_DIR.joinpath("logs", "django.log"),', ['logs']],
    ['os.path.join', '"filename": os.path.join(BASE_DIR, "logs", "django.log"), "level": "INFO"', ['logs']],
    ['os.path.join over lines', '"filename": os.path.join(\n    BASE_DIR,\n    "var/logs",\n    "django.log",\n),', ['var/logs']],
    ['a sum', '"filename": BASE_DIR + "/logs/django.log"', ['logs']],
    ['a formatted text', '"filename": f"{BASE_DIR}/logs/django.log",', ['logs']],
    ['relative to the working folder', "'filename': 'logs/django.log',", ['logs']],
    ['relative with a dot', '"filename": "./logs/django.log"', ['logs']],
    ['a constant', 'LOGS_DIR = BASE_DIR / "logs"\nLOGGING = {"filename": os.path.join(LOGS_DIR, "django.log")}', ['logs']],
    ['constants of constants', 'VAR: Path = BASE_DIR / "var"\nLOG = VAR / "log"\nx = {"filename": LOG / "django.log"}', ['var/log']],
    ['a constant in a formatted text', 'LOG_DIR = BASE_DIR / "logs"\nx = {"filename": f"{LOG_DIR}/django.log"}', ['logs']],
    ["a reader's default", '"filename": config("LOG_FILE", default="logs/django.log"),', ['logs']],
    ['two handlers, one folder', '{"filename": BASE_DIR / "logs" / "a.log"}, {"filename": BASE_DIR / "logs" / "b.log"}', ['logs']],
    ['a file in the backend itself', '"filename": BASE_DIR / "django.log"', []],
    ['an absolute path', '"filename": "/var/log/django.log"', []],
    ['a folder elsewhere', '"filename": HOME / "logs" / "django.log"', []],
    ['a folder above', '"filename": BASE_DIR / ".." / "logs" / "django.log"', []],
    ['a comment', '# "filename": BASE_DIR / "logs" / "django.log"', []],
  ])('%s', (_, text, expected) => {
    expect(logFoldersOf(text)).toEqual(expected)
  })
})

const usual = (body = '', imports = '') => `#!/usr/bin/env python
"""Django's command-line utility for administrative tasks."""
import os
import sys
${imports}

def main():
    """Run administrative tasks."""
    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'core.settings')
    ${body}
    try:
        from django.core.management import execute_from_command_line
    except ImportError as exc:
        raise ImportError(
            "Couldn't import Django. Are you sure it's installed and "
            "available on your PYTHONPATH environment variable? Did you "
            "forget to activate a virtual environment?"
        ) from exc
    execute_from_command_line(sys.argv)


if __name__ == '__main__':
    main()
`
const asgi = (settings = 'core.settings') => `import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")\n`

describe('what manage.py does before Django', () => {
  test.each([
    ['as Django makes it', usual(), asgi(), 'core.settings', false, 'none'],
    ['pathlib, changing nothing', usual('', 'from pathlib import Path'), asgi(), 'core.settings', false, 'none'],
    ['an assignment', usual("os.environ['DJANGO_SETTINGS_MODULE'] = 'core.settings'"), asgi(), 'core.settings', false, 'none'],
    ['dotenv', usual('load_dotenv()', 'from dotenv import load_dotenv'), asgi(), 'core.settings', false, 'more'],
    ['dotenv in a comment', usual('', '# from dotenv import load_dotenv'), asgi(), 'core.settings', false, 'none'],
    ['a path', usual("sys.path.insert(0, 'apps')"), asgi(), 'core.settings', false, 'more'],
    ['another folder', usual('os.chdir("src")'), asgi(), 'core.settings', false, 'more'],
    ['another variable', usual("os.environ.setdefault('DJANGO_CONFIGURATION', 'Dev')"), asgi(), 'core.settings', false, 'more'],
    [
      'an importer',
      usual().replace('from django.core.management', 'from configurations.management'),
      asgi(),
      'core.settings',
      false,
      'more',
    ],
    ['several imports in a line', usual('', 'import os, environ'), asgi(), 'core.settings', false, 'more'],
    ['the ASGI module names none', usual(), 'import os\n', 'core.settings', false, 'more'],
    ['it names others, which are there', usual(), asgi('core.production'), 'core.settings', true, 'other-settings'],
    ['it names others, which are not there', usual(), asgi('core.setings'), 'core.settings', false, 'more'],
    ['it names others, and the user has named some', usual(), asgi('core.production'), undefined, true, 'none'],
  ] as const)('%s', (_, managePy, asgiModule, settings, others, expected) => {
    expect(preambleOf(managePy, asgiModule, settings, others)).toBe(expected)
  })
})
