import { expect, test } from 'vitest'
import { parseProcNetUnix } from '../../src/facts/listener-tables.ts'
import { serverGroups } from '../../src/facts/server-groups.ts'
import { treeOf } from '../../src/host/process-table.ts'
import type { SeenProcess } from '../../src/facts/server-view.ts'
import { parseLsofFiles, parseLsofListening, parsePsCommands } from '../../src/facts/servers-posix.ts'
import { parseWindowsProcesses, splitCommandLine } from '../../src/facts/servers-windows.ts'

test('/proc/net/unix: listening sockets that have a path', () => {
  const table = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 17011 /run/my site.sock
0000000000000000: 00000003 00000000 00000000 0001 03 17012 /run/my site.sock
0000000000000000: 00000002 00000000 00010000 0001 01 17013 @abstract
0000000000000000: 00000003 00000000 00000000 0001 03 17014
0000000000000000: 00000002 00000000 00010000 0005 01    42 relative.sock
`
  expect(parseProcNetUnix(table)).toEqual([
    { path: '/run/my site.sock', inode: '17011' },
    { path: 'relative.sock', inode: '42' },
  ])
  expect(parseProcNetUnix('')).toEqual([])
})

test('ps with start and command', () => {
  const output = `    1     0 Ss   Mon Nov 23 08:00:00 2026     /sbin/launchd
 4711     1 T    Mon Nov  2 08:00:01 2026     /venv/bin/python -m daphne core.asgi:application
 4712  4711 Z    Mon Nov 23 08:00:02 2026     (python)
 4713     1 S+   Mon Nov 23 08:00:03 2026     gunicorn: master [core.wsgi:application]
garbage
`
  expect(parsePsCommands(output)).toEqual([
    { pid: 1, parent: 0, argv: ['/sbin/launchd'], stopped: false, startedAt: new Date(2026, 10, 23, 8, 0, 0).getTime() },
    {
      pid: 4711,
      parent: 1,
      argv: ['/venv/bin/python', '-m', 'daphne', 'core.asgi:application'],
      stopped: true,
      startedAt: new Date(2026, 10, 2, 8, 0, 1).getTime(),
    },
    {
      pid: 4713,
      parent: 1,
      argv: ['gunicorn: master [core.wsgi:application]'],
      stopped: false,
      startedAt: new Date(2026, 10, 23, 8, 0, 3).getTime(),
    },
  ])
})

test('lsof: who listens where', () => {
  expect(parseLsofListening('p4711\nf5\nn127.0.0.1:8000\nf6\nn[::1]:8000\np99\nf3\nn*:8001\n')).toEqual([
    { pid: 4711, address: '127.0.0.1', port: 8000 },
    { pid: 4711, address: '::1', port: 8000 },
    { pid: 99, address: '0.0.0.0', port: 8001 },
  ])
})

test('lsof: the files of processes', () => {
  const lines =
    'p4711|fcwd|tDIR|n/Users/x/my site/backend|ftxt|tREG|n/usr/bin/python3|ftxt|tREG|n/usr/lib/x.dylib' +
    '|f1|tREG|n/tmp/server.log|f2|tREG|n/tmp/server.log|f3|tREG|n/tmp/db.sqlite3' +
    '|f7|tunix|n/run/x.sock|f8|tunix|n/run/x.sock type=STREAM (LISTEN)|f9|tunix|n->0x1234' +
    '|p99|fcwd|tunknown|n/proc/99/cwd (readlink: Permission denied)|f1|tCHR|n/dev/null'
  const output = lines.replaceAll('|', '\n')
  expect(Object.fromEntries(parseLsofFiles(output))).toEqual({
    4711: { cwd: '/Users/x/my site/backend', executable: '/usr/bin/python3', unixSockets: ['/run/x.sock'], logs: ['/tmp/server.log'] },
    99: { cwd: undefined, executable: undefined, unixSockets: [], logs: [] },
  })
})

const daphne = {
  ProcessId: 4711,
  ParentProcessId: 1,
  CommandLine: 'python -m daphne core.asgi:application',
  ExecutablePath: 'C:\\python.exe',
}

test.each([
  ['PowerShell 5', JSON.stringify([{ ...daphne, CreationDate: '/Date(1700000000000)/' }]), [{ pid: 4711, startedAt: 1_700_000_000_000 }]],
  ['PowerShell 7', JSON.stringify({ ...daphne, CreationDate: '2023-11-14T22:13:20Z' }), [{ pid: 4711, startedAt: 1_700_000_000_000 }]],
  [
    'another user',
    JSON.stringify([{ ...daphne, CommandLine: null, ExecutablePath: null }]),
    [{ pid: 4711, argv: [], executable: undefined }],
  ],
  [
    'another user’s, of which there is the name',
    JSON.stringify([{ ...daphne, Name: 'System', CommandLine: null, ExecutablePath: null }]),
    [{ pid: 4711, argv: [], executable: 'System' }],
  ],
  ['no rows', '[]', []],
  ['no JSON', 'Get-CimInstance : Zugriff verweigert', []],
  ['another form', '[{"ProcessId": "x"}, null, 5]', []],
])('Win32_Process: %s', (_, output, rows) => {
  expect(parseWindowsProcesses(output)).toMatchObject(rows)
  expect(parseWindowsProcesses(output)).toHaveLength(rows.length)
})

test.each([
  ['python manage.py runserver', ['python', 'manage.py', 'runserver']],
  ['"C:\\Program Files\\Python\\python.exe"  manage.py', ['C:\\Program Files\\Python\\python.exe', 'manage.py']],
  ['a "b c" d', ['a', 'b c', 'd']],
  ['a ""', ['a', '']],
  ['a "b ""c"" d"', ['a', 'b "c" d']],
  ['a \\"b', ['a', '"b']],
  ['"C:\\x\\\\" b', ['C:\\x\\', 'b']],
  ['a\\\\b c\\', ['a\\\\b', 'c\\']],
  ['', []],
])('a Windows command line: %s', (line, args) => {
  expect(splitCommandLine(line)).toEqual(args)
})

const row = (pid: number, parent: number, line: string, startedAt = pid): SeenProcess => ({
  pid,
  parent,
  argv: line.startsWith('gunicorn:') ? [line] : line.split(' '),
  stopped: false,
  startedAt,
})
const spawned = 'python -c spawn_main --multiprocessing-fork'

test.each([
  ['a reloader', [row(10, 1, 'python manage.py runserver'), row(11, 10, 'python manage.py runserver')], [[10, 11]]],
  ['workers', [row(10, 1, 'uvicorn --workers 2 core.asgi:application'), row(11, 10, spawned), row(12, 10, spawned)], [[10, 11, 12]]],
  ['gunicorn', [row(10, 1, 'gunicorn: master [a.b:c]'), row(11, 10, 'gunicorn: worker [a.b:c]')], [[10, 11]]],
  ['a launcher of Windows', [row(10, 1, 'daphne.exe a.b:c'), row(11, 10, 'python.exe daphne.exe a.b:c')], [[10, 11]]],
  ['a frontend that it started', [row(10, 1, 'python manage.py runserver'), row(11, 10, 'node vite')], [[10]]],
  ['another server that it started', [row(10, 1, 'python manage.py runserver'), row(11, 10, 'daphne a.b:c')], [[10], [11]]],
  ['two of one shell', [row(9, 1, 'bash'), row(10, 9, 'daphne a.b:c'), row(11, 9, 'daphne a.b:c')], [[10], [11]]],
  ['one in a shell of the other', [row(10, 1, 'daphne a.b:c'), row(11, 10, 'bash'), row(12, 11, 'daphne a.b:c')], [[10], [12]]],
  ['a number that was used before', [row(10, 1, 'daphne a.b:c', 50), row(11, 10, 'daphne a.b:c', 20)], [[10], [11]]],
  ['a process that is its own parent', [row(0, 0, 'daphne a.b:c')], [[0]]],
  ['none', [row(1, 0, 'init')], []],
])('groups: %s', (_, rows, groups) => {
  expect(serverGroups(rows).map(({ members }) => members.map(({ pid }) => pid))).toEqual(groups)
})

test('a tree of processes', () => {
  expect([...treeOf([row(12, 11, 'x'), row(11, 10, 'x'), row(13, 1, 'x')], 10)]).toEqual([10, 11, 12])
})
