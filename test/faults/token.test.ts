import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { closesLater, closesWith4001, pyjwtConsumer } from '../support/consumers.ts'
import { doctor, real } from '../support/doctor.ts'
import { ending, urlOf } from '../support/ends.ts'
import { simplejwtConsumer, type ProjectOptions } from '../support/project.ts'
import { secret } from '../support/secrets.ts'
import type { ServerKind } from '../support/servers.ts'
import { now, tokenOf } from '../support/tokens.ts'
import { pythonOf } from '../support/tools.ts'

const { project, server } = ending()
const run = promisify(execFile)

/** A project whose consumer wants a token that was signed with `key`. */
async function wanting(kind: ServerKind = 'daphne', options: ProjectOptions = {}) {
  const key = secret()
  const made = await project({ consumer: pyjwtConsumer, settings: `SECRET_KEY = "${key}"`, ...options })
  const running = await server(kind, made, { application: `${options.package ?? 'core'}.asgi:application` })
  return { key, root: made.root, url: urlOf(running.port), server: running }
}

const simplejwt: ProjectOptions = {
  consumer: simplejwtConsumer,
  installedApps: ['django.contrib.contenttypes', 'django.contrib.auth', 'channels', 'updates'],
}

for (const kind of ['daphne', 'uvicorn', 'hypercorn'] as const) {
  real('token-missing', `${kind}: none is sent`, async () => {
    const { root, url, server } = await wanting(kind)
    const answer = await doctor(root, { url })
    expect(answer.id, answer.evidence).toBe('token-missing')
    // the look tells who refuses it: no path is asked for that would be an error in the log
    expect(answer.evidence).toContain('From inside: Updates closes before accept')
    expect(server.log()).not.toContain('No route found')
    expect(answer.evidence).toContain('4001')
    expect(answer.evidence).toMatch(/updates\/consumers\.py:\d+/)
  })

  real('token-expired', kind, async () => {
    const { root, url, key } = await wanting(kind)
    const answer = await doctor(root, { url, token: tokenOf({ voter: 7, exp: now() - 90 }, key) })
    expect(answer.id, answer.evidence).toBe('token-expired')
    expect(answer.evidence).toMatch(/Its exp lies 9\d s in the past|Its exp lies 1\d\d s in the past/)
  })

  real('token-rejected', `${kind}: signed with another key`, async () => {
    const { root, url } = await wanting(kind)
    const answer = await doctor(root, { url, token: tokenOf({ voter: 7 }, 'another key of thirty-two letters') })
    expect(answer.id, answer.evidence).toBe('token-rejected')
    expect(answer.evidence).toContain('well formed')
  })
}

test('a good token is healthy', async () => {
  const { root, url, key } = await wanting('daphne', { package: 'votes', style: 'plain' })
  expect(await doctor(root, { url, token: tokenOf({ voter: 7, exp: now() + 3600 }, key) })).toMatchObject({ ok: true, id: undefined })
})

real('token-rejected', 'the user of a simplejwt token is gone', async () => {
  const key = secret()
  const made = await project({ ...simplejwt, settings: `SECRET_KEY = "${key}"` })
  await run(pythonOf('main'), ['manage.py', 'migrate'], { cwd: made.backend })
  const running = await server('daphne', made)
  const claims = { token_type: 'access', exp: now() + 3600, iat: now() - 5, jti: 'a1', user_id: 99 }
  const answer = await doctor(made.root, { url: urlOf(running.port), token: tokenOf(claims, key) })
  expect(answer.id, answer.evidence).toBe('token-rejected')
  expect(answer.evidence).toContain('4001')
})

real('token-malformed', 'with Bearer before it', async () => {
  const { root, url, key } = await wanting()
  const answer = await doctor(root, { url, token: `Bearer ${tokenOf({ voter: 7 }, key)}` })
  expect(answer.id, answer.evidence).toBe('token-malformed')
  expect(answer.evidence).toContain('Bearer')
})

real('token-malformed', 'in quotes, as JSON.stringify leaves it', async () => {
  const { root, url, key } = await wanting('uvicorn', { style: 'plain' })
  const answer = await doctor(root, { url, token: `"${tokenOf({ voter: 7 }, key)}"` })
  expect(answer.id, answer.evidence).toBe('token-malformed')
  expect(answer.evidence).toContain('quotes')
})

real('clock-skew', 'nbf is an hour ahead', async () => {
  const { root, url, key } = await wanting('hypercorn')
  const answer = await doctor(root, { url, token: tokenOf({ voter: 7, nbf: now() + 3600 }, key) })
  expect(answer.id, answer.evidence).toBe('clock-skew')
  expect(answer.evidence).toContain('nbf')
})

real('clock-skew', 'iat is ten minutes ahead', async () => {
  const { root, url, key } = await wanting()
  const answer = await doctor(root, { url, token: tokenOf({ voter: 7, iat: now() + 600 }, key) })
  expect(answer.id, answer.evidence).toBe('clock-skew')
  expect(answer.evidence).toContain('iat')
})

for (const kind of ['daphne', 'uvicorn'] as const) {
  real('secret-key-changes', `${kind}: SECRET_KEY = get_random_secret_key()`, async () => {
    const { root, url } = await wanting(kind, {
      settings: 'from django.core.management.utils import get_random_secret_key\nSECRET_KEY = get_random_secret_key()',
    })
    // of the run before
    const answer = await doctor(root, { url, token: tokenOf({ voter: 7, exp: now() + 3600 }, 'the key of the run before this one') })
    expect(answer.id, answer.evidence).toBe('secret-key-changes')
    expect(answer.evidence).toContain('two different SECRET_KEYs')
  })
}

real('secret-key-changes', 'only without SECRET_KEY in the environment: secrets.token_hex() as its default', async () => {
  const { root, url } = await wanting('daphne', {
    style: 'plain',
    package: 'votes',
    settings: 'import secrets\nSECRET_KEY = os.environ.get("SECRET_KEY") or secrets.token_hex(32)',
  })
  const answer = await doctor(root, { url, token: tokenOf({ voter: 7 }, 'the key of the run before this one') })
  expect(answer.id, answer.evidence).toBe('secret-key-changes')
})

for (const kind of ['daphne', 'uvicorn', 'hypercorn'] as const) {
  real('close-after-accept', `${kind}: accepts and closes with 4001`, async () => {
    const made = await project({ consumer: closesWith4001 })
    const running = await server(kind, made)
    const answer = await doctor(made.root, { url: urlOf(running.port) })
    expect(answer.id, answer.evidence).toBe('close-after-accept')
    expect(answer.evidence).toContain('4001')
    expect(answer.evidence).toMatch(/updates\/consumers\.py:\d+/)
  })
}

for (const [who, consumer] of Object.entries(closesLater)) {
  real('close-after-accept', `${who} closes it 1.5 s after it was accepted`, async () => {
    const made = await project({ consumer })
    const running = await server('daphne', made)
    const answer = await doctor(made.root, { url: urlOf(running.port) })
    expect(answer.id, answer.evidence).toBe('close-after-accept')
    expect(answer.evidence).toMatch(/ended after 1\.\d s with 1000.*updates\/consumers\.py:11, in expire/s)
  })
}
