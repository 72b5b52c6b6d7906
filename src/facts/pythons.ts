import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isFile } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'
import { onPath } from './programs.ts'
import { minorOf } from './python-spec.ts'

/** An interpreter that can make an environment. */
export interface Interpreter {
  readonly python: string
  readonly version: string
}

const newest = 20
// a shim of pyenv may stand for a version that isn't chosen, and a Debian Python may lack venv
const question = 'import venv, ensurepip, sys; print("%d.%d.%d" % sys.version_info[:3])'

/**
 * The interpreters of the PATH by their minor versions from `least` on, then those that pyenv, mise, asdf and uv keep, each where it can
 * make an environment; of one version the first. Never throws.
 */
export async function interpreters(host: Host, least = 6): Promise<Interpreter[]> {
  const minors = Array.from({ length: newest - least }, (_, index) => least + index)
  const files = await Promise.all(minors.map((minor) => onPath(host, `python3.${minor}`)))
  const asked = host.platform === 'win32' ? await ofLauncher(host) : [...files, ...(await ofKeepers(host))]
  const found = await Promise.all(
    [...new Set(asked)].map(async (python) => {
      if (python === undefined) return []
      const { outcome, exitCode, stdout } = await runToEnd(python, ['-c', question], { env: host.env, deadlineMs: 10_000 })
      // on a busy machine it has no time to answer, and is there all the same: its name says which it is
      const named = /(3\.\d+(?:\.\d+)?)(?:[\\/]bin[\\/]python|(?:\.exe)?)$/.exec(python)?.[1]
      if (outcome === 'timeout') return named === undefined ? [] : [{ python, version: named }]
      return exitCode === 0 ? [{ python, version: stdout.trim() }] : []
    }),
  )
  const all = found.flat().filter(({ version }) => minorOf(version) >= least)
  return all.filter(({ version }, index) => all.findIndex((other) => other.version === version) === index)
}

/** Where a tool keeps the interpreters that it has built or fetched, a folder for each version. */
interface Keeper {
  /** The variable that names the tool's own folder, that folder below the home, and where it keeps them in there. */
  readonly variable: string
  readonly below: readonly string[]
  readonly inside: readonly string[]
}

/** github.com/pyenv/pyenv (PYENV_ROOT); mise.jdx.dev/directories.html; asdf-vm.com (ASDF_DATA_DIR); docs.astral.sh/uv/reference/storage. */
const keepers: readonly Keeper[] = [
  { variable: 'PYENV_ROOT', below: ['.pyenv'], inside: ['versions'] },
  { variable: 'MISE_DATA_DIR', below: ['.local', 'share', 'mise'], inside: ['installs', 'python'] },
  { variable: 'ASDF_DATA_DIR', below: ['.asdf'], inside: ['installs', 'python'] },
  { variable: 'UV_PYTHON_INSTALL_DIR', below: ['.local', 'share', 'uv', 'python'], inside: [] },
]

/** Versions that a tool keeps; of mise's `3.12`, which is a link to `3.12.4`, the one it leads to. */
async function ofKeepers({ env }: Host): Promise<string[]> {
  const home = env['HOME'] ?? homedir()
  const found = await Promise.all(
    keepers.map(async ({ variable, below, inside }) => {
      const folder = join(env[variable] ?? join(home, ...below), ...inside)
      const names = (await readdir(folder).catch(() => [])).filter((name) => /^(?:cpython-)?3\.\d+\.\d+(?=-|$)/.test(name))
      const files = names.map((name) => join(folder, name, 'bin', 'python'))
      const isThere = await Promise.all(files.map((file) => isFile(file)))
      return files.filter((_, index) => isThere[index] === true)
    }),
  )
  return found.flat()
}

/** What Windows' launcher knows: ` -V:3.13 *        C:\\…\\python.exe` (docs.python.org/3/using/windows.html). */
async function ofLauncher(host: Host): Promise<string[]> {
  const { stdout } = await runToEnd('py', ['-0p'], { env: host.env, deadlineMs: 4000 })
  return [...stdout.matchAll(/^ ?-\S+ +(?:\* +)?(\S.*\.exe)\s*$/gm)].flatMap(([, file]) => file ?? [])
}

/** The version of Python 3 that is needed at least, with the oldest interpreter that is as new and can make an environment. */
export async function newerPython(
  host: Host,
  need: { readonly minor: number } | undefined,
): Promise<{ readonly minor: number; readonly file: string | undefined } | undefined> {
  if (need === undefined) return undefined
  const [oldest] = (await interpreters(host, need.minor)).toSorted((one, other) => minorOf(one.version) - minorOf(other.version))
  return { minor: need.minor, file: oldest?.python }
}
