import type { ExaminationOf, RouteFact } from '../facts/examination.ts'
import type { Place, Raised, Refusal } from '../facts/observed.ts'
import { plainPath, routeAt } from '../facts/routes.ts'
import { instead, isOurs, isUnsaid } from '../facts/wire.ts'
import { judgeUnidentified } from './database.ts'
import { diagnosis, type Diagnosis, type Seen } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import { judgeLifetime } from './server-process.ts'
import { at } from './wire-inside.ts'
import { byLogin, correctLogin, loginCodes } from './wire-words.ts'

/** What the application itself decided: the line that closes, under what condition, and who stood there. */
interface Decision {
  /** It was the consumer, and no middleware around it. */
  readonly isConsumer: boolean
  readonly by: string
  readonly code: number | undefined
  readonly place: Place
  /** As the source has it. */
  readonly because: string | undefined
  /** Undefined where nothing tells who it was. */
  readonly user: Refusal['user']
  /** What it was handling as it closed. */
  readonly handled: Pick<Raised, 'type' | 'message'> | undefined
}

/** A condition about who somebody is; one about what somebody may do. */
const aboutLogin =
  /anonymous|authenticat|log(?:ged)?_?in|sign(?:ed)?_?in|session|token|jwt|credential|\buser(?: is None\b|$)|\bnot (?:self\.)?user(?![.\w])/i
const aboutPerson = /user|staff|super|perm|group|role|member|owner|admin|auth/i
/** What a condition, or a line, has to do with who comes. */
export const aboutWho = new RegExp(
  String.raw`${aboutLogin.source}|${aboutPerson.source}|\bkey\b|secret|ticket|signature|payload|claims|decode`,
  'i',
)
/** What a client sends besides: a condition about that is about no row. */
const aboutSent = /query|header|cookie|subprotocol|origin|\bparams?\b/i
/** A condition about whether something is there. */
const aboutThere = /\bNone\b|exist|found|\bnot in\b|\.objects\b|\.first\(|\.count\(|\bget_object|DoesNotExist|Http404/
/** By custom, as in HTTP. */
const absentCodes: ReadonlySet<number> = new Set([4004, 4404])
/** With these a project says no; any other exception under a close is one of its code. */
export const sayingNo =
  /(?:DoesNotExist|DenyConnection|Http404|PermissionDenied|ValidationError|Disconnect|StopConsumer)$|Authentication|Token|JWT|Signature|Expired|Decode|Invalid/

function decisionOf({ wire, examination }: Pick<Evidence, 'wire' | 'examination'>): Decision | undefined {
  const seen = wire.observed?.refused ?? wire.session?.closedBy
  if (seen !== undefined)
    return seen.by === 'origin' || seen.place === undefined
      ? undefined
      : {
          isConsumer: seen.consumer,
          by: seen.class ?? 'The application',
          code: seen.code,
          place: seen.place,
          because: seen.because,
          user: seen.user,
          handled: seen.handled,
        }
  const played = examination?.get('consumer')
  return played === undefined ? undefined : decisionPlayed(played)
}

function decisionPlayed(played: ExaminationOf<'consumer'>): Decision | undefined {
  const place = played.frames.findLast((frame) => frame.own)
  if (place === undefined || (played.outcome !== 'closed' && played.later !== 'closed')) return undefined
  const { refused_by: by, because, user } = played
  return {
    isConsumer: typeof by !== 'string',
    by: by ?? played.consumer ?? 'The application',
    code: played.code ?? played.later_code ?? undefined,
    place,
    because: because ?? undefined,
    user,
    handled: played.raised ?? undefined,
  }
}

/**
 * What a refusal of the application's own means: nobody is logged in, the row that the path names isn't there, or
 * a condition of its own. Nothing where its line isn't known, where that is an `except` around a fault of its code,
 * or where it may be the token. Pure.
 */
export function judgeDecision(evidence: Evidence, verdict: Diagnosis): Diagnosis | undefined {
  const decision = decisionOf(evidence)
  if (decision === undefined || (decision.handled !== undefined && !sayingNo.test(decision.handled.type))) return undefined
  const { user, because, code } = decision
  const [first = ''] = verdict.evidence
  const seen: Seen = [
    `${decision.by} closes${code === undefined ? '' : ` with ${code}`} at ${at(decision.place)}${because === undefined ? '' : `: ${because}`}`,
    ...(first === '' ? [] : [first]),
  ]
  const isLogin = aboutLogin.test(because ?? '') || (code !== undefined && loginCodes.has(code))
  const isAbout = because !== undefined && !isLogin && aboutPerson.test(because)
  if (decision.isConsumer && !isLogin && !isAbout) {
    const row = judgeRow(evidence, decision, seen)
    if (row !== undefined) return row
  }
  // without a condition, and without a code of its own, it may just have come to its end
  if (because === undefined && (code === undefined || code < 3000) && evidence.wire.session?.close !== undefined) return undefined
  const { identity } = evidence.wire
  const isSent = identity?.user === undefined || user?.name === identity.user
  if (user?.authenticated === true && isSent && (user.scope || !isLogin)) return refuses(user.name ?? 'the user', seen)
  const isNobody = user?.authenticated === false
  const isUnasked = isLogin || (because === undefined && code !== undefined && code >= 3000)
  const isForSession = identity?.source === 'session' ? isNobody : isUnasked && (isNobody || isLogin)
  if (wantsSession(evidence) && isForSession) return sessionMissing(evidence, seen)
  return isUntold(evidence, decision, verdict) ? refusesUntold(decision, seen) : undefined
}

/** Whether nothing tells what a consumer refuses for: nobody has given a token, and neither its condition, its code nor the message that it waits for has to do with one. */
function isUntold({ wire }: Evidence, { isConsumer, because, code }: Decision, { id }: Diagnosis): boolean {
  if (!isConsumer || isUnsaid(wire.greeting) || wire.session?.close !== undefined || (id !== 'token-missing' && !isOurs(wire))) return false
  return because === undefined ? code === undefined || code < 3000 : !loginCodes.has(code ?? 0) && !aboutWho.test(because)
}

function refusesUntold({ by, place }: Decision, seen: Seen): Diagnosis {
  return diagnosis(
    'application-refuses',
    `${by} refuses the socket by its own rule`,
    seen,
    `See what ${at(place)} checks. Nothing shows whether it is a permission, or something in the path, the query or whatever else the page sends: --path, --origin, --subprotocol, ELECTION_DEV_TOKEN. The WebSocket itself works.`,
  )
}

function wantsSession({ wire, examination }: Evidence): boolean {
  const around = examination?.get('application')?.middleware ?? []
  return wire.identity?.wantsSession === true || around.includes('SessionMiddleware') || around.includes('AuthMiddleware')
}

/** The same of a socket that the application accepted first; else what ends every one of this server's. Pure. */
export function behindClose(evidence: Evidence, verdict: Diagnosis): Diagnosis | undefined {
  const code = evidence.wire.session?.close?.code ?? 1000
  return judgeUnidentified(evidence, verdict) ?? judgeDecision(evidence, verdict) ?? (code < 4000 ? judgeLifetime(evidence) : undefined)
}

function refuses(name: string, seen: Seen): Diagnosis {
  return diagnosis(
    'application-refuses',
    `The application refuses ${name} by its own rule`,
    [...seen, `${name} reached the consumer: the identity is accepted`],
    `See what the condition checks. If it is about permissions: give ${name} what it requires, or use an account that has it (--user NAME). The WebSocket itself works.`,
  )
}

/** The path needs something that nothing tells: a row of a table without any, or a name that only the page knows. */
function judgeRow({ examination, wire }: Evidence, { by, because = '', code }: Decision, seen: Seen): Diagnosis | undefined {
  const { path } = wire.endpoint
  const route = routeAt(examination?.get('application')?.routes, path)
  const [unknown] = route?.unfilled ?? []
  // a parameter, and a condition about what isn't there: it was told by a row or a page, and is gone or not to be had
  if (unknown === undefined)
    return route !== undefined && plainPath(route) === undefined && isForRow(because, code, route)
      ? diagnosis(
          'row-missing',
          `${by} finds nothing at ${path}`,
          seen,
          'Name a path of something that the application offers (--path), or restart it: its tables are read at startup.',
        )
      : undefined
  // any other condition may have nothing to do with it
  if (!isForRow(because, code, route, unknown)) return undefined
  return absentRow(unknown, by, path, route?.sample === path, seen)
}

/** Whether a condition, or a code, tells that the row of a parameter is not there: it names the parameter, or the consumer asks for rows where it is connected. */
function isForRow(because: string, code: number | undefined, route: RouteFact | undefined, unknown?: Unfilled): boolean {
  if (code !== undefined && absentCodes.has(code)) return true
  if (aboutSent.test(because)) return false
  const names = unknown === undefined ? [] : [unknown.name, modelName(unknown)].filter((name) => name !== undefined)
  const parts = (unknown?.name ?? '').split('_').filter((part) => !generic.has(part))
  // `id` is no part of `client_id`
  const isNamed =
    names.some((name) => new RegExp(String.raw`\b${name}\b`, 'i').test(because)) ||
    parts.some((part) => new RegExp(`(?<![a-z])${part}(?![a-z])`, 'i').test(because))
  return (
    isNamed || (aboutThere.test(because) && (route?.looks_up === true || /DoesNotExist|Http404|\.objects\b|\bget_object/.test(because)))
  )
}

/** Parts of a parameter's name that a condition may have for anything else. */
const generic: ReadonlySet<string> = new Set(['', 'id', 'pk', 'name', 'slug', 'uuid', 'key', 'code'])

type Unfilled = { readonly name: string; readonly model?: string | null | undefined }

const modelName = ({ model }: Unfilled): string | undefined => model?.split('.').at(-1)

/** A parameter of the path that no row has told: the table of its model is empty, or nothing tells which it is of. */
function absentRow({ name, model }: Unfilled, by: string, path: string, isMadeUp: boolean, seen: Seen): Diagnosis | undefined {
  if (typeof model === 'string')
    return diagnosis(
      'row-missing',
      `There is no ${model} to open ${by} for`,
      [...seen, `The table of ${model} is empty${isMadeUp ? `, and ${name} in ${path} is made up` : ''}`],
      `Create a row of ${model}, or name the path of one: --path. The WebSocket itself works.`,
    )
  // a path that somebody has named may be refused for whatever reason
  if (!isMadeUp) return undefined
  return diagnosis(
    'row-missing',
    `${by} knows nothing at ${path}`,
    [...seen, `${name} in the path is made up: neither the page's sources nor a row gives one`],
    'Name a path that the application knows: --path. The WebSocket itself works.',
  )
}

/** `Room matching query does not exist.`, as Django words it (QuerySet.get); `No Room matches the given query.` (get_object_or_404). */
const noSuchRow = /\b(?:DoesNotExist|Http404)\b/
export const rowOf = /\b(\w+) matching query does not exist|\bNo (\w+) matches the given query/

/** An exception that says that a row isn't there, where the path asks for one: the code is as it is meant to be. Pure. */
export function rowBehind({ examination, wire }: Evidence, found: Diagnosis): Diagnosis {
  const { path } = wire.endpoint
  const line = found.id === 'consumer-exception' ? found.evidence.find((one) => noSuchRow.test(one)) : undefined
  const route = routeAt(examination?.get('application')?.routes, path)
  const [first, ...rest] = found.evidence
  if (line === undefined || route === undefined || first === undefined) return found
  const seen: Seen = [first, ...rest]
  const [, got, given] = rowOf.exec(line) ?? []
  const model = got ?? given
  const [unknown] = (route.unfilled ?? []).filter((one) => model === undefined || modelName(one) === undefined || modelName(one) === model)
  if (unknown !== undefined) return absentRow(unknown, route.consumer, path, route.sample === path, seen) ?? found
  if (model === undefined || route.models?.includes(model) !== true || route.sample === path) return found
  return diagnosis(
    'row-missing',
    `${route.consumer} finds no ${model} at ${path}`,
    seen,
    `Name the path of an existing ${model}: --path. The WebSocket itself works.`,
  )
}

function sessionMissing({ wire: { identity } }: Evidence, seen: Seen): Diagnosis {
  if (identity?.source === 'session')
    return diagnosis(
      'session-missing',
      'The application sees no user, though a session was sent',
      [...seen, `A session of ${identity.user ?? 'a user'} was made through the settings' own engine, and sent as the page sends it`],
      'See which cookie and which engine its middleware reads.',
    )
  const noUser = identity?.hasNoUser === true
  const isRefused = identity?.isRefused === true
  const other = instead(identity)
  if (other !== undefined)
    return diagnosis(
      'session-missing',
      `The application requires a login, and ${identity?.note ?? 'there is no such user'}`,
      [...seen, other.seen],
      other.remedy,
    )
  return diagnosis(
    'session-missing',
    `The application requires a login${noUser ? ', and the database has no active user' : ''}`,
    [
      ...seen,
      identity?.note === undefined ? 'No session was sent' : isRefused ? identity.note : `No session could be made: ${identity.note}`,
    ],
    noUser
      ? 'Let the setup create a development user, whose session is then sent.'
      : isRefused
        ? correctLogin
        : `Log in as the page does: ${byLogin}`,
    noUser ? [['election-dev', 'start', '--setup']] : [],
  )
}
