/** What a compose file says of its services, and how a program outside its containers comes to them (https://docs.docker.com/reference/compose-file/services/). */
import { readdir } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { readText } from '../host/files.ts'
import { allServers, anyOf } from '../servers/known.ts'
import { dotenvValue, parseDotenv } from './dotenv.ts'
import type { SourcePlace } from './script-text.ts'
import { readYaml, yamlAt, type YamlNode } from './yaml-text.ts'

/** A port of a container that the host has, too. */
export interface PublishedPort {
  readonly service: string
  readonly host: number
  readonly container: number
  readonly place: SourcePlace
}

/** A variable with the place where it is said. */
interface SaidValue {
  readonly value: string
  readonly place: SourcePlace
}

interface ComposeService {
  readonly name: string
  readonly image: string | undefined
  /** Where its code is in the checkout, absolute; undefined where it isn't built here. */
  readonly build: string | undefined
  /** Entry point and command, as one text. */
  readonly command: string
  /** What its environment says; `env_file` before `environment`, which wins. What only the shell knows is left out. */
  readonly environment: ReadonlyMap<string, SaidValue>
  readonly ports: readonly PublishedPort[]
}

export interface Compose {
  /** Absolute. */
  readonly file: string
  readonly services: readonly ComposeService[]
}

const composeNames = ['compose', 'docker-compose', 'local', 'docker-compose.local', 'docker-compose.dev', 'compose.local', 'compose.dev']
const isComposeFile = (name: string): boolean => /\.ya?ml$/.test(name) && composeNames.includes(name.replace(/\.ya?ml$/, ''))

/** The first compose file of the folders; variables of `env` and of the `.env` beside it are put in. Undefined where there is none. Never throws. */
export async function readComposeFile(
  root: string,
  folders: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Compose | undefined> {
  for (const folder of new Set(folders)) {
    const names = (await readdir(folder).catch(() => [])).filter((name) => isComposeFile(name))
    const first = names.toSorted((a, b) => rankOf(a) - rankOf(b))[0]
    if (first === undefined) continue
    const file = join(folder, first)
    const nodes = yamlAt(readYaml((await readText(file)) ?? ''), 'services')
    if (nodes?.kind !== 'map') continue
    const beside = parseDotenv((await readText(join(folder, '.env'))) ?? '', 'dotenv')
    const known = (name: string) => env[name] ?? dotenvValue(beside, name, 'dotenv')?.value
    const services = [...nodes.entries].map(([name, node]) => serviceOf(name, node, { root, file, known }))
    return { file, services: await Promise.all(services) }
  }
  return undefined
}

const rankOf = (name: string): number => composeNames.indexOf(name.replace(/\.ya?ml$/, ''))

interface Reading {
  readonly root: string
  readonly file: string
  readonly known: (name: string) => string | undefined
}

async function serviceOf(name: string, node: YamlNode, reading: Reading): Promise<ComposeService> {
  const { root, file, known } = reading
  const folder = dirname(file)
  const shown = shownFrom(root, file)
  const context = contextOf(yamlAt(node, 'build'))
  const environment = new Map<string, SaidValue>()
  const put = (variable: string, text: string | undefined, place: SourcePlace) => {
    const value = text === undefined ? known(variable) : interpolated(text, known)
    if (value !== undefined) environment.set(variable, { value, place })
  }
  for (const path of textsOf(yamlAt(node, 'env_file'), 'path')) {
    const from = resolve(folder, path)
    for (const { key, value, line } of parseDotenv((await readText(from)) ?? '', 'dotenv'))
      put(key, value, { file: shownFrom(root, from), line })
  }
  const said = yamlAt(node, 'environment')
  if (said?.kind === 'map')
    for (const [key, value] of said.entries)
      if (value.kind === 'text') put(key, value.text === '' ? undefined : value.text, { file: shown, line: value.line })
  if (said?.kind === 'list')
    for (const item of said.items) {
      const [, key, value] = item.kind === 'text' ? (/^([^=]+)(?:=(.*))?$/s.exec(item.text) ?? []) : []
      if (key !== undefined) put(key, value, { file: shown, line: item.line })
    }
  const image = yamlAt(node, 'image')
  return {
    name,
    image: image?.kind === 'text' ? image.text : undefined,
    build: context === undefined ? undefined : resolve(folder, context),
    command: [...textsOf(yamlAt(node, 'entrypoint')), ...textsOf(yamlAt(node, 'command'))].join(' '),
    environment,
    ports: publishedPorts(yamlAt(node, 'ports'), name, shown),
  }
}

const shownFrom = (root: string, path: string): string => relative(root, path).split(sep).join('/')

/** `build: ./backend` or `build: {context: ./backend}`. */
export function contextOf(build: YamlNode | undefined): string | undefined {
  const context = build?.kind === 'map' ? (yamlAt(build, 'context') ?? { kind: 'text' as const, text: '.' }) : build
  return context?.kind === 'text' ? context.text : undefined
}

/** A text, or the texts of a list, whose items may have it at a key. */
function textsOf(node: YamlNode | undefined, key?: string): string[] {
  const items = node?.kind === 'list' ? node.items : node === undefined ? [] : [node]
  return items.flatMap((item) => {
    const text = item.kind === 'map' && key !== undefined ? yamlAt(item, key) : item
    return text?.kind === 'text' && text.text !== '' ? [text.text] : []
  })
}

/** The text with `${NAME}`, `${NAME:-default}` and `$NAME` put in; undefined where one isn't known and has no default. */
export function interpolated(text: string, known: (name: string) => string | undefined): string | undefined {
  let isKnown = true
  const put = text.replace(/\$\$|\$\{(\w+)(?:(:?)([-?+])([^}]*))?\}|\$(\w+)/g, (whole, braced, colon, kind, more, bare) => {
    if (whole === '$$') return '$'
    const found = known(String(braced ?? bare))
    const value = colon === ':' && found === '' ? undefined : found
    if (kind === '+') return value === undefined ? '' : String(more)
    if (value !== undefined) return value
    if (kind === '-') return String(more)
    isKnown = false
    return ''
  })
  return isKnown ? put : undefined
}

/** The ports of a service that the host has too, by the short and by the long syntax. */
export function publishedPorts(node: YamlNode | undefined, service: string, file: string): PublishedPort[] {
  if (node?.kind !== 'list') return []
  return node.items.flatMap((item) => {
    const place = { file, line: item.line }
    if (item.kind === 'map') {
      const [host, container] = [yamlAt(item, 'published'), yamlAt(item, 'target')]
      return host?.kind === 'text' && container?.kind === 'text' && /^\d+$/.test(host.text)
        ? [{ service, host: Number(host.text), container: Number(container.text), place }]
        : []
    }
    const text = item.kind === 'text' ? interpolated(item.text, () => undefined) : undefined
    const match = text === undefined ? null : /^(?:.*:)?(\d+):(\d+)(?:\/tcp)?$/.exec(text)
    return match === null ? [] : [{ service, host: Number(match[1]), container: Number(match[2]), place }]
  })
}

/** Where a program of this machine finds a host and port of a compose file's network; undefined where the host is no service of it. Pure. */
export function localAddress(
  compose: Compose | undefined,
  host: string,
  port: number | undefined,
): { host: string; port: number | undefined } | undefined {
  const service = compose?.services.find(({ name }) => name === host)
  if (service === undefined) return undefined
  const published = service.ports.find(({ container }) => container === port) ?? (port === undefined ? service.ports[0] : undefined)
  return { host: '127.0.0.1', port: published?.host ?? port }
}

/** Ports that URLs leave out. */
const usualPorts: Readonly<Record<string, number>> = {
  postgres: 5432,
  postgresql: 5432,
  postgis: 5432,
  psql: 5432,
  mysql: 3306,
  redis: 6379,
  amqp: 5672,
  mongodb: 27017,
  http: 80,
  https: 443,
}

/** A value as it holds outside the containers: a service's name as host, alone or in URLs, becomes this machine and the published port. Pure. */
export function localValue(compose: Compose | undefined, value: string): string {
  const alone = localAddress(compose, value.trim(), undefined)
  if (alone !== undefined) return alone.host
  const [, bareHost, barePort] = /^([\w-]+):(\d+)$/.exec(value) ?? []
  const bare = bareHost === undefined ? undefined : localAddress(compose, bareHost, Number(barePort))
  if (bare !== undefined) return `${bare.host}:${bare.port ?? barePort}`
  return value.replace(
    /\b([a-z][a-z\d+.-]*):\/\/((?:[^\s/@,]*@)?)([\w-]+)(?::(\d+))?/gi,
    (whole, scheme: string, login: string, host: string, port: string | undefined) => {
      const usual = usualPorts[scheme.toLowerCase().replace(/\+.*$/, '')]
      const local = localAddress(compose, host, port === undefined ? usual : Number(port))
      if (local === undefined) return whole
      return `${scheme}://${login}${local.host}${local.port === undefined || (port === undefined && local.port === usual) ? '' : `:${local.port}`}`
    },
  )
}

const servers = new RegExp(String.raw`manage\.py|asgi|${anyOf(allServers)}`)
const helpers = /celery|worker|beat|flower|migrat|test/

/** The service that runs the backend of a folder: the one whose command starts a server of Python, that is built from there, or is called so. Pure. */
export function backendService(compose: Compose | undefined, backend: string): ComposeService | undefined {
  const ranked = (compose?.services ?? []).map((service) => {
    const { name, build, command } = service
    const isBuilt = build !== undefined && (build === backend || backend.startsWith(`${build}${sep}`))
    const rank =
      (servers.test(command) ? 4 : 0) +
      (isBuilt ? 2 : 0) +
      (/^(?:web|backend|django|app|api|server|asgi|daphne)$/.test(name) ? 1 : 0) -
      (helpers.test(`${name} ${command}`) ? 3 : 0)
    return { service, rank }
  })
  return ranked.filter(({ rank }) => rank > 0).toSorted((a, b) => b.rank - a.rank)[0]?.service
}

/** The service that is a database, which the settings then are to use. Pure. */
export function databaseService(compose: Compose | undefined): ComposeService | undefined {
  return compose?.services.find(({ image, name }) => /postg|mysql|mariadb|timescale/.test(image ?? name))
}
