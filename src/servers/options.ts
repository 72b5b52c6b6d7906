/** How command lines are taken apart, as argparse, click and Twisted do. */

/** The options of a program: which take a value, and whether it lets long ones be shortened, as argparse does. */
export interface OptionTable {
  /** Options that take a value, with commas between them; several spellings of one are separated by a space, the first is its name. */
  readonly valued: string
  readonly flags: string
  readonly abbreviates: boolean
  /** What an option that is in neither list is taken for. */
  readonly others: 'valued' | 'flag'
}

export interface ReadOptions {
  /** The last value of an option, as argparse and click keep it. */
  readonly value: (name: string) => string | undefined
  readonly values: (name: string) => readonly string[]
  /** The value as a whole number; undefined where it isn't there or is none. */
  readonly number: (name: string) => number | undefined
  readonly has: (flag: string) => boolean
  readonly positionals: readonly string[]
}

const spellingsOf = (options: string): string[][] => (options.match(/[^,\s][^,]*/g) ?? []).map((option) => option.trim().split(/\s+/))

/** Takes arguments apart by a program's table. A value may be the next argument, follow `=`, or hang on a short option (`-p8001`). */
export function readOptions(args: readonly string[], table: OptionTable): ReadOptions {
  const valuedOnes = spellingsOf(table.valued)
  const names = new Map([...valuedOnes, ...spellingsOf(table.flags)].flatMap((all) => all.map((one) => [one, all[0] ?? one] as const)))
  const valued = new Set(valuedOnes.flat())
  const found = new Map<string, string[]>()
  const positionals: string[] = []
  const add = (spelling: string, value: string): void => {
    const name = names.get(spelling) ?? spelling
    found.set(name, [...(found.get(name) ?? []), value])
  }
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') {
      positionals.push(...rest.splice(0))
    } else if (arg.startsWith('--')) {
      const equals = arg.indexOf('=')
      const spelling = fullName(equals < 0 ? arg : arg.slice(0, equals), names, table)
      if (equals >= 0) add(spelling, arg.slice(equals + 1))
      else if (valued.has(spelling) || (!names.has(spelling) && table.others === 'valued')) add(spelling, rest.shift() ?? '')
      else add(spelling, '')
    } else if (/^-[^\d-]/.test(arg) || names.has(arg)) {
      const short = arg.slice(0, 2)
      if (!valued.has(short)) add(short, '')
      else if (arg.length === 2) add(short, rest.shift() ?? '')
      else add(short, arg.slice(2).replace(/^=/, ''))
    } else {
      positionals.push(arg)
    }
  }
  const value = (name: string): string | undefined => found.get(name)?.at(-1)
  return {
    value,
    values: (name) => found.get(name) ?? [],
    number: (name) => wholeNumber(value(name)),
    has: (flag) => found.has(flag),
    positionals,
  }
}

/** argparse takes `--websocket_t` for `--websocket_timeout` where only one option begins so. */
function fullName(spelling: string, names: ReadonlyMap<string, string>, table: OptionTable): string {
  if (!table.abbreviates || names.has(spelling)) return spelling
  const [only, ...more] = [...names.keys()].filter((name) => name.startsWith(spelling))
  return only !== undefined && more.length === 0 ? only : spelling
}

/** A whole number, or undefined. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined
}

/** Where a server is told to listen. */
export interface Place {
  readonly host: string | undefined
  readonly port: number | undefined
  readonly unixSocket: string | undefined
}

/** What a server's command line says of it. What it doesn't say is undefined. */
export interface ToldCommand extends Place {
  /** `core.asgi:application`, as it is written there. */
  readonly application: string | undefined
  readonly workers: number | undefined
  /** gunicorn's -k. */
  readonly workerClass: string | undefined
  /** daphne's --websocket_timeout, in seconds; undefined where it isn't there or means never. */
  readonly websocketTimeout: number | undefined
  /** uvicorn's --ws. */
  readonly ws: string | undefined
  /** uvicorn's --ws-max-size, in bytes. */
  readonly wsMaxSize: number | undefined
  readonly reload: boolean
  /** A runserver that serves WSGI alone, whatever is installed: --noasgi, runserver_plus, runsslserver. */
  readonly noAsgi: boolean
  readonly tls: boolean
}

/** A place that a command line doesn't tell: a file descriptor, a configuration file. */
export const untoldPlace: Place = { host: undefined, port: undefined, unixSocket: undefined }

/** `127.0.0.1:8001`, `[::1]:8001`, `:8001`, `localhost`, `unix:/run/x.sock`, `fd://3`, as hypercorn and gunicorn bind. */
export function readBind(bind: string): Place {
  const unix = /^unix:(?:\/\/)?(.*)$/.exec(bind)
  if (unix !== null) return { ...untoldPlace, unixSocket: unix[1] }
  if (bind.startsWith('fd://')) return untoldPlace
  const match = /^(?:tcp:\/\/)?(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(bind)
  if (match === null) return untoldPlace
  const [, host = '', port] = match
  // a socket that is bound to the empty name listens on every IPv4 address (Python's socket module)
  return { host: host === '' ? '0.0.0.0' : host.replace(/^\[|\]$/g, ''), port: wholeNumber(port) ?? 8000, unixSocket: undefined }
}

/** A Twisted endpoint (twisted.internet.endpoints.serverFromString): `tcp:8000:interface=127.0.0.1`, `ssl:443:privateKey=key.pem`, `unix:/run/x`. */
export function readEndpoint(endpoint: string): Place & { readonly tls: boolean } {
  // a colon that belongs to a value is written `\:`
  const [kind = '', ...parts] = (endpoint.match(/(?:\\.|[^:\\])+/g) ?? []).map((part) => part.replace(/\\(.)/g, '$1'))
  const named = (name: string): string | undefined => parts.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1)
  const first = parts.find((part) => !/^\w+=/.test(part))
  const tls = kind === 'ssl' || kind === 'tls'
  if (kind === 'unix') return { ...untoldPlace, unixSocket: named('address') ?? first, tls }
  if (!['tcp', 'tcp6', 'ssl', 'tls'].includes(kind)) return { ...untoldPlace, tls }
  return {
    host: named('interface') ?? (kind === 'tcp6' ? '::' : '0.0.0.0'),
    port: wholeNumber(named('port') ?? first),
    unixSocket: undefined,
    tls,
  }
}

/** The first TCP place of several, and the first socket. */
function placeAmong(places: readonly Place[]): Place {
  const { host, port } = places.find((place) => place.port !== undefined) ?? untoldPlace
  return { host, port, unixSocket: places.find(({ unixSocket }) => unixSocket !== undefined)?.unixSocket }
}

/** What hypercorn and gunicorn are told alike. A configuration file may name a place where the command line doesn't. */
function readBound(options: ReadOptions, binds: readonly string[]): Partial<ToldCommand> {
  const untold = options.has('--config') ? untoldPlace : readBind('127.0.0.1:8000')
  return {
    ...(binds.length === 0 ? untold : placeAmong(binds.map((bind) => readBind(bind)))),
    workers: options.number('--workers'),
    workerClass: options.value('--worker-class'),
    reload: options.has('--reload'),
    tls: options.has('--certfile') || options.has('--keyfile'),
  }
}

/** What reads a place that a server is told. */
export const places = { readBind, readEndpoint, readBound, placeAmong, wholeNumber } as const
