/** What installs a package is the tool that keeps the environment: what it hasn't in its lock it takes away again. */
import { expect, test } from 'vitest'
import type { Requirements } from '../../src/facts/requirements.ts'
import { addCommands, withOwnBounds } from '../../src/plan/install.ts'
import { environmentWith } from '../support/evidence.ts'

const root = '/home/ada/vote'
const line = { name: 'django', spec: 'django', marker: undefined, file: `${root}/pyproject.toml`, line: 1 }

interface More {
  readonly label?: string
  readonly python?: string
  readonly hasManager?: boolean
  readonly hasUv?: boolean
  readonly lines?: Requirements['lines']
}

function typed(kind: Requirements['kind'], words: readonly string[], more: More = {}) {
  const { label = '.venv', python = `${root}/.venv/bin/python`, hasManager, hasUv = kind === 'uv', lines = [line] } = more
  const commands = addCommands(
    {
      root,
      backend: `${root}/backend`,
      fresh: `${root}/.venv`,
      platform: 'linux',
      requirements: { kind, file: `${root}/backend/pyproject.toml`, names: ['django'], lines },
      python: { kind: 'ready', environment: { ...environmentWith(['django', 'pip']), label, python }, note: undefined },
      hasUv,
      hasManager,
    },
    words,
  )
  return commands.flatMap((command) => command.typed.map((each) => each.join(' ')))
}

const there = ['cd backend']

test.each([
  ['uv', ['redis<8'], {}, [...there, 'uv add redis<8']],
  ['uv', ['--upgrade', 'twisted', 'daphne'], {}, [...there, 'uv sync --upgrade-package twisted --upgrade-package daphne']],
  [
    'poetry',
    ['daphne'],
    { label: 'poetry (vote-py3.12)', python: '/home/ada/.cache/pypoetry/vote/bin/python' },
    [...there, 'poetry add daphne'],
  ],
  ['pdm', ['daphne'], {}, [...there, 'pdm add daphne']],
  ['pipenv', ['daphne'], {}, [...there, 'pipenv install daphne']],
  ['poetry', ['--upgrade', 'twisted', 'daphne'], {}, [...there, 'poetry update twisted daphne']],
  ['pdm', ['--upgrade', 'twisted'], {}, [...there, 'pdm update twisted']],
  // it would write it into the Pipfile
  ['pipenv', ['--upgrade', 'twisted'], {}, ['.venv/bin/python -m pip install --upgrade twisted']],
  // made by hand beside the lock, and with the tool not there
  ['poetry', ['daphne'], { label: 'env', python: `${root}/env/bin/python` }, ['env/bin/python -m pip install daphne']],
  ['poetry', ['daphne'], { hasManager: false }, ['.venv/bin/python -m pip install daphne']],
  ['requirements', ['daphne'], {}, ['.venv/bin/python -m pip install daphne']],
] as const)('%s %j %j', (kind, words, more, expected) => {
  expect(typed(kind, words, more)).toEqual(expected)
})

test('a package of the project itself comes from its folder, never by its name', () => {
  const own = { ...line, name: 'vote-tally', spec: 'vote-tally', words: ['-e', `${root}/tally`] }
  expect(typed('uv', ['vote_tally'], { hasUv: false, lines: [line, own] })).toEqual(['.venv/bin/python -m pip install -e tally'])
  expect(typed('uv', ['vote_tally'], { lines: [line, own] })).toEqual(['cd backend', 'uv sync'])
})

test.each([
  ['redis>=5.2', 'redis>=5.2,<8'],
  ['redis[hiredis] >= 5.2, != 6.1, < 9', 'redis[hiredis]>=5.2,!=6.1,<8'],
  ['redis==8.1.0', 'redis<8'],
  ['redis>=8', 'redis<8'],
  ['redis', 'redis<8'],
  ['hiredis>=3', 'redis<8'],
])('an older client where the project asks for %s', (spec, expected) => {
  const lines = [{ ...line, name: /^\w+/.exec(spec)?.[0] ?? '', spec }]
  expect(withOwnBounds({ kind: 'uv', file: `${root}/uv.lock`, names: [], lines }, 'redis<8')).toBe(expected)
  expect(typed('uv', ['redis<8'], { lines })).toEqual(['cd backend', `uv add ${expected}`])
})

test("what a tool adds is kept before: its project's file and its lock, which may lie above", () => {
  const requirements = { kind: 'uv' as const, file: `${root}/uv.lock`, names: ['django'], lines: [line], folder: `${root}/apps/api` }
  const python = {
    kind: 'ready' as const,
    environment: { ...environmentWith(['django']), python: `${root}/.venv/bin/python` },
    note: undefined,
  }
  const around = { root, backend: `${root}/apps/api`, fresh: '', platform: 'linux' as const, requirements, python, hasUv: true }
  expect(addCommands(around, ['redis<8'])).toMatchObject([{ changes: [`${root}/apps/api/pyproject.toml`, `${root}/uv.lock`] }])
})
