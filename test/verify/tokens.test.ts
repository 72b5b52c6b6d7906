/** Tokens that a real backend refuses, and what `verify` says of them. */
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { pyjwtConsumer } from '../support/consumers.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { secret } from '../support/secrets.ts'
import { startServer, type RunningServer } from '../support/servers.ts'
import { verify } from '../support/verify.ts'
import { variants } from '../support/variants.ts'

vi.setConfig({ maxConcurrency: 3, testTimeout: 60_000 })

const key = secret()
const part = (value: object | Buffer) => (Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value))).toString('base64url')

/** A token as PyJWT makes it. */
function tokenFor(claims: Readonly<Record<string, unknown>>, signedWith = key): string {
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ voter: 7, ...claims })}`
  return secret(`${text}.${part(createHmac('sha256', signedWith).update(text).digest())}`)
}

const now = () => Math.floor(Date.now() / 1000)

describe.concurrent('daphne', () => isJudged('daphne'))
describe.concurrent.each(['uvicorn', 'hypercorn'] as const)('%s', { tags: ['slow'] }, isJudged)

function isJudged(kind: 'daphne' | 'uvicorn' | 'hypercorn'): void {
  let project: TestProject
  let server: RunningServer
  let url = ''
  beforeAll(async () => {
    project = await makeProject({ style: 'plain', environment: undefined, consumer: pyjwtConsumer, settings: `SECRET_KEY = "${key}"` })
    server = await startServer(kind, project)
    url = `ws://127.0.0.1:${server.port}/ws/election-updates/`
  })
  afterAll(async () => {
    await server.stop()
    await project.remove()
  })

  test('none: it speaks WebSocket and wants one', async () => {
    const { json, status } = await verify(url)
    expect(status).toBe(1)
    expect(json).toMatchObject({ state: 'wants-token', diagnosis: { id: 'token-missing' } })
    expect(json.diagnosis?.evidence.join('\n')).toContain('the Origin is accepted')
  })

  const tokens: [name: string, make: () => string, id: string | undefined][] = [
    ['a good one', () => tokenFor({}), undefined],
    ['expired', () => tokenFor({ exp: now() - 90 }), 'token-expired'],
    ['signed with another key', () => tokenFor({}, 'another key of thirty-two letters'), 'token-rejected'],
    ['not valid yet', () => tokenFor({ nbf: now() + 3600 }), 'clock-skew'],
    ['with Bearer before it', () => `Bearer ${tokenFor({})}`, 'token-malformed'],
    ['opaque', () => secret(), 'token-rejected'],
  ]
  variants(tokens, { quick: 3 }, async (_, make, id) => {
    const token = make()
    const inEnvironment = await verify(url, { env: { ELECTION_DEV_TOKEN: token } })
    expect(inEnvironment.json.diagnosis?.id).toBe(id)
    const inUrl = await verify(`${url}?token=${encodeURIComponent(token)}`)
    expect(inUrl.json.diagnosis?.id).toBe(id)
    expect(inUrl.stdout).not.toContain(token)
    expect(inEnvironment.stdout).not.toContain(token)
  })
}

test('a token that no header can carry is never sent, and never shown', async () => {
  const project = await makeProject({ style: 'plain', environment: undefined })
  const server = await startServer('daphne', project)
  try {
    const token = `${secret()}\n${secret()}`
    const { json, stdout } = await verify(`ws://127.0.0.1:${server.port}/ws/election-updates/`, {
      args: ['--token-in', 'header'],
      env: { ELECTION_DEV_TOKEN: token },
    })
    expect(json.diagnosis).toMatchObject({ id: 'token-malformed' })
    expect(stdout).not.toContain(token.split('\n')[0])
  } finally {
    await server.stop()
    await project.remove()
  }
})
