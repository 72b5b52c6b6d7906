import { join } from 'node:path'
import { readText } from '../host/files.ts'
import { shown } from './project.ts'
import { takesPython } from './python-spec.ts'
import { tomlTables } from './toml-text.ts'

/** A word of the checkout about the Python that it is for. */
export interface PythonWord {
  /** As it is written: `>=3.12`. */
  readonly spec: string
  /** `backend/pyproject.toml:6` */
  readonly source: string
}

/** What the checkout says about its Python. */
export interface PythonWish {
  /** Another one refuses to install the project: `requires-python` and the like. */
  readonly required: PythonWord | undefined
  /** The one that its people use: `.python-version` and the like. Another may do as well. */
  readonly preferred: PythonWord | undefined
}

interface Source {
  readonly file: string
  readonly kind: keyof PythonWish
  /** The specifier in a text, and the line that it stands on. */
  readonly read: (text: string) => { readonly spec: string; readonly line: number } | undefined
}

const onLine =
  (pattern: RegExp) =>
  (text: string): ReturnType<Source['read']> => {
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      const spec = pattern.exec(line)?.[1]
      if (spec !== undefined) return { spec, line: index + 1 }
    }
    return undefined
  }

/** A key of a TOML table: a text, the first of several, or the version of an entry. */
const inTable =
  (table: string, name: string, isOne: RegExp = /./) =>
  (text: string): ReturnType<Source['read']> => {
    const entry = tomlTables(text)
      .get(table)
      ?.find(({ key }) => key === name)
    const spec = /^\s*(?:\[\s*|\{[^}]*?\bversion\s*=\s*)?["']([^"']+)["']/.exec(entry?.value ?? '')?.[1]
    return entry === undefined || spec === undefined || !isOne.test(spec) ? undefined : { spec, line: entry.line }
  }

/** Python among the packages of conda (docs.conda.io, "Package match specifications"): `=3.11` is any 3.11, what follows another `=` is a build. */
const ofConda = (text: string): ReturnType<Source['read']> => {
  const found = onLine(/^\s*-\s*["']?(?:[\w-]+::)?python\s*([=<>!~\s][^"'#]*?)["']?\s*(?:#.*)?$/)(text)
  return found && { ...found, spec: found.spec.replace(/^=(?!=)\s*|\s+/g, '').replace(/^([\d.*]+)=.*$/, '$1') }
}

const isVersion = /^3(?:\.\d+)*$/
// `*` is any
const isPinned = /\d/

/** Where a checkout says which Python it is for, each kind in the order of its worth. */
const sources: readonly Source[] = [
  { file: 'pyproject.toml', kind: 'required', read: inTable('project', 'requires-python') },
  { file: 'pyproject.toml', kind: 'required', read: inTable('tool.poetry.dependencies', 'python') },
  { file: 'setup.cfg', kind: 'required', read: onLine(/^python_requires\s*=\s*(\S.*?)\s*$/) },
  { file: 'setup.py', kind: 'required', read: onLine(/^[^#]*\bpython_requires\s*=\s*["']([^"']+)["']/) },
  // pyenv takes the first of several; `python-3.12` and `cpython-3.12.4` are words of other tools
  { file: '.python-version', kind: 'preferred', read: onLine(/^\s*(?:c?python-?)?(3\.\d+(?:\.\d+)?)\s*$/) },
  { file: '.tool-versions', kind: 'preferred', read: onLine(/^\s*python\s+(3\.\d+(?:\.\d+)?)\b/) },
  // where mise looks, its older names as well (mise.jdx.dev/configuration.html)
  ...['mise.toml', '.mise.toml', 'mise/config.toml', '.mise/config.toml', '.config/mise.toml', '.config/mise/config.toml'].map(
    (file): Source => ({ file, kind: 'preferred', read: inTable('tools', 'python', isVersion) }),
  ),
  { file: 'pixi.toml', kind: 'preferred', read: inTable('dependencies', 'python', isPinned) },
  { file: 'pyproject.toml', kind: 'preferred', read: inTable('tool.pixi.dependencies', 'python', isPinned) },
  { file: 'environment.yml', kind: 'preferred', read: ofConda },
  { file: 'environment.yaml', kind: 'preferred', read: ofConda },
  { file: 'runtime.txt', kind: 'preferred', read: onLine(/^\s*python-(3\.\d+(?:\.\d+)?)\s*$/) },
  { file: 'Pipfile', kind: 'preferred', read: inTable('requires', 'python_full_version') },
  { file: 'Pipfile', kind: 'preferred', read: inTable('requires', 'python_version') },
]

/** Reads what the checkout says, from the backend upwards: the nearest word counts. Never throws. */
export async function pythonWish(root: string, folders: readonly string[]): Promise<PythonWish> {
  const found: { required: PythonWord | undefined; preferred: PythonWord | undefined } = { required: undefined, preferred: undefined }
  for (const folder of folders) {
    for (const { file, kind, read } of sources) {
      const path = join(folder, file)
      const seen = found[kind] === undefined ? read((await readText(path)) ?? '') : undefined
      if (seen !== undefined) found[kind] = { spec: seen.spec, source: `${shown({ root }, path)}:${seen.line}` }
    }
  }
  return found
}

/** Whether another than `python3`, of that version, is to be looked for. Pure. */
export function wantsAnother({ required, preferred }: PythonWish, usual: string | undefined): boolean {
  if (required === undefined && preferred === undefined) return false
  return usual === undefined || [required, preferred].some((word) => word !== undefined && !takesPython(word.spec, usual))
}
