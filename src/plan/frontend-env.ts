import { toolNamed, type ToolName } from '../dev-tools/known.ts'
import { prefixes } from '../dev-tools/of-each.ts'
import type { FrontendReading } from '../facts/frontend-reading.ts'
import { atBackend, pageHost, readdress, type BackendAddress } from './frontend-address.ts'

/** A variable that the dev server gets so that its page finds the backend. */
export interface MappedVariable {
  readonly name: string
  readonly value: string
  /** Where the value stood that it takes the place of: `.env:3`, `src/socket.js:12`, `the environment`, `frontend.env`. */
  readonly source: string
}

/** What decides about the variables. */
export interface MappingFacts {
  readonly reading: FrontendReading
  readonly tool: ToolName
  /** Of the dev server's own arguments: `--mode staging`. */
  readonly args: readonly string[]
  /** The environment that it would have without the mapping. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly backend: BackendAddress
  /** `frontend.env` of the configuration. */
  readonly given: Readonly<Record<string, string>>
}

/**
 * The variables that differ from what the frontend would have by itself: those
 * that name the backend where it isn't, those that a source asks for and nobody
 * gives, and those of the configuration. A variable of the process wins over the
 * `.env` files in Vite (loadEnv), create-react-app and Next.js alike. Pure.
 */
export function mapVariables(facts: MappingFacts): MappedVariable[] {
  const { reading, env, backend, given } = facts
  const names = new Set([...reading.values, ...reading.uses].map(({ name }) => name).concat(Object.keys(reading.served)))
  const mapped = [...names].toSorted().flatMap((name) => {
    if (given[name] !== undefined) return []
    const own = env[name]
    const written = valueIn(facts, name)
    const [value, source] = own === undefined ? [written?.value, written?.source ?? ''] : [own, 'the environment']
    return value === undefined || value === '' ? withoutValue(facts, name) : withValue(name, value, source, backend)
  })
  const chosen = Object.entries(given).map(([name, text]) => ({ name, value: filled(text, backend), source: 'frontend.env' }))
  return [...mapped, ...chosen]
}

function withValue(name: string, value: string, source: string, backend: BackendAddress): MappedVariable[] {
  const moved = readdress(value, backend)
  if (moved.kind === 'moved') return [{ name, value: moved.text, source }]
  const isPort = value === String(backend.wantedPort) && backend.port !== backend.wantedPort && portName.test(name)
  return isPort ? [{ name, value: String(backend.port), source }] : []
}

/** A variable that nobody gives: what the source has instead, moved; or the backend's address where the source has nothing. */
function withoutValue({ reading, backend }: MappingFacts, name: string): MappedVariable[] {
  const uses = reading.uses.filter((use) => use.name === name)
  for (const { fallback, file, line } of uses) {
    if (fallback.kind !== 'text') continue
    const moved = readdress(fallback.text, backend)
    if (moved.kind === 'moved') return [{ name, value: moved.text, source: `${file}:${line}` }]
  }
  // one use that copes without it shows that it may be absent
  const [first] = uses
  if (first === undefined || uses.some(({ fallback }) => fallback.kind !== 'none')) return []
  const [, kind] = urlName.exec(name) ?? []
  if (kind === undefined) return []
  // its path is a part of it: `VITE_API_URL=http://localhost:8000/api`
  const example = reading.examples.find((each) => each.name === name && /^\w+:\/\//.test(each.value))
  const value = example && atBackend(example.value, backend)
  if (example !== undefined && value !== undefined) return [{ name, value, source: `${example.file}:${example.line}` }]
  const scheme = /^(?:WS|WEBSOCKET|SOCKET)$/.test(kind) || /_(?:WS|WEBSOCKET|SOCKET)_/.test(name) ? 'ws' : 'http'
  return [{ name, value: `${scheme}://${pageHost(backend)}:${backend.port}`, source: `${first.file}:${first.line}` }]
}

/** The names of a backend's URL: `VITE_API_URL`, `REACT_APP_WEBSOCKET_URL`, `VITE_API_BASE_URL`. A `VITE_SENTRY_API_URL` is another's. */
const urlName = new RegExp(
  `^(?:${prefixes.join('|')})?(?:DJANGO_|BACKEND_)?(WS|WEBSOCKET|SOCKET|API|BACKEND|SERVER|DJANGO)(?:_(?:BASE|ROOT|SERVER|API|WS))*_(?:URL|URI|ORIGIN|ENDPOINT)$`,
)
const portName = /(?:^|_)(?:WS|WEBSOCKET|SOCKET|API|BACKEND|SERVER|DJANGO)_PORT$/

/** The value that the `.env` files give: the last file that has it wins, and which is last differs. */
function valueIn({ reading, tool, args }: MappingFacts, name: string): { value: string; source: string } | undefined {
  const at = args.findIndex((word) => word === '--mode' || word === '-m')
  const mode =
    (at < 0 ? undefined : args[at + 1]) ?? /^--mode=(.+)$/.exec(args.find((word) => word.startsWith('--mode=')) ?? '')?.[1] ?? 'development'
  // https://vite.dev/guide/env-and-mode#env-files; create-react-app and Next.js let .env.local win over the mode's
  const files =
    toolNamed(tool)?.localFirst === true
      ? ['.env', `.env.${mode}`, '.env.local', `.env.${mode}.local`]
      : ['.env', '.env.local', `.env.${mode}`, `.env.${mode}.local`]
  const found = files.flatMap((file) => reading.values.filter((value) => value.file === file && value.name === name)).at(-1)
  if (found !== undefined) return { value: found.value, source: `${found.file}:${found.line}` }
  const served = reading.served[name]
  return served === undefined ? undefined : { value: served, source: 'the dev server' }
}

/** A text of `frontend.env` with the backend's address in it. */
export function filled(text: string, backend: BackendAddress): string {
  const host = pageHost(backend)
  const at = `${host}:${backend.port}`
  const values: Readonly<Record<string, string>> = {
    http: `http://${at}`,
    ws: `ws://${at}`,
    websocket: `ws://${at}${backend.path}`,
    host,
    port: String(backend.port),
  }
  return text.replace(/\{(http|ws|websocket|host|port)\}/g, (whole, name: string) => values[name] ?? whole)
}
