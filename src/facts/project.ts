import { dirname, join, relative, resolve, sep } from 'node:path'
import type { Config } from '../config/config.ts'
import { errorMessage, usageError } from '../errors.ts'
import { firstFile, isFile, readBytes, readText, upwards } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { dotenvValue, readDotenv } from './dotenv.ts'
import { foldersIn, holding } from './manage-py-places.ts'
import { findFrontend, frontendOrigin } from './frontend-app.ts'
import {
  asgiApplicationOf,
  dotenvReaderOf,
  hasDaphneApp,
  namedVariables,
  preambleOf,
  settingsModuleOf,
  withoutComments,
  type Preamble,
} from './manage-py.ts'
import { filesOfSettings, moduleFile, readModule } from './modules.ts'

/** A Django project as its files describe it. Paths are absolute. */
export interface Project {
  /** The checkout: the folder of the run. */
  readonly root: string
  /** The folder of manage.py, which is the server's working folder. */
  readonly backend: string
  readonly settingsModule: string
  readonly settingsSource: string
  /** Files that make up the settings, the module itself first. */
  readonly settingsFiles: readonly string[]
  /** `core.asgi:application`; undefined where neither settings nor files tell, and inspect has to. */
  readonly application: string | undefined
  readonly applicationSource: string
  /** What asgi.py beside the settings has, whatever is named; undefined where there is none, or it can't be told. */
  readonly applicationThere: string | undefined
  /** Names that look like environment variables in the settings. */
  readonly variables: ReadonlySet<string>
  readonly dotenvReader: 'decouple' | 'environ' | 'dotenv' | undefined
  /** The `.env` that the settings read, whether it is there or not. */
  readonly dotenv: string
  /** `.env.example` or the like, where there is one. */
  readonly dotenvExample: string | undefined
  /** How manage.py comes to the project otherwise than the ASGI module does: read as text, a forecast. */
  readonly preamble: Preamble
  readonly hasDaphneApp: boolean
  /** Folders of log files, relative to the backend: read as text, a forecast. */
  readonly logFolders: readonly string[]
  /** The usual path of the WebSocket stands in the routing: no interpreter has to be asked for it. */
  readonly hasUsualRoute: boolean
  /** A `consumers.py` looks at what a client offers, or accepts with one: which subprotocols are offered, interpreter and page have to be asked. */
  readonly wantsSubprotocol: boolean
  /** The Origin of the project's own dev server, where there is a frontend. */
  readonly frontendOrigin: string | undefined
}

/**
 * Finds the Django project: manage.py in `backend/`, the folder itself or one
 * level down, else deeper; of several the one that speaks of Channels. Throws LauncherError `no-project` or `several-projects` (exit 2).
 */
export async function findProject(host: Host, config: Config): Promise<Project> {
  const root = host.cwd
  const backend = await findBackend(root, config)
  const managePy = (await readText(join(backend, 'manage.py'))) ?? ''
  const { settingsModule, settingsSource } = await settingsOf(host, config, { root, backend, managePy })
  const settingsFiles = await filesOfSettings(backend, settingsModule)
  const texts = (await Promise.all(settingsFiles.map((file) => readText(file)))).flatMap((text) => text ?? [])
  const application = await applicationOf(config, backend, settingsModule, texts)
  const asgi = application.application === undefined ? '' : await readModule(backend, application.application.split(':')[0] ?? '')
  const preamble = await readPreamble(host, config, { backend, managePy, asgi, settingsModule })
  const settings = texts.join('\n')
  const dotenvReader = dotenvReaderOf(`${settings}\n${managePy}`)
  const reading = settingsFiles[0] === undefined ? backend : dirname(settingsFiles[0])
  const files = await findDotenv(reading, { root, backend }, config.envFile, dotenvReader)
  return {
    root,
    backend,
    settingsModule,
    settingsSource,
    settingsFiles,
    ...application,
    preamble,
    variables: namedVariables(settings),
    dotenvReader,
    ...files,
    hasDaphneApp: hasDaphneApp(settings),
    // rare, and before every launch
    logFolders: settings.includes('filename') ? (await import('./log-folders.ts')).logFoldersOf(settings) : [],
    ...(await readSockets(backend, asgi)),
    frontendOrigin: frontendOrigin(await findFrontend(config, { root, backend }, host.env)),
  }
}

/** A path as a person in the checkout would write it: relative to the root, with forward slashes, `.` for the root. */
export function shown(project: Pick<Project, 'root'>, path: string): string {
  const short = relative(project.root, path)
  if (short === '') return '.'
  // two levels up is still readable; beyond that the absolute path says more
  return short.startsWith(join('..', '..', '..')) ? path : short.split(sep).join('/')
}

async function namedBackend(root: string, config: Config): Promise<string> {
  const folder = resolve(root, config.backend ?? '.')
  if (await isFile(join(folder, 'manage.py'))) return folder
  throw usageError('no-project', `${config.source('backend')} names ${config.backend ?? ''}, and there is no manage.py in it`)
}

/**
 * The folder of manage.py: the one that is named, else `backend/`, the folder itself or one level down, else deeper; of
 * several the one that speaks of Channels. Throws LauncherError `no-project` or `several-projects` (exit 2).
 */
async function findBackend(root: string, config: Config): Promise<string> {
  if (config.backend !== undefined) return namedBackend(root, config)
  const near = await holding([join(root, 'backend'), root, ...(await foldersIn(root, true))])
  const [only, another] = near
  if (only !== undefined && another === undefined) return only
  const { searchBackend } = await import('./manage-py-search.ts')
  return searchBackend(root, config, near)
}

async function settingsOf(
  host: Host,
  config: Config,
  { root, backend, managePy }: { root: string; backend: string; managePy: string },
): Promise<Pick<Project, 'settingsModule' | 'settingsSource'>> {
  const file = shown({ root }, join(backend, 'manage.py'))
  if (config.settings !== undefined) return { settingsModule: config.settings, settingsSource: config.source('settings') }
  const fromEnvironment = host.env['DJANGO_SETTINGS_MODULE']
  if (fromEnvironment !== undefined && fromEnvironment !== '')
    return { settingsModule: fromEnvironment, settingsSource: 'DJANGO_SETTINGS_MODULE' }
  const fromDotenv = await settingsOfDotenv(config, root, backend, managePy)
  if (fromDotenv !== undefined) return fromDotenv
  const fromManage = settingsModuleOf(managePy)
  if (fromManage !== undefined) return { settingsModule: fromManage, settingsSource: file }
  const unread = await readBytes(join(backend, 'manage.py')).then(
    () => undefined,
    (error: unknown) => errorMessage(error),
  )
  throw usageError(
    'settings-unknown',
    unread === undefined ? `${file} doesn't name a settings module` : `${file} can't be read: ${unread}`,
    {
      hint: 'Name it: election-dev start --settings core.settings   (or "settings" in election-dev.config.json)',
    },
  )
}

/** A manage.py that reads its `.env` takes the settings module from there, before its own default. */
async function settingsOfDotenv(
  config: Config,
  root: string,
  backend: string,
  managePy: string,
): Promise<Pick<Project, 'settingsModule' | 'settingsSource'> | undefined> {
  const reader = dotenvReaderOf(managePy)
  if (reader === undefined) return undefined
  const { dotenv } = await findDotenv(backend, { root, backend }, config.envFile, reader)
  const fact = await readDotenv(dotenv, reader)
  const entry = fact.kind === 'present' ? dotenvValue(fact.entries, 'DJANGO_SETTINGS_MODULE', reader) : undefined
  return entry === undefined || entry.value === ''
    ? undefined
    : { settingsModule: entry.value, settingsSource: `${shown({ root }, dotenv)}:${entry.line}` }
}

/** How manage.py comes to the project otherwise than the ASGI module does, by their texts. */
async function readPreamble(
  host: Host,
  config: Config,
  { backend, managePy, asgi, settingsModule }: { backend: string; managePy: string; asgi: string; settingsModule: string },
): Promise<Preamble> {
  const named = settingsModuleOf(asgi)
  const isThere = named !== undefined && (await moduleFile(backend, named)) !== undefined
  return preambleOf(managePy, asgi, namedSettings(host.env, config) === undefined ? settingsModule : undefined, isThere)
}

/** The settings module that the user has named, which counts before any that a file names. */
export function namedSettings(env: Host['env'], { settings }: Pick<Config, 'settings'>): string | undefined {
  return settings ?? (env['DJANGO_SETTINGS_MODULE'] || undefined)
}

async function applicationOf(
  config: Config,
  backend: string,
  settingsModule: string,
  settings: readonly string[],
): Promise<Pick<Project, 'application' | 'applicationSource' | 'applicationThere'>> {
  const there = await besideSettings(backend, settingsModule)
  const applicationThere = there?.application
  if (config.application !== undefined)
    return { application: config.application, applicationSource: config.source('application'), applicationThere }
  for (const text of settings) {
    const named = asgiApplicationOf(text)
    if (named !== undefined) return { application: named, applicationSource: 'ASGI_APPLICATION', applicationThere }
  }
  return { application: applicationThere, applicationSource: there?.file ?? 'not found', applicationThere }
}

/** Django's startproject puts asgi.py beside the settings, and names the callable `application`; others name their router otherwise. */
async function besideSettings(
  backend: string,
  settingsModule: string,
): Promise<{ readonly application: string; readonly file: string } | undefined> {
  const parts = settingsModule.split('.')
  for (let length = parts.length - 1; length >= 0; length--) {
    const asgi = [...parts.slice(0, length), 'asgi'].join('.')
    const file = await moduleFile(backend, asgi)
    const text = file === undefined ? undefined : await readText(file)
    if (file === undefined || text === undefined) continue
    const name = /^(?:async\s+def\s+)?(application)\b/m.exec(text)?.[1] ?? /^(\w+)\s*=\s*ProtocolTypeRouter\(/m.exec(text)?.[1]
    if (name !== undefined) return { application: `${asgi}:${name}`, file: relative(backend, file) }
  }
  return undefined
}

/**
 * Where decouple and python-dotenv look: from the reading file's folder upwards
 * (https://github.com/HBNetwork/python-decouple#how-it-works). Where there is none
 * yet: beside its example, else in the backend, which is where the settings of a
 * django-environ project name it (`BASE_DIR / ".env"`).
 */
async function findDotenv(
  from: string,
  { root, backend }: Pick<Project, 'root' | 'backend'>,
  named: string | undefined,
  reader: Project['dotenvReader'],
): Promise<Pick<Project, 'dotenv' | 'dotenvExample'>> {
  if (named !== undefined) {
    const dotenv = resolve(root, named)
    return { dotenv, dotenvExample: await findExample(dirname(dotenv)) }
  }
  const folders = upwards(from, root)
  const present = await firstFile(folders.map((folder) => join(folder, '.env')))
  if (present !== undefined) return { dotenv: present, dotenvExample: await findExample(dirname(present)) }
  for (const folder of folders) {
    const example = await findExample(folder)
    if (example !== undefined) return { dotenv: join(reader === 'environ' ? backend : folder, '.env'), dotenvExample: example }
  }
  return { dotenv: join(backend, '.env'), dotenvExample: undefined }
}

const exampleNames = ['.env.example', '.env.sample', '.env.template', '.env.dist', 'env.example', '.env.dev.example']
const findExample = (folder: string) => firstFile(exampleNames.map((name) => join(folder, name)))

/** Where the seed's projects have their WebSocket. */
export const usualPath = '/ws/election-updates/'

/** A route as it is written for the usual path: `path("ws/election-updates/", …)` or `re_path(r"^ws/election-updates/$", …)`. */
const usualRoute = /["']\^?ws\/election-updates\/\$?["']/

/** Looks into the text of the ASGI module, and reads `routing.py` and `consumers.py` of the backend's packages. */
async function readSockets(backend: string, asgi: string): Promise<Pick<Project, 'hasUsualRoute' | 'wantsSubprotocol'>> {
  const packages = await foldersIn(backend)
  const read = async (name: string) => Promise.all(packages.map((folder) => readText(join(folder, name))))
  const [routings, consumers] = await Promise.all([read('routing.py'), read('consumers.py')])
  return {
    hasUsualRoute: [asgi, ...routings].some((text) => text !== undefined && usualRoute.test(withoutComments(text))),
    wantsSubprotocol: consumers.some((text) => text?.includes('subprotocol') === true),
  }
}
