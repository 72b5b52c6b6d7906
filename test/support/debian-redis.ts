/** Servers of Redis's kind that Debian has and PyPI hasn't. */
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { unpackDebian, type DebianProgram } from './debian.ts'
import { cache, once, onPath, run } from './tools.ts'

/** A server and its check are one program, which goes by the name that it is called by. */
const programs: Readonly<Record<'7' | 'valkey', DebianProgram & { readonly name: string; readonly own: RegExp }>> = {
  '7': {
    name: 'redis-server',
    own: /\bv=7\./,
    suite: 'bookworm',
    packages: [
      'redis-tools',
      'libc6',
      'libssl3',
      'libsystemd0',
      'libjemalloc2',
      'liblua5.1-0',
      'lua-bitop',
      'lua-cjson',
      'liblzf1',
      'libatomic1',
      'libgcrypt20',
      'libgpg-error0',
      'liblzma5',
      'libzstd1',
      'liblz4-1',
      'libcap2',
    ],
    program: 'usr/bin/redis-check-rdb',
  },
  valkey: {
    name: 'valkey-server',
    own: /\bv=\d/,
    suite: 'trixie',
    packages: [
      'valkey-tools',
      'libc6',
      'libssl3t64',
      'libsystemd0',
      'libjemalloc2',
      'liblzf1',
      'libzstd1',
      'libcap2',
      'zlib1g',
      'libatomic1',
    ],
    program: 'usr/bin/valkey-check-rdb',
  },
}

/** Path of the server: the PATH's, where that is its version, else unpacked; undefined where it can't be had. */
export async function debianRedis(version: '7' | 'valkey'): Promise<string | undefined> {
  const { name, own, ...rest } = programs[version]
  const here = await onPath(name)
  if (here !== undefined && own.test((await run(here, ['--version'])).stdout)) return here
  const folder = join(cache, `debian-${version}`)
  const server = join(folder, name)
  try {
    await once(
      folder,
      async (fresh) => {
        await unpackDebian(fresh, rest)
        await symlink(rest.program, join(fresh, name))
        await run(join(fresh, name), ['--version'])
      },
      { inPlace: true },
    )
    return server
  } catch {
    return undefined
  }
}
