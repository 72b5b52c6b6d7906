import { join } from 'node:path'
import { isFile, upwards } from '../host/files.ts'

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
