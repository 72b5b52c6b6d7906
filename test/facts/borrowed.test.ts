/** What counts as this machine, which is all that is written to unasked. */
import { execFile } from 'node:child_process'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { pythonOf, root } from '../support/tools.ts'

const run = promisify(execFile)

const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
from election_dev_inside.borrowed import is_here
from election_dev_inside.sessions import host_of
print(json.dumps([[is_here(host) for host in json.loads(sys.argv[2])], [host_of(place) for place in json.loads(sys.argv[3])]]))
`

test('hosts and caches', async () => {
  const hosts = ['', '/var/run/postgresql', 'localhost', '127.0.0.1', '::1', hostname(), '192.0.2.7', 'db.example.invalid']
  const caches = [
    'redis://u:p@cache.example.org:6379/1',
    '127.0.0.1:11211',
    'unix:/run/memcached.sock',
    '/var/tmp/cache',
    'rediss://[::1]:6379',
    'cache.example.org',
    '::1',
  ]
  const { stdout } = await run(pythonOf('main'), ['-c', program, join(root, 'src/inside'), JSON.stringify(hosts), JSON.stringify(caches)])
  expect(JSON.parse(stdout)).toEqual([
    [true, true, true, true, true, true, false, false],
    ['cache.example.org', '127.0.0.1', '', '', '::1', 'cache.example.org', '::1'],
  ])
})
