import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch, writeFileSync } from 'node:fs'
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

import { build } from 'esbuild'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { LauncherError } from '../../src/errors.ts'
import { readDotenv } from '../../src/facts/dotenv.ts'
import { setDotenvValue } from '../../src/plan/dotenv-edit.ts'
import { replaceRefused, writeDotenv } from '../../src/run/dotenv-write.ts'
import { root } from '../support/tools.ts'

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0
const OLD = Buffer.from('A=1\n')
const NEW = Buffer.from('A=2\n')
/** No process has it: Linux gives none above 4194304. */
const DEAD_PID = 99_999_999

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'election-dev-write-'))
  path = join(folder, '.env')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function refusal(promise: Promise<void>): Promise<LauncherError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof LauncherError)) throw new Error(`not refused as it should be: ${String(error)}`)
  return error
}

/** Bundles a module that uses the real writeDotenv, for a process of its own. */
async function script(name: string, body: string): Promise<string> {
  const outfile = join(folder, name)
  const contents = `import { writeDotenv } from ${JSON.stringify(join(root, 'src', 'run', 'dotenv-write.ts'))}\n${body}`
  await build({ stdin: { contents, resolveDir: root }, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' })
  return outfile
}

function messageOf(code: string): string {
  return replaceRefused(Object.assign(new Error('some words'), { code }), '.env', 'linux').message
}

function leftover(pid: number): string {
  return join(folder, `.env.election-dev-${pid}-0123456789ab.tmp`)
}

describe('writeDotenv', () => {
  it('replaces the contents and leaves nothing else behind', async () => {
    await writeFile(path, OLD)
    await writeDotenv(path, OLD, NEW)
    expect(await readFile(path, 'utf8')).toBe('A=2\n')
    expect(await readdir(folder)).toEqual(['.env'])
  })

  it('replaces the file rather than writing into it', async () => {
    await writeFile(path, OLD)
    const before = await stat(path)
    await writeDotenv(path, OLD, NEW)
    expect((await stat(path)).ino).not.toBe(before.ino)
  })

  it('makes a new file for its owner alone', async () => {
    await writeDotenv(path, undefined, NEW)
    expect(await readFile(path, 'utf8')).toBe('A=2\n')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(path)).nlink).toBe(1)
    expect(await readdir(folder)).toEqual(['.env'])
  })

  it.each([0o600, 0o640, 0o664, 0o755])('keeps mode %o', async (mode) => {
    await writeFile(path, OLD)
    await chmod(path, mode)
    await writeDotenv(path, OLD, NEW)
    expect((await stat(path)).mode & 0o7777).toBe(mode)
  })

  it.runIf(isRoot)('keeps owner and group', async () => {
    await writeFile(path, OLD)
    await chown(path, 1234, 4321)
    await chmod(path, 0o640)
    await writeDotenv(path, OLD, NEW)
    expect(await stat(path)).toMatchObject({ uid: 1234, gid: 4321 })
    expect((await stat(path)).mode & 0o7777).toBe(0o640)
  })

  it.runIf(isRoot)('gives a group that it could not keep no more than everybody had', async () => {
    await writeFile(path, OLD)
    await chown(path, 1234, 4321)
    await chmod(path, 0o676)
    await chmod(folder, 0o777)
    const outfile = await script('write.mjs', `await writeDotenv(${JSON.stringify(path)}, Buffer.from('A=1\\n'), Buffer.from('A=2\\n'))`)
    await run(process.execPath, [outfile], { uid: 65_534, gid: 65_534, cwd: folder, env: {} })
    expect(await readFile(path, 'utf8')).toBe('A=2\n')
    expect(await stat(path)).toMatchObject({ uid: 65_534, gid: 65_534 })
    expect((await stat(path)).mode & 0o7777).toBe(0o666)
  })

  it.each(['relative', 'absolute'])('keeps a %s link and replaces what it leads to', async (kind) => {
    await mkdir(join(folder, 'shared'))
    const target = join(folder, 'shared', 'real.env')
    await writeFile(target, OLD)
    const leadsTo = kind === 'relative' ? join('shared', 'real.env') : target
    await symlink(leadsTo, path)
    await writeDotenv(path, OLD, NEW)
    expect((await lstat(path)).isSymbolicLink()).toBe(true)
    expect(await readlink(path)).toBe(leadsTo)
    expect(await readFile(target, 'utf8')).toBe('A=2\n')
    expect((await readdir(folder)).toSorted()).toEqual(['.env', 'shared'])
    expect(await readdir(join(folder, 'shared'))).toEqual(['real.env'])
  })

  it('follows a link to a link, and a linked folder', async () => {
    await mkdir(join(folder, 'real'))
    await writeFile(join(folder, 'real', 'c.env'), OLD)
    await symlink('real', join(folder, 'folder'))
    await symlink(join('folder', 'c.env'), join(folder, 'b.env'))
    await symlink('b.env', path)
    await writeDotenv(path, OLD, NEW)
    expect(await readFile(join(folder, 'real', 'c.env'), 'utf8')).toBe('A=2\n')
    expect(await readlink(path)).toBe('b.env')
  })

  it('touches nothing where the bytes are the same', async () => {
    await writeFile(path, OLD)
    const before = await stat(path)
    await writeDotenv(path, OLD, OLD)
    expect(await stat(path)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs, ctimeMs: before.ctimeMs })
  })

  it('has nothing to write where the key has the value', async () => {
    await writeFile(path, 'USE_REDIS_FOR_CHANNELS=true # note\n')
    const before = await stat(path)
    const fact = await readDotenv(path, 'dotenv')
    expect(fact.kind === 'present' && setDotenvValue(fact.text, 'USE_REDIS_FOR_CHANNELS', 'True', 'dotenv')).toEqual({ kind: 'unchanged' })
    expect(await stat(path)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs })
  })

  it('writes what reading and editing gave, a byte order mark included', async () => {
    await writeFile(path, '\u{feff}A=1\r\nUSE=False\r\n')
    const fact = await readDotenv(path)
    if (fact.kind !== 'present') throw new Error(fact.kind)
    const edit = setDotenvValue(fact.text, 'USE', 'True', 'decouple')
    if (edit.kind !== 'changed') throw new Error(edit.kind)
    await writeDotenv(path, fact.bytes, Buffer.from(edit.text))
    expect(await readFile(path)).toEqual(Buffer.from('\u{feff}A=1\r\nUSE=True\r\n'))
  })
})

describe('writeDotenv refuses', () => {
  it('a file that changed meanwhile', async () => {
    await writeFile(path, 'A=3\n')
    expect(await refusal(writeDotenv(path, OLD, NEW))).toMatchObject({
      code: 'env-changed',
      message: expect.stringContaining('another program'),
    })
    expect(await readFile(path, 'utf8')).toBe('A=3\n')
    expect(await readdir(folder)).toEqual(['.env'])
  })

  it('a file that changes while the new one is being written', async () => {
    await writeFile(path, OLD)
    // changed at the first sign of the temporary file, long before so much is on the disk
    const watcher = watch(folder, (_, name) => {
      if (name?.endsWith('.tmp') !== true) return
      watcher.close()
      writeFileSync(path, 'A=3\n')
    })
    const error = await refusal(writeDotenv(path, OLD, Buffer.alloc(20_000_000, 'x'))).finally(() => watcher.close())
    expect(error).toMatchObject({ code: 'env-changed', message: expect.stringContaining('another program') })
    expect(await readFile(path, 'utf8')).toBe('A=3\n')
    expect(await readdir(folder)).toEqual(['.env'])
  })

  it('a file that is gone', async () => {
    expect(await refusal(writeDotenv(path, OLD, NEW))).toMatchObject({ code: 'env-changed', message: expect.stringContaining('gone') })
    expect(await readdir(folder)).toEqual([])
  })

  it('a file that was created meanwhile', async () => {
    await writeFile(path, 'A=3\n')
    expect(await refusal(writeDotenv(path, undefined, NEW))).toMatchObject({
      code: 'env-changed',
      message: expect.stringContaining('created'),
    })
    expect(await readFile(path, 'utf8')).toBe('A=3\n')
  })

  it('all but one of those that create the file at the same time', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => writeDotenv(path, undefined, Buffer.from(`A=${index}\n`))),
    )
    const done = results.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []))
    expect(done).toHaveLength(1)
    expect(await readFile(path, 'utf8')).toBe(`A=${done[0]}\n`)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'env-changed' })
    expect(await readdir(folder)).toEqual(['.env'])
  })

  it.skipIf(process.platform === 'win32')('a read-only file, even for root', async () => {
    await writeFile(path, OLD)
    await chmod(path, 0o444)
    expect(await refusal(writeDotenv(path, OLD, NEW))).toMatchObject({
      code: 'env-write',
      message: `${path} cannot be written: it is read-only`,
      hint: `chmod u+w ${path}`,
    })
    expect(await readFile(path, 'utf8')).toBe('A=1\n')
    expect(await readdir(folder)).toEqual(['.env'])
  })

  it('a folder', async () => {
    await mkdir(path)
    expect(await refusal(writeDotenv(path, OLD, NEW))).toMatchObject({
      code: 'env-write',
      message: expect.stringContaining('it is a folder'),
    })
    expect(await refusal(writeDotenv(path, undefined, NEW))).toMatchObject({
      code: 'env-write',
      message: expect.stringContaining('it is a folder'),
    })
  })

  it.skipIf(process.platform === 'win32')('a FIFO, without waiting for it', async () => {
    await run('mkfifo', [path])
    expect(await refusal(writeDotenv(path, OLD, NEW))).toMatchObject({
      code: 'env-write',
      message: expect.stringContaining('not a regular file'),
    })
  })

  it('a file with a second name', async () => {
    await writeFile(path, OLD)
    await link(path, join(folder, 'other'))
    expect(await refusal(writeDotenv(path, OLD, NEW))).toMatchObject({ code: 'env-write', message: expect.stringContaining('2 names') })
    expect(await readFile(join(folder, 'other'), 'utf8')).toBe('A=1\n')
  })

  it('a link that leads nowhere', async () => {
    await symlink('nowhere', path)
    expect(await refusal(writeDotenv(path, undefined, NEW))).toMatchObject({
      code: 'env-write',
      message: expect.stringContaining('a link to nowhere'),
    })
    expect(await refusal(writeDotenv(path, OLD, NEW))).toMatchObject({ code: 'env-changed' })
    expect(await readdir(folder)).toEqual(['.env'])
  })

  it('a folder that is not there', async () => {
    expect(await refusal(writeDotenv(join(folder, 'none', '.env'), undefined, NEW))).toMatchObject({
      code: 'env-write',
      message: expect.stringContaining('folder is not there'),
    })
  })

  it.runIf(isRoot)('a folder that may not be written to', async () => {
    await writeFile(path, OLD)
    await chmod(path, 0o666)
    await chmod(folder, 0o755)
    const outfile = await script(
      'write.mjs',
      `await writeDotenv(${JSON.stringify(path)}, Buffer.from('A=1\\n'), Buffer.from('A=2\\n')).catch((error) => console.log(error.code, error.message))`,
    )
    const { stdout } = await run(process.execPath, [outfile], { uid: 65_534, gid: 65_534, cwd: folder, env: {} })
    expect(stdout).toBe(`env-write ${path} cannot be written: this user may not write to its folder\n`)
    expect(await readFile(path, 'utf8')).toBe('A=1\n')
  })

  it.runIf(isRoot)('a file that may be written and not read', async () => {
    await writeFile(path, OLD)
    await chmod(path, 0o622)
    await chmod(folder, 0o777)
    const outfile = await script(
      'write.mjs',
      `await writeDotenv(${JSON.stringify(path)}, Buffer.from('A=1\\n'), Buffer.from('A=2\\n')).catch((error) => console.log(error.code, error.message))`,
    )
    const { stdout } = await run(process.execPath, [outfile], { uid: 65_534, gid: 65_534, cwd: folder, env: {} })
    expect(stdout).toBe(`env-write ${path} cannot be written: this user may not read it\n`)
  })

  it('with words that fit the platform', () => {
    const eperm = Object.assign(new Error('operation not permitted'), { code: 'EPERM' })
    expect(replaceRefused(eperm, '.env', 'win32').message).toBe('.env cannot be written: another program holds it open')
    expect(replaceRefused(eperm, '.env', 'linux').message).toBe('.env cannot be written: this user may not write to its folder')
    expect(messageOf('EBUSY')).toContain('mounted')
    expect(messageOf('EROFS')).toContain('read-only')
    expect(messageOf('ENOSPC')).toContain('no space')
    expect(messageOf('EIO')).toContain('some words')
  })
})

describe('temporary files of killed runs', () => {
  it('are removed by the next write', async () => {
    await writeFile(path, OLD)
    await writeFile(leftover(DEAD_PID), 'x')
    // a container's processes have the same few numbers every time
    await writeFile(leftover(process.pid), 'x')
    await writeDotenv(path, OLD, NEW)
    expect(await readdir(folder)).toEqual(['.env'])
  })

  it('are removed when they are the second name of a file that was just created', async () => {
    await writeFile(path, OLD)
    await link(path, leftover(DEAD_PID))
    await writeDotenv(path, OLD, NEW)
    expect(await readdir(folder)).toEqual(['.env'])
    expect(await readFile(path, 'utf8')).toBe('A=2\n')
  })

  it('stay while their process lives, for a minute', async () => {
    await writeFile(path, OLD)
    await writeFile(leftover(process.ppid), 'x')
    await writeDotenv(path, OLD, NEW)
    expect(await readdir(folder)).toHaveLength(2)
    const past = Date.now() / 1_000 - 120
    await utimes(leftover(process.ppid), past, past)
    await writeDotenv(path, NEW, OLD)
    expect(await readdir(folder)).toEqual(['.env'])
  })

  it('are told from files of other names', async () => {
    await writeFile(path, OLD)
    const others = [
      '.env.election-dev-notes.tmp',
      '.env.election-dev-1-x.tmp',
      '.env.local',
      `.env.local.election-dev-${DEAD_PID}-0123456789ab.tmp`,
    ]
    for (const name of others) await writeFile(join(folder, name), 'x')
    await writeDotenv(path, OLD, NEW)
    expect((await readdir(folder)).toSorted()).toEqual(['.env', ...others].toSorted())
  })

  it.skipIf(process.platform === 'win32')(
    'hold no half file: kill -9 leaves the old contents or the new',
    { timeout: 120_000, tags: ['slow'] },
    async () => {
      const contents = ['a', 'b'].map((letter) => Buffer.from(`${letter.toUpperCase()}=${letter.repeat(3_000_000)}\n`))
      const [first, second] = contents
      if (first === undefined || second === undefined) throw new Error('two contents')
      const work = join(folder, 'work')
      await mkdir(work)
      const file = join(work, '.env')
      await writeFile(file, first)
      const outfile = await script(
        'loop.mjs',
        `import { readFileSync } from 'node:fs'
      const contents = ['a', 'b'].map((letter) => Buffer.from(letter.toUpperCase() + '=' + letter.repeat(3_000_000) + '\\n'))
      let current = contents.findIndex((content) => content.equals(readFileSync(process.argv[2])))
      for (;;) {
        await writeDotenv(process.argv[2], contents[current], contents[1 - current])
        current = 1 - current
        console.log(current)
      }`,
      )
      let leftovers = 0
      const seen = new Set<number>()
      for (let round = 0; round < 32; round += 1) {
        const child = spawn(process.execPath, [outfile, file], { stdio: ['ignore', 'pipe', 'inherit'] })
        const exited = once(child, 'exit')
        await once(createInterface({ input: child.stdout }), 'line')
        // the moment is what is random, nothing is waited for
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 40))
        child.kill('SIGKILL')
        expect((await exited)[1]).toBe('SIGKILL')
        const now = await readFile(file)
        const index = contents.findIndex((content) => content.equals(now))
        expect(index, 'the file is neither the old nor the new one').not.toBe(-1)
        seen.add(index)
        leftovers += (await readdir(work)).length - 1
        await writeDotenv(file, now, index === 0 ? second : first)
        expect(await readdir(work)).toEqual(['.env'])
      }
      // else no kill ever hit a write, and nothing was tried
      expect(leftovers).toBeGreaterThan(0)
      expect(seen.size).toBe(2)
    },
  )
})
