/** A path stays at its origin, and so does what is sent to it. */
import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { mergeConfig } from '../../src/config/merge.ts'
import { atPath } from '../../src/host/urls.ts'
import { endpointAt } from '../../src/look/target.ts'
import { httpUrl } from '../../src/verify/endpoint.ts'
import { logIn } from '../../src/verify/login.ts'
import { checkout } from '../support/facts.ts'
import { testHost } from '../support/host.ts'
import { secret } from '../support/secrets.ts'

const base = new URL('ws://127.0.0.1:8000/ws/x/?a=1#b')

test.each([
  ['/ws/y/', 'ws://127.0.0.1:8000/ws/y/'],
  ['/ws/y/?room=1', 'ws://127.0.0.1:8000/ws/y/?room=1'],
  ['//evil.example/ws/', 'ws://127.0.0.1:8000//evil.example/ws/'],
  ['/\\\\evil.example/ws/', 'ws://127.0.0.1:8000///evil.example/ws/'],
  ['https://evil.example/', 'ws://127.0.0.1:8000/https://evil.example/'],
  ['/../..//evil.example/', 'ws://127.0.0.1:8000//evil.example/'],
])('%s', (path, url) => {
  expect(atPath(base, path).href).toBe(url)
  expect(new URL(atPath(base, path).href).host).toBe('127.0.0.1:8000')
  expect(httpUrl(base, path).host).toBe('127.0.0.1:8000')
})

test('a WebSocket whose path begins with a host goes to the backend', () => {
  const config = mergeConfig(testHost('/'), { path: '//evil.example/ws/' }, undefined)
  expect(endpointAt(config, checkout.project, 8000).url.host).toBe('127.0.0.1:8000')
})

test('a password goes to the backend, whatever host the path of the login names', async () => {
  const asked: string[] = []
  const listening = async (name: string) => {
    const server = createServer((request, response) => {
      asked.push(`${name} ${request.url ?? ''}`)
      response.end('{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }
  const [own, evil] = [await listening('own'), await listening('evil')]
  const host = testHost('/', { ELECTION_DEV_PASSWORD: secret() })
  await logIn(host, new URL(`http://127.0.0.1:${own}/`), { path: `//127.0.0.1:${evil}/login/`, username: 'ada' }, 2000)
  expect(asked).toEqual([`own //127.0.0.1:${evil}/login/`])
})
