import { editDistance } from '../../plan/edit-distance.ts'
import {
  appendedTo,
  editDotenv,
  editedPython,
  replaced,
  settingsAssignments,
  sourceOf,
  winningAssignment,
  type FoundAssignment,
} from './files.ts'
import { edited, isNoFix, fix, noFix, type Planner } from '../step.ts'
import { elementsOf, entryOf, literalOf, spliced, type Span } from './python-text.ts'
import { applicationOf } from './serving.ts'

const backends = [
  'channels_redis.core.RedisChannelLayer',
  'channels_redis.pubsub.RedisPubSubChannelLayer',
  'channels.layers.InMemoryChannelLayer',
] as const
const [redisBackend, , memoryBackend] = backends

/** ASGI_APPLICATION names the application that the files define. */
export const nameApplication: Planner = (evidence, facts) => {
  const application = facts.asgi.length === 0 ? undefined : applicationOf(evidence, facts)
  if (application === undefined) return noFix('no module called asgi defines an application')
  const literal = `"${application.replace(':', '.')}"`
  const found = winningAssignment(evidence, facts, 'ASGI_APPLICATION')
  if (found === undefined) return appendedTo(evidence, facts, [`ASGI_APPLICATION = ${literal}`])
  return replaced(found, literal)
}

/** "daphne" before staticfiles: its line is moved; where the list isn't written as one, a line at the end sees to it. */
export const daphneFirst: Planner = (evidence, facts) => {
  for (const found of settingsAssignments(evidence, facts, 'INSTALLED_APPS')) {
    const moved = found.operator === '=' && /^[[(]/.test(found.value) ? withDaphneFirst(found) : undefined
    if (moved !== undefined) return editedPython(found.file, found.text, moved)
  }
  return appendedTo(evidence, facts, ['INSTALLED_APPS = ["daphne", *[app for app in INSTALLED_APPS if app != "daphne"]]'])
}

function withDaphneFirst({ text, span }: FoundAssignment): string | undefined {
  const { elements } = elementsOf(text, span.start)
  const index = elements.findIndex(({ start, end }) => literalOf(text.slice(start, end)) === 'daphne')
  const [daphne, first] = [elements[index], elements[0]]
  if (daphne === undefined || first === undefined || index === 0) return undefined
  const written = text.slice(daphne.start, daphne.end)
  const without = withoutElement(text, elements, index)
  const indent = /(?:^|\n)([ \t]*)$/.exec(text.slice(0, first.start))?.[1]
  return spliced(without, { start: first.start, end: first.start }, indent === undefined ? `${written}, ` : `${written},\n${indent}`)
}

/** Takes out an element that isn't the first, with the comma before it. */
function withoutElement(text: string, elements: readonly Span[], index: number): string {
  const [before, own] = [elements[index - 1], elements[index]]
  if (before === undefined || own === undefined) return text
  const lineStart = text.lastIndexOf('\n', own.start) + 1
  const nextLine = text.indexOf('\n', own.end)
  // alone on its line: the line goes, comments of other lines stay
  if (
    nextLine !== -1 &&
    /^\s*$/.test(text.slice(lineStart, own.start)) &&
    /^\s*,?\s*(?:#.*)?$/.test(text.slice(own.end, nextLine)) &&
    text[own.end] === ','
  )
    return spliced(text, { start: lineStart, end: nextLine + 1 }, '')
  return spliced(text, { start: before.end, end: own.end }, '')
}

/** A layer for one process, where the settings have none. */
export const unsetLayer: Planner = (evidence, facts) => {
  const layer = `CHANNEL_LAYERS = {"default": {"BACKEND": "${memoryBackend}"}}`
  // what is set under a condition stands wherever that holds; an empty one is none
  const isConditional = settingsAssignments(evidence, facts, 'CHANNEL_LAYERS').length > 0
  return appendedTo(evidence, facts, [
    '# keeps the channel layer in the memory of one process; several need channels_redis',
    ...(isConditional ? ['if not globals().get("CHANNEL_LAYERS"):', `    ${layer}`] : [layer]),
  ])
}

/** BACKEND gets the name of the class that is nearest to what is written. */
export const rightBackend: Planner = (evidence, facts) => {
  const settings = evidence.examination?.get('settings')
  const written = settings?.layer_backend ?? undefined
  const right = nearestBackend(written, (settings?.layer_hosts.length ?? 0) > 0)
  for (const found of settingsAssignments(evidence, facts, 'CHANNEL_LAYERS')) {
    const span = entryOf(found.text, found.span, 'BACKEND')
    if (span === undefined || (written !== undefined && literalOf(found.text.slice(span.start, span.end)) !== written)) continue
    return replaced(found, `"${right}"`, span)
  }
  return appendedTo(evidence, facts, [`CHANNEL_LAYERS["default"]["BACKEND"] = "${right}"`])
}

/** The class that was meant; the hosts of a Redis say that it is a Redis layer. */
export function nearestBackend(written: string | undefined, hasHosts: boolean): string {
  if (written === undefined) return hasHosts ? redisBackend : memoryBackend
  if (/memory/i.test(written)) return memoryBackend
  return backends.toSorted((a, b) => editDistance(written, a) - editDistance(written, b))[0] ?? memoryBackend
}

/** CONFIG becomes what the backend takes: a list of hosts, or nothing for the in-memory layer. */
export const rightConfig: Planner = (evidence, facts) => {
  const memory = /InMemory/i.test(evidence.examination?.get('settings')?.layer_backend ?? '')
  for (const found of settingsAssignments(evidence, facts, 'CHANNEL_LAYERS')) {
    if (memory !== /InMemory/i.test(found.value)) continue
    const config = entryOf(found.text, found.span, 'CONFIG')
    if (config === undefined) continue
    if (memory) return replaced(found, '{}', config)
    const hosts = entryOf(found.text, config, 'hosts')
    const right = hosts === undefined ? undefined : asHosts(found.text.slice(hosts.start, hosts.end))
    if (hosts !== undefined && right !== undefined) return replaced(found, right, hosts)
    const pair = hosts === undefined ? hostAndPort(found.text, config) : undefined
    if (pair !== undefined) return replaced(found, pair, config)
  }
  return noFix("how the hosts were meant can't be told")
}

/** A list of hosts out of what stands in its place; undefined where it is one already. */
export function asHosts(written: string): string | undefined {
  if (!written.startsWith('[')) {
    const text = literalOf(written)
    // `"localhost:6379"` is no URL, and redis-py takes nothing else for a string
    if (text !== undefined && !text.includes('://')) return `["redis://${text}"]`
    return `[${written}]`
  }
  const { elements } = elementsOf(written, 0)
  const parts = elements.map(({ start, end }) => written.slice(start, end))
  const [host, port] = parts
  if (parts.length === 2 && host !== undefined && port !== undefined && /^(?:\d+|int\()/.test(port)) return `[(${host}, ${port})]`
  const urls = parts.map((part) => literalOf(part))
  return urls.some((text) => text !== undefined && !text.includes('://'))
    ? `[${parts.map((part, index) => (urls[index] === undefined || urls[index]?.includes('://') ? part : `"redis://${urls[index]}"`)).join(', ')}]`
    : undefined
}

/** `{"host": …, "port": …}` as the hosts that it was meant as. */
function hostAndPort(text: string, config: Span): string | undefined {
  const [host, port] = [entryOf(text, config, 'host'), entryOf(text, config, 'port')]
  if (host === undefined) return undefined
  return `{"hosts": [(${text.slice(host.start, host.end)}, ${port === undefined ? '6379' : text.slice(port.start, port.end)})]}`
}

/**
 * A SECRET_KEY that stays: in `.env`, and read from there in the project's own
 * way. A project that loads no `.env` gets it in the settings, marked as
 * `startproject` of Django marks its own, with a variable that beats it.
 */
export const fixedKey: Planner = (evidence, facts) => {
  const found = winningAssignment(evidence, facts, 'SECRET_KEY')
  const reader = evidence.checkout?.project.dotenvReader
  const name = /(?:config|env\w*|getenv|environ(?:\.get)?)\s*[([]\s*["'](\w+)["']/.exec(found?.value ?? '')?.[1]
  if (reader !== undefined && name !== undefined) {
    return sourceOf(evidence, name) === 'shell'
      ? noFix(`${name} comes from the environment`)
      : edited(editDotenv(evidence, [[name, facts.secret]]))
  }
  if (found === undefined) return noFix('no line of the settings sets SECRET_KEY')
  const how = reader === undefined ? undefined : readingOf(found, reader)
  if (how === undefined) {
    const key = `"django-insecure-${facts.secret}"`
    const hasOs = /^import os\b/m.test(found.text.slice(0, found.start))
    return replaced(found, hasOs ? `os.environ.get("SECRET_KEY", ${key})` : key)
  }
  const keyed = editDotenv(evidence, [['SECRET_KEY', facts.secret]])
  const plan = replaced(found, how)
  if (isNoFix(plan)) return plan
  // a key that is in the file already only waits to be read
  return sourceOf(evidence, 'SECRET_KEY') === 'file' || 'noFix' in keyed ? plan : fix([keyed, ...plan.actions], { restart: true })
}

/** How the file reads a value above the line, in its own style. */
function readingOf({ text, start }: FoundAssignment, reader: 'decouple' | 'environ' | 'dotenv'): string | undefined {
  const above = text.slice(0, start)
  if (reader === 'decouple') return /^from decouple import .*\bconfig\b/m.test(above) ? 'config("SECRET_KEY")' : undefined
  if (reader === 'environ') {
    const name = /^(\w+)\s*=\s*(?:environ\.)?(?:FileAware)?Env\(/m.exec(above)?.[1]
    return name === undefined ? undefined : `${name}("SECRET_KEY")`
  }
  return /^import os\b/m.test(above) ? 'os.environ["SECRET_KEY"]' : undefined
}
