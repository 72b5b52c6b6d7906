import { expect, test } from 'vitest'
import { filesOnPath, writingUtf8 } from '../../src/host/programs.ts'

test('a name is looked for on the PATH alone, on Windows by its endings', () => {
  expect(filesOnPath({ platform: 'linux', env: { PATH: '/a::/b' } }, 'py')).toEqual(['/a/py', '/b/py'])
  expect(filesOnPath({ platform: 'win32', env: { Path: '/a' } }, 'py')).toEqual(['/a/py.com', '/a/py.exe', '/a/py.bat', '/a/py.cmd'])
  expect(filesOnPath({ platform: 'win32', env: { PATH: '/a' } }, 'py.EXE')).toEqual(['/a/py.EXE'])
  expect(filesOnPath({ platform: 'win32', env: {} }, 'py')).toEqual([])
})

test.each([
  [{}, 'win32', { PYTHONIOENCODING: 'utf-8' }],
  [{ PYTHONUTF8: '0' }, 'win32', { PYTHONUTF8: '0' }],
  [{ PYTHONIOENCODING: 'cp1252' }, 'win32', { PYTHONIOENCODING: 'cp1252' }],
  [{}, 'linux', {}],
] as const)('what %j writes into a pipe on %s', (env, platform, expected) => {
  expect(writingUtf8(env, platform)).toEqual(expected)
})
