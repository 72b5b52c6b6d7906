/** Under which name a new environment is made. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { PythonFact } from '../../src/facts/python.ts'
import { findPython } from '../../src/facts/python.ts'
import { mergeConfig } from '../../src/config/merge.ts'
import { freshEnvironment } from '../../src/plan/fresh-environment.ts'
import { checkout } from '../support/facts.ts'
import { testHost } from '../support/host.ts'

const { project } = checkout
const foreign = (name: string) => ({ state: 'foreign', label: name, folder: `${project.backend}/${name}`, system: 'Windows' }) as const

test.each<[string, Partial<PythonFact>, string]>([
  ['nothing says one', {}, 'venv'],
  ['git passes over another', { ignored: ['.venv'] }, '.venv'],
  ['git passes over all of them', { ignored: ['.venv', 'venv', 'env'] }, 'venv'],
  ['the one that git passes over is of another system', { ignored: ['.venv'], candidates: [foreign('.venv')] }, 'venv'],
  ['the usual one is of another system', { candidates: [foreign('venv')] }, '.venv'],
])('%s', (_, python, name) => {
  const seen = { candidates: [], named: false, ...python }
  expect(freshEnvironment({ project, python: seen })).toBe(`${project.backend}/${name}`)
})

test('the names that .gitignore has are read from the backend and above', async () => {
  const root = await mkdtemp(join(tmpdir(), 'election-dev-'))
  onTestFinished(() => rm(root, { recursive: true }))
  await writeFile(join(root, '.gitignore'), '# env/\r\n*.pyc\r\n/.venv/\r\n')
  const host = testHost(root)
  const fact = await findPython(host, mergeConfig(host, {}, undefined), { ...project, root, backend: join(root, 'backend') })
  expect(fact.ignored).toEqual(['.venv'])
})
