import { afterEach, describe, expect, test } from 'vitest'
import { loadConfigFile } from '../../src/config/file.ts'
import { LauncherError } from '../../src/errors.ts'
import { runCli } from '../support/cli.ts'
import { filesIn, removeFiles } from '../support/files.ts'

afterEach(removeFiles)

async function refusal(files: Record<string, string>): Promise<LauncherError> {
  const error: unknown = await loadConfigFile(await filesIn(files)).catch((thrown: unknown) => thrown)
  if (error instanceof LauncherError) return error
  throw new Error(`no refusal: ${String(error)}`)
}

describe('a configuration file', () => {
  test.each([
    ['election-dev.config.json', '{ "port": 8010 }'],
    ['election-dev.config.json', '\uFEFF{ "port": 8010 }\r\n'],
    ['election-dev.config.js', 'export default { port: 8010 }'],
    ['election-dev.config.js', 'module.exports = { port: 8010 }'],
    ['election-dev.config.mjs', 'export default { port: 8010 }'],
    ['election-dev.config.ts', 'const port: number = 8010\nexport default { port }'],
  ])('%s: %j', async (name, text) => {
    expect(await loadConfigFile(await filesIn({ [name]: text }))).toEqual({ name, config: { port: 8010 } })
  })

  test('package.json#election-dev', async () => {
    const root = await filesIn({ 'package.json': '{ "name": "x", "election-dev": { "backend": "api" } }' })
    expect(await loadConfigFile(root)).toEqual({ name: 'package.json#election-dev', config: { backend: 'api' } })
  })

  test.each([
    ['none', {}],
    ['a package.json without the key', { 'package.json': '{ "devDependencies": { "election-dev": "1" } }' }],
    ['a broken package.json that is none of our business', { 'package.json': '{ "name": ' }],
    ['one in a folder above', { 'below/x': '' }],
  ])('%s', async (_, files) => {
    expect(await loadConfigFile(await filesIn(files))).toBeUndefined()
  })
})

describe('what is refused: exit 2, with file, key and what is allowed', () => {
  const json = 'election-dev.config.json'
  test.each([
    ['wrong type', { [json]: '{ "port": "8000" }' }, 'port is "8000"; allowed: number'],
    ['out of range', { [json]: '{ "port": 70000 }' }, 'port is 70000; allowed: a whole number from 1 to 65535'],
    ['no whole number', { [json]: '{ "hold": 1.5 }' }, 'hold is 1.5; allowed: a whole number from 1 to 3600000'],
    ['unknown key', { [json]: '{ "prot": 8000 }' }, /prot is not a key; allowed here: .*\bport\b/],
    [
      'wrong choice',
      { [json]: '{ "server": "gunicorn" }' },
      'server is "gunicorn"; allowed: "daphne", "uvicorn", "hypercorn", "runserver"',
    ],
    [
      'nested key',
      { [json]: '{ "login": { "path": "/a/", "username": "u", "password": "p" } }' },
      /login\.password is not a key; allowed here: path, username/,
    ],
    [
      'nested type',
      { [json]: '{ "login": { "path": "a/", "username": "u" } }' },
      /login\.path is "a"?.*; allowed: a text that begins with \//,
    ],
    ['missing nested key', { [json]: '{ "login": { "path": "/a/" } }' }, 'login.username is missing'],
    ['empty text', { [json]: '{ "settings": "" }' }, /settings is .*; allowed: a text that is not empty/],
    ['ping', { [json]: '{ "ping": true }' }, /ping is true; allowed: false, an object/],
    [
      'pattern',
      { [json]: '{ "application": "core.asgi" }' },
      'application is "core.asgi"; allowed: module:attribute, such as core.asgi:application',
    ],
    ['a list', { [json]: '[]' }, /the whole is a list; allowed: an object/],
    [
      'in package.json',
      { 'package.json': '{ "election-dev": { "strict": "yes" } }' },
      'package.json#election-dev: strict is "yes"; allowed: boolean',
    ],
    [
      'in a module',
      { 'election-dev.config.mjs': 'export default { strict: 1 }' },
      'election-dev.config.mjs: strict is 1; allowed: boolean',
    ],
  ])('%s', async (_, files, expected) => {
    const error = await refusal(files)
    expect(error).toMatchObject({ code: 'config-invalid', exitCode: 2 })
    const [evidence] = error.evidence
    if (typeof expected === 'string') expect(evidence).toContain(expected)
    else expect(evidence).toMatch(expected)
    expect(evidence).toContain(Object.keys(files)[0])
  })

  test('a token of the wrong type is not told', async () => {
    const error = await refusal({ [json]: '{ "token": 918273645 }' })
    expect(`${error.message} ${error.evidence.join()}`).not.toContain('918273645')
  })

  test.each([
    ['JSON that is none', { [json]: '{ "port": 8000, }' }, json],
    ['an empty file', { [json]: '' }, json],
    ['a module that throws', { 'election-dev.config.mjs': 'throw new Error("no")' }, 'election-dev.config.mjs'],
    ['two files', { [json]: '{}', 'election-dev.config.ts': 'export default {}' }, 'election-dev.config.ts'],
    ['a file and package.json', { [json]: '{}', 'package.json': '{ "election-dev": {} }' }, 'package.json#election-dev'],
    ['a package.json that names us and is broken', { 'package.json': '{ "election-dev": { ' }, 'package.json'],
  ])('%s', async (_, files, named) => {
    const error = await refusal(files)
    expect(error).toMatchObject({ code: 'config-invalid', exitCode: 2 })
    expect(error.message).toContain(named)
  })

  test.each([
    [json, '{ "port": "8000" }'],
    ['election-dev.config.mjs', 'export default { port: "8000" }'],
    ['election-dev.config.ts', 'const port: string = "8000"\nexport default { port }'],
    ['package.json', '{ "election-dev": { "port": "8000" } }'],
  ])('on the built command line: %s', async (name, text) => {
    const root = await filesIn({ [name]: text })
    const result = await runCli(['start'], { cwd: root })
    expect(result.status).toBe(2)
    expect(result.stderr).toContain('port is "8000"; allowed: number')
    expect(result.stderr).toContain(name)
  })
})
