import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderCi, type CiFacts, type CiKind } from '../../src/plan/init-ci.ts'
import { pythonOf, root, run } from '../support/tools.ts'

async function template(kind: CiKind): Promise<string> {
  return readFile(join(root, 'templates', 'ci', `${kind}.yml`), 'utf8')
}

/** PyYAML's reading of texts, as JSON texts with sorted keys; throws where one is no YAML. Its own word for the key `on` is true. */
async function parsed(...texts: readonly string[]): Promise<string[]> {
  const source = 'import json, sys, yaml; print(json.dumps([yaml.safe_load(text) for text in sys.argv[1:]]))'
  const { stdout } = await run(pythonOf('main'), ['-c', source, ...texts])
  const documents: unknown[] = JSON.parse(stdout)
  return documents.map((document) => JSON.stringify(document))
}

const seed: CiFacts = {
  backend: 'backend',
  requirements: { kind: 'requirements', file: 'backend/requirements.txt' },
  frontend: { folder: 'frontend', lock: 'package-lock.json' },
  redis: false,
  layerVariable: 'USE_REDIS_FOR_CHANNELS',
  python: { preferred: undefined, required: undefined },
}

test('what is made of the templates is YAML', async () => {
  const [github, gitlab] = [await template('github'), await template('gitlab')]
  const made = [seed, { ...seed, redis: true }, { ...seed, frontend: undefined, requirements: undefined }].flatMap((facts) => [
    renderCi(github, facts),
    renderCi(gitlab, facts),
  ])
  const documents = await parsed(...made)
  expect(documents).toHaveLength(6)
  for (const [index, document] of documents.entries()) {
    const value = JSON.parse(document)
    const job = index % 2 === 0 ? value.jobs.smoke : value['election-dev']
    expect(JSON.stringify(job)).toContain('npx --yes election-dev smoke --reporter ')
    if (index % 2 === 0) {
      expect(value.true).toEqual({ push: null, pull_request: null })
      for (const step of job.steps) expect(Object.keys(step).filter((key) => key === 'uses' || key === 'run')).toHaveLength(1)
    } else for (const line of [...job.before_script, ...job.script]) expect(typeof line).toBe('string')
  }
  for (const text of made) expect(text).not.toMatch(/(?<!\$)\{\{/)
})

test.each<[string, Partial<CiFacts>, readonly RegExp[], readonly RegExp[]]>([
  [
    'the seed',
    {},
    [/pip install -r backend\/requirements.txt/, /cache-dependency-path: frontend\/package-lock.json/, /run: npm ci/],
    [/redis/i],
  ],
  ['Redis by a variable of its own', { redis: true, layerVariable: 'WITH_REDIS' }, [/image: redis:7/, /WITH_REDIS: 'True'/], [/USE_REDIS/]],
  ['Redis always', { redis: true, layerVariable: undefined }, [/image: redis:7/, /REDIS_HOST/], [/USE_REDIS/, /: 'True'/]],
  [
    'a Python of its own',
    { python: { preferred: { spec: '3.11.4', source: '.python-version:1' }, required: undefined } },
    [/python-version: '3\.11'/],
    [],
  ],
  [
    'one that takes no newer Python',
    { python: { preferred: undefined, required: { spec: '>=3.9,<3.11', source: 'pyproject.toml:3' } } },
    [/python-version: '3\.10'/],
    [],
  ],
  [
    'all of it in one folder',
    { backend: '.', requirements: { kind: 'pipenv', file: 'Pipfile' } },
    [/pip install pipenv && pipenv install --dev/, /python-version: '3\.12'/],
    [/cd \./],
  ],
  ['no frontend', { frontend: undefined }, [/setup-node/], [/npm ci/, /cache: npm/]],
  [
    'yarn',
    { frontend: { folder: 'web', lock: 'yarn.lock' } },
    [/cache: yarn/, /web\/yarn.lock/, /working-directory: web/, /yarn install --frozen-lockfile/],
    [/npm ci/],
  ],
  ['yarn 4', { frontend: { folder: 'web', lock: 'yarn.lock (berry)' } }, [/yarn install --immutable/], [/cache: (?:npm|yarn)/]],
  [
    'pnpm',
    { frontend: { folder: '.', lock: 'pnpm-lock.yaml' } },
    [/pnpm install --frozen-lockfile/, /working-directory: \.$/m],
    [/npm ci/],
  ],
  ['no lock file', { frontend: { folder: 'frontend', lock: undefined } }, [/run: npm install/], [/cache: npm/]],
  [
    'poetry',
    { requirements: { kind: 'poetry', file: 'backend/poetry.lock' } },
    [/poetry --directory backend install/],
    [/cache: pip/, /requirements.txt/],
  ],
  ['uv', { requirements: { kind: 'uv', file: 'uv.lock' }, backend: '.' }, [/uv sync --project \./], [/cache: pip/]],
])('the workflow of a project with %s', async (_, facts, has, lacks) => {
  const text = renderCi(await template('github'), { ...seed, ...facts })
  for (const pattern of has) expect(text).toMatch(pattern)
  for (const pattern of lacks) expect(text).not.toMatch(pattern)
  await parsed(text)
})

test('the GitLab job makes the environment where start looks for it', async () => {
  const text = renderCi(await template('gitlab'), {
    ...seed,
    backend: '.',
    requirements: { kind: 'requirements', file: 'requirements.txt' },
  })
  expect(text).toContain('- python3 -m venv venv\n    - . venv/bin/activate\n    - python -m pip install -r requirements.txt')
  expect(text).toContain('(cd frontend && npm ci)')
})
