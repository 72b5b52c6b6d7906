/** A compose file's variables and addresses, as a program outside its containers needs them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { backendService, databaseService, interpolated, localAddress, localValue, readComposeFile } from '../../src/facts/compose-values.ts'

let root: string | undefined
afterEach(async () => {
  if (root !== undefined) await rm(root, { recursive: true })
  root = undefined
})

async function compose(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  root = await mkdtemp(join(tmpdir(), 'compose-'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return { root, found: await readComposeFile(root, [root], env) }
}

const text = `
x-common: &common
  LOG_LEVEL: info
services:
  store:
    image: postgres:16
    ports: ["127.0.0.1:5433:5432"]
  queue:
    image: redis:7
    ports:
      - target: 6379
        published: 6390
  tasks:
    build: ./backend
    command: celery -A core worker
    environment: [SECRET=of-the-worker]
  site:
    build: ./backend
    command: ["daphne", "-b", "0.0.0.0", "core.asgi:application"]
    env_file: [one.env, {path: two.env, required: false}]
    environment:
      <<: *common
      DATABASE_URL: postgres://ada:pw@store:5432/ballots
      LIMIT: \${LIMIT:-12}
      GIVEN: \${GIVEN}
      NOBODY: \${NOBODY}
      PRICE: 3$$
      FROM_SHELL:
`

test('the service of the backend, with what its environment says', async () => {
  const { found, root: folder } = await compose(
    {
      'docker-compose.yml': text,
      'one.env': 'KEY=one\nLIMIT=3\n# LIMIT\n',
      'two.env': 'KEY=two\n',
      '.env': 'GIVEN=beside\n',
    },
    { FROM_SHELL: 'shell' },
  )
  const service = backendService(found, join(folder, 'backend'))
  expect(service?.name).toBe('site')
  expect(
    Object.fromEntries([...(service?.environment ?? [])].map(([name, { value, place }]) => [name, `${value} ${place.file}:${place.line}`])),
  ).toEqual({
    KEY: 'two two.env:1',
    LIMIT: '12 docker-compose.yml:24',
    LOG_LEVEL: 'info docker-compose.yml:3',
    DATABASE_URL: 'postgres://ada:pw@store:5432/ballots docker-compose.yml:23',
    GIVEN: 'beside docker-compose.yml:25',
    PRICE: '3$ docker-compose.yml:27',
    FROM_SHELL: 'shell docker-compose.yml:28',
  })
  expect(databaseService(found)?.name).toBe('store')
  expect(localAddress(found, 'store', 5432)).toEqual({ host: '127.0.0.1', port: 5433 })
  expect(localAddress(found, 'elsewhere', 5432)).toBeUndefined()
})

describe('a value outside the containers', () => {
  test.each<[string, string]>([
    ['postgres://ada:pw@store:5432/ballots', 'postgres://ada:pw@127.0.0.1:5433/ballots'],
    ['postgres://ada:pw@store/ballots', 'postgres://ada:pw@127.0.0.1:5433/ballots'],
    ['redis://queue:6379/0', 'redis://127.0.0.1:6390/0'],
    ['redis://:secret@queue/1', 'redis://:secret@127.0.0.1:6390/1'],
    ['store', '127.0.0.1'],
    ['queue:6379', '127.0.0.1:6390'],
    ['http://site:8000', 'http://127.0.0.1:8000'],
    ['http://a.example.org,http://site', 'http://a.example.org,http://127.0.0.1'],
    ['storefront', 'storefront'],
    ['https://example.org/store', 'https://example.org/store'],
  ])('%s', async (value, local) => {
    const { found } = await compose({ 'compose.yaml': text })
    expect(localValue(found, value)).toBe(local)
  })
})

test.each<[string, string | undefined]>([
  ['${A}', 'a'],
  ['$A-$A', 'a-a'],
  ['${B:-b}', 'b'],
  ['${E:-e}${E-e}', 'e'],
  ['${B}', undefined],
  ['${B:?must be set}', undefined],
  ['${A:+x}${B:+y}', 'x'],
  ['$$A', '$A'],
])('%s is put in', (written, value) => {
  const known = new Map([
    ['A', 'a'],
    ['E', ''],
  ])
  expect(interpolated(written, (name) => known.get(name))).toBe(value)
})

test('no compose file, or one that cannot be read', async () => {
  expect((await compose({})).found).toBeUndefined()
  expect((await compose({ 'compose.yml': '- a\n\t: {' })).found).toBeUndefined()
})
