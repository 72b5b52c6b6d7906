import { createHmac, randomBytes } from 'node:crypto'
import { errorMessage } from '../errors.ts'
import type { Checkout } from '../facts/checkout.ts'
import type { DotenvSurvey } from '../facts/dotenv-survey.ts'
import { examine, type ExamineConsumer, type LookRequest } from '../facts/examine.ts'
import { raisedText, type Examination, type ExaminationOf, type ExaminationStage } from '../facts/examination.ts'
import type { Inspection } from '../facts/inspection.ts'
import type { Way } from '../facts/manage-py.ts'
import { deferred } from '../host/deferred.ts'
import type { Host } from '../host/host.ts'
import { choosePython } from '../plan/environment.ts'
import { chooseServer, type ServerChoice } from '../plan/server.ts'
import type { Launch } from '../servers/server.ts'
import { servers } from '../servers/known.ts'
import { firstWay, nextWay } from '../plan/way.ts'
import { requestOf, type Endpoint } from '../verify/endpoint.ts'

/** All that can be seen while nothing of the project runs in this look but itself. */
export const thoroughLook: readonly ExaminationStage[] = [
  'shadows',
  'settings',
  'folders',
  'application',
  'asgi_setting',
  'layer',
  'trip',
  'database',
  'migrations',
  'consumer',
  'broadcasts',
  // the last one: it imports the URLs, which may take their time
  'checks',
]

/** What is asked of a process that serves: nothing that would run, send or import anything more in it. */
const servedLook: readonly ExaminationStage[] = ['settings', 'application', 'layer', 'database', 'migrations', 'consumer', 'broadcasts']

/** Asks the process that serves for a look. */
export type LookServed = (request: LookRequest) => Inspection

/** Deadlines, in milliseconds. */
const limits = {
  /** The project's own interpreter, all of it. */
  examination: 20_000,
  /** As long it is waited for when the WebSocket is known to work. */
  patience: 3500,
  /** An import that stands at a call which waits for somebody else is given up after so long. */
  standing: 5000,
  consumer: 6500,
  /** As long as a proof holds a socket, and a little more: it is at rest sooner where the project has begun nothing that goes on. */
  watch: 2500,
}

/** The look from inside, and what is known of it early. */
export interface Inside {
  readonly examination: Promise<Examination | undefined>
  /** By what way the project can be come to, where it couldn't by the one that it was looked at by. */
  readonly otherwise: Promise<Way | undefined>
  readonly settings: Promise<ExaminationOf<'settings'> | undefined>
  readonly application: Promise<ExaminationOf<'application'> | undefined>
  readonly played: Promise<ExaminationOf<'consumer'> | undefined>
  /** SECRET_KEY once more, by an import of its own; undefined while no interpreter is known. */
  readonly again: (() => Promise<Examination>) | undefined
  /** Files that look as if they were the `.env` and have another SECRET_KEY than the settings: `backend/updates/.env:3`. */
  readonly otherKeys: (dotenv: DotenvSurvey | undefined, examination: Examination) => string[]
}

/** What is looked at. */
interface InsideRequest {
  readonly main: Endpoint
  /** What the consumer is sent in an interpreter of its own, whether the real one is or not: what comes of it counts only where it is. */
  readonly ping: Endpoint['ping']
  /** The one way to look by, where whoever has launched the server knows it; else that of a server that runs, and others where it fails. */
  readonly way?: Way
  readonly serving?: Way | undefined
  readonly lookServed?: LookServed | undefined
  readonly signal?: AbortSignal
}

/** Starts the look from inside as soon as the interpreter is known; what kept it from coming to its end is noted in `problems`. Never throws. */
export function gatherInside(
  host: Host,
  { main, ping, way, serving, lookServed, signal }: InsideRequest,
  checkoutWanted: Promise<Checkout> | undefined,
  works: Promise<boolean>,
  problems: Record<string, string>,
): Inside {
  const nonce = randomBytes(16).toString('hex')
  const over = new AbortController()
  const begun = deferred<Inspection | undefined>()
  let again: (() => Promise<Examination>) | undefined
  let otherwise: Way | undefined
  const run = async (): Promise<Examination | undefined> => {
    const checkout = await checkoutWanted
    if (checkout === undefined) return undefined
    const choice = choosePython(checkout.python, checkout.requirements?.names)
    if (choice.environment === undefined) {
      problems['examination'] = 'there is no interpreter that could look at the project'
      return undefined
    }
    const { project } = checkout
    const { python, packages } = choice.environment
    const found = { packages, hasDaphneApp: project.hasDaphneApp }
    const common = {
      way: way ?? serving ?? firstWay(project.preamble),
      python,
      backend: project.backend,
      env: host.env,
      settingsModule: project.settingsModule,
      application: project.application,
      nonce,
      names: checkout.dotenv.kind === 'present' ? [...new Set(checkout.dotenv.entries.map(({ key }) => key))] : [...project.variables],
      deadlineMs: limits.examination,
    }
    again = () => examine(host, { ...common, tell: ['settings'] }).ended
    void patience(works, over)
    const end = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal])
    const looking =
      lookServed?.({ ...common, tell: servedLook }) ??
      examine(host, {
        ...common,
        ...serverOf(serving, chooseServer({ ...found, wanted: undefined })),
        consumer: playedBy(main, ping),
        giveUp: givesUp,
        signal: end,
      })
    if (lookServed !== undefined) end.addEventListener('abort', looking.cancel, { once: true })
    if (end.aborted) looking.cancel()
    begun.resolve(looking)
    const examination = await looking.ended
    if (examination.how !== 'ended')
      problems['examination'] =
        `the look from inside did not end: ${examination.how} after ${(examination.elapsedMs / 1000).toFixed(1)} s in ${examination.stage ?? 'its start'}`
    const asgi = chooseServer({ ...found, wanted: 'runserver' })
    const next = (seen: Examination, by: Way) => {
      const error = seen.errorOf('settings') ?? seen.errorOf('application')
      return error && nextWay(by, raisedText(error).split('\n'), project.preamble, asgi.kind === 'server')
    }
    for (let by = way === undefined ? next(examination, common.way) : undefined; by !== undefined && otherwise === undefined;) {
      const seen = await examine(host, { ...common, way: by, tell: ['settings', 'application'] }).ended
      if (seen.get('application') !== undefined) otherwise = by
      by = next(seen, by)
    }
    return examination
  }
  const examination = run()
    .catch((error: unknown) => {
      problems['examination'] = errorMessage(error)
      return undefined
    })
    .finally(() => begun.resolve(undefined))
  return {
    examination,
    otherwise: examination.then(() => otherwise),
    // told before the rest of it
    settings: begun.promise.then((looking) => looking?.get('settings')),
    application: begun.promise.then((looking) => looking?.get('application')),
    played: begun.promise.then((looking) => looking?.get('consumer')),
    get again() {
      return again
    },
    otherKeys: (dotenv, found) => {
      const secret = found.get('settings')?.secret
      if (typeof secret !== 'string') return []
      const isOther = (value: string) => value !== '' && createHmac('sha256', nonce).update(value).digest('hex') !== secret
      return (dotenv?.unread ?? []).flatMap(({ shown, entries }) =>
        entries.flatMap(({ key, value, line }) => (key === 'SECRET_KEY' && isOther(value) ? [`${shown}:${line}`] : [])),
      )
    },
  }
}

/** Where none serves, the server that would is imported as well, last of all. */
function serverOf(serving: Way | undefined, choice: ServerChoice): Pick<LookRequest, 'tell' | 'server'> {
  const launch: Launch | undefined = choice.kind === 'server' ? servers[choice.name].launch : undefined
  const server = launch?.imports
  return serving === undefined && server !== undefined ? { tell: [...thoroughLook, 'server'], server } : { tell: thoroughLook }
}

/** Where the WebSocket works, nothing waits long for the inside. */
async function patience(works: Promise<boolean>, over: AbortController): Promise<void> {
  if (!(await works.catch(() => false))) return
  setTimeout(() => over.abort(), limits.patience).unref()
}

/** Whether it has stood long enough: below the project's own line a library waits for somebody else. A slow import of a library stands in the import machinery. */
function givesUp({ stage, seconds, frames }: ExaminationOf<'standing'>): boolean {
  if (stage === 'consumer') return seconds >= 3
  const inner = frames.at(-1)
  return seconds * 1000 >= limits.standing && inner !== undefined && !inner.own && !/<frozen|importlib/.test(inner.file)
}

/** The page's handshake as the look plays it. The token goes through standard input only. */
function playedBy(endpoint: Endpoint, ping: Endpoint['ping']): ExamineConsumer {
  const { url, headers, subprotocols, first } = requestOf(endpoint)
  const asked = new URL(url)
  const { Origin: _origin, ...rest } = headers
  return {
    path: decodeURIComponent(asked.pathname),
    queryString: asked.search.slice(1),
    origin: endpoint.origin,
    headers: { host: asked.host, ...rest },
    subprotocols,
    first,
    ping: endpoint.ping === false ? ping : endpoint.ping,
    limitMs: limits.consumer,
    watchMs: limits.watch,
  }
}
