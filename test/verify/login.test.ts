/** A login over HTTP at a real Django, and the token in its answer. */
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeHost } from '../../src/host/node-host.ts'
import { logIn, tokenOf } from '../../src/verify/login.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { startServer, type RunningServer } from '../support/servers.ts'

const password = secret()
const token = secret()
let project: TestProject
let server: RunningServer

beforeAll(async () => {
  const urls = `import json
from django.http import JsonResponse
from django.urls import path

def ask(request):
    return json.loads(request.body) == {"username": "ada", "password": "${password}"}

def login(request):
    return JsonResponse({"data": {"access": "${token}"}}) if ask(request) else JsonResponse({}, status=401)

def session(request):
    answer = JsonResponse({"detail": "welcome"})
    answer.set_cookie("csrftoken", "other")
    answer.set_cookie("sessionid", "${token}")
    return answer

urlpatterns = [path("login/", login), path("session/", session), path("empty/", lambda request: JsonResponse({"detail": "welcome"}))]
`
  project = await makeProject({ style: 'plain', environment: undefined, files: { 'backend/core/urls.py': urls } })
  server = await startServer('daphne', project)
})
afterAll(async () => {
  await server.stop()
  await project.remove()
})

const hostWith = (value: string | undefined) => ({ ...nodeHost({ cwd: tmpdir() }), env: { ELECTION_DEV_PASSWORD: value } })
const backend = () => new URL(`http://127.0.0.1:${server.port}`)

test('a token, which is a secret from then on', async () => {
  const host = hostWith(password)
  expect(await logIn(host, backend(), { path: '/login/', username: 'ada' }, 5000)).toEqual({ result: 'token', token })
  expect(host.secrets.mask(`${token} ${password}`)).toBe('*** ***')
})

test('a session cookie, picked from among several', async () => {
  const host = hostWith(password)
  expect(await logIn(host, backend(), { path: '/session/', username: 'ada' }, 5000)).toEqual({
    result: 'cookie',
    cookie: `sessionid=${token}`,
  })
  expect(host.secrets.mask(token)).toBe('***')
})

test.each([
  ['a wrong password', '/login/', 'wrong', 'POST /login/: 401 Unauthorized'],
  ['no password', '/login/', undefined, 'ELECTION_DEV_PASSWORD is not set'],
  ['no token in the answer', '/empty/', password, 'POST /empty/: 200, and no access, token, access_token, key, jwt in the answer'],
])('%s', async (_, path, value, reason) => {
  expect(await logIn(hostWith(value), backend(), { path, username: 'ada' }, 5000)).toEqual({ result: 'refused', reason })
})

test('nobody there', async () => {
  const nobody = new URL(`http://127.0.0.1:${await freePort('127.0.0.1')}`)
  expect(await logIn(hostWith(password), nobody, { path: '/login/', username: 'ada' }, 5000)).toEqual({
    result: 'refused',
    reason: 'POST /login/: ECONNREFUSED',
  })
})

test.each([
  ['{"access":"a"}', undefined, 'a'],
  ['{"key":"k"}', undefined, 'k'],
  ['{"data":{"token":"t"}}', undefined, 't'],
  ['{"token":"t","ticket":"x"}', 'ticket', 'x'],
  ['{"token":""}', undefined, undefined],
  ['{"token":7}', undefined, undefined],
  ['["token"]', undefined, undefined],
  ['null', undefined, undefined],
  ['<html>', undefined, undefined],
])('the token of %s', (body, field, found) => {
  expect(tokenOf(body, field)).toBe(found)
})
