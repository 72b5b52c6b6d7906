import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { requirementNames } from '../../src/facts/requirement-lines.ts'
import { projectFolders } from '../../src/facts/python.ts'
import { findRequirements } from '../../src/facts/requirements.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { secret } from '../support/secrets.ts'

afterEach(removeFiles)

test.each([
  ['Django>=4.2,<6', ['django']],
  ['python_decouple == 3.8  # comment', ['python-decouple']],
  ['channels[daphne]~=4.2', ['channels']],
  ['# whole line\n\n   \n', []],
  ['pywin32; sys_platform == "win32"', []],
  ['-e .\n--index-url https://example.com/simple\n-c constraints.txt', []],
  ['git+https://example.com/repo.git#egg=thing\nhttps://example.com/x.whl', []],
  ['thing @ https://example.com/thing-1.0.whl', ['thing']],
  ['django==5.2 \\\n    --hash=sha256:0123', ['django']],
  ['a\r\nb\r\n', ['a', 'b']],
])('the names of %j', (text, names) => {
  expect(requirementNames(text)).toEqual(names)
})

describe('the file that says what to install', () => {
  test.each([
    ['requirements.txt', { 'backend/requirements.txt': 'django\n' }, 'requirements', 'backend/requirements.txt'],
    ['one above', { 'requirements.txt': 'django\n' }, 'requirements', 'requirements.txt'],
    [
      'in a folder',
      { 'backend/requirements/local.txt': 'django\n', 'backend/requirements/base.txt': '' },
      'requirements',
      'backend/requirements/local.txt',
    ],
    [
      'uv.lock',
      { 'backend/uv.lock': '', 'backend/pyproject.toml': '[project]\n', 'backend/requirements.txt': '' },
      'uv',
      'backend/uv.lock',
    ],
    ['poetry.lock', { 'poetry.lock': '', 'pyproject.toml': '[tool.poetry]\n' }, 'poetry', 'poetry.lock'],
    [
      'poetry without a lock',
      { 'backend/pyproject.toml': '[tool.poetry]\n[tool.poetry.dependencies]\ndjango = "*"\n' },
      'poetry',
      'backend/pyproject.toml',
    ],
    ['Pipfile', { 'backend/Pipfile': '' }, 'pipenv', 'backend/Pipfile'],
    ['pyproject.toml', { 'backend/pyproject.toml': '[project]\nname = "x"\n' }, 'pyproject', 'backend/pyproject.toml'],
  ])('%s', async (_, files, kind, file) => {
    const root = await filesIn({ 'backend/manage.py': '', ...files })
    expect(await findRequirements(join(root, 'backend'), [join(root, 'backend'), root])).toMatchObject({ kind, file: join(root, file) })
  })

  const pyproject = '[project]\nname = "site"\ndependencies = [\n  "Django>=5,<6", # "not-this"\n  \'channels[daphne]~=4.3\',\n]\n'
  const poetry = '[tool.poetry.dependencies]\npython = "^3.11"\nDjango = "^5.2"\nchannels = { version = "^4", extras = ["daphne"] }\n'
  test.each([
    [
      'a Pipfile',
      { 'requirements.txt': 'gunicorn\n', Pipfile: '[packages]\nDjango = "*"\nchannels = {version = "*"}\n' },
      'pipenv',
      'Pipfile',
    ],
    ['a pyproject.toml above', { 'backend/requirements.txt': 'gunicorn\n', 'pyproject.toml': pyproject }, 'pyproject', 'pyproject.toml'],
    ['one of Poetry', { 'requirements.txt': 'wheel\n', 'pyproject.toml': poetry }, 'poetry', 'pyproject.toml'],
    [
      'one whose group has them',
      {
        'requirements.txt': '',
        'pyproject.toml': '[project]\nname = "x"\n[dependency-groups]\ndev = ["django", {include-group = "y"}, "channels"]\n',
      },
      'pyproject',
      'pyproject.toml',
    ],
    [
      'a file of a folder',
      {
        'requirements.txt': '-r requirements/production.txt\n',
        'requirements/production.txt': '-r base.txt\n',
        'requirements/base.txt': 'django\nchannels\n',
        'requirements/local.txt': '-r base.txt\ndjango-debug-toolbar\n',
      },
      'requirements',
      'requirements/local.txt',
    ],
    [
      'setup.py',
      {
        'requirements.txt': '-e .\n',
        'setup.py': 'setup(\n    install_requires=[\n        "Django>=4",\n        "channels",  # x\n    ],\n)\n',
      },
      'setuptools',
      'setup.py',
    ],
    [
      'setup.cfg',
      { 'setup.py': 'setup()\n', 'setup.cfg': '[options]\ninstall_requires =\n    Django>=4\n    channels\n' },
      'setuptools',
      'setup.cfg',
    ],
    [
      'a workspace that it is a member of',
      {
        'backend/pyproject.toml': pyproject,
        'pyproject.toml': '[tool.uv.workspace]\nmembers = ["backend"]\n',
        'uv.lock':
          '[[package]]\nname = "django"\n\n[[package]]\nname = "channels"\n\n[[package]]\nname = "site"\nsource = { virtual = "backend" }\n',
      },
      'uv',
      'uv.lock',
    ],
  ])('the fuller one: %s', async (_, files, kind, file) => {
    const root = await filesIn({ 'backend/manage.py': '', ...files })
    expect(await findRequirements(join(root, 'backend'), [join(root, 'backend'), root])).toMatchObject({ kind, file: join(root, file) })
  })

  test('each with its line, its condition, and what constrains it', async () => {
    const root = await filesIn({
      'requirements.txt': '# all\n-c limits.txt\nDjango ; python_version >= "3.12"\nchannels==4.3.2 \\\n    --hash=sha256:0123\n',
      'limits.txt': 'Django<6\n',
    })
    const found = await findRequirements(root, [root])
    expect(found?.names).toEqual(['channels'])
    expect(found?.lines?.map(({ spec, marker, file, line }) => [spec, marker, file.slice(root.length + 1), line])).toEqual([
      ['Django<6', undefined, 'limits.txt', 1],
      ['Django ; python_version >= "3.12"', 'python_version >= "3.12"', 'requirements.txt', 3],
      ['channels==4.3.2', undefined, 'requirements.txt', 4],
    ])
    const project = await filesIn({ 'pyproject.toml': pyproject })
    expect((await findRequirements(project, [project]))?.lines?.map(({ spec, line }) => [spec, line])).toEqual([
      ['Django>=5,<6', 4],
      ['channels[daphne]~=4.3', 5],
    ])
  })

  test.each([
    ['two levels above manage.py', '.', 'apps/server', {}, 'requirements/dev.txt'],
    ["called beside manage.py, up to the repository's root", 'apps/server', 'apps/server', { '.git/HEAD': '' }, 'requirements/dev.txt'],
    ['no further than where it was called', 'apps/server', 'apps/server', {}, undefined],
    ['the nearest of two', '.', 'apps/server', { 'apps/requirements.txt': 'django\nchannels\n' }, 'apps/requirements.txt'],
  ])('%s', async (_, called, backend, files, file) => {
    const root = await filesIn({
      'apps/server/manage.py': '',
      'requirements/dev.txt': '-r base.txt\n',
      'requirements/base.txt': 'django\nchannels\n',
      ...files,
    })
    const project = { root: join(root, called), backend: join(root, backend) }
    const found = await findRequirements(project.backend, await projectFolders(project))
    expect(found?.file).toBe(file === undefined ? undefined : join(root, file))
  })

  test('a pyproject.toml of tools alone says nothing', async () => {
    const root = await filesIn({ 'pyproject.toml': '[tool.black]\nline-length = 100\n' })
    expect(await findRequirements(root, [root, dirname(root)])).toBeUndefined()
  })

  test('what it includes, each name once, however the files include each other', async () => {
    const root = await filesIn({
      'requirements.txt': '-r requirements/base.txt # all\n-rextra.txt\n--requirement=extra.txt\nDjango\n',
      'requirements/base.txt': '-r ../requirements.txt\nchannels\n',
      'extra.txt': 'daphne\n-r extra.txt\n',
    })
    const found = await findRequirements(root, [root])
    expect(found?.names.toSorted()).toEqual(['channels', 'daphne', 'django'])
  })

  test.each(['utf-16le', 'utf-8 with a mark'])('as PowerShell writes it: %s', async (encoding) => {
    const text = '\uFEFFDjango==5.2\r\nchannels==4.2\r\n'
    const root = await filesIn({ 'requirements.txt': encoding === 'utf-16le' ? Buffer.from(text, 'utf16le') : Buffer.from(text) })
    expect((await findRequirements(root, [root]))?.names).toEqual(['django', 'channels'])
  })
})

const sources = (text: string) => `\n[tool.uv.sources]\n${text}\n`
const told = async (root: string, folder: string) => {
  const found = await findRequirements(join(root, folder), [join(root, folder), root])
  return found?.lines?.map((line) => (line.words ?? [line.spec]).map((word) => word.replace(`${root}/`, '')).join(' '))
}

describe('what comes from no index', () => {
  const built = '[build-system]\nrequires = ["hatchling"]\n'
  const member = (name: string, dependencies: readonly string[] = [], more = built) =>
    `[project]\nname = "${name}"\ndependencies = ${JSON.stringify(dependencies)}\n\n${more}`

  test('members of a workspace, and those that they ask for', async () => {
    const root = await filesIn({
      'pyproject.toml': `[project]\nname = "all"\n[tool.uv.workspace]\nmembers = ["apps/api", "packages/*"]\n${sources('votes-base = { workspace = true }')}`,
      'uv.lock':
        '[[package]]\nname = "django"\n[[package]]\nname = "channels"\n[[package]]\nname = "api"\nsource = { virtual = "apps/api" }\n',
      'apps/api/manage.py': '',
      'apps/api/pyproject.toml': member(
        'api',
        ['Django>=5', 'channels', 'Votes.Tally[fast]', 'notes'],
        sources('votes-tally = { workspace = true }\nnotes = { workspace = true }'),
      ),
      'packages/tally/pyproject.toml': member('votes-tally', ['votes-base', 'httpx']),
      'packages/base/pyproject.toml': member('votes_base'),
      // no build system: what it asks for is all that there is of it
      'packages/notes/pyproject.toml': member('notes', ['markdown>=3', 'votes-base'], ''),
    })
    expect(await told(root, 'apps/api')).toEqual(['Django>=5', 'channels', '-e packages/tally[fast]', '-e packages/base', 'markdown>=3'])
  })

  test.each([
    ['{ path = "../x", editable = true }', ['-e x']],
    ['{ path = "../x" }', ['x']],
    ['{ git = "https://example.org/x", tag = "v1" }', ['x @ git+https://example.org/x@v1']],
    ['{ url = "https://example.org/x-1.tar.gz" }', ['x @ https://example.org/x-1.tar.gz']],
    // a private index, or not to be told
    [`{ git = "https://build:${secret()}@example.org/x" }`, []],
    ['{ index = "ours" }', []],
    ['{ workspace = true }', []],
    ['[{ path = "../x", marker = "sys_platform == \'linux\'" }]', []],
  ])('uv: %s', async (source, words) => {
    const root = await filesIn({
      'backend/pyproject.toml': member('site', ['django', 'channels', 'x'], sources(`x = ${source}`)),
      'x/pyproject.toml': member('x'),
    })
    expect(await told(root, 'backend')).toEqual(['django', 'channels', ...words])
  })

  test.each([
    ['{ path = "../x", develop = true }', '-e x'],
    ['{ path = "../x" }', 'x'],
    ['{ git = "https://example.org/x", rev = "abc", subdirectory = "py" }', 'x @ git+https://example.org/x@abc#subdirectory=py'],
  ])('Poetry: %s', async (source, words) => {
    const root = await filesIn({
      'backend/pyproject.toml': `[tool.poetry.dependencies]\ndjango = "*"\nchannels = "*"\nx = ${source}\n`,
      'x/pyproject.toml': member('x'),
    })
    expect(await told(root, 'backend')).toEqual(['django', 'channels', words])
  })
})

describe('what Poetry and pipenv ask for, in the words of pip', () => {
  test.each([
    ['"^5.2"', '>=5.2,<6'],
    ['"^5.2.3"', '>=5.2.3,<6'],
    ['"^0.3.1"', '>=0.3.1,<0.4'],
    ['"^0.0.3"', '>=0.0.3,<0.0.4'],
    ['"~5.2"', '>=5.2,<5.3'],
    ['"~5"', '>=5,<6'],
    ['"*"', ''],
    ['"5.2.8"', '==5.2.8'],
    ['"5.2.*"', '==5.2.*'],
    ['">=4.2, <6"', '>=4.2,<6'],
    ['"~=4.2"', '~=4.2'],
    ['"^4 || ^5"', ''],
    ['{ version = "^4", extras = ["daphne", "tests"] }', '[daphne,tests]>=4,<5'],
    ['{ version = "*", markers = "sys_platform == \'win32\'" }', " ; sys_platform == 'win32'"],
  ])('%s', async (value, spec) => {
    const root = await filesIn({ 'pyproject.toml': `[tool.poetry.dependencies]\npython = "^3.11"\nchannels = ${value}\n` })
    const found = await findRequirements(root, [root])
    expect(found?.lines?.map((line) => line.spec)).toEqual([`channels${spec}`])
  })

  test('in the versions of the lock, where it has one of each; what lies elsewhere is marked', async () => {
    const root = await filesIn({
      'pyproject.toml':
        '[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\nDjango = "^5.2"\nchannels = { version = "^4", extras = ["daphne"] }\nours = { git = "https://example.org/ours" }\nnumpy = "^2"\n',
      'poetry.lock':
        '[[package]]\nname = "django"\nversion = "5.2.1"\n\n[[package]]\nname = "channels"\nversion = "4.2.2"\n\n[[package]]\nname = "numpy"\nversion = "2.0.1"\n\n[[package]]\nname = "numpy"\nversion = "2.2.0"\n',
    })
    const found = await findRequirements(root, [root])
    expect(found?.lines?.map(({ spec, isElsewhere }) => [spec, isElsewhere ?? false])).toEqual([
      ['Django==5.2.1', false],
      ['channels[daphne]==4.2.2', false],
      ['ours', true],
      ['numpy>=2,<3', false],
    ])
  })
})
