/** The product of sources to which something was added, as a person adds it: files, and a line each where they are listed. */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root, run } from './tools.ts'

export interface Addition {
  readonly files?: Readonly<Record<string, string>>
  /** Each goes before the first line that begins so. */
  readonly lines: readonly { readonly file: string; readonly before: string; readonly line: string }[]
}

export interface Extended {
  readonly folder: string
  /** What is run as `election-dev`. */
  readonly bin: string
  readonly remove: () => Promise<void>
}

/** Copies the sources, adds to them, and builds them with their own script, which gets `args`. */
export async function buildWith(additions: readonly Addition[], args: readonly string[] = []): Promise<Extended> {
  const folder = await mkdtemp(join(tmpdir(), 'election-extended-'))
  for (const name of ['.ci', 'bin', 'src', 'README.md', 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
    await cp(join(root, name), join(folder, name), { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const { files = {}, lines } of additions) {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      // a file more, and no other in its place
      await writeFile(join(folder, path), text, { flag: 'wx' })
    }
    for (const { file, before, line } of lines) {
      const old = (await readFile(join(folder, file), 'utf8')).split('\n')
      const at = old.findIndex((one) => one.startsWith(before))
      if (at === -1) throw new Error(`${file} has no line that begins with ${before}`)
      await writeFile(join(folder, file), old.toSpliced(at, 0, line).join('\n'))
    }
  }
  await run(process.execPath, [join(folder, '.ci', 'build.js'), ...args], { cwd: folder })
  return { folder, bin: join(folder, 'bin', 'election-dev.js'), remove: () => rm(folder, { recursive: true, force: true }) }
}
