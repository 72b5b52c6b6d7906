import * as v from 'valibot'
import { defaultWords, keys, type OptionKey, type PlainValues } from './options/keys.ts'
import type { Option, Takes } from './options/option.ts'
import { pageChangeSchema, pageLoginSchema, pageSchema } from './page-schema.ts'
import {
  environmentSchema,
  filled,
  frontendSchema,
  optional,
  portNumber,
  readySchema,
  serviceSchema,
  servicesSchema,
  text,
  whole,
} from './stack-schema.ts'

export type ChannelLayerChoice = (typeof keys.channelLayer.takes.words)[number]

/** How to log in over HTTP where no token is given and none can be minted. The password comes from ELECTION_DEV_PASSWORD alone. */
const login = v.strictObject({
  path: v.pipe(v.string(), v.startsWith('/'), v.description('Path of the login request, such as /api/auth/login/')),
  username: v.pipe(v.string(), v.nonEmpty(), v.description('Who logs in')),
  usernameField: text('Name of the field that takes the user name; default username'),
  passwordField: text('Name of the field that takes the password; default password'),
  tokenField: text('Name of the field of the answer that holds the token; default: access, token, access_token, key, jwt'),
})

/** A message that a page may send and that makes the application broadcast: what is sent at one instance must reach a socket at another. */
const broadcast = v.strictObject({
  send: v.pipe(
    v.record(v.string(), v.unknown()),
    v.description('What is sent over the WebSocket; {marker} in a text of it is replaced by a random word'),
  ),
  expect: optional(
    v.record(v.string(), v.unknown()),
    'What the message that arrives must contain; default: the marker, or any message where there is none',
  ),
})

/** What no line of text holds. */
const own = {
  login,
  ping: v.union([v.literal(false), v.record(v.string(), v.unknown())]),
  broadcast,
  env: environmentSchema,
  envDefaults: environmentSchema,
  frontend: v.union([v.literal(false), frontendSchema]),
  services: servicesSchema,
  procfile: v.union([v.literal(false), filled]),
  page: pageSchema,
}

/** The configuration as a file, flags or the environment give it: every key may be absent. */
export type PartialConfig = { $schema?: string } & PlainValues & { [Key in keyof typeof own]?: v.InferOutput<(typeof own)[Key]> }
export type ConfigKey = OptionKey
export type LoginRequest = v.InferOutput<typeof login>
export type BroadcastMessage = v.InferOutput<typeof broadcast>

function schemaOf(takes: Exclude<Takes, 'own'>): v.GenericSchema {
  if (takes === 'text') return filled
  if (takes === 'truth') return v.boolean()
  if (takes === 'names' || takes === 'repeated') return v.array(filled)
  if (takes === 'port') return portNumber
  if (takes === 'milliseconds') return whole(1, 3_600_000)
  if (takes === 'number') return whole(0, Number.MAX_SAFE_INTEGER)
  if ('least' in takes) return whole(takes.least, takes.most)
  return 'words' in takes ? v.picklist(takes.words) : v.pipe(v.string(), v.regex(takes.pattern, takes.allowed))
}

/** What a key means, as a sentence of the schema. */
function description(row: Option): string {
  const usual = defaultWords(row)
  return `${row.about.charAt(0).toUpperCase()}${row.about.slice(1)}${usual === undefined ? '' : `; default: ${usual}`}`
}

/** Every key of the configuration file, of the table of options. */
export const configSchema = v.strictObject({
  $schema: text('Where the JSON Schema of this file is'),
  ...Object.fromEntries(
    Object.entries<Option>(keys).map(([key, row]) => [
      key,
      optional(row.takes === 'own' ? ownOf(key) : schemaOf(row.takes), description(row)),
    ]),
  ),
})

function ownOf(key: string): v.GenericSchema {
  const schema = new Map<string, v.GenericSchema>(Object.entries(own)).get(key)
  if (schema === undefined) throw new Error(`no schema for ${key}`)
  return schema
}

/** What the schema has let through is of the types that the table says. */
const isConfig = (value: object): value is PartialConfig => v.is(configSchema, value)

/** One thing that is wrong with a configuration: which key, what it holds, what is allowed. */
export interface ConfigProblem {
  readonly key: string
  readonly problem: string
}

/** Checks a value against the schema; gives the typed configuration, or every problem that it has. */
export function checkConfig(input: unknown): { config: PartialConfig } | { problems: readonly ConfigProblem[] } {
  // an object to valibot, and none to anybody else
  if (Array.isArray(input)) return { problems: [{ key: '', problem: 'is a list; allowed: an object' }] }
  const result = v.safeParse(configSchema, input)
  if (result.success && isConfig(result.output)) return { config: result.output }
  return { problems: (result.issues ?? []).map((issue) => describe(issue)) }
}

function describe(issue: v.BaseIssue<unknown>): ConfigProblem {
  const key = v.getDotPath(issue) ?? ''
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return { key, problem: `is not a key; allowed here: ${Object.keys(entriesAt(key)).join(', ')}` }
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined') return { key, problem: 'is missing' }
  // what is wrong with a token is said without the token
  const received = key === 'token' ? 'something else' : issue.received
  return { key, problem: `is ${received}; allowed: ${allowed(issue)}` }
}

/** The keys that are allowed where a key stands. */
function entriesAt(key: string): object {
  const [first, , third] = key.split('.')
  if (!key.includes('.')) return configSchema.entries
  if (first === 'login') return login.entries
  if (first === 'broadcast') return broadcast.entries
  if (first === 'frontend') return frontendSchema.entries
  if (first === 'page')
    return key.startsWith('page.login')
      ? pageLoginSchema.entries
      : key.startsWith('page.change')
        ? pageChangeSchema.entries
        : pageSchema.entries
  return third === 'ready' && key.split('.').length > 3 ? readySchema.entries : serviceSchema.entries
}

/** What a key takes, in words. */
function allowed(issue: v.BaseIssue<unknown>): string {
  switch (issue.type) {
    case 'regex':
    case 'integer':
    case 'min_value':
    case 'max_value':
      return issue.message
    case 'non_empty':
      return 'a text that is not empty'
    case 'starts_with':
      return 'a text that begins with /'
    default:
      return (issue.expected ?? 'another value').replace('Object', 'an object').replaceAll(' | ', ', ').replaceAll(/[()]/g, '')
  }
}
