import { join, resolve } from 'node:path'
import { firstFile, isFile, isFolder, openFile, readText, upwards } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { isRecord, recordOf } from '../host/json.ts'
import { managerProgram, programOnPath, type PackageManager, type Program } from './package-manager.ts'
import { devTools, type DevCommand } from './dev-script.ts'

/** How the program of a dev script can be run. */
export type ProgramFact =
  /** `binFolders`: what npm would put in front of the PATH, for programs that the program starts. */
  | { readonly state: 'found'; readonly program: Program; readonly binFolders: readonly string[] }
  /** `what`: `node_modules`, or the name of the package that isn't in it. */
  | { readonly state: 'missing'; readonly what: string }
  /** The script takes the package manager, and that isn't on this machine. */
  | { readonly state: 'no-manager' }
  /** Yarn keeps the packages in archives (Plug'n'Play); `yarn` is its own release in the checkout, where there is one. */
  | { readonly state: 'pnp'; readonly yarn: string | undefined; readonly binFolders: readonly string[] }

/**
 * Finds the program of a command: the file that its package names under `bin`,
 * in the nearest node_modules that has it (workspaces hoist packages), else a
 * program of the PATH. JavaScript is run by `node`. Never throws.
 */
export async function findProgram(
  host: Pick<Host, 'env' | 'platform'>,
  folder: string,
  command: DevCommand,
  { dependencies, manager }: { readonly dependencies: readonly string[]; readonly manager: PackageManager },
  node: string,
): Promise<ProgramFact> {
  const places = upwards(folder, '')
  const binFolders = places.map((place) => join(place, 'node_modules', '.bin'))
  const found = (program: Program): ProgramFact => ({ state: 'found', program, binFolders })
  if (command.program === 'node') return found({ file: node, args: [] })
  if (/[\\/]/.test(command.program)) {
    const file = resolve(folder, command.program)
    return (await isFile(file)) ? found(await runnable(file, node)) : { state: 'missing', what: command.program }
  }
  const byManager = async (script: string): Promise<ProgramFact> => {
    const program = await managerProgram(host, manager.name, node)
    return program === undefined ? { state: 'no-manager' } : found({ ...program, args: [...program.args, 'run', script] })
  }
  const known = command.tool === 'other' ? undefined : devTools[command.tool].package
  for (const name of new Set(known === undefined ? [command.program, ...dependencies] : [known])) {
    for (const place of places) {
      const file = await binOf(join(place, 'node_modules', ...name.split('/')), command.program)
      if (file === undefined) continue
      return command.script === undefined ? found(await runnable(file, node)) : byManager(command.script.name)
    }
  }
  for (const place of places) {
    if (await isFile(join(place, '.pnp.cjs'))) return { state: 'pnp', yarn: await yarnRelease(place), binFolders }
  }
  // a workspace's member has none of its own where all is hoisted
  const installed = await Promise.all(places.map((place) => isFolder(join(place, 'node_modules', '.bin'))))
  if (known === undefined && command.script === undefined) {
    const onPath = await programOnPath(host, command.program, node)
    if (onPath !== undefined) return found(onPath)
  }
  if (known === undefined && command.script !== undefined) {
    const folders = await Promise.all(places.map((place) => isFolder(join(place, 'node_modules'))))
    if (folders.includes(true) || dependencies.length === 0) return byManager(command.script.name)
  }
  return { state: 'missing', what: installed.includes(true) ? (known ?? command.program) : 'node_modules' }
}

/** The file that a package names for a program. */
async function binOf(packageFolder: string, program: string): Promise<string | undefined> {
  const manifest = recordOf(await readText(join(packageFolder, 'package.json')))
  const { bin, name } = manifest
  const short = typeof name === 'string' ? name.replace(/^@[^/]*\//, '') : ''
  const written = typeof bin === 'string' ? (short === program ? bin : undefined) : isRecord(bin) ? bin[program] : undefined
  if (typeof written !== 'string') return undefined
  return firstFile([join(packageFolder, written)])
}

/** JavaScript takes Node; a package may as well put a native program there, as esbuild does. */
async function runnable(file: string, node: string): Promise<Program> {
  if (/\.[cm]?js$/.test(file)) return { file: node, args: [file] }
  return (await firstLine(file)).includes('node') ? { file: node, args: [file] } : { file, args: [] }
}

async function firstLine(file: string): Promise<string> {
  const handle = await openFile(file).catch(() => undefined)
  const read = await handle?.read(Buffer.alloc(128), 0, 128, 0).catch(() => undefined)
  await handle?.close()
  const begin = read?.buffer.toString('utf8', 0, read.bytesRead) ?? ''
  return begin.startsWith('#!') ? (begin.split('\n', 1)[0] ?? '') : ''
}

/** `yarnPath: .yarn/releases/yarn-4.5.0.cjs` of .yarnrc.yml (https://yarnpkg.com/configuration/yarnrc#yarnPath). */
async function yarnRelease(folder: string): Promise<string | undefined> {
  const path = /^yarnPath:\s*["']?([^\s"']+)/m.exec((await readText(join(folder, '.yarnrc.yml'))) ?? '')?.[1]
  return path === undefined ? undefined : firstFile([resolve(folder, path)])
}
