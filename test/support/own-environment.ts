/** Environments that a test may install into: links to the packages of a prepared one, with some left out. */
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { environmentFolder, type EnvironmentName } from './tools.ts'

/** Makes `folder` an environment with the packages of another, but those whose entries match `without`; returns where its packages are. */
export async function ownEnvironment(folder: string, from: EnvironmentName, without: RegExp): Promise<string> {
  const source = environmentFolder(from)
  const [version = ''] = await readdir(join(source, 'lib'))
  const packages = join(folder, 'lib', version, 'site-packages')
  await mkdir(packages, { recursive: true })
  await mkdir(join(folder, 'bin'))
  await writeFile(join(folder, 'pyvenv.cfg'), await readFile(join(source, 'pyvenv.cfg')))
  await symlink(join(source, 'bin', 'python'), join(folder, 'bin', 'python'))
  await symlink('python', join(folder, 'bin', 'python3'))
  for (const name of await readdir(join(source, 'lib', version, 'site-packages'))) {
    if (!without.test(name)) await symlink(join(source, 'lib', version, 'site-packages', name), join(packages, name))
  }
  return packages
}
