import { dirname, join } from 'node:path'
import { isFile, realPath, upwards } from '../host/files.ts'
import type { Host } from '../host/host.ts'

const managerNames = ['npm', 'yarn', 'pnpm', 'bun'] as const
export type ManagerName = (typeof managerNames)[number]

/** The package manager of a frontend. */
export interface PackageManager {
  readonly name: ManagerName
  /** Where that is known from: `packageManager in package.json`, `yarn.lock`, `default`. */
  readonly source: string
  /** Its lock file's name, where there is one. */
  readonly lock: string | undefined
  /** The folder that is installed: that of the lock file, which a workspace has above. Absolute. */
  readonly folder: string
}

const locks: readonly (readonly [string, ManagerName])[] = [
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
  ['yarn.lock', 'yarn'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
]

/**
 * Which package manager a folder is installed with: its `packageManager` field,
 * else a lock file there or above up to `top`, else npm. Never throws.
 */
export async function packageManager(folder: string, top: string, field: string | undefined): Promise<PackageManager> {
  const named = managerNames.find((name) => field?.startsWith(`${name}@`) === true)
  for (const place of upwards(folder, top)) {
    for (const [lock, name] of locks) {
      if (named !== undefined && name !== named) continue
      if (await isFile(join(place, lock)))
        return { name, source: named === undefined ? lock : 'packageManager in package.json', lock, folder: place }
    }
  }
  return { name: named ?? 'npm', source: named === undefined ? 'default' : 'packageManager in package.json', lock: undefined, folder }
}

/** A program with the arguments that come before its own. */
export interface Program {
  readonly file: string
  readonly args: readonly string[]
}

/**
 * How a package manager is run without a shell and without a `.cmd` shim: the
 * JavaScript file of npm by this Node, the others by the PATH, else by corepack.
 * Undefined where it isn't on this machine. Never throws.
 */
export async function managerProgram(host: Pick<Host, 'env' | 'platform'>, name: ManagerName, node: string): Promise<Program | undefined> {
  if (name === 'npm') {
    const file = await npmFile(host, node)
    if (file !== undefined) return { file: node, args: [file] }
  }
  return (await programOnPath(host, name, node)) ?? (name === 'bun' ? undefined : corepack(host, name, node))
}

/** npm says where it is when it starts something (npm_execpath); else it is beside Node. */
async function npmFile({ env, platform }: Pick<Host, 'env' | 'platform'>, node: string): Promise<string | undefined> {
  const told = env['npm_execpath']?.replace(/npx-cli\.js$/, 'npm-cli.js')
  const folder = dirname(node)
  const beside =
    platform === 'win32'
      ? join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js')
      : join(folder, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js')
  for (const file of [told?.endsWith('npm-cli.js') === true ? told : undefined, beside]) {
    if (file !== undefined && (await isFile(file))) return file
  }
  return undefined
}

async function corepack(host: Pick<Host, 'env' | 'platform'>, name: ManagerName, node: string): Promise<Program | undefined> {
  const found = await programOnPath(host, 'corepack', node)
  return found === undefined ? undefined : { file: found.file, args: [...found.args, name] }
}

/** Where the JavaScript behind a shim of Windows is, beside the shim. */
const behindShim: Readonly<Record<string, readonly string[]>> = {
  npm: ['node_modules/npm/bin/npm-cli.js'],
  yarn: ['node_modules/yarn/bin/yarn.js', 'node_modules/corepack/dist/yarn.js'],
  pnpm: ['node_modules/pnpm/bin/pnpm.cjs', 'node_modules/corepack/dist/pnpm.js'],
  corepack: ['node_modules/corepack/dist/corepack.js'],
}

/** A program of the PATH that can be run without a shell; JavaScript is run by `node`. Never throws. */
export async function programOnPath(
  { env, platform }: Pick<Host, 'env' | 'platform'>,
  name: string,
  node: string,
): Promise<Program | undefined> {
  const isWindows = platform === 'win32'
  const path = env['PATH'] ?? Object.entries(env).find(([key]) => key.toLowerCase() === 'path')?.[1] ?? ''
  for (const folder of path.split(isWindows ? ';' : ':')) {
    if (folder === '') continue
    if (isWindows) {
      for (const file of [join(folder, `${name}.exe`)]) if (await isFile(file)) return { file, args: [] }
      for (const below of behindShim[name] ?? []) {
        const file = join(folder, ...below.split('/'))
        if (await isFile(file)) return { file: node, args: [file] }
      }
    } else if (await isFile(join(folder, name))) {
      const file = await realPath(join(folder, name))
      return /\.[cm]?js$/.test(file) ? { file: node, args: [file] } : { file: join(folder, name), args: [] }
    }
  }
  return undefined
}
