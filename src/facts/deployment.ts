import { readdir } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config/config.ts'
import { launchedTools, packageOf, toolConfiguredBy } from '../dev-tools/known.ts'
import type { ServerName } from '../servers/known.ts'
import { isFile, readBytes, readText } from '../host/files.ts'
import type { Checkout } from './checkout.ts'
import type { DevProxy } from './dev-proxy.ts'
import { readFrontend } from './frontend-reading.ts'
import { withoutComments } from './manage-py.ts'
import type { UrlVariable } from './frontend-wiring.ts'
import type { Project } from './project.ts'
import type { Requirements } from './requirements.ts'
import { takesPython } from './python-spec.ts'
import { pythonWish } from './python-wish.ts'

/** How the settings decide about the channel layer, read as text. */
export type DeploymentLayer =
  { readonly kind: 'switch'; readonly variable: string } | { readonly kind: 'redis' } | { readonly kind: 'memory' }

/** A frontend that a build turns into files. Paths are relative to the checkout, with forward slashes. */
interface DeploymentFrontend {
  readonly folder: string
  readonly manager: 'npm' | 'yarn' | 'pnpm'
  readonly hasLock: boolean
  /** Where the build lays its files, relative to the frontend. */
  readonly output: string
  /** Paths that its dev server hands on to the backend. */
  readonly proxied: readonly string[]
  /** Variables with the backend's address. */
  readonly variables: readonly UrlVariable[]
}

/** What a set-up for several instances is written from. Paths are relative to the checkout, with forward slashes; `.` is the checkout. */
export interface DeploymentFacts extends Pick<Project, 'root' | 'backend' | 'settingsModule' | 'application' | 'variables'> {
  readonly name: string
  /** Undefined where neither the configuration nor the routes tell. */
  readonly webSocketPath: string | undefined
  /** `3.12`, and where that was read. */
  readonly python: { readonly version: string; readonly source: string }
  readonly requirements: { readonly kind: Requirements['kind']; readonly folder: string; readonly files: readonly string[] } | undefined
  /** Undefined where only the tool of the project knows. */
  readonly requiredNames: ReadonlySet<string> | undefined
  readonly wantedServer: ServerName | undefined
  readonly installed: ReadonlySet<string>
  readonly layer: DeploymentLayer
  /** Keys of the `.env`; never their values. */
  readonly dotenvKeys: readonly string[]
  readonly hasStaticRoot: boolean
  /** True where the settings name no database but SQLite. */
  readonly sqliteOnly: boolean
  /** First folders of the routes of the backend: `/api/`. */
  readonly routes: readonly string[]
  /** Module of the Celery application, such as `core`. */
  readonly celery: string | undefined
  readonly frontend: DeploymentFrontend | undefined
  /** Files of `templates/export` by their paths there. */
  readonly templates: ReadonlyMap<string, string>
}

/** Where a Python is taken from that nothing in the checkout names. */
const usualPython = '3.13'

/** Reads what `export` needs of a checkout beyond what every command reads. Never throws but for a package of ours that lacks its own files. */
export async function readDeployment(config: Config, checkout: Checkout, webSocketPath: string | undefined): Promise<DeploymentFacts> {
  const { project, requirements, dotenv } = checkout
  const { root, backend } = project
  const settings = (await Promise.all(project.settingsFiles.map((file) => readText(file)))).flatMap((text) => text ?? []).join('\n')
  const code = withoutComments(settings)
  const [python, celery, routes, frontend, templates, files] = await Promise.all([
    pythonOf(checkout),
    celeryOf(backend, project.settingsModule),
    routesOf(backend, code),
    config.frontend === false ? undefined : frontendOf(root, backend, config.frontend?.folder),
    readTemplates(),
    requirements === undefined ? [] : filesOf(requirements, root),
  ])
  const usable = checkout.python.candidates.flatMap((candidate) => (candidate.state === 'usable' ? [candidate.environment] : []))
  return {
    ...project,
    name: slug(basename(root)),
    backend: forward(relative(root, backend)) || '.',
    webSocketPath,
    python,
    requirements:
      requirements === undefined
        ? undefined
        : { kind: requirements.kind, folder: forward(relative(root, dirname(requirements.file))) || '.', files },
    requiredNames: requirements?.kind === 'requirements' ? new Set(requirements.names) : undefined,
    wantedServer: config.server,
    installed: new Set(usable.find(({ packages }) => packages.has('django'))?.packages.keys() ?? []),
    layer: layerOf(checkout.layerVariable, code),
    dotenvKeys: dotenv.kind === 'present' ? [...new Set(dotenv.entries.map(({ key }) => key))] : [],
    hasStaticRoot: /^STATIC_ROOT\s*(?::[^=]*)?=/m.test(code),
    sqliteOnly:
      /django\.db\.backends\.sqlite3/.test(code) && !/DATABASE_URL|dj_database_url|backends\.(?!sqlite3)\w+["']|env\.db/.test(code),
    routes,
    celery,
    frontend,
    templates,
  }
}

/** What the settings' text says of the channel layer. */
export function layerOf(variable: string | undefined, settings: string): DeploymentLayer {
  if (variable !== undefined) return { kind: 'switch', variable }
  return /channels_redis\./.test(settings) ? { kind: 'redis' } : { kind: 'memory' }
}

/** The first folders of the routes that a `urls.py` names: `path("api/votes/", …)` is `/api/`. */
export function routeFolders(text: string): string[] {
  const code = withoutComments(text)
  const found = [...code.matchAll(/\b(?:re_)?path\(\s*r?["']\^?([\w.-]+)\//g)].map((match) => `/${match[1] ?? ''}/`)
  return [...new Set(found)]
}

/** A name that Docker and Kubernetes take alike (RFC 1123 label), at most 30 characters: others are made by adding to it. */
export function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 30)
    .replace(/-+$/, '')
  return plain === '' ? 'election' : plain
}

async function pythonOf({ python, project }: Checkout): Promise<DeploymentFacts['python']> {
  const { preferred, required } = await pythonWish(project.root, [...new Set([project.backend, project.root])])
  const named = /^3\.\d+/.exec(preferred?.spec ?? '')?.[0]
  if (named !== undefined && preferred !== undefined) return { version: named, source: preferred.source }
  for (const candidate of python.candidates) {
    if (candidate.state !== 'usable' || !candidate.environment.isVirtual) continue
    const version = /^3\.\d+/.exec(candidate.environment.version)?.[0]
    if (version !== undefined) return { version, source: candidate.environment.label }
  }
  const least = /(?:>=|~=|\^|~)\s*(3\.\d+)/.exec(required?.spec ?? '')?.[1]
  if (least !== undefined && required !== undefined && !takesPython(required.spec, `${usualPython}.0`))
    return { version: least, source: required.source }
  return { version: usualPython, source: 'nothing in the checkout names one' }
}

async function celeryOf(backend: string, settingsModule: string): Promise<string | undefined> {
  const name = settingsModule.split('.')[0] ?? ''
  return (await isFile(join(backend, name, 'celery.py'))) ? name : undefined
}

async function routesOf(backend: string, settings: string): Promise<string[]> {
  const module = /^ROOT_URLCONF\s*=\s*["']([\w.]+)["']/m.exec(settings)?.[1]
  const text = module === undefined ? undefined : await readText(join(backend, `${module.replaceAll('.', sep)}.py`))
  const urls = [...settings.matchAll(/^(?:STATIC|MEDIA)_URL\s*=\s*["']\/?([\w-]+)\/["']/gm)].map((match) => `/${match[1] ?? ''}/`)
  return [...new Set([...routeFolders(text ?? ''), ...urls])]
}

async function frontendOf(root: string, backend: string, named: string | undefined): Promise<DeploymentFrontend | undefined> {
  const folders = named === undefined ? ['frontend', 'client', 'web'] : [named]
  for (const folder of folders.map((name) => resolve(root, name))) {
    const manifest = folder === backend ? undefined : await readText(join(folder, 'package.json'))
    if (manifest === undefined || !/"build"\s*:\s*"/.test(manifest)) continue
    const [wiring, names] = await Promise.all([readFrontend(folder), readdir(folder).catch((): string[] => [])])
    const lock = ['pnpm-lock.yaml', 'yarn.lock', 'package-lock.json'].find((name) => names.includes(name))
    return {
      folder: forward(relative(root, folder)),
      manager: lock === 'pnpm-lock.yaml' ? 'pnpm' : lock === 'yarn.lock' ? 'yarn' : 'npm',
      hasLock: lock !== undefined,
      output: await outputOf(folder, names, manifest),
      proxied: pathsOf(wiring.proxies),
      variables: wiring.variables,
    }
  }
  return undefined
}

/** Where the page is built into: as the configuration says, else where its tool does by itself. */
async function outputOf(folder: string, names: readonly string[], manifest: string): Promise<string> {
  for (const name of names) {
    const key = toolConfiguredBy(name)?.config?.output
    const config = key === undefined ? '' : ((await readText(join(folder, name))) ?? '')
    const written = new RegExp(String.raw`\b${key}\s*:\s*["']([\w./-]+)["']`).exec(config)?.[1]
    if (written !== undefined) return written
  }
  return (
    launchedTools.find((tool) => tool.output !== undefined && new RegExp(String.raw`"${packageOf(tool)}"\s*:`).test(manifest))?.output ??
    'dist'
  )
}

/** What a dev server's rules hand on, as far as it is a plain path. */
function pathsOf(proxies: readonly DevProxy[]): string[] {
  const plain = proxies.map(({ context }) => context).filter((context) => /^\/[\w./-]*$/.test(context) && context !== '/')
  return [...new Set(plain.map((context) => (context.endsWith('/') ? context : `${context}/`)))]
}

/** The file and those that it includes, relative to the checkout. */
async function filesOf({ kind, file }: Requirements, root: string): Promise<string[]> {
  const found = [file]
  if (kind === 'requirements') {
    for (let index = 0; index < found.length && found.length < 20; index += 1) {
      const path = found[index] ?? ''
      // UTF-16, as PowerShell writes it, includes nothing that a plain reading would see
      for (const [, name = ''] of ((await readText(path)) ?? '').matchAll(
        /^[ \t]*(?:-[rc]|--requirement|--constraint)[ =]?\s*([^\s#=]+)/gm,
      )) {
        const included = join(dirname(path), name)
        if (!found.includes(included) && (await isFile(included))) found.push(included)
      }
    }
  } else {
    for (const name of ['pyproject.toml', 'uv.lock', 'poetry.lock', 'pdm.lock', 'Pipfile', 'Pipfile.lock']) {
      const beside = join(dirname(file), name)
      if (!found.includes(beside) && (await isFile(beside))) found.push(beside)
    }
  }
  return found.map((path) => forward(relative(root, path)))
}

/** What a set-up is filled into: the files of `templates/export` by their paths there. */
export async function readTemplates(): Promise<ReadonlyMap<string, string>> {
  const folder = fileURLToPath(new URL('../../templates/export/', import.meta.url))
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc')).map((entry) => join(entry.parentPath, entry.name))
  const read = async (file: string): Promise<[string, string]> => [forward(relative(folder, file)), (await readBytes(file)).toString()]
  return new Map(await Promise.all(files.toSorted().map(read)))
}

const forward = (path: string): string => path.split(sep).join('/')
