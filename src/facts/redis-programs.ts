import { join } from 'node:path'
import { readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'
import { findDocker, type Docker } from './docker.ts'
import { onPath } from './programs.ts'

/** A Redis that can be started here. */
export interface RedisServerProgram {
  readonly file: string
  /** `Redis 7.0.15`, as it says of itself. */
  readonly version: string
  readonly major: number
}

/** A service of a compose file whose image is a Redis. */
export interface ComposeRedis {
  /** Absolute path of the compose file. */
  readonly file: string
  readonly service: string
  readonly program: 'redis-server' | 'valkey-server'
}

/** What a managed Redis could be started from. */
export interface RedisPrograms {
  /** redis-server or valkey-server of the PATH; undefined where there is none that says its version. */
  readonly server: RedisServerProgram | undefined
  readonly compose: ComposeRedis | undefined
  /** Asked only where there is no server and a compose service is there. */
  readonly docker: Docker | undefined
}

/** In the order in which compose looks for them (docs.docker.com/compose/intro/compose-application-model). */
const composeFiles = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']

/** Looks for what can run a Redis: the PATH first, then a compose file in the folders. Never throws; each question has 5 s. */
export async function findRedisPrograms(host: Host, folders: readonly string[]): Promise<RedisPrograms> {
  for (const name of ['redis-server', 'valkey-server']) {
    const file = await onPath(host, name)
    if (file === undefined || /\.(?:cmd|bat)$/i.test(file)) continue
    const answer = await runToEnd(file, ['--version'], { env: host.env, deadlineMs: 5000 })
    const server = serverVersion(answer.stdout)
    if (server !== undefined) return { server: { file, ...server }, compose: undefined, docker: undefined }
  }
  const compose = await findCompose(folders)
  return { server: undefined, compose, docker: compose === undefined ? undefined : await findDocker(host) }
}

/** `Redis server v=7.0.15 sha=…`, and Valkey's in the same form. */
export function serverVersion(output: string): Pick<RedisServerProgram, 'version' | 'major'> | undefined {
  const match = /^(\w+) server v=((\d+)\.[\w.]+)/im.exec(output)
  return match === null ? undefined : { version: `${match[1] ?? ''} ${match[2] ?? ''}`, major: Number(match[3]) }
}

async function findCompose(folders: readonly string[]): Promise<ComposeRedis | undefined> {
  for (const folder of new Set(folders)) {
    for (const name of composeFiles) {
      const file = join(folder, name)
      const text = await readText(file)
      const found = text === undefined ? undefined : await redisServiceOf(text)
      if (found !== undefined) return { file, ...found }
    }
  }
  return undefined
}

/** The first service of a compose file whose image is Redis or Valkey. Pure. */
export async function redisServiceOf(text: string): Promise<Pick<ComposeRedis, 'service' | 'program'> | undefined> {
  // only who asks for a Redis and has none reads a compose file
  const { readYaml, yamlAt } = await import('./yaml-text.ts')
  const services = yamlAt(readYaml(text), 'services')
  for (const [service, node] of services?.kind === 'map' ? services.entries : []) {
    const image = yamlAt(node, 'image')
    const program = image?.kind === 'text' ? programOf(image.text) : undefined
    if (program !== undefined) return { service, program }
  }
  return undefined
}

function programOf(image: string): ComposeRedis['program'] | undefined {
  // ${REDIS_IMAGE:-redis:7}
  const name = /^\$\{\w+:?-([^}]+)\}$/.exec(image)?.[1] ?? image
  const last = name.split('/').at(-1)?.split(/[:@]/)[0] ?? ''
  if (['redis', 'redis-stack', 'redis-stack-server'].includes(last)) return 'redis-server'
  return last === 'valkey' ? 'valkey-server' : undefined
}
