import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { booleanOf, dotenvValue, parseDotenv, readDotenv, type DotenvReader } from '../../src/facts/dotenv.ts'
import { startDotenvReaders, type DotenvReaders } from '../support/dotenv-readers.ts'
import { root } from '../support/tools.ts'

const run = promisify(execFile)
const READERS: readonly DotenvReader[] = ['decouple', 'environ', 'dotenv']
const isRoot = process.getuid?.() === 0

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'election-dev-dotenv-'))
  path = join(folder, '.env')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('readDotenv', () => {
  it('reads a file with its bytes, text and entries', async () => {
    await writeFile(path, 'A=1\r\nB = "zwei ü" # x\r\n')
    const fact = await readDotenv(path)
    expect(fact).toMatchObject({ kind: 'present', path, bom: false, text: 'A=1\r\nB = "zwei ü" # x\r\n' })
    if (fact.kind !== 'present') throw new Error(fact.kind)
    expect(fact.entries.map(({ key, value, line }) => [key, value, line])).toEqual([
      ['A', '1', 1],
      ['B', '"zwei ü" # x', 2],
    ])
    expect(Buffer.from(fact.bytes).toString()).toBe(fact.text)
  })

  it('uses the reader that it is given', async () => {
    await writeFile(path, 'export A=1\nB="x" # y\n')
    const fact = await readDotenv(path, 'dotenv')
    expect(fact.kind === 'present' && fact.entries.map(({ key, value }) => [key, value])).toEqual([
      ['A', '1'],
      ['B', 'x'],
    ])
  })

  it('keeps a byte order mark in the text, and in the first key as python-decouple does', async () => {
    await writeFile(path, Buffer.from([0xef, 0xbb, 0xbf, ...Buffer.from('A=1\nB=2\n')]))
    const fact = await readDotenv(path)
    expect(fact).toMatchObject({ kind: 'present', bom: true, text: '\u{feff}A=1\nB=2\n' })
    expect(fact.kind === 'present' && fact.entries.map((entry) => entry.key)).toEqual(['\u{feff}A', 'B'])
  })

  it.each([
    ['UTF-16 little endian', Buffer.from('\u{feff}A=1\n', 'utf16le'), /^it is UTF-16/],
    ['UTF-16 big endian', Buffer.from('\u{feff}A=1\n', 'utf16le').swap16(), /^it is UTF-16/],
    ['UTF-16 without a mark', Buffer.from('A=1\n', 'utf16le'), /NUL/],
    ['Latin-1', Buffer.from('A=Grün\n', 'latin1'), /not valid UTF-8/],
    ['a cut character', Buffer.from('A=ü').subarray(0, 3), /not valid UTF-8/],
  ])('refuses %s', async (_, bytes, reason) => {
    await writeFile(path, bytes)
    expect(await readDotenv(path)).toEqual({ kind: 'unreadable', path, code: 'env-encoding', reason: expect.stringMatching(reason) })
  })

  it('tells what is missing from what is no file', async () => {
    expect(await readDotenv(path)).toEqual({ kind: 'absent', path })
    expect(await readDotenv(folder)).toEqual({ kind: 'unreadable', path: folder, code: 'io', reason: 'it is a folder' })
    await writeFile(path, '')
    expect(await readDotenv(join(path, 'deeper'))).toEqual({ kind: 'absent', path: join(path, 'deeper') })
  })

  it('follows links, and finds nothing behind one that leads nowhere', async () => {
    await symlink('target', path)
    expect((await readDotenv(path)).kind).toBe('absent')
    await writeFile(join(folder, 'target'), 'A=1')
    expect((await readDotenv(path)).kind).toBe('present')
  })

  it('reports a link to itself as an error of the system', async () => {
    await symlink('.env', path)
    expect(await readDotenv(path)).toMatchObject({ kind: 'unreadable', code: 'io' })
  })

  it.skipIf(process.platform === 'win32')('does not wait for a FIFO', async () => {
    await run('mkfifo', [path])
    expect(await readDotenv(path)).toMatchObject({ kind: 'unreadable', code: 'io', reason: 'it is no regular file' })
  })

  it.skipIf(process.platform === 'win32')('says that a file may not be read', async () => {
    await writeFile(path, 'A=1\n')
    await chmod(path, 0)
    const expected = { kind: 'unreadable', path, code: 'permission', reason: 'this user may not read it' }
    if (!isRoot) {
      expect(await readDotenv(path)).toEqual(expected)
      return
    }
    // root reads everything, so somebody else has to ask
    await chmod(folder, 0o755)
    const entry = `import { readDotenv } from ${JSON.stringify(join(root, 'src', 'facts', 'dotenv.ts'))}\nconsole.log(JSON.stringify(await readDotenv(${JSON.stringify(path)})))`
    const outfile = join(folder, 'read.mjs')
    await build({
      stdin: { contents: entry, resolveDir: root },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
    })
    const { stdout } = await run(process.execPath, [outfile], { uid: 65_534, gid: 65_534, cwd: folder, env: {} })
    expect(JSON.parse(stdout)).toEqual(expected)
  })
})

function read(text: string, reader: DotenvReader): unknown[] {
  return parseDotenv(text, reader).map(({ key, value, line }) => [key, value, line])
}

describe('parseDotenv', () => {
  it('takes export for a part of the key in python-decouple alone', () => {
    expect(read('export A=1\n', 'decouple')).toEqual([['export A', '1', 1]])
    expect(read('export A=1\n', 'environ')).toEqual([['A', '1', 1]])
    expect(read('export A=1\n', 'dotenv')).toEqual([['A', '1', 1]])
  })

  it('leaves an inline comment out of the value in python-dotenv alone', () => {
    expect(read('A=1 # x\n', 'decouple')).toEqual([['A', '1 # x', 1]])
    expect(read('A=1 # x\n', 'environ')).toEqual([['A', '1 # x', 1]])
    expect(read('A=1 # x\n', 'dotenv')).toEqual([['A', '1', 1]])
  })

  it('knows values that span lines in python-dotenv alone', () => {
    const text = '\n# c\nA="x\r\nB=1\r\n"\r\nC=2'
    expect(read(text, 'decouple')).toEqual([
      ['A', '"x', 3],
      ['B', '1', 4],
      ['C', '2', 6],
    ])
    expect(read(text, 'environ')).toEqual([
      ['A', '"x', 3],
      ['B', '1', 4],
      ['C', '2', 6],
    ])
    expect(read(text, 'dotenv')).toEqual([
      ['A', 'x\nB=1\n', 3],
      ['C', '2', 6],
    ])
  })

  it('drops a line that starts with a blank, or has blanks around =, in django-environ alone', () => {
    expect(read(' A=1\nB = 2\nC=3', 'environ')).toEqual([['C', '3', 3]])
    expect(read(' A=1\nB = 2\nC=3', 'decouple')).toEqual([
      ['A', '1', 1],
      ['B', '2', 2],
      ['C', '3', 3],
    ])
    expect(read(' A=1\nB = 2\nC=3', 'dotenv')).toEqual([
      ['A', '1', 1],
      ['B', '2', 2],
      ['C', '3', 3],
    ])
  })

  it('ends where a large unclosed quote ends', () => {
    const text = `A="${'x'.repeat(3_000_000)}\n`
    expect(parseDotenv(text, 'dotenv')).toEqual([])
    expect(parseDotenv(`${text}"`, 'dotenv')).toHaveLength(1)
  })
})

describe('dotenvValue', () => {
  it.each(READERS)('answers the last of duplicates for %s', (reader) => {
    expect(dotenvValue(parseDotenv('A=1\nA=2\nB=3\n', reader), 'A', reader)).toMatchObject({ value: '2', line: 2 })
    expect(dotenvValue(parseDotenv('A=1\n', reader), 'a', reader)).toBeUndefined()
  })

  it('has no value for a key without = in python-dotenv, even where an earlier line has one', () => {
    expect(dotenvValue(parseDotenv('A=1\nA\n', 'dotenv'), 'A', 'dotenv')).toBeUndefined()
    expect(dotenvValue(parseDotenv('A=1\nA\n', 'decouple'), 'A', 'decouple')).toMatchObject({ value: '1' })
  })
})

describe('booleanOf', () => {
  let python: DotenvReaders
  beforeAll(() => {
    python = startDotenvReaders()
  })
  afterAll(async () => {
    await python.close()
  })

  const WORDS = [
    '',
    'true',
    'True',
    'TRUE',
    'yes',
    'y',
    'on',
    't',
    'ok',
    'OK',
    '1',
    '0',
    '2',
    '-1',
    '+0',
    '00',
    '1_0',
    '1__0',
    '_1',
    'false',
    'False',
    'no',
    'n',
    'off',
    'f',
    'ture',
    'None',
    ' true',
    'true ',
    ' 1\t',
    'true # x',
    '1.0',
    '"True"',
    '\u{85}on',
    '\u{feff}on',
  ]

  it('agrees with python-decouple', async () => {
    const answers = await python.booleans('decouple', WORDS)
    expect(WORDS.map((word) => [word, booleanOf(word) ?? null])).toEqual(WORDS.map((word, index) => [word, answers[index]]))
  })

  it('agrees with django-environ, where it knows the word', async () => {
    const answers = await python.booleans('environ', WORDS)
    for (const [index, word] of WORDS.entries()) expect([word, booleanOf(word, 'environ') ?? false]).toEqual([word, answers[index]])
    expect(WORDS.filter((word) => booleanOf(word, 'environ') === undefined)).toEqual([
      't',
      '1__0',
      '_1',
      'ture',
      'None',
      'true # x',
      '1.0',
      '"True"',
      '\u{feff}on',
    ])
  })

  it('has no opinion on an empty value of python-dotenv', () => {
    expect([booleanOf('', 'dotenv'), booleanOf('True', 'dotenv'), booleanOf('off', 'dotenv')]).toEqual([undefined, true, false])
  })
})
