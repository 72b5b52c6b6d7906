/** What a checkout says about its Python. */
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { pythonWish } from '../../src/facts/python-wish.ts'
import { filesIn, removeFiles } from '../support/files.ts'

afterEach(removeFiles)

test.each<[string, string, string, string]>([
  ['pyproject.toml', '[project]\nname = "votes"\nrequires-python = ">=3.12" # as Django 6\n', 'required', '>=3.12 at pyproject.toml:3'],
  ['pyproject.toml', "[tool.poetry.dependencies]\npython = '^3.11'\ndjango = '*'\n", 'required', '^3.11 at pyproject.toml:2'],
  ['setup.cfg', '[options]\npython_requires = >=3.9, <3.13\n', 'required', '>=3.9, <3.13 at setup.cfg:2'],
  ['.python-version', '3.12.4\n3.11.2\n', 'preferred', '3.12.4 at .python-version:1'],
  ['.python-version', '# ours\ncpython-3.12\n', 'preferred', '3.12 at .python-version:2'],
  ['.tool-versions', 'nodejs 20.1.0\npython 3.11.9\n', 'preferred', '3.11.9 at .tool-versions:2'],
  ['setup.py', "setup(\n    name='votes',\n    python_requires='>=3.10',\n)\n", 'required', '>=3.10 at setup.py:3'],
  ['mise.toml', '[env]\nA = "1"\n\n[tools]\nnode = "20"\npython = "3.11"\n', 'preferred', '3.11 at mise.toml:6'],
  ['.mise.toml', '[tools]\npython = ["3.12", "3.11"]\n', 'preferred', '3.12 at .mise.toml:2'],
  ['.config/mise.toml', '[tools]\npython = { version = "3.10.4", virtualenv = ".venv" }\n', 'preferred', '3.10.4 at .config/mise.toml:2'],
  ['pixi.toml', '[dependencies]\npython = ">=3.12,<3.13"\n', 'preferred', '>=3.12,<3.13 at pixi.toml:2'],
  ['pyproject.toml', '[tool.pixi.dependencies]\npython = "3.11.*"\n', 'preferred', '3.11.* at pyproject.toml:2'],
  ['environment.yml', 'name: vote\ndependencies:\n  - python=3.11\n  - pip\n', 'preferred', '3.11 at environment.yml:3'],
  ['environment.yml', 'dependencies:\n  - "conda-forge::python=3.11.4=h7a1cb2a_0" # one\n', 'preferred', '3.11.4 at environment.yml:2'],
  ['environment.yaml', 'dependencies:\n- python >=3.10, <3.12\n', 'preferred', '>=3.10,<3.12 at environment.yaml:2'],
  ['environment.yml', 'dependencies:\n  - python==3.12.1\n', 'preferred', '==3.12.1 at environment.yml:2'],
  ['runtime.txt', 'python-3.9.18\n', 'preferred', '3.9.18 at runtime.txt:1'],
  ['Pipfile', '[packages]\ndjango = "*"\n\n[requires]\npython_version = "3.10"\n', 'preferred', '3.10 at Pipfile:5'],
  ['Pipfile', '[requires]\npython_version = "3.10"\npython_full_version = "3.10.2"\n', 'preferred', '3.10.2 at Pipfile:3'],
])('%s: %s', async (file, text, kind, said) => {
  const root = await filesIn({ [file]: text })
  const wish = await pythonWish(root, [join(root, 'backend'), root])
  const word = kind === 'required' ? wish.required : wish.preferred
  expect(`${word?.spec ?? ''} at ${word?.source ?? ''}`).toBe(said)
  expect(kind === 'required' ? wish.preferred : wish.required).toBeUndefined()
})

test('the nearest word counts, of each kind', async () => {
  const root = await filesIn({
    'pyproject.toml': '[project]\nrequires-python = ">=3.9"\n',
    '.python-version': '3.13\n',
    'backend/pyproject.toml': '[project]\nrequires-python = ">=3.12"\n',
  })
  expect(await pythonWish(root, [join(root, 'backend'), root])).toEqual({
    required: { spec: '>=3.12', source: 'backend/pyproject.toml:2' },
    preferred: { spec: '3.13', source: '.python-version:1' },
  })
})

test.each(['system\n', 'pypy3.9-7.3\n', 'venv-of-mine\n', '2.7.18\n'])('a .python-version that names no Python 3: %s', async (text) => {
  const root = await filesIn({ '.python-version': text })
  expect(await pythonWish(root, [root])).toEqual({ required: undefined, preferred: undefined })
})

test.each([
  ['mise.toml', '[tools]\npython = "latest"\n'],
  ['pixi.toml', '[dependencies]\npython = "*"\n'],
  ['environment.yml', 'dependencies:\n  - python\n  - python-dateutil=2.8\n'],
  ['setup.py', '# python_requires=">=3.6"\nsetup(name="votes")\n'],
])('what asks for any: %s %j', async (file, text) => {
  const root = await filesIn({ [file]: text })
  expect(await pythonWish(root, [root])).toEqual({ required: undefined, preferred: undefined })
})
