import { contextOf, publishedPorts, type PublishedPort } from './compose-values.ts'
import { pathFrom, perform, scopeIn, setVariable, type Reading, type Scope } from './old-scripts-session.ts'
import type { SourcePlace } from './script-text.ts'
import { readYaml, yamlAt, type YamlNode } from './yaml-text.ts'

/** What a compose file says beside the commands, which go to the reading. */
export interface ComposeFacts {
  readonly ports: readonly PublishedPort[]
  /** Services that run an image of Redis. */
  readonly redis: readonly RedisImage[]
  /** Names of its services, which are host names within it. */
  readonly services: readonly string[]
}

interface RedisImage {
  readonly service: string
  readonly image: string
  readonly place: SourcePlace
}

/** Reads the services of a compose file (https://docs.docker.com/reference/compose-file/services/). */
export function readCompose(text: string, reading: Reading): ComposeFacts {
  const services = yamlAt(readYaml(text), 'services')
  const ports: PublishedPort[] = []
  const redis: RedisImage[] = []
  if (services?.kind !== 'map') return { ports, redis, services: [] }
  for (const [service, node] of services.entries) {
    const scope = scopeIn(folderOf(yamlAt(node, 'build')), service)
    environment(yamlAt(node, 'environment'), scope, reading)
    const command = yamlAt(node, 'command')
    const entrypoint = yamlAt(node, 'entrypoint')
    for (const part of [entrypoint, command]) if (part !== undefined) runCommand(part, scope, reading)
    ports.push(...publishedPorts(yamlAt(node, 'ports'), service, reading.file))
    const image = yamlAt(node, 'image')
    if (image?.kind === 'text' && /(?:^|\/)(?:redis|valkey)(?:[:@/-]|$)/.test(image.text))
      redis.push({ service, image: image.text, place: { file: reading.file, line: image.line } })
  }
  return { ports, redis, services: [...services.entries.keys()] }
}

/** Where the service's code is in the checkout. */
function folderOf(build: YamlNode | undefined): string | undefined {
  const context = contextOf(build)
  return context === undefined ? undefined : pathFrom('.', context)
}

function environment(node: YamlNode | undefined, scope: Scope, reading: Reading): void {
  if (node?.kind === 'map') {
    for (const [name, value] of node.entries) if (value.kind === 'text') setVariable(name, filled(value.text), value.line, scope, reading)
  } else if (node?.kind === 'list') {
    for (const item of node.items) {
      const match = item.kind === 'text' ? /^(\w+)=(.*)$/s.exec(item.text) : null
      if (match !== null) setVariable(match[1] ?? '', filled(match[2] ?? ''), item.line, scope, reading)
    }
  }
}

function runCommand(node: YamlNode, scope: Scope, reading: Reading): void {
  if (node.kind === 'text') reading.run('shell', filled(node.text), node.line, scope)
  else if (node.kind === 'list') {
    const words = node.items.flatMap((item) => (item.kind === 'text' ? { text: filled(item.text), line: node.line } : []))
    perform(words, scope, reading)
  }
}

/** `${PORT:-8000}` as its default, which counts where nothing else is said. */
function filled(text: string): string {
  return text.replace(/\$\{(\w+):?-([^}]*)\}/g, '$2').replaceAll('$$', '$')
}
