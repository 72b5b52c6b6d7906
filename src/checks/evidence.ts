import type { CauseId } from '../causes/causes.ts'
import type { GivenFlag } from '../config/config.ts'
import type { CrossingFact } from '../facts/crossing.ts'
import type { BroadcastFact, Lack } from '../facts/observed.ts'
import type { FailedStart } from '../facts/startup.ts'
import type { Beside } from './beside.ts'
import type { Diagnosis } from './diagnosis.ts'
import type { LoggedException } from './traceback.ts'
import type { Checkout } from '../facts/checkout.ts'
import type { DotenvSurvey } from '../facts/dotenv-survey.ts'
import type { Examination } from '../facts/examination.ts'
import type { Fixture } from '../facts/fixtures.ts'
import type { FrontendWiring } from '../facts/frontend-wiring.ts'
import type { Way } from '../facts/manage-py.ts'
import type { FileHolder } from '../facts/open-files.ts'
import type { PathInterpreter } from '../facts/path-python.ts'
import type { RedisNow } from '../facts/redis-now.ts'
import type { ServingEnvironment } from '../facts/server-env.ts'
import type { SettingsLine } from '../facts/settings-lines.ts'
import type { DeadShebang } from '../facts/shebang.ts'
import type { ServerProcess, ServersFact } from '../facts/server-process.ts'
import type { WireFacts } from '../facts/wire.ts'
import type { DatabaseOutlook } from '../plan/managed-database.ts'
import type { Installers } from '../facts/programs.ts'
import type { PythonChoice } from '../plan/environment.ts'
import type { PlaceVariables } from '../plan/tried-values.ts'
import { pathFrom } from '../host/paths.ts'

/** What only whoever launched the server sees of it. */
export interface Launched {
  /** How it ended, or that it never listened; undefined while it serves. */
  readonly end?: FailedStart | undefined
  /** What the observer saw leave the application on our own sockets: on the first of them where the handshake failed, else the last of all. */
  readonly raised?: LoggedException | undefined
  /** What became of a broadcast over the channel layer, where one was tried. */
  readonly broadcast?: BroadcastFact | undefined
}

/** Everything that a diagnosis is judged by; may be partial. What could not be found out is undefined, with the reason in `problems`. */
export interface Evidence {
  /** The URL that the page opens, over the wire. */
  readonly wire: WireFacts
  /** The same path at the backend itself, where the URL leads to something in front of it. */
  readonly direct: WireFacts | undefined
  /** Further instances of the same backend. */
  readonly others: readonly WireFacts[]
  readonly checkout: Checkout | undefined
  readonly choice: PythonChoice | undefined
  /** The `python3` of the PATH, where an environment is active that isn't the project's. */
  readonly pathPython: PathInterpreter | undefined
  readonly deadShebang: DeadShebang | undefined
  readonly installers?: Installers | undefined
  readonly dotenv: DotenvSurvey | undefined
  /** The environment that the server was started with, else the doctor's; values are looked at, never shown where the name is a secret's. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The flags that this command line was given: a command that is printed keeps them. */
  readonly given?: readonly GivenFlag[] | undefined
  /** The URL was named by nobody: it is where this project's own server has to be. */
  readonly isOfProject?: boolean | undefined
  /** A run of `start` that is up in this folder has launched the server. */
  readonly isOfRun?: boolean | undefined
  readonly servers: ServersFact
  readonly examination: Examination | undefined
  /** By what way the project can be come to, where the examination's can't. */
  readonly otherwise?: Way | undefined
  /** SECRET_KEY of two imports of the settings: do they agree? */
  readonly secretKeys: 'same' | 'different' | undefined
  /** Files that the settings don't read, with another SECRET_KEY than theirs: `backend/updates/.env:3`. */
  readonly otherKeys: readonly string[]
  /** The environment that the server runs in, where it isn't the project's. */
  readonly servingEnvironment: ServingEnvironment | undefined
  /** Where the settings read variables. */
  readonly settingsLines: readonly SettingsLine[]
  readonly redis: RedisNow | undefined
  /** Redis as `.env` alone names it, where a variable of the shell leads elsewhere. */
  readonly redisOfFile: RedisNow | undefined
  /** By which variables of other names than the usual the settings come to the Redis that isn't there. */
  readonly redisPlace?: PlaceVariables | undefined
  /** Processes that hold the SQLite file open, the server not among them. */
  readonly holders: readonly FileHolder[]
  /** How a database server of a run's own could stand in for the one that can't be opened; undefined where that is none of a server's. */
  readonly databaseOutlook?: DatabaseOutlook | undefined
  /** Two instances' Redis endpoints differ: what each of their environments says. */
  readonly frontend: FrontendWiring | undefined
  /** What the server wrote into its log file since the handshake began. */
  readonly logged: readonly string[]
  /** Why the backend of a run of `start` isn't up, where there is such a run and nothing serves. */
  readonly waiting?: { readonly launcher: number; readonly id: CauseId; readonly title: string; readonly remedy: string } | undefined
  /** The address that the server is to bind, where this machine doesn't have it. */
  readonly unbindable?: string | undefined
  /** Undefined where somebody else launched the server. */
  readonly launched?: Launched | undefined
  /** What crossed between the URLs, where that was tried. */
  readonly crossing?: readonly CrossingFact[] | undefined
  /** The other WebSockets of the application, where they were proven beside. */
  readonly beside?: readonly Beside[] | undefined
  /** What keeps the page's own WebSocket from being open though this one is: seen by the run that serves the page, or through its dev server. */
  readonly page?: readonly Diagnosis[] | undefined
  /** Paths that our own experiments asked for: their tracebacks are our doing. */
  readonly ourPaths: readonly string[]
  /** Files of the routing that are newer than the server, relative to the checkout. */
  readonly newerThanServer: readonly string[]
  /** What `loaddata` could load; looked for where a handshake is refused. */
  readonly fixtures?: readonly Fixture[] | undefined
  /** Modules and packages of the backend's folder. */
  readonly ownModules: ReadonlySet<string>
  /** The line that the import broke at, as it is written. */
  readonly brokenLine: string | undefined
  /** The version of Python 3 that the code needs at least, where that is a newer one than it has, and the file of one on the PATH. */
  readonly newerPython: { readonly minor: number; readonly file: string | undefined } | undefined
  /** Whether anything of the project tells of Channels; looked at where nothing of it can serve yet. */
  readonly speaksOfChannels?: boolean | undefined
  /** Ports below this one are for root alone; undefined where the system doesn't say. */
  readonly privilegedBelow: number | undefined
  readonly isRoot: boolean
  /** What could not be found out, a sentence each, by the name of the fact. */
  readonly problems: Readonly<Record<string, string>>
}

/** Evidence of what the wire showed, and of nothing else. */
export function evidenceOfWire(wire: WireFacts): Evidence {
  return {
    wire,
    direct: undefined,
    others: [],
    checkout: undefined,
    choice: undefined,
    pathPython: undefined,
    deadShebang: undefined,
    dotenv: undefined,
    env: {},
    servers: { onPorts: [], ofProject: [], source: undefined, problem: undefined },
    examination: undefined,
    secretKeys: undefined,
    otherKeys: [],
    servingEnvironment: undefined,
    settingsLines: [],
    redis: undefined,
    redisOfFile: undefined,
    holders: [],
    frontend: undefined,
    logged: [],
    ourPaths: [],
    newerThanServer: [],
    ownModules: new Set(),
    brokenLine: undefined,
    newerPython: undefined,
    privilegedBelow: undefined,
    isRoot: false,
    problems: {},
  }
}

/** The process that listens on the port of the URL, where it can be seen. */
export function listenerOf({ servers, wire }: Pick<Evidence, 'servers' | 'wire'>): ServerProcess | undefined {
  return servers.onPorts.find(({ listens }) => listens.some(({ port }) => port === wire.endpoint.port))
}

/** What the consumer asks of its scope that isn't there, as the serving process has it, or the handshake played inside. */
export function lackOf({ launched, examination }: Pick<Evidence, 'launched' | 'examination'>): Lack | undefined {
  return launched?.raised?.lacks ?? examination?.get('consumer')?.raised?.lacks ?? undefined
}

/** Programs that only carry bytes: who answers behind them can't be seen. */
const carriers = /docker|podman|rootlessport|slirp4netns|vpnkit|wslrelay|(?:^|\/)ssh(?:$|\s)|socat|kubectl/

/** True where the process only carries bytes to another one, which may be on another machine. */
export function isCarrier({ argv }: Pick<ServerProcess, 'argv'>): boolean {
  return carriers.test(argv[0] ?? '')
}

/** True where the process is a Django server of this checkout. */
export function isOwn(server: ServerProcess | undefined): boolean {
  return server?.command !== undefined && server.project === 'this'
}

/** `daphne (PID 4711)`. */
export function named(server: ServerProcess): string {
  return `${programOf(server)} (PID ${server.pid})`
}

/** What a process runs, by its name. */
export function programOf(server: ServerProcess): string {
  // `nginx: master process /usr/sbin/nginx -c …` is one word that a process wrote for itself
  const title = /^([\w.-]+): /.exec(server.argv[0] ?? '')?.[1]
  return server.command?.program ?? title ?? server.argv[0]?.split(/[\\/]/).at(-1) ?? 'a program'
}

/** The command line of a process, cut to one line of a page. Its secrets are masked where it is printed. */
export function commandLine(server: ServerProcess): string {
  const line = server.argv.join(' ')
  return line.length > 160 ? `${line.slice(0, 159)}…` : line
}

/** How the backend's interpreter is called in a command to copy. */
export function pythonOf({ choice, checkout }: Pick<Evidence, 'choice' | 'checkout'>): string {
  const python = choice?.environment?.python
  return python === undefined ? 'python' : pathFrom(checkout?.project.root, python)
}
