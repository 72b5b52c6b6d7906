import { describe, expect, test } from 'vitest'
import type { Holder } from '../../src/facts/holder.ts'
import type { BindFact, PortFact } from '../../src/facts/port.ts'
import { decidePort, holderKind, holderWords } from '../../src/plan/port.ts'

const backend = '/project/backend'

function binds(results: Readonly<Record<string, BindFact['result']>> = {}): PortFact {
  const all = { '0.0.0.0': 'free', '::': 'free', '127.0.0.1': 'free', '::1': 'free', ...results } as const
  return { port: 8000, binds: Object.entries(all).map(([address, result]) => ({ address, result })) }
}

function holder(command: string | undefined, http: Holder['http'], cwd?: string, addresses = ['0.0.0.0', '127.0.0.1']): Holder {
  return { listener: command === undefined ? undefined : { address: '127.0.0.1', pid: 4711, command, cwd }, addresses, http }
}

const http = (server?: string): Holder['http'] => ({ kind: 'http', server })
const wsgi = holder('/project/backend/venv/bin/python manage.py runserver', http('WSGIServer/0.2 CPython/3.12.3'), backend)
const earlier = holder('/project/backend/venv/bin/python -m daphne core.asgi:application', http('daphne'), backend)
const foreign = holder('/usr/bin/python3 -m http.server', http('SimpleHTTP/0.6 Python/3.12.3'), '/home')

describe('the decision', () => {
  const held = binds({ '0.0.0.0': 'held', '127.0.0.1': 'held' })
  const denied = binds({ '0.0.0.0': 'denied', '127.0.0.1': 'denied', '::': 'denied', '::1': 'denied' })
  const six = binds({ '::': 'held', '::1': 'held' })
  test.each([
    ['free everywhere', binds(), '127.0.0.1', 'take'],
    ['no IPv6 on this machine', binds({ '::': 'absent', '::1': 'absent' }), '127.0.0.1', 'take'],
    ['held', held, '127.0.0.1', 'port-in-use'],
    ['held on IPv6 only', six, '127.0.0.1', 'ipv6-localhost'],
    ['held on IPv6 only, on localhost', six, 'localhost', 'ipv6-localhost'],
    ['held on IPv6 only, and IPv6 is asked for', six, '::1', 'port-in-use'],
    ['may not be bound', denied, '127.0.0.1', 'bad-port-permission'],
    ['may not be bound, on localhost', binds({ '127.0.0.1': 'denied' }), 'localhost', 'bad-port-permission'],
    ['may not be bound, on another address than ours', binds({ '::1': 'denied' }), '127.0.0.1', 'port-in-use'],
    ["an address that isn't there", binds({ '192.0.2.1': 'absent' }), '192.0.2.1', 'bind-address-unavailable'],
    ['no IPv6, and IPv6 is asked for', binds({ '::': 'absent', '::1': 'absent' }), '::1', 'bind-address-unavailable'],
  ] as const)('%s', (_, fact, host, decision) => {
    expect(decidePort(fact, host)).toBe(decision)
  })
})

describe('who holds it', () => {
  test.each([
    ['nothing is known', undefined, 'unknown'],
    ['a process of another user', holder(undefined, http('nginx')), 'unknown'],
    ['WSGI runserver of this project', wsgi, 'earlier-run'],
    ['gunicorn of this project', holder('gunicorn core.wsgi', http('gunicorn'), backend), 'earlier-run'],
    ['daphne of this project', earlier, 'earlier-run'],
    [
      'uvicorn, by the path of its interpreter',
      holder(`${backend}/venv/bin/python -m uvicorn core.asgi:application`, { kind: 'silent' }),
      'earlier-run',
    ],
    ['runserver of another project', holder('python manage.py runserver', http('WSGIServer/0.2'), '/other'), 'foreign'],
    ['another program in the same folder', holder('python -m http.server', http('SimpleHTTP/0.6'), backend), 'foreign'],
    [
      'a project whose path only begins like ours',
      holder('/project/backend2/venv/bin/python -m daphne other.asgi:application', http('daphne'), '/project/backend2'),
      'foreign',
    ],
    ['redis', holder('redis-server 127.0.0.1:6379', { kind: 'not-http' }), 'foreign'],
  ] as const)('%s', (_, by, kind) => {
    expect(holderKind(by, backend)).toBe(kind)
  })

  test('Windows takes names in any case', () => {
    const of = holder(String.raw`c:\work\My Vote\backend\venv\Scripts\python.exe -m daphne core.asgi:application`, http('daphne'))
    expect(holderKind(of, String.raw`C:\Work\my vote\backend`)).toBe('earlier-run')
    expect(holderWords('earlier-run', of)).toMatch(/^an earlier server of this project, python.exe -m daphne/)
    expect(holderKind(of, String.raw`C:\Work\my vote\back`)).toBe('foreign')
  })

  test.each([
    [earlier, 'an earlier server of this project, python -m daphne core.asgi:application (PID 4711) (Server: daphne)'],
    [foreign, 'python3 -m http.server (PID 4711) (Server: SimpleHTTP/0.6 Python/3.12.3)'],
    [holder('redis-server *:6379', { kind: 'not-http' }), "redis-server *:6379 (PID 4711) (it doesn't speak HTTP)"],
    [holder('nc -l', { kind: 'silent' }), 'nc -l (PID 4711) (it does not answer HTTP)'],
    [holder('node', http(), undefined, ['::', '::1']), 'node (PID 4711) (it speaks HTTP, on IPv6 only)'],
    [undefined, 'another program (its process is not visible to this user) (it does not answer HTTP)'],
  ] as const)('in words: %#', (by, words) => {
    expect(holderWords(holderKind(by, backend), by)).toBe(words)
  })
})
