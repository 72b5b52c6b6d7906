import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { parseProcfile, readProcfile } from '../../src/facts/procfile.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { testHost } from '../support/host.ts'

afterEach(removeFiles)

const written = [
  '\uFEFFweb: daphne -b 0.0.0.0 -p $PORT core.asgi:application',
  '# a comment: not a process',
  '',
  '  worker-1:celery -A core worker  ',
  'no colon here',
  'my worker: blanks are in no name',
  'empty:',
  'worker-1: again',
  'release: python manage.py migrate',
]

test.each([
  ['\n', written.join('\n')],
  ['\r\n', `${written.join('\r\n')}\r\n`],
])('a Procfile with %j at its line ends', (_, text) => {
  const { entries, problems } = parseProcfile(text)
  expect(entries).toEqual([
    { name: 'web', command: 'daphne -b 0.0.0.0 -p $PORT core.asgi:application', line: 1 },
    { name: 'worker-1', command: 'celery -A core worker', line: 4 },
    { name: 'release', command: 'python manage.py migrate', line: 9 },
  ])
  expect(problems.map(({ line, problem }) => `${line} ${problem}`)).toEqual([
    '5 is no `name: command`',
    '6 is no `name: command`',
    '7 names empty without a command',
    '8 names worker-1 again; the command of line 4 counts',
  ])
})

test('the Procfile of the folder is read, another one where it is named, none where it is not wanted', async () => {
  const root = await filesIn({ Procfile: 'worker: one', 'deploy/Procfile.dev': 'worker: two' })
  const host = testHost(root)
  expect(await readProcfile(host, { procfile: undefined })).toMatchObject({ kind: 'present', folder: root, shown: 'Procfile' })
  expect(await readProcfile(host, { procfile: 'deploy/Procfile.dev' })).toMatchObject({
    kind: 'present',
    folder: join(root, 'deploy'),
    shown: 'deploy/Procfile.dev',
    entries: [{ command: 'two' }],
  })
  expect(await readProcfile(host, { procfile: false })).toEqual({ kind: 'absent' })
  expect(await readProcfile(testHost(join(root, 'deploy')), { procfile: undefined })).toEqual({ kind: 'absent' })
  expect(await readProcfile(host, { procfile: 'gone' })).toMatchObject({ kind: 'unreadable', reason: 'ENOENT' })
  expect(await readProcfile(host, { procfile: 'deploy' })).toMatchObject({ kind: 'unreadable', reason: 'it is a folder' })
})
