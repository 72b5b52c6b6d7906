import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isFile, readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { backendService, databaseService, localValue, readComposeFile } from './compose-values.ts'
import { dotenvValue, parseDotenv } from './dotenv.ts'
import { shown, type Project } from './project.ts'

/** A value that a file of the checkout says for a variable, as it holds outside of containers. */
export interface SaidVariable {
  readonly name: string
  readonly value: string
  /** As the file has it, where that is another one. */
  readonly written?: string
  /** The file, relative to the checkout, and the line. */
  readonly file: string
  readonly line: number
  /** `template`: made to be copied, so that a secret in it is none. */
  readonly kind: 'template' | 'own' | 'compose'
}

/** Where values of variables come from that nobody gives. */
export interface VariableSources {
  /** What counts first comes first. */
  readonly said: readonly SaidVariable[]
  /** A compose file has a database, which the settings are to use then. */
  readonly hasDatabase: boolean
  /** The launcher's own configuration in JSON, which may be still to make; undefined where it is another, which isn't edited. */
  readonly configuration: { readonly file: string; readonly text: string | undefined } | undefined
}

/** Folders of a project's files of variables for local containers, as cookiecutter-django makes them. */
const localFolders = ['.envs/.local', '.envs/local', '.envs/.dev']

/** Reads examples and look-alikes of a `.env`, the files of `.envs`, and what the compose file gives the backend. What is secret in them is registered. Never throws. */
export async function variableSources(
  host: Host,
  project: Pick<Project, 'root' | 'backend' | 'dotenvReader'>,
  others: readonly { readonly path: string; readonly kind: string }[],
): Promise<VariableSources> {
  const { root, backend, dotenvReader } = project
  const folders = [...new Set([root, dirname(backend) === root ? root : backend, backend])]
  const compose = await readComposeFile(root, folders, host.env)
  const read = async (path: string, kind: SaidVariable['kind']): Promise<SaidVariable[]> => {
    const entries = parseDotenv((await readText(path)) ?? '', kind === 'template' && dotenvReader !== undefined ? dotenvReader : 'dotenv')
    const file = shown(project, path)
    return entries.flatMap(({ key, line }) => {
      const value = dotenvValue(entries, key, 'dotenv')?.value
      if (value === undefined) return []
      const here = localValue(compose, value)
      return [{ name: key, value: here, ...(here === value ? {} : { written: value }), file, line, kind }]
    })
  }
  const local = (
    await Promise.all(folders.flatMap((folder) => localFolders.map((name) => filesIn(join(folder, ...name.split('/'))))))
  ).flat()
  const files = await Promise.all([
    ...others.filter((other) => !isTemplate(other)).map(({ path }) => read(path, 'own')),
    ...others.filter((other) => isTemplate(other)).map(({ path }) => read(path, 'template')),
    ...[...new Set(local)].map((path) => read(path, 'template')),
  ])
  const database = databaseService(compose)
  const services = [backendService(compose, backend), database]
  const given = services
    .flatMap((service) => [...(service?.environment ?? [])])
    .map(([name, { value, place }]): SaidVariable => ({
      name,
      value: localValue(compose, value),
      ...place,
      kind: 'compose',
    }))
  const said = [...files.flat(), ...given]
  for (const { name, value } of said) host.secrets.addNamed(name, value)
  return { said, hasDatabase: database !== undefined, configuration: await configurationIn(host.cwd) }
}

const isTemplate = ({ kind }: { readonly kind: string }): boolean => kind === 'example'

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  const found = await Promise.all(names.toSorted().map(async (name) => ((await isFile(join(folder, name))) ? [join(folder, name)] : [])))
  return found.flat()
}

async function configurationIn(folder: string): Promise<VariableSources['configuration']> {
  const names: readonly string[] = await readdir(folder).catch(() => [])
  const file = join(folder, 'election-dev.config.json')
  if (names.includes('election-dev.config.json')) return { file, text: await readText(file) }
  if (names.some((name) => /^election-dev\.config\.(?:m?js|ts)$/.test(name))) return undefined
  const manifest = names.includes('package.json') ? await readText(join(folder, 'package.json')) : undefined
  return manifest?.includes('"election-dev"') === true ? undefined : { file, text: undefined }
}
