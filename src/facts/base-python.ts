import type { Host } from '../host/host.ts'
import { minorOf, takesPython } from './python-spec.ts'
import { pythonWish, wantsAnother, type PythonWish, type PythonWord } from './python-wish.ts'
import { interpreters, type Interpreter } from './pythons.ts'

/** What a new environment is made with, where the checkout says more than `python3`. */
export type BasePython =
  | ({ readonly kind: 'found'; readonly word: PythonWord } & Interpreter)
  /** None of those that are there is one that the project takes. */
  | { readonly kind: 'none'; readonly word: PythonWord; readonly versions: readonly string[] }

/**
 * The interpreter for a new environment: of those that the project takes the
 * one that its people use, in that minor version, else the nearest to `python3`.
 * Undefined where `python3` is as good. Pure.
 */
export function chooseBase(wish: PythonWish, usual: Interpreter | undefined, all: readonly Interpreter[]): BasePython | undefined {
  const { required, preferred } = wish
  if (!wantsAnother(wish, usual?.version)) return undefined
  const fits = all.filter(({ version }) => required === undefined || takesPython(required.spec, version))
  const exact = preferred === undefined ? undefined : fits.find(({ version }) => takesPython(preferred.spec, version))
  const wanted = exact ?? fits.find(({ version }) => preferred !== undefined && minorOf(version) === minorOf(preferred.spec))
  if (wanted !== undefined && preferred !== undefined) return { kind: 'found', word: preferred, ...wanted }
  // a preference alone refuses nobody
  if (required === undefined || (usual !== undefined && takesPython(required.spec, usual.version))) return undefined
  const here = minorOf(usual?.version ?? '3.99')
  const [nearest] = fits.toSorted((one, other) => Math.abs(minorOf(one.version) - here) - Math.abs(minorOf(other.version) - here))
  if (nearest !== undefined) return { kind: 'found', word: required, ...nearest }
  return { kind: 'none', word: required, versions: [...new Set(all.map(({ version }) => version))] }
}

/** What a new environment is to be made with, by the words of the checkout in these folders; undefined where `python3` is as good. Never throws. */
export async function findBase(
  host: Host,
  root: string,
  folders: readonly string[],
  usual: Interpreter | undefined,
): Promise<BasePython | undefined> {
  const wish = await pythonWish(root, folders)
  return wantsAnother(wish, usual?.version) ? chooseBase(wish, usual, await interpreters(host)) : undefined
}

/** What is said where there is no interpreter at all. Pure. */
export function noInterpreter(platform: NodeJS.Platform): { readonly seen: string; readonly hint: string } {
  if (platform !== 'win32')
    return {
      seen: 'no python3 on the PATH',
      hint: `Install one:  ${platform === 'darwin' ? 'brew install python' : 'apt install python3-venv'}`,
    }
  // learn.microsoft.com/windows/python/faqs
  const hint = `A python that ends with 9009 is the Microsoft Store's stand-in, which Settings, "App execution aliases", switches off. Install one:  winget install Python.Python.3.13`
  return { seen: 'no py and no python that runs', hint }
}

/** What is said where none of the interpreters will do. Pure. */
export function unavailable({ word, versions }: Extract<BasePython, { kind: 'none' }>): {
  readonly title: string
  readonly evidence: readonly [string, ...string[]]
  readonly hint: string
} {
  const there =
    versions.length === 0 ? 'No Python was found that could make an environment' : `Found on this machine: ${versions.join(', ')}`
  return {
    title: `The project asks for Python ${word.spec}, and none of those here is one`,
    evidence: [`${word.source} asks for Python ${word.spec}`, there],
    hint: `Install one, by uv, pyenv, your system's packages or python.org; or name one: election-dev start --setup --python path/to/python`,
  }
}
