/** Where a page puts a parameter into a query, and where the application reads one. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parametersIn, tokenReadIn } from '../../src/facts/query-places.ts'
import { ending } from '../support/ends.ts'

const { folder } = ending()

test.each<[string, string, number[]]>([
  ['set', "\nurl.searchParams.set('token', getAccess())", [2]],
  ['in a template', 'new WebSocket(`${base}/ws/?token=${access}`)', [1]],
  ['behind another', 'const url = "/ws/?room=1&token=" + access', [1]],
  ['of an object', 'new URLSearchParams({ room, token: access })', [1]],
  ['in a comment', "// url.searchParams.set('token', x)", []],
  ['a part of another name', 'open("/ws/?access_token=" + access)', []],
])('a parameter: %s', async (_, source, lines) => {
  const at = await folder()
  await writeFile(join(at, 'live.js'), source)
  expect((await parametersIn(at, ['token'])).map(({ file, line }) => [file, line])).toEqual(lines.map((line) => ['live.js', line]))
})

test('the application reads it where its query is read, and nowhere else', async () => {
  const at = await folder()
  await mkdir(join(at, 'polls'))
  await writeFile(join(at, 'views.py'), 'access = request.GET["access"]\n')
  await writeFile(join(at, 'polls/auth.py'), 'query = parse_qs(scope["query_string"].decode())\n# "access"\ntoken = query.get("access")\n')
  expect(await tokenReadIn(at, 'access')).toEqual({ file: 'polls/auth.py', line: 3 })
  expect(await tokenReadIn(at, 'token')).toBeUndefined()
})
