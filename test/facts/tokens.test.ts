/** Where the project's sources read a token, and of what kind it is. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { pythonOf, root } from '../support/tools.ts'

const run = promisify(execFile)

const program = `
import json, sys
sys.path[:0] = sys.argv[1:]
from django.conf import settings
settings.configure(JWT_COOKIE="kiln_jwt", SIMPLE_JWT={"AUTH_COOKIE": "kiln_access"}, INSTALLED_APPS=[])
import reader
from election_dev_inside.tokens import own_modules, places_in, source_of
print(json.dumps([place for module in own_modules([reader.Middleware], 1) for place in places_in(module, source_of(module))]))
`

const place = (where: string, name: string | null, prefix: string | null = null) => ({ in: where, name, prefix })

test.each<[string, string, unknown[]]>([
  [
    'the query',
    'query = parse_qs(scope["query_string"].decode())\n        token = query.get("access", [""])[0]',
    [place('query', 'access')],
  ],
  ['the query at once', 'token = dict(parse_qs(scope["query_string"]))[b"jwt"]', [place('query', 'jwt')]],
  ['the query, by a name of the module', 'token = parse_qs(scope.get("query_string", b""))[NAME]', [place('query', 'ticket')]],
  ['a cookie, by a setting', 'token = scope["cookies"].get(settings.JWT_COOKIE)', [place('cookie', 'kiln_jwt')]],
  [
    'a cookie that is read by hand',
    'cookies = parse_cookie(dict(scope["headers"])[b"cookie"].decode())\n        token = cookies["votes"]',
    [place('cookie', 'votes')],
  ],
  [
    'a cookie of http.cookies, by a setting',
    'cookie = SimpleCookie(dict(scope["headers"]).get(b"cookie", b"").decode())\n        token = cookie.get(settings.JWT_COOKIE)',
    [place('cookie', 'kiln_jwt')],
  ],
  [
    'a cookie of http.cookies that is loaded',
    'jar = http.cookies.SimpleCookie()\n        jar.load(dict(scope["headers"])[b"cookie"].decode())\n        token = jar["fleet_access"].value',
    [place('cookie', 'fleet_access')],
  ],
  [
    'a cookie, by a setting within another',
    'token = scope["cookies"].get(settings.SIMPLE_JWT["AUTH_COOKIE"])',
    [place('cookie', 'kiln_access')],
  ],
  [
    'a cookie, by a setting with a default',
    'name = getattr(settings, "NO_SUCH_COOKIE", "usual")\n        token = scope["cookies"].get(name)',
    [place('cookie', 'usual')],
  ],
  [
    'a cookie that is looked for in its header',
    'found = re.search(r"board_jwt=([^;]+)", dict(scope["headers"])[b"cookie"].decode())',
    [place('cookie', 'board_jwt')],
  ],
  [
    'a cookie, by a name of the class',
    'jar = parse_cookie(dict(scope["headers"])[b"cookie"].decode())\n        token = jar.get(self.cookie_name)\n    cookie_name = "of_class"',
    [place('cookie', 'of_class')],
  ],
  [
    'a header with its scheme',
    'headers = dict(scope["headers"])\n        if b"authorization" in headers:\n            kind, token = headers[b"authorization"].decode().split()\n            assert kind == "Token"',
    [place('header', 'authorization', 'Token'), place('header', 'authorization', 'Token')],
  ],
  ['a header in a walk', 'token = [value for name, value in scope["headers"] if name == b"x-token"][0]', [place('header', 'x-token')]],
  [
    'a part of a subprotocol',
    'token = [p[6:] for p in scope["subprotocols"] if p.startswith("token.")][0]',
    [place('subprotocol', null, 'token.'), place('subprotocol', null)],
  ],
  [
    'what follows a subprotocol',
    'name, token = scope["subprotocols"]\n        assert name == "access_token"',
    [place('subprotocol', 'access_token'), place('subprotocol', null)],
  ],
  ['nowhere', 'token = None; other = {"a": 1}.get("a")', []],
])('%s', async (_, body, places) => {
  const folder = await mkdtemp(join(tmpdir(), 'election-dev-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(
    join(folder, 'reader.py'),
    `import http.cookies
import re
from http.cookies import SimpleCookie
from urllib.parse import parse_qs
from django.conf import settings
from django.http import parse_cookie
NAME = b"ticket"
class Middleware:
    async def __call__(self, scope, receive, send):
        ${body}
`,
  )
  const { stdout } = await run(pythonOf('main'), ['-c', program, join(root, 'src/inside'), folder])
  expect(JSON.parse(stdout)).toEqual(places)
})
