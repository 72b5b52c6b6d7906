import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { askInterpreter, normalName, packagesOf, readSitePackages } from '../../src/facts/packages.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { environmentFolder, pythonOf } from '../support/tools.ts'

afterEach(removeFiles)

test.each([
  ['Django-5.2.8.dist-info', 'django', '5.2.8'],
  ['python_decouple-3.8.dist-info', 'python-decouple', '3.8'],
  ['zope.interface-7.0.dist-info', 'zope-interface', '7.0'],
  ['PyYAML-6.0-py3.11.egg-info', 'pyyaml', '6.0'],
  ['thing-1.0rc1.post2-py3.9.egg', 'thing', '1.0rc1.post2'],
])('%s', (entry, name, version) => {
  expect([...packagesOf([entry])]).toEqual([[name, version]])
})

test.each(['django', 'Django-5.2.8', '__pycache__', '~jango.dist-info', 'README.dist-info', 'six.py'])('%s is no distribution', (entry) => {
  expect(packagesOf([entry]).size).toBe(0)
})

test('names that are the same (PEP 503)', () => {
  expect(normalName('Python__Decouple')).toBe('python-decouple')
  expect(normalName('ruamel.yaml')).toBe('ruamel-yaml')
})

test.skipIf(process.platform === 'win32').each([
  ['packages alone', { 'lib/python3.11/site-packages/Django-5.2.dist-info/METADATA': '' }, { complete: true, python: '3.11' }],
  ['a .pth of setuptools changes nothing', { 'lib/python3.11/site-packages/distutils-precedence.pth': '' }, { complete: true }],
  ['another .pth may bring more', { 'lib/python3.11/site-packages/__editable__.mine-1.0.pth': '/elsewhere\n' }, { complete: false }],
  ['an egg link may bring more', { 'lib/python3.11/site-packages/mine.egg-link': '/elsewhere\n' }, { complete: false }],
  ['a Python without the global lock', { 'lib/python3.13t/site-packages/x': '' }, { complete: true, python: '3.13' }],
  ['PyPy', { 'lib/pypy3.10/site-packages/x': '' }, { python: '3.10' }],
])('%s', async (_, files, expected) => {
  expect(await readSitePackages(await filesIn(files), process.platform)).toMatchObject(expected)
})

test.skipIf(process.platform === 'win32')('the packages of two Pythons are left to the interpreter', async () => {
  const root = await filesIn({ 'lib/python3.11/site-packages/x': '', 'lib/python3.12/site-packages/x': '' })
  expect(await readSitePackages(root, 'linux')).toBeUndefined()
  expect(await readSitePackages(join(root, 'nowhere'), 'linux')).toBeUndefined()
})

test('the folder and the interpreter tell the same', async () => {
  const [read, asked] = await Promise.all([
    readSitePackages(environmentFolder('main'), process.platform),
    askInterpreter([pythonOf('main')], process.env),
  ])
  expect(read?.packages.get('django')).toMatch(/^\d/)
  expect(asked?.python.startsWith(read?.python ?? '?')).toBe(true)
  expect([...(read?.packages ?? [])].toSorted()).toEqual([...(asked?.packages ?? [])].toSorted())
})

test('an interpreter that is none, fails or hangs is undefined', async () => {
  const root = await filesIn({ 'no.txt': '' })
  expect(await askInterpreter([join(root, 'nowhere')], {})).toBeUndefined()
  expect(await askInterpreter([process.execPath], {})).toBeUndefined()
  expect(await askInterpreter([process.execPath, '-e', 'setInterval(() => {}, 1000)'], {}, 300)).toBeUndefined()
})

test("a file of the working folder isn't taken for Python's own", async () => {
  const root = await filesIn({ 'json.py': 'raise SystemExit("not me")\n' })
  const before = process.cwd()
  process.chdir(root)
  try {
    expect((await askInterpreter([pythonOf('main')], process.env))?.python).toMatch(/^3\.\d+/)
  } finally {
    process.chdir(before)
  }
})
