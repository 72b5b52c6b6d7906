/** Which variables settings ask for, and which files they load, as the package inside reads them: syntax alone, nothing is imported. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basePython, root as repository, run } from '../support/tools.ts'

interface Case {
  readonly settings: string
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
}

const cases: Case[] = []
let told: readonly string[][] = []
let folder = ''

const script = `
import json, os
from election_dev_inside import imports, variables
for number, env in enumerate(json.loads(sys.argv[1])):
    os.chdir(os.path.join(sys.argv[2], str(number)))
    # one process for all of them: each is its own folder of manage.py
    imports.HERE = os.getcwd()
    os.environ.update(env)
    asked = variables.Asked([(file, tree) for file, tree, _ in imports.modules_from(["mint.settings"], named=False)])
    lines = [" ".join((name, cast, by, file, "for", setting or "none")) for name, cast, by, file, line, setting in asked.all()]
    print(json.dumps(lines + [" ".join(map(str, load)) for load in asked.loads]))
    for name in env:
        del os.environ[name]
`

/** One interpreter reads all settings of this file. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'variables-'))
  for (const [number, { settings, files }] of cases.entries()) {
    await mkdir(join(folder, String(number), 'mint'), { recursive: true })
    const all = { '__init__.py': '', 'settings.py': settings, ...files }
    for (const [name, text] of Object.entries(all)) await writeFile(join(folder, String(number), 'mint', name), text)
  }
  const inside = join(repository, 'src', 'inside')
  const environments = JSON.stringify(cases.map(({ env }) => env ?? {}))
  const { stdout } = await run(
    basePython(),
    ['-c', `import sys; sys.path.append(${JSON.stringify(inside)})${script}`, environments, folder],
    {
      env: { PATH: process.env['PATH'] },
    },
  )
  told = stdout
    .trim()
    .split('\n')
    .map((line) => v.parse(v.array(v.string()), JSON.parse(line)))
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

function place(settings: string, files: Case['files'] = {}, env: Case['env'] = {}): number {
  return cases.push({ settings, files, env }) - 1
}

/** What is asked for, a line each, and the files that are loaded. */
function given(settings: string, files: Readonly<Record<string, string>> = {}, env: Readonly<Record<string, string>> = {}): () => string[] {
  const number = place(settings, files, env)
  return () =>
    (told[number] ?? []).map((line) =>
      line
        .replace(/ for \w+$/, '')
        .replace(' mint/settings.py', '')
        .replace(`${folder}/${number}/`, ''),
    )
}

describe('asked for', () => {
  const rows: [string, string, readonly string[]][] = [
    ['os.environ', 'import os\nA = os.environ["A1"]\nB = os.environ.get("B1")\nC = os.getenv("C1", "c")', ['A1 str environment']],
    [
      'what fails for None',
      'import os\nA = int(os.getenv("A1"))\nB = os.environ.get("B1").split(",")\nC = os.getenv("C1")\nif not C:\n    raise ValueError("C1")\nSECRET_KEY = os.getenv("D1")',
      ['A1 int environment', 'B1 list environment', 'D1 str environment', 'C1 str environment'],
    ],
    [
      'django-environ, with a schema and URLs',
      'import environ\nenv = environ.Env(DEBUG=(bool, False), LIMIT=int)\nA = env("DEBUG")\nB = env("LIMIT")\nC = env.list("C1")\nD = env.db()\nE = env.cache_url("E1")\nF = env.bool("F1", default=True)',
      ['LIMIT int environment', 'C1 list environment', 'DATABASE_URL db environment', 'E1 cache environment'],
    ],
    [
      'decouple under another name',
      'from decouple import Csv, config as from_env\nA = from_env("A1", cast=bool)\nB = from_env("B1", cast=Csv())\nC = from_env("C1", default=3)\nD = from_env("D1", cast=lambda v: v.split(","))',
      ['A1 bool decouple', 'B1 list decouple', 'D1 list decouple', 'decouple .env True'],
    ],
    [
      'dj-database-url',
      'import os\nimport dj_database_url\nA = dj_database_url.config()\nB = dj_database_url.parse(os.environ["B1"])\nC = dj_database_url.config(default="x")',
      ['DATABASE_URL db environment', 'B1 db environment'],
    ],
    [
      'pydantic-settings, with a prefix and an alias',
      'from pydantic import Field\nfrom pydantic_settings import BaseSettings, SettingsConfigDict\nclass Base(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix="vote_", env_file=".env")\n    key: str\n    hosts: list[str]\n    limit: int = 3\n    other: str = Field(alias="OTHER")\n    more: str = Field(default="x")\nclass Old(BaseSettings):\n    page: str\n    class Config:\n        env_prefix = "OLD_"',
      ['VOTE_KEY str pydantic', 'VOTE_HOSTS json pydantic', 'OTHER str pydantic', 'OLD_PAGE str pydantic', 'pydantic .env True'],
    ],
  ]
  test.each(rows.map(([title, settings, lines]) => ({ title, asked: given(settings), lines })))('$title', ({ asked, lines }) => {
    expect(asked().toSorted()).toEqual([...lines].toSorted())
  })

  const helped = given('from .helpers import need, may\nfrom .more import *\nA = need("A1")\nB = need("B1", "b")\nC = may("C1")', {
    'helpers.py':
      'import os\ndef need(name, default=None):\n    value = os.environ.get(name, default)\n    if value is None:\n        raise RuntimeError(name)\n    return value\ndef may(name):\n    return os.environ.get(name)\n',
    'more.py': 'import os\nD = os.environ["D1"]\n',
  })
  test("a helper of the project's, and what is imported from beside", () => {
    expect(helped()).toEqual(['A1 str environment', 'D1 str environment mint/more.py'])
  })
})

describe('the setting that it is for', () => {
  const rows: [string, string, string][] = [
    ['by itself', 'from decouple import config\nSECRET_KEY = config("STALL")', 'SECRET_KEY'],
    ['within what is made of it', 'import os\nALLOWED_HOSTS = list(os.environ["STALL"].split(","))', 'ALLOWED_HOSTS'],
    ['an entry', 'import os\nSIMPLE_JWT = {"LIFE": 3, "SIGNING_KEY": os.environ["STALL"]}', 'SIGNING_KEY'],
    ['none', 'import os\nprint(os.environ["STALL"])', 'none'],
  ]
  const all = rows.map(([title, settings, setting]) => ({ title, setting, number: place(settings) }))
  test.each(all)('$title', ({ setting, number }) => {
    expect(told[number]?.[0]).toMatch(new RegExp(` for ${setting}$`))
  })
})

describe('of a condition', () => {
  const ask =
    'import os, sys\nfrom decouple import config\nDEBUG = config("DEBUG", cast=bool)\nMODE = os.environ.get("MODE", "local")\nUSE = config("USE", default=False, cast=bool)\n'
  const rows: [string, string, Readonly<Record<string, string>>, boolean][] = [
    ['not DEBUG', 'if not DEBUG:', {}, false],
    ['DEBUG', 'if DEBUG:', {}, true],
    ['DEBUG is False', 'if DEBUG is False:', {}, false],
    ['production, by its default', 'if MODE == "production":', {}, false],
    ['production, by the environment', 'if MODE == "production":', { MODE: 'production' }, true],
    ['production, of which nobody says anything', 'if config("STAGE").lower() in ("prod", "staging"):', {}, false],
    ['no production', 'if MODE != "production":', {}, true],
    ['a switch that is off', 'if USE:', {}, false],
    ['a switch that the environment turns on', 'if USE:', { USE: 'on' }, true],
    ['a variable that is there', 'if "HEROKU" in os.environ:', {}, false],
    ['a variable that is named elsewhere', 'NAME = "HEROKU"\nif NAME in os.environ:', { HEROKU: '1' }, true],
    ['a variable of a loop', 'for name in ("A", "B"):\n  if name in os.environ:', {}, false],
    ['a run of tests', 'if "test" in sys.argv:', {}, false],
    ['what nobody can tell', 'if something():', {}, false],
    ['one whose failure is caught', 'try:', {}, false],
  ]
  const all = rows.map(([title, line, env, isAsked]) => {
    const caught = line === 'try:' ? '\nexcept KeyError:\n    pass' : ''
    return { title, isAsked, asked: given(`${ask}${line}\n    X = os.environ["X1"]${caught}\n`, {}, env) }
  })
  test.each(all)('$title', ({ asked, isAsked }) => {
    expect(asked().some((found) => found.startsWith('X1'))).toBe(isAsked)
  })
})

test('where there is no .env yet, decouple is to find it beside its example, or beside manage.py', async () => {
  const project = join(folder, 'project')
  await mkdir(join(project, 'src', 'mint'), { recursive: true })
  const inside = join(repository, 'src', 'inside')
  const nearest = async () => {
    const code =
      'import sys; sys.path.append(sys.argv[1])\nfrom election_dev_inside.conditions import Conditions\nprint(Conditions().nearest("mint/settings.py"))'
    const { stdout } = await run(basePython(), ['-c', code, inside], { cwd: join(project, 'src'), env: { PATH: process.env['PATH'] } })
    return relative(await realpath(project), stdout.trim())
  }
  await writeFile(join(project, '.env.sample'), '')
  expect(await nearest()).toBe('.env')
  await mkdir(join(project, 'src', '.git'))
  expect(await nearest()).toBe(join('src', '.env'))
  await writeFile(join(project, '.env'), '')
  expect(await nearest()).toBe('.env')
})

describe('loaded', () => {
  const base =
    'import os\nfrom pathlib import Path\nimport environ\nfrom dotenv import load_dotenv, find_dotenv\nBASE_DIR = Path(__file__).resolve().parent.parent\nROOT = environ.Path(__file__) - 2\nenv = environ.Env()\n'
  const rows: [string, string, string][] = [
    ['a path', 'environ.Env.read_env(BASE_DIR / ".env")', 'environ .env True'],
    ['os.path', 'env.read_env(os.path.join(os.path.dirname(os.path.abspath(__file__)), "local.env"))', 'environ mint/local.env True'],
    ['an environ.Path', 'env.read_env(ROOT("conf", ".env"))', 'environ conf/.env True'],
    ['beside the settings', 'env.read_env()', 'environ mint/.env True'],
    ['python-dotenv', 'load_dotenv(dotenv_path=str(BASE_DIR.joinpath(".env")))', 'dotenv .env True'],
    ['python-dotenv, searched for', 'load_dotenv(find_dotenv())', 'dotenv .env True'],
    ['parents', 'load_dotenv(Path(__file__).parents[1] / "a.env")', 'dotenv a.env True'],
    ['only where it is wished for', 'if env.bool("READ", default=False):\n    env.read_env(BASE_DIR / ".env")', ''],
    ['by a condition that cannot be told', 'if wished():\n    env.read_env(BASE_DIR / ".env")', 'environ .env False'],
    ['where it is there', 'if (BASE_DIR / ".env").exists():\n    load_dotenv(BASE_DIR / ".env")', 'dotenv .env True'],
  ]
  test.each(rows.map(([title, line, load]) => ({ title, load, asked: given(`${base}${line}\n`) })))('$title', ({ asked, load }) => {
    expect(asked().join('\n')).toBe(load)
  })
})
