/** What `pip freeze` writes down on one platform can't be installed on another: such lines are left out, and said. */
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { requirement } from '../../src/facts/requirement-lines.ts'
import { conditionOf, forPlatform, leftOutWords } from '../../src/facts/platform-packages.ts'
import { findRequirements } from '../../src/facts/requirements.ts'
import { requirementWords, typedPlaces } from '../../src/plan/install.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { secret } from '../support/secrets.ts'

afterEach(removeFiles)

const file = '/srv/vote/requirements.txt'
const asking = (...specs: string[]) => {
  const lines = specs.flatMap((spec, index) => requirement(spec, { file, line: index + 1 }) ?? [])
  return { kind: 'requirements' as const, file, lines, names: lines.filter(({ marker }) => marker === undefined).map(({ name }) => name) }
}

test.each([
  ['twisted-iocpsupport==1.0.2', 'linux', 'it is for Windows alone'],
  ['twisted_iocpsupport==1.0.2', 'darwin', 'it is for Windows alone'],
  ['WMI==1.5.1', 'linux', 'it is for Windows alone'],
  ['winrt-Windows.Foundation==2.3.0', 'linux', 'it is for Windows alone'],
  ['uvloop==0.21.0', 'win32', 'there is none for Windows'],
  ['systemd-python==234', 'darwin', 'it is for Linux alone'],
  ['systemd-python==234', 'win32', 'it is for Linux alone'],
  ['pyobjc-framework-Cocoa==11.0', 'linux', 'it is for macOS alone'],
  ['twisted-iocpsupport==1.0.2', 'win32', undefined],
  ['uvloop==0.21.0', 'darwin', undefined],
  ['pyobjc-core==11.0', 'darwin', undefined],
  // what says so by itself is the installer's to pass over
  ['pywin32==306 ; sys_platform == "win32"', 'linux', undefined],
  ['twisted==24.3', 'linux', undefined],
] as const)('%s on %s', (spec, platform, why) => {
  const found = forPlatform(asking('django==5.2', spec), platform)
  expect(leftOutWords(found, (path) => path.slice(10))).toEqual(
    why === undefined ? [] : [`requirements.txt:2: ${spec} is left out: ${why}`],
  )
  expect(found.names[0]).toBe('django')
  if (why === undefined) return
  expect(found.names).toEqual(['django'])
  expect(requirementWords(found)).toEqual(['django==5.2'])
  expect(conditionOf(spec, platform)).toMatch(/^sys_platform/)
})

test('the rest of a file in words: options and folders as they are meant there, what only a file can say not at all', async () => {
  const root = await filesIn({
    'site/requirements.txt':
      '--extra-index-url https://pypi.example.org/simple\n-r base.txt\n-c limits.txt\n-e ../parts/tally[fast]  # ours\n../wheels/x-1-py3-none-any.whl\nwmi==1.5\n',
    'site/base.txt': 'Django==5.2\nchannels==4.3\n',
    'site/limits.txt': 'asgiref<4\n',
    // no command line is to have it
    'login/requirements.txt': `--extra-index-url https://build:${secret()}@pypi.example.org/simple\nDjango==5.2\nchannels==4.3\nwmi==1.5\n`,
    'repository/requirements.txt': `tally @ git+https://build:${secret()}@git.example.org/tally.git\nDjango==5.2\nchannels==4.3\nwmi==1.5\n`,
    'hashed/requirements.txt': 'Django==5.2 \\\n    --hash=sha256:01\nchannels==4.3\nwmi==1.5\n',
  })
  const words = async (folder: string) => {
    const found = await findRequirements(join(root, folder), [join(root, folder)])
    return found === undefined ? [] : typedPlaces({ root, platform: 'linux' }, requirementWords(forPlatform(found, 'linux')))
  }
  expect((await words('site')).join(' ')).toBe(
    '--extra-index-url https://pypi.example.org/simple -c site/limits.txt -e parts/tally[fast] wheels/x-1-py3-none-any.whl Django==5.2 channels==4.3',
  )
  for (const folder of ['hashed', 'login', 'repository']) expect(await words(folder)).toEqual(['-r', `${folder}/requirements.txt`])
})

test('a folder beside the root is no name of the index', () => {
  const words = ['-e', '/srv/vote/tally', '/srv/vote/notes', '-r', '/srv/vote/r.txt', 'x']
  expect(typedPlaces({ root: '/srv/vote', platform: 'linux' }, words).join(' ')).toBe('-e tally ./notes -r r.txt x')
})
