import { posix, win32, type PlatformPath } from 'node:path'

/** The path rules of the platform that a plan is for, which isn't the one that a test runs on. */
export function pathsOf(platform: NodeJS.Platform): PlatformPath {
  return platform === 'win32' ? win32 : posix
}
