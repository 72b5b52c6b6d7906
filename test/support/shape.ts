/** Where a project's parts lie and how its settings are kept, where that isn't the layout that set-ups are written in. */
import { appendFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { ownEnvironment } from './own-environment.ts'
import { environmentFolder, type EnvironmentName } from './tools.ts'

/** Another shape of the same project. What isn't named is as ever. */
export interface Shape {
  /** A folder in the temporary one, to be the project's root. */
  readonly folder?: string
  /** Folder of manage.py, from the root; empty: the root itself. */
  readonly backend?: string
  /** Where the environment is, from the root. */
  readonly environment?: string
  /** True: the environment has no pip, as uv makes it. */
  readonly isOfUv?: boolean
  /** How the settings read their values where a set-up leaves that open; `literal`: they read nothing. */
  readonly style?: 'environ' | 'literal'
  /** True: the settings are `PACKAGE/settings/local.py`, where a set-up has no others. */
  readonly hasSettingsPackage?: boolean
}

let current: Shape = {}

/** The shape of the projects that are made from now on. */
export function useShape(shape: Shape): void {
  current = shape
}

export const shapeNow = (): Shape => current

/** Where a file of a set-up lies in the shape, from the project's root. */
export function placed(path: string): string {
  const { backend = 'backend' } = current
  return path.startsWith('backend/') ? join(backend, path.slice('backend/'.length)) : path
}

/** Puts a project's environment where the shape has it. */
export async function placeEnvironment(root: string, backend: string, name: EnvironmentName): Promise<void> {
  const folder = current.environment === undefined ? join(backend, 'venv') : join(root, current.environment)
  if (current.isOfUv !== true) return symlink(environmentFolder(name), folder)
  await ownEnvironment(folder, name, /^(?:pip|setuptools|pkg_resources|_distutils_hack|distutils-precedence)\b/)
  await appendFile(join(folder, 'pyvenv.cfg'), 'uv = 0.9.0\n')
}
