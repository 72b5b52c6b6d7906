import type { ManagerName, PackageManager } from '../facts/package-manager.ts'

/** The command that installs a frontend's packages. */
export interface FrontendInstall {
  readonly manager: ManagerName
  /** Its words behind the program. */
  readonly args: readonly string[]
  /** Absolute: the folder of the lock file. */
  readonly cwd: string
  /** As a person types it: `npm ci`. */
  readonly shown: string
}

/** What installs exactly what the lock file says, where there is one. Pure. */
export function planFrontendInstall({ name, lock, folder }: PackageManager): FrontendInstall {
  const args = argsOf[name](lock !== undefined)
  return { manager: name, args, cwd: folder, shown: `${name} ${args.join(' ')}` }
}

const argsOf: Readonly<Record<ManagerName, (locked: boolean) => readonly string[]>> = {
  npm: (locked) => [locked ? 'ci' : 'install'],
  // --frozen-lockfile is --immutable since Yarn 2: which Yarn it is, is known to Yarn alone
  yarn: () => ['install'],
  pnpm: (locked) => (locked ? ['install', '--frozen-lockfile'] : ['install']),
  bun: (locked) => (locked ? ['install', '--frozen-lockfile'] : ['install']),
}
