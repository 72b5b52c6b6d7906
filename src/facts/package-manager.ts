import { dirname, join } from 'node:path'
import { firstFile, isFile, realPath, upwards } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { pathFolders } from '../host/programs.ts'

const managerNames = ['npm', 'yarn', 'pnpm', 'bun'] as const
export type ManagerName = (typeof managerNames)[number]

/** The package manager of a frontend. */
export interface PackageManager {
  readonly name: ManagerName
  /** Where that is known from: `packageManager in package.json`, `yarn.lock`, `default`. */
  readonly source: string
  /** Its lock file's name, where there is one. */
  readonly lock: string | undefined
  /** What package.json names: `yarn@4.5.0`. */
  readonly named?: string | undefined
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
        return { name, source: named === undefined ? lock : 'packageManager in package.json', lock, folder: place, named: field }
    }
  }
  const source = named === undefined ? 'default' : 'packageManager in package.json'
  return { name: named ?? 'npm', source, lock: undefined, folder, named: field }
}

/** The name of a folder's lock file; undefined where it has none. */
export async function lockIn(folder: string): Promise<string | undefined> {
  const there = await Promise.all(locks.map(([lock]) => isFile(join(folder, lock))))
  return locks[there.indexOf(true)]?.[0]
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
  const found = await programOnPath(host, name, node)
  if (found !== undefined || name === 'bun') return found
  const corepack = await programOnPath(host, 'corepack', node)
  return corepack && { ...corepack, args: [...corepack.args, name] }
}

/** npm says where it is when it starts something (npm_execpath); else it is beside Node. */
async function npmFile({ env, platform }: Pick<Host, 'env' | 'platform'>, node: string): Promise<string | undefined> {
  const told = env['npm_execpath']?.replace(/npx-cli\.js$/, 'npm-cli.js') ?? ''
  const beside = join(dirname(node), platform === 'win32' ? '' : '../lib', 'node_modules/npm/bin/npm-cli.js')
  return firstFile(told.endsWith('npm-cli.js') ? [told, beside] : [beside])
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
  for (const folder of pathFolders({ platform, env })) {
    if (isWindows) {
      const program = join(folder, `${name}.exe`)
      if (await isFile(program)) return { file: program, args: [] }
      const script = await firstFile((behindShim[name] ?? []).map((below) => join(folder, ...below.split('/'))))
      if (script !== undefined) return { file: node, args: [script] }
    } else if (await isFile(join(folder, name))) {
      const file = await realPath(join(folder, name))
      return /\.[cm]?js$/.test(file) ? { file: node, args: [file] } : { file: join(folder, name), args: [] }
    }
  }
  return undefined
}
