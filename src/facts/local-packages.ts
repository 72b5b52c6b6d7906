import { readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isFile, isFolder, readText, upwards } from '../host/files.ts'
import { showsSecret } from '../host/secret-patterns.ts'
import { normalName } from './packages.ts'
import { requirement, type RequirementLine } from './requirement-lines.ts'
import { tomlStrings, tomlTables } from './toml-text.ts'

type Tables = ReturnType<typeof tomlTables>

/** Where a distribution comes from, as uv and Poetry write it. */
interface Origin {
  readonly value: string
  /** What a path in it is relative to. */
  readonly folder: string
}

/** So many packages of a project lead to each other at most. */
const most = 50

/**
 * The lines with how pip is told of those that no index has: members of uv's
 * workspace, folders, repositories (`[tool.uv.sources]`), and with the packages
 * that these ask for in turn, since pip would look for them on an index, where
 * such a name may be a stranger's. What can't be told is left out.
 */
export async function withLocalPackages(lines: readonly RequirementLine[], file: string): Promise<RequirementLine[]> {
  const around = await workspaceOf(file)
  const seen = new Set<string>()
  const follow = async (from: string, wanted: readonly RequirementLine[], isAll: boolean): Promise<RequirementLine[]> => {
    const text = (await readText(from)) ?? ''
    const origins = new Map([...around.origins, ...originsOf(tomlTables(text), dirname(from))])
    const found: RequirementLine[] = []
    for (const line of wanted) {
      const origin = origins.get(line.name)
      if (origin === undefined || /\bindex\s*=/.test(origin.value)) {
        if (isAll && origin === undefined) found.push(line)
        continue
      }
      const folder = /\bworkspace\s*=\s*true/.test(origin.value) ? around.members.get(line.name) : undefined
      const words = folder === undefined ? originWords(line, origin) : ['-e', folder]
      const place = folder ?? pathIn(origin)
      if (words === undefined || seen.has(words.join(' ')) || seen.size >= most) continue
      seen.add(words.join(' '))
      const own = place === undefined ? undefined : join(place, 'pyproject.toml')
      const isBuilt = place === undefined || !(await isFolder(place)) || (await isPackage(place))
      if (isBuilt) found.push({ ...line, isElsewhere: true, words: withExtras(words, line.spec) })
      // what is no package of its own brings what it asks for, all of it
      if (own !== undefined) found.push(...(await follow(own, await dependenciesOf(own), !isBuilt)))
    }
    return found
  }
  return follow(file, lines, true)
}

/** The root of uv's workspace: its members by name, and what it says of sources, which holds for them all. */
async function workspaceOf(file: string): Promise<{ members: ReadonlyMap<string, string>; origins: ReadonlyMap<string, Origin> }> {
  for (const folder of upwards(dirname(file), resolve('/')).slice(0, 6)) {
    const tables = tomlTables((await readText(join(folder, 'pyproject.toml'))) ?? '')
    const entry = tables.get('tool.uv.workspace')?.find(({ key }) => key === 'members')
    if (entry === undefined) continue
    const folders = [folder, ...(await Promise.all(tomlStrings(entry).map(({ text }) => foldersOf(folder, text)))).flat()]
    const named = await Promise.all(folders.map(async (each) => [await nameIn(join(each, 'pyproject.toml')), each] as const))
    const members = new Map(named.flatMap(([name, each]) => (name === undefined ? [] : [[name, each] as const])))
    return { members, origins: originsOf(tables, folder) }
  }
  return { members: new Map(), origins: new Map() }
}

/** The folders that a member's pattern names: `packages/*`. */
async function foldersOf(root: string, pattern: string): Promise<string[]> {
  let folders = [root]
  for (const part of pattern.split('/').filter((each) => each !== '' && each !== '.')) {
    const shape = new RegExp(
      `^${part
        .replaceAll(/[.+^$()|[\]\\]/g, String.raw`\$&`)
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    )
    const next = folders.map(async (folder) =>
      /[*?]/.test(part)
        ? (await readdir(folder).catch(() => [])).filter((name) => shape.test(name)).map((name) => join(folder, name))
        : [join(folder, part)],
    )
    folders = (await Promise.all(next)).flat().slice(0, 500)
  }
  return folders
}

function originsOf(tables: Tables, folder: string): Map<string, Origin> {
  return new Map((tables.get('tool.uv.sources') ?? []).map(({ key, value }) => [normalName(key), { value, folder }]))
}

async function nameIn(file: string): Promise<string | undefined> {
  const entry = tomlTables((await readText(file)) ?? '')
    .get('project')
    ?.find(({ key }) => key === 'name')
  const [name] = entry === undefined ? [] : tomlStrings(entry)
  return name === undefined ? undefined : normalName(name.text)
}

/** Whether a folder can be built: uv installs none without a build system. */
async function isPackage(folder: string): Promise<boolean> {
  const tables = tomlTables((await readText(join(folder, 'pyproject.toml'))) ?? '')
  const isRefused = tables.get('tool.uv')?.some(({ key, value }) => key === 'package' && value.trim() === 'false') === true
  return !isRefused && (tables.has('build-system') || (await isFile(join(folder, 'setup.py'))))
}

async function dependenciesOf(file: string): Promise<RequirementLine[]> {
  const entries = tomlTables((await readText(file)) ?? '').get('project') ?? []
  return entries
    .filter(({ key }) => key === 'dependencies')
    .flatMap((entry) => tomlStrings(entry).flatMap(({ text, line }) => requirement(text, { file, line }) ?? []))
}

const said = (value: string, key: string): string | undefined => new RegExp(String.raw`\b${key}\s*=\s*(["'])(.*?)\1`).exec(value)?.[2]

function pathIn({ value, folder }: Origin): string | undefined {
  const path = said(value, 'path')
  return path === undefined ? undefined : resolve(folder, path)
}

/** How pip is told where a distribution comes from; undefined where that isn't said, on conditions, or with a secret, which `ps` would show. Pure. */
export function originWords({ name }: Pick<RequirementLine, 'name'>, origin: Origin): string[] | undefined {
  const { value } = origin
  // on one condition this, on another that
  if (/^\s*\[/.test(value) || showsSecret(value)) return undefined
  const path = pathIn(origin)
  if (path !== undefined) return /\b(?:editable|develop)\s*=\s*true/.test(value) ? ['-e', path] : [path]
  const git = said(value, 'git')
  if (git !== undefined) {
    const at = said(value, 'rev') ?? said(value, 'tag') ?? said(value, 'branch') ?? said(value, 'ref')
    const below = said(value, 'subdirectory')
    return [`${name} @ git+${git}${at === undefined ? '' : `@${at}`}${below === undefined ? '' : `#subdirectory=${below}`}`]
  }
  const url = said(value, 'url')
  return url === undefined ? undefined : [`${name} @ ${url}`]
}

/** A folder with the extras that are asked of it. */
function withExtras(words: readonly string[], spec: string): string[] {
  const extras = /^[\w.-]+\s*(\[[^\]]*\])/.exec(spec)?.[1] ?? ''
  return words.map((word, index) => (index === words.length - 1 && !word.includes(' @ ') ? `${word}${extras.replaceAll(' ', '')}` : word))
}
