import * as v from 'valibot'
import { databaseServerSchema } from './database-server.ts'
import { importSchemas } from './failed-imports.ts'
import { standingUserSchema } from './observed.ts'
import { frameSchema, raisedSchema } from './raised-inside.ts'

const text = v.nullish(v.string())

/** What can be asked for, a stage each; an error names the one that it broke. `setup` comes by itself, before the first that needs Django. */
const stages = [
  'shadows',
  'settings',
  'folders',
  'setup',
  'application',
  'pings',
  'origins',
  'asgi_setting',
  'layer',
  'trip',
  'database_server',
  'database',
  'create_user',
  'create_row',
  'users',
  'session',
  'token',
  'migrations',
  'consumer',
  'broadcasts',
  'checks',
  'server',
] as const
export type ExaminationStage = (typeof stages)[number]

/** Where a token goes: `name` of the parameter, cookie or header, or the subprotocol before it; `prefix` of a header's value, or of the subprotocol that it is a part of. */
const tokenPlaceSchema = v.object({ in: v.picklist(['query', 'header', 'cookie', 'subprotocol']), name: text, prefix: text })

/** One that is made up. Where a model is told, its table is empty: a row that is found has that `value` in the `field`, and what is `fixed`. */
const fixedSchema = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]))
const unfilledSchema = v.object({ name: v.string(), value: text, model: text, field: text, fixed: v.optional(fixedSchema) })

const layerHost = v.object({
  host: v.nullish(v.string(), 'localhost'),
  port: v.nullish(v.union([v.number(), v.string()]), 6379),
  db: v.nullish(v.union([v.number(), v.string()]), 0),
  tls: v.nullish(v.boolean(), false),
  /** Whether the entry carries a password; never the password. */
  password: v.nullish(v.boolean(), false),
  /** A Unix socket to use instead of host and port. */
  socket: v.optional(v.string()),
  /** Where the master of this name is asked for, instead of host and port. */
  sentinels: v.optional(v.array(v.object({ host: v.string(), port: v.union([v.number(), v.string()]) }))),
  master: v.optional(v.string()),
})

/** A variable that is asked for: what is made of it (`bool`, `list`, `db` …), by what, as decouple and pydantic read files of their own, and for which setting. */
const variableSchema = v.object({
  name: v.string(),
  file: v.string(),
  line: v.number(),
  cast: v.nullish(v.string(), 'str'),
  by: v.nullish(v.picklist(['decouple', 'pydantic', 'environment']), 'environment'),
  setting: v.nullish(v.string()),
})

/** What a look from inside tells, a JSON object a line, by its `fact`. What doesn't fit is dropped: a probe never throws. */
const examinationSchema = v.variant('fact', [
  v.object({ fact: v.literal('start'), python: v.string(), executable: v.string() }),
  /** Variables that the settings ask for without a default and that nobody gives, and the files that they load some from; told where something can't be imported, or there is no database. */
  v.object({
    fact: v.literal('variables'),
    missing: v.array(variableSchema),
    /** `sure`: no condition decides about it. Paths are absolute. */
    loads: v.optional(
      v.array(v.object({ reader: v.picklist(['decouple', 'environ', 'dotenv', 'pydantic']), path: v.string(), sure: v.boolean() })),
      [],
    ),
  }),
  ...importSchemas,
  v.object({
    fact: v.literal('settings'),
    module: v.string(),
    django: v.string(),
    debug: v.boolean(),
    allowed_hosts: v.array(v.string()),
    asgi_application: text,
    wsgi_application: text,
    /** Where "daphne" stands in INSTALLED_APPS. */
    daphne_app: v.picklist(['absent', 'before-staticfiles', 'after-staticfiles']),
    layers_set: v.boolean(),
    layer_backend: text,
    layer_hosts: v.array(layerHost),
    /** HMAC-SHA256 of SECRET_KEY under the nonce of the request: two imports are compared by it, and it tells nothing else. */
    secret: text,
    /** Of the names asked for (keys of .env): how the settings have it. The value only where it is a bool or a number, or the name is harmless. */
    values: v.array(v.object({ name: v.string(), kind: v.picklist(['bool', 'int', 'str', 'other']), value: text })),
  }),
  v.object({ fact: v.literal('folders'), missing: v.array(v.object({ folder: v.string(), handler: v.string() })) }),
  v.object({
    fact: v.literal('application'),
    /** What the name leads to: a router by protocol, Django's own ASGI handler, a WSGI handler, anything else. */
    kind: v.picklist(['router', 'http-only', 'wsgi', 'other']),
    websocket: v.boolean(),
    middleware: v.array(v.string()),
    /** Not all of its routes could be read. */
    unread: v.optional(v.boolean()),
    /** What a validator of Channels around the routes lets through: hosts of ALLOWED_HOSTS, or Origins of a list of its own. */
    origins: v.optional(v.nullable(v.array(v.string()))),
    routes: v.array(
      v.object({
        route: v.string(),
        /** A path that the route takes, its parameters filled; null where none could be made. */
        sample: v.optional(v.nullable(v.string())),
        /** Parameters of the sample that no row has told; `models`: of all of them. */
        unfilled: v.optional(v.array(unfilledSchema)),
        models: v.optional(v.array(v.string())),
        /** The regular expression of the whole route, without `^`, as Python has it. */
        pattern: text,
        looks_up: v.optional(v.boolean()),
        consumer: v.string(),
        /** The source of the consumer asks for rows (`looks_up`), and has an answer to {"type": "ping"} (`pings`). */
        pings: v.optional(v.boolean()),
        /** The message that it wants first, with a hole for the token; no text where its source doesn't tell all of it. */
        first: v.nullish(v.object({ text, needed: v.boolean(), file: text, line: v.nullish(v.number()) })),
        /** The subprotocols that it wants a client to offer. */
        subprotocols: v.optional(v.array(v.string())),
        is_class: v.boolean(),
      }),
    ),
  }),
  /** Whether each consumer answers a ping, or none does; null where they differ; `greeted`: whether one reads a token from a message. Told by itself where the routes aren't waited for. */
  v.object({ fact: v.literal('pings'), answered: v.nullish(v.boolean()), greeted: v.optional(v.boolean()) }),
  /** What a validator of Channels lets through, told by itself where the routes aren't waited for. */
  v.object({ fact: v.literal('origins'), allowed: v.nullable(v.array(v.string())) }),
  v.object({ fact: v.literal('asgi_setting'), ok: v.boolean(), value: text, message: text, kind: text }),
  /** The default channel layer, built as the project does. */
  v.object({
    fact: v.literal('layer'),
    backend: text,
    /** Of channels_redis' queues: after how many seconds a read of its connection is given up; null: never. */
    read_limit: v.nullish(v.number()),
    /** How many seconds it waits for a message in one read; 0: for ever. */
    waits: v.nullish(v.number()),
  }),
  /** One message through a group of its own: sent, received, and nothing left behind. */
  v.object({ fact: v.literal('trip'), received: v.boolean(), elapsed_ms: v.number() }),
  databaseServerSchema,
  v.object({
    fact: v.literal('database'),
    state: v.picklist(['none', 'empty', 'ready', 'locked', 'unreachable']),
    engine: v.string(),
    name: text,
    /** Of an SQLite file, absolute; `relative`: its name isn't, so the working folder decides which it is. `elsewhere`: another machine. */
    path: text,
    relative: v.nullish(v.boolean()),
    message: text,
    elsewhere: text,
  }),
  /** Active users; no model where the project has no users. `user` stands for the page: who was wanted, who was made for it, or one that was found. */
  v.object({
    fact: v.literal('users'),
    model: text,
    active: v.number(),
    user: text,
    account: v.nullish(v.picklist(['wanted', 'made', 'found'])),
    /** The first of those who are there, where the one who is wanted isn't. */
    others: v.nullish(v.array(v.string())),
    why: text,
  }),
  /** Whether the application reads a session; the cookie of one that was made, or why none was. `elsewhere`: another machine, where sessions are kept. */
  v.object({ fact: v.literal('session'), wanted: v.boolean(), user: text, cookie: text, why: text, elsewhere: text }),
  /** A token of the user, of what kind, or why there is none; and where the project's sources read one, the likeliest place first. */
  v.object({
    fact: v.literal('token'),
    token: text,
    kind: text,
    user: text,
    why: text,
    elsewhere: text,
    places: v.optional(v.array(tokenPlaceSchema)),
  }),
  /** The development user that was asked for. */
  v.object({ fact: v.literal('created'), user: v.string(), model: v.string(), superuser: v.boolean() }),
  /** The row that was asked for, as the project writes it. */
  v.object({ fact: v.literal('create_row'), model: v.string(), name: v.string() }),
  v.object({
    fact: v.literal('migrations'),
    pending: v.array(v.string()),
    /** Apps of the project with models and without migrations; the folder is relative to the backend. */
    unmade: v.optional(v.array(v.object({ label: v.string(), folder: v.string() })), []),
  }),
  /** What Django's system checks say, of what keeps runserver and migrate from running: each message as Django prints it. */
  v.object({ fact: v.literal('checks'), failed: v.array(v.string()) }),
  /** The handshake of the page, played to the application in this process, with an in-memory layer of our own in place of the project's. */
  v.object({
    fact: v.literal('consumer'),
    outcome: v.picklist(['accepted', 'closed', 'raised', 'returned', 'waiting', 'skipped']),
    /** Why it was skipped. */
    why: text,
    /** What the database answered to the consumer, where that was an error: `OperationalError: no such table: auth_user`. */
    database_error: text,
    /** Milliseconds until the outcome. */
    after_ms: v.number(),
    /** The close code before accept. */
    code: v.nullish(v.number()),
    /** The class of the middleware that refused; null where the consumer itself did. */
    refused_by: text,
    /** Under what condition the project's own line closes, as its source has it: `if user is None`. */
    because: text,
    user: v.nullish(standingUserSchema),
    subprotocol: text,
    offered: v.array(v.string()),
    /** After accept: how it went on for as long as it was watched. */
    later: v.nullish(v.picklist(['open', 'closed', 'raised'])),
    later_code: v.nullish(v.number()),
    /** What it was sent before `later` was decided: nothing, or a ping. */
    later_after: v.nullish(v.picklist(['connect', 'ping'])),
    pong: v.nullish(v.boolean()),
    messages: v.number(),
    /** What ended it; where the consumer closed before accept, what it handled as it did. */
    raised: v.nullish(raisedSchema),
    /** After accept: false where the application has asked for no message for 2.5 s, because connect() hasn't returned. */
    takes: v.nullish(v.boolean()),
    /** Then: whether nothing was seen that would end that. */
    stuck: v.nullish(v.boolean()),
    /** Where it waits, closed or blocked; the innermost frame last. */
    frames: v.array(frameSchema),
    consumer: text,
    /** It runs in the one thread that all synchronous consumers of the process share. */
    synchronous: v.nullish(v.boolean()),
    groups: v.array(v.string()),
    /** Names of the consumer's methods that take a message. */
    handlers: v.array(v.string()),
  }),
  /** What the sources say of groups, read as syntax: null where a name or type can't be read without running the code. */
  v.object({
    fact: v.literal('broadcasts'),
    /** `by`: the worker whose task it is, such as Celery, or `command` for a management command: a process of its own. */
    sends: v.array(v.object({ file: v.string(), line: v.number(), group: text, type: text, by: text })),
    adds: v.array(v.object({ file: v.string(), line: v.number(), group: text })),
    handlers: v.array(v.object({ file: v.string(), line: v.number(), consumer: v.string(), methods: v.array(v.string()) })),
  }),
  /** The main thread has stood at the same line for so long. Told again and again, the last one counts. */
  v.object({ fact: v.literal('standing'), stage: v.string(), seconds: v.number(), frames: v.array(frameSchema) }),
  /** `settings_module`: DJANGO_SETTINGS_MODULE as it stood then. */
  v.object({ fact: v.literal('error'), stage: v.string(), settings_module: text, ...raisedSchema.entries }),
  v.object({ fact: v.literal('stage'), stage: v.picklist(stages) }),
  v.object({ fact: v.literal('end') }),
])

/** A WebSocket route, as the look from inside tells it. */
export type RouteFact = ExaminationOf<'application'>['routes'][number]

export type WantedVariable = v.InferOutput<typeof variableSchema>
export type TokenPlace = v.InferOutput<typeof tokenPlaceSchema>
export type Frame = v.InferOutput<typeof frameSchema>
export type Raised = v.InferOutput<typeof raisedSchema>
export type LayerHost = v.InferOutput<typeof layerHost>
export type ExaminationFact = v.InferOutput<typeof examinationSchema>
export type ExaminationName = ExaminationFact['fact']
export type ExaminationOf<Name extends ExaminationName> = Extract<ExaminationFact, { fact: Name }>

/** All that a look told, and how it ended. */
export interface Examination {
  readonly get: <Name extends Exclude<ExaminationName, 'error'>>(name: Name) => ExaminationOf<Name> | undefined
  readonly errorOf: (stage: ExaminationStage) => ExaminationOf<'error'> | undefined
  /** `ended`: it came to its end; `timeout`: cut off at its deadline; `crashed`: the interpreter died; `unstartable`: it could not be started. */
  readonly how: 'ended' | 'timeout' | 'crashed' | 'unstartable'
  /** The stage that it stood in when it was cut off. */
  readonly stage: ExaminationStage | undefined
  readonly elapsedMs: number
  /** The last lines that the project wrote while it was examined; nothing where a server does the look. */
  readonly output: readonly string[]
}

/** An exception with those behind it, as a traceback ends: `ValueError: no such election`. */
export function raisedText({ type, message, causes }: Pick<Raised, 'type' | 'message' | 'causes'>): string {
  return [{ type, message }, ...causes].map((one) => `${one.type}: ${one.message}`).join('\n')
}

/** The variable that the settings ask for and don't find, as the text of their exceptions names it. */
export function wantedVariable(text: string): string | undefined {
  return (
    /UndefinedValueError: ([^\s:]+) not found/.exec(text)?.[1] ??
    /ImproperlyConfigured: Set the ([^\s:]+) environment variable/.exec(text)?.[1] ??
    /KeyError: ['"]?([A-Z][A-Z0-9_]+)['"]?/.exec(text)?.[1] ??
    /The (SECRET_KEY) setting must not be empty/.exec(text)?.[1]
  )
}

/** What was told, as a fact; undefined for anything else. */
export function factOf(told: unknown): ExaminationFact | undefined {
  const result = v.safeParse(examinationSchema, told)
  return result.success ? result.output : undefined
}
