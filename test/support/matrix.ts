/** What a row of the matrix is run with: an interpreter of its version, and an environment with its packages. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { unpackDebian } from './debian.ts'
import { debianRedis } from './debian-redis.ts'
import type { MatrixRow } from './matrix-rows.ts'
import { cache, makeEnvironment, once, onPath, redisServer, run } from './tools.ts'

/** The environment's folder, made where it is missing; undefined where this machine has no such Python, and can't have it. */
export async function prepareRow({ python, django, channels, redisPy }: MatrixRow): Promise<string | undefined> {
  const interpreter = await interpreterOf(python)
  if (interpreter === undefined) return undefined
  // Channels 3 brings the daphne that it goes with
  const server = channels === '3' ? [] : ['daphne~=4.1']
  const packages = [`Django==${django}.*`, `channels==${channels}.*`, ...server, 'channels-redis>=4', `redis==${redisPy}.*`]
  const digest = createHash('sha256')
    .update([python, ...packages].join('\n'))
    .digest('hex')
    .slice(0, 8)
  const folder = join(cache, `venv-matrix-${digest}`)
  await makeEnvironment(folder, interpreter, packages)
  return folder
}

/** Path of the row's server; undefined where it can't be had. */
export async function serverOf({ redis }: MatrixRow): Promise<string | undefined> {
  return redis === '7' || redis === 'valkey' ? debianRedis(redis) : redisServer(redis)
}

/** pyenv's, then the PATH's, then Debian's; undefined where none of them has it. */
export async function interpreterOf(version: MatrixRow['python']): Promise<string | undefined> {
  const versions = join(homedir(), '.pyenv', 'versions')
  const found = (await readdir(versions).catch(() => [])).find((name) => name.startsWith(`${version}.`))
  const file = join(versions, found ?? '', 'bin', 'python')
  if (found !== undefined && existsSync(file)) return file
  const onIt = await onPath(`python${version}`)
  // pyenv's commands answer for no version that isn't switched on
  if (onIt !== undefined && (await answers(onIt))) return onIt
  return version === '3.14' ? pythonOfDebian(version) : undefined
}

const answers = (file: string) =>
  run(file, ['-c', '']).then(
    () => true,
    () => false,
  )

/** Of Debian's unstable suite. */
async function pythonOfDebian(version: '3.14'): Promise<string | undefined> {
  const folder = join(cache, `debian-python-${version}`)
  const program = join('usr', 'bin', `python${version}`)
  const own = [`python${version}`, `python${version}-minimal`, `libpython${version}-stdlib`, `libpython${version}-minimal`]
  const libraries = [
    'libc6',
    'libexpat1',
    'zlib1g',
    'libssl3t64',
    'libbz2-1.0',
    'libffi8',
    'liblzma5',
    'libsqlite3-0',
    'libuuid1',
    'libzstd1',
  ]
  const terminal = ['libncursesw6', 'libtinfo6', 'libreadline8t64']
  try {
    await once(
      folder,
      async (fresh) => {
        await unpackDebian(fresh, { suite: 'sid', packages: [...own, ...libraries, ...terminal], program })
        await run(join(fresh, program), ['-c', 'import asyncio, ctypes, sqlite3, ssl, zlib'])
      },
      { inPlace: true },
    )
    return join(folder, program)
  } catch {
    return undefined
  }
}
