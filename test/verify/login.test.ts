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

def cookies(request):
    answer = JsonResponse({"email": "ada@example.com"})
    answer.set_cookie("csrftoken", "other")
    answer.set_cookie("fleet_access", "${token}", httponly=True, expires="Sat, 28 Nov 2099 10:00:00 GMT")
    answer.set_cookie("fleet_refresh", "${password}", httponly=True)
    answer.delete_cookie("sessionid")
    return answer

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.views.decorators.csrf import csrf_protect

@csrf_protect
def form(request):
    if (request.POST.get("login"), request.POST.get("pass"), request.POST.get("next")) == ("ada", "${password}", "/board/"):
        answer = HttpResponse(status=302, headers={"Location": "/board/"})
        answer.set_cookie("votes_session", "${token}", expires="Sat, 28 Nov 2099 10:00:00 GMT")
        return answer
    return HttpResponse('<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="%s"><input type=hidden name=next value="/board/">'
        '<input name="login"><input type="password" name="pass"><input type="submit" name="go"></form>' % get_token(request))

@csrf_protect
def page(request):
    get_token(request)
    return JsonResponse({"key": "${token}"}) if request.method == "POST" and ask(request) else HttpResponse(status=405)

@csrf_protect
def bare(request):
    return HttpResponse(status=405)

urlpatterns = [path("form/", form), path("page/", page), path("bare/", bare), path("login/", login), path("session/", session), path("cookies/", cookies), path("empty/", lambda request: JsonResponse({"detail": "welcome"}))]
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

test('all cookies that stand for the user, where the answer has no token', async () => {
  const host = hostWith(password)
  expect(await logIn(host, backend(), { path: '/cookies/', username: 'ada' }, 5000)).toEqual({
    result: 'cookie',
    cookie: `fleet_access=${token}; fleet_refresh=${password}`,
  })
  expect(host.secrets.mask(token)).toBe('***')
})

test('a session cookie, picked from among several', async () => {
  const host = hostWith(password)
  expect(await logIn(host, backend(), { path: '/session/', username: 'ada' }, 5000)).toEqual({
    result: 'cookie',
    cookie: `sessionid=${token}`,
  })
  expect(host.secrets.mask(token)).toBe('***')
})

test('the form of a page, as a browser fills it in: with its CSRF token and its names', async () => {
  const form = { path: '/form/', username: 'ada', usernameField: 'login', passwordField: 'pass' }
  expect(await logIn(hostWith(password), backend(), form, 5000)).toEqual({ result: 'cookie', cookie: `votes_session=${token}` })
  expect(await logIn(hostWith('wrong'), backend(), form, 5000)).toEqual({
    result: 'refused',
    reason: 'POST /form/: 200, and the form again: user name or password is refused',
  })
  expect(await logIn(hostWith(password), backend(), { path: '/form/', username: 'ada' }, 5000)).toEqual({
    result: 'refused',
    reason:
      'the form of /form/ has no field username and no password: it has login, pass (login.usernameField and login.passwordField of the configuration)',
  })
})

test('JSON that needs the CSRF token of a cookie', async () => {
  expect(await logIn(hostWith(password), backend(), { path: '/page/', username: 'ada' }, 5000)).toEqual({ result: 'token', token })
})

test.each([
  [
    'a CSRF token that no page gives',
    '/bare/',
    password,
    'POST /bare/: 403 Forbidden (CSRF); and GET /bare/ gives no CSRF token, which Django wants of a login',
  ],
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
