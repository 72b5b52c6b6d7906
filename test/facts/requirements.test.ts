import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { findRequirements, requirementNames } from '../../src/facts/requirements.ts'
import { filesIn, removeFiles } from '../support/files.ts'

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
    expect(await findRequirements(join(root, 'backend'), root)).toMatchObject({ kind, file: join(root, file) })
  })

  test('a pyproject.toml of tools alone says nothing', async () => {
    const root = await filesIn({ 'pyproject.toml': '[tool.black]\nline-length = 100\n' })
    expect(await findRequirements(root, dirname(root))).toBeUndefined()
  })

  test('what it includes, each name once, however the files include each other', async () => {
    const root = await filesIn({
      'requirements.txt': '-r requirements/base.txt # all\n-rextra.txt\n--requirement=extra.txt\nDjango\n',
      'requirements/base.txt': '-r ../requirements.txt\nchannels\n',
      'extra.txt': 'daphne\n-r extra.txt\n',
    })
    const found = await findRequirements(root, root)
    expect(found?.names.toSorted()).toEqual(['channels', 'daphne', 'django'])
  })

  test.each(['utf-16le', 'utf-8 with a mark'])('as PowerShell writes it: %s', async (encoding) => {
    const text = '\uFEFFDjango==5.2\r\nchannels==4.2\r\n'
    const root = await filesIn({ 'requirements.txt': encoding === 'utf-16le' ? Buffer.from(text, 'utf16le') : Buffer.from(text) })
    expect((await findRequirements(root, root))?.names).toEqual(['django', 'channels'])
  })
})
