import { dirname, join, resolve } from 'node:path'
import { packageOf, toolNamed } from '../dev-tools/known.ts'
import { firstFile, isFile, isFolder, openFile, readText, realPath, upwards } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { isRecord, recordOf } from '../host/json.ts'
import { pathFolders } from '../host/programs.ts'
import type { ManagerName, PackageManager } from './package-manager.ts'
import type { DevCommand } from './dev-script.ts'

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
  const tool = toolNamed(command.tool)
  const known = tool && packageOf(tool)
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

/** A program with the arguments that come before its own. */
interface Program {
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
