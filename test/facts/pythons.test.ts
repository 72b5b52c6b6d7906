/** Interpreters that tools keep beside the PATH, by a real one in each place. */
import { mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { interpreters } from '../../src/facts/pythons.ts'
import { runToEnd } from '../../src/host/processes.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { testHost } from '../support/host.ts'

afterEach(removeFiles)

const asked = await runToEnd('python3', ['-c', 'import sys;print(sys.executable);print("%d.%d.%d" % sys.version_info[:3])'], {
  deadlineMs: 10_000,
})
const [real = '', version = ''] = asked.stdout.trim().split('\n')

test.each([
  ['pyenv', '.pyenv/versions/{}', {}],
  ['mise', '.local/share/mise/installs/python/{}', {}],
  ['asdf', '.asdf/installs/python/{}', {}],
  ['uv', '.local/share/uv/python/cpython-{}-linux-x86_64-gnu', {}],
  ['mise, moved', 'mise/installs/python/{}', { MISE_DATA_DIR: 'mise' }],
  ['uv, moved', 'pythons/cpython-{}-linux-x86_64-gnu', { UV_PYTHON_INSTALL_DIR: 'pythons' }],
])('%s', async (_, place, variables) => {
  const home = await filesIn({ 'bin/.keep': '' })
  const file = join(home, place.replace('{}', version), 'bin', 'python')
  await mkdir(dirname(file), { recursive: true })
  await symlink(real, file)
  const moved = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, join(home, value)]))
  expect(await interpreters(testHost(home, { HOME: home, PATH: join(home, 'bin'), ...moved }))).toEqual([{ python: file, version }])
})
