/** Programs of the tests that are a process of their own, made of the sources as they are. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from './tools.ts'

/** A program that any Node can run. */
export interface Program {
  readonly file: string
  readonly remove: () => Promise<void>
}

/** Bundles a TypeScript program of test/support. */
export async function bundle(name: string): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'program-'))
  // as it lies in the product: beside what it starts
  await cp(join(root, 'src', 'guard.py'), join(folder, 'guard.py'))
  const file = join(folder, 'run', 'program.mjs')
  await build({
    absWorkingDir: root,
    entryPoints: [join('test', 'support', name)],
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    // as the product is built: what is for a loader of its own asks for files that aren't in the bundle
    mainFields: ['module', 'main'],
    target: 'node20.19',
    banner: { js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);" },
    logLevel: 'warning',
  })
  return { file, remove: () => rm(folder, { recursive: true, force: true }) }
}
