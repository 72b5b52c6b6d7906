import { causeOf, causes, judged, type CauseId } from '../causes/causes.ts'
import type { Family, Stage } from '../causes/cause.ts'
import type { FailedStart } from '../facts/startup.ts'
import { requiredName } from '../facts/packages.ts'
import { refusalInside } from './consumer.ts'
import { besideCauses } from './beside.ts'
import { all, orElse, withSeen, type Commands, type Diagnosis, type Judged } from './diagnosis.ts'
import { isWellKnown } from './distributions.ts'
import { isCarrier, isOwn, listenerOf, pythonOf, type Evidence } from './evidence.ts'
import { withGiven } from '../config/kept-flags.ts'
import { joined, platformOf } from '../host/paths.ts'
import { inShell } from '../host/shell.ts'
import { addCommands, commandFacts, installedBy, isFolderBound } from '../plan/install.ts'
import { redisPortWanted } from '../plan/managed-redis.ts'
import { judgeProxied } from './proxy.ts'
import { relativeTo } from './python-environment.ts'
import { mergeDiagnosis } from './refine.ts'
import { rowBehind } from './refusal.ts'
import { withRow } from './rows.ts'
import { scopeBehind } from './scope.ts'
import { isStranger, judgeForeign, judgeStale, runsElsewhere } from './server-process.ts'
import { endWords, judgeOutput, judgeProcess } from './startup.ts'
import { judgeWay } from './way.ts'
import { judgeWire } from './wire.ts'

/** What a judgement comes to: the root, what it explains, and what is worth a word though it breaks nothing. */
export interface Judgement {
  readonly root: Judged | undefined
  /** Other causes that fit: they follow from the root, or would show once it is fixed. The nearest to the root first. */
  readonly explained: readonly Judged[]
  /** Findings that break no WebSocket. */
  readonly notes: readonly Judged[]
}

/**
 * The one cause. How far a handshake comes decides which facts can be behind
 * it: where nothing listens, what stops a start; where a server answers, what
 * breaks a socket; where all works, what breaks a broadcast. Within each the
 * nearest to the root comes first, and the rest is explained by it. Pure.
 */
export function judge(evidence: Evidence): Judgement {
  const candidates = candidatesOf(evidence).map((cause) =>
    runnable(evidence, withRow(evidence, scopeBehind(evidence, rowBehind(evidence, cause)))),
  )
  const [root] = candidates
  const seen = new Set<string>([root?.id ?? ''])
  const explained = candidates.filter(({ id }) => !seen.has(id) && seen.add(id) !== undefined)
  const notes = [...ask('note', evidence), ...ofPage(evidence, 'warning'), ...besideCauses(evidence.beside ?? [])]
    .map((cause) => runnable(evidence, cause))
    .filter(({ id }) => !seen.has(id))
  return { root, explained, notes }
}

/** A log names no interpreter and no folder: a command to copy names both, as seen from the checkout. Pure. */
export function runnable(evidence: Evidence, found: Diagnosis): Judged {
  const { checkout } = evidence
  const cause = judged(chosen(evidence, unguessed(evidence, found)))
  if (checkout === undefined)
    return { ...cause, remedy: { ...cause.remedy, commands: cause.remedy.commands.filter((words) => !isStart(words)) } }
  const { root, backend } = checkout.project
  const manage = relativeTo(evidence, joined(backend, 'manage.py'))
  // where the database of this run is, no shell but its own knows
  const own = evidence.given?.some(([flag]) => flag === '--managed') === true ? setUpAgain : isFolderBound(evidence) ? fixByTool : undefined
  // a server that has read the old state is ended after a yes alone
  const needsYes = cause.remedy.automatic === 'ask' || isOwn(listenerOf(evidence))
  const asked = (evidence.given ?? []).filter(([flag]) => flag !== blamed[cause.id])
  const cwd = asked.find(([flag]) => flag === '--cwd')
  const steps = (written: Commands): Commands => {
    const commands = written.map((command) => (isMigrate(command) ? own : undefined) ?? command)
    // what is another program's is typed in the folder of the project
    const goes = cwd !== undefined && commands.some((command) => !command.includes('election-dev'))
    const given = goes ? asked.filter((flag) => flag !== cwd) : asked
    const typedHere = commands
      .map((command) => withGiven(needsYes && isFix(command) ? [...command, '--yes'] : command, given))
      .flatMap((command) => inShell(command, platformOf(root)))
      .flatMap((command) => {
        const [program = '', ...rest] = command
        if (program !== 'python' && rest[0] !== 'manage.py') return installing(evidence, command) ?? [command]
        const named = [program === 'python' ? pythonOf(evidence) : program, ...rest.map((word) => (word === 'manage.py' ? manage : word))]
        return installing(evidence, named) ?? [named]
      })
    return goes ? [['cd', ...cwd.slice(1)], ...typedHere] : typedHere
  }
  const { commands, alternatives } = cause.remedy
  const others = alternatives === undefined ? {} : { alternatives: alternatives.map(steps) }
  return { ...cause, remedy: { ...cause.remedy, commands: steps(commands), ...others } }
}

/** The flag that is what is wrong: a command that mends it doesn't keep it. */
const blamed: Readonly<Partial<Record<CauseId, string>>> = { 'wrong-settings-module': '--settings' }

const [setUpAgain, fixByTool] = [['election-dev', 'start', '--setup', '--managed'] as const, ['election-dev', 'doctor', '--fix'] as const]
const isFix = (words: readonly string[]): boolean => words.join(' ') === fixByTool.join(' ')
const isMigrate = (words: readonly string[]): boolean => words.slice(0, 3).join(' ') === 'python manage.py migrate'

/** Where nothing is seen of a project, there is none to start. */
const isStart = (words: readonly string[]): boolean => words[words.indexOf('election-dev') + 1] === 'start'

/** How packages come into the project's own environment, by the tool that keeps it; undefined where the command is none that installs there. */
function installing(evidence: Evidence, command: readonly string[]): Commands | undefined {
  const { choice, checkout, installers } = evidence
  if (choice?.environment?.isVirtual !== true || checkout === undefined || installers === undefined) return undefined
  if (command[0] !== pythonOf(evidence) || installedBy(command).length === 0) return undefined
  const around = commandFacts({ checkout, choice }, { platform: platformOf(checkout.project.root), ...installers })
  return around && addCommands(around, command.slice(4)).flatMap(({ typed }) => typed)
}

/** Without a command that installs what nothing asks for and nobody knows: on PyPI such a name may be a stranger's. */
function unguessed({ checkout, choice }: Evidence, found: Diagnosis): Diagnosis {
  const asked = new Set([...(checkout?.requirements?.names ?? []), ...(choice?.environment?.packages.keys() ?? [])])
  const named = found.remedy.commands.flatMap(installedBy)
  const guessed = named.find((name) => !isWellKnown(requiredName(name)) && !asked.has(requiredName(name)))
  if (guessed === undefined) return found
  const text = `Nothing in this project requires ${guessed}. Correct the import if it is misspelled; else add its package to the requirements and install it.`
  return { ...found, remedy: { text, commands: [], automatic: 'no' } }
}

const chooses = (words: readonly string[]): boolean => words.includes('--channel-layer')

/** Without `--channel-layer` where the settings aren't seen to read a variable that it could set: it would be refused. */
function chosen(evidence: Evidence, found: Diagnosis): Diagnosis {
  const { checkout } = evidence
  const { text, commands, alternatives = [] } = found.remedy
  const isManaged = found.id === 'redis-unreachable' && canBeManaged(evidence)
  const managed = managedStart(evidence)
  if (checkout?.layerVariable !== undefined) return isManaged ? orElse(found, [managed]) : found
  const heeded = commands.filter((words) => !chooses(words))
  const others = alternatives.filter((steps) => !steps.some(chooses))
  if (others.length < alternatives.length) return chosen(evidence, { ...found, remedy: { ...found.remedy, alternatives: others } })
  if (heeded.length === commands.length) return found
  if (checkout === undefined) return { ...found, remedy: { ...found.remedy, commands: heeded } }
  const how = 'No variable is known to choose the layer: name it (--channel-layer-variable), or let election-dev init --settings add one.'
  if (isManaged)
    return {
      ...found,
      remedy: { ...found.remedy, text: `Start Redis there, or have this run start one of its own. ${how}`, commands: [...heeded, managed] },
    }
  return { ...found, remedy: { ...found.remedy, text: `${text} ${how}`, commands: heeded } }
}

/** A run that has a Redis of its own, and a database where that can't be opened either: a new one has no tables yet. */
function managedStart({ examination, databaseOutlook }: Evidence): readonly string[] {
  const lacksDatabase = examination?.get('database')?.state === 'unreachable' && databaseOutlook?.by !== undefined
  return ['election-dev', 'start', ...(lacksDatabase ? ['--setup', '--managed'] : ['--managed-redis'])]
}

/** Whether a Redis of the run's own would be where the settings look: by a variable, or because they look where it has to be. */
function canBeManaged({ examination, checkout, redisPlace }: Evidence): boolean {
  const [host, another] = examination?.get('settings')?.layer_hosts ?? []
  if (host === undefined || another !== undefined || checkout === undefined) return false
  const { variables } = checkout.project
  const isRead = checkout.isLayerWrittenOut !== true
  if (isRead && (variables.has('REDIS_URL') || redisPlace?.url !== undefined)) return true
  const readsHost = isRead && (variables.has('REDIS_HOST') || redisPlace?.host !== undefined)
  if (readsHost && !host.tls && (variables.has('REDIS_PORT') || redisPlace?.port !== undefined)) return true
  const wanted = redisPortWanted(isRead ? variables : new Set(), isRead ? redisPlace : {})
  const isThere = (readsHost || /^(?:localhost|127\.0\.0\.1)$/.test(host.host)) && (wanted === 'any' || Number(host.port) === wanted)
  return isThere && !host.tls && !host.password && host.socket === undefined && host.sentinels === undefined
}

/** The families whose rules come first at a stage, where it is another order than that of the list. */
const first: Readonly<Partial<Record<Stage, readonly Family[]>>> = {
  // a socket ends for want of a table before it ends for being idle
  unready: ['layer', 'database'],
  inside: ['layer', 'redis', 'startup', 'routing', 'database'],
  sent: ['layer', 'consumer'],
}

/** What the rules of a stage find, the nearest to the root first. Several causes may have one rule. */
function ask(stage: Stage, evidence: Evidence, seen: readonly string[] = []): Diagnosis[] {
  const families = first[stage] ?? []
  const place = (family: Family) => (families.includes(family) ? families.indexOf(family) : families.length)
  const rules = causes.toSorted((a, b) => place(a.family) - place(b.family)).flatMap((cause) => cause.rules?.[stage] ?? [])
  return all(...[...new Set(rules)].map((rule) => rule(evidence, seen)))
}

/** Every cause that fits, the nearest to the root first. */
function candidatesOf(evidence: Evidence): Diagnosis[] {
  if (evidence.launched?.end !== undefined) return judgeEnded(evidence, evidence.launched.end)
  const verdict = judgeWire(evidence.wire)
  const proxied = all(judgeProxied(evidence))
  if (proxied.length > 0) return proxied
  const { direct } = evidence
  // the backend itself says no: what is in front of it isn't to blame
  if (verdict !== undefined && direct !== undefined && judgeWire(direct) !== undefined)
    return candidatesOf({ ...evidence, wire: direct, direct: undefined })
  const elsewhere = evidence.isOfProject === true ? judgeStranger(evidence, verdict?.evidence ?? []) : undefined
  if (elsewhere !== undefined) return [...judgeWay(evidence, ask('stopped', evidence)), elsewhere]
  if (verdict === undefined) return judgeWorking(evidence)
  if (verdict.id === 'server-not-running') return evidence.wire.nameError === undefined ? judgeNobody(evidence, verdict) : [verdict]
  const foreign = judgeHolder(evidence, verdict)
  if (foreign !== undefined) return [foreign, verdict]
  return causeOf(verdict.id).vague === undefined ? judgeDefinite(evidence, verdict) : judgeVague(evidence, verdict)
}

/** What was launched isn't there: what its process says by itself, what stops a start, what its output says. */
function judgeEnded(evidence: Evidence, end: FailedStart): Diagnosis[] {
  const process = judgeProcess(end)
  if (process !== undefined) return [process]
  const stopped = judgeWay(evidence, ask('stopped', evidence)).map((cause) => withSeen(cause, endWords(end)))
  // its output would name a module or an attribute of a library's
  return stopped.some(({ id }) => id === 'dependency-conflict') ? stopped : [...stopped, judgeOutput(end)]
}

/** Nothing serves: somewhere else, or what stops a start, from the interpreter to the port. */
function judgeNobody(evidence: Evidence, verdict: Diagnosis): Diagnosis[] {
  const stopped = judgeWay(evidence, ask('stopped', evidence))
  const unready = ask('unready', evidence)
  // what another way leads around is served all the same: what its sockets need comes first
  const [first, last] = evidence.otherwise === undefined ? [stopped, []] : [[], stopped]
  return [...ask('elsewhere', evidence, verdict.evidence), ...first, ...ask('unbound', evidence), ...unready, ...last, verdict]
}

/** The server runs in another folder than this project's: it is another project's, or an older copy's, however well it answers. */
function judgeElsewhere(evidence: Evidence, seen: readonly string[]): Diagnosis | undefined {
  const listener = listenerOf(evidence)
  if (listener?.command === undefined || evidence.checkout === undefined) return undefined
  if (!runsElsewhere(listener)) return undefined
  return isStranger(evidence, listener) ? judgeForeign(evidence, seen) : judgeStale(evidence, seen)
}

/** Where nobody has named the URL: what answers there isn't seen to be of this project, so nothing that it says is judged. */
function judgeStranger(evidence: Evidence, seen: readonly string[]): Diagnosis | undefined {
  const listener = listenerOf(evidence)
  const { checkout, servers } = evidence
  if (listener === undefined || checkout === undefined || !runsElsewhere(listener) || isCarrier(listener)) return undefined
  // a proxy may stand before a server of the project
  const mayPass =
    listener.command === undefined && servers.ofProject.some(({ listens, unixSockets }) => listens.length + unixSockets.length > 0)
  return mayPass ? undefined : listener.command === undefined ? judgeForeign(evidence, seen) : judgeElsewhere(evidence, seen)
}

/** The port is held by another program, or by an older server from elsewhere. */
function judgeHolder(evidence: Evidence, verdict: Diagnosis): Diagnosis | undefined {
  const listener = listenerOf(evidence)
  // without a project nobody can say whose server it is
  if (listener === undefined || evidence.checkout === undefined || isCarrier(listener)) return undefined
  const elsewhere = judgeElsewhere(evidence, verdict.evidence)
  if (elsewhere !== undefined || isOwn(listener)) return elsewhere
  return causeOf(verdict.id).strange === true && listener.command === undefined && listener.state !== 'stopped'
    ? judgeForeign(evidence, verdict.evidence)
    : undefined
}

/** What the wire can't tell apart, and the inside can. */
function judgeVague(evidence: Evidence, verdict: Diagnosis): Diagnosis[] {
  const { vague, nearer } = causeOf(verdict.id)
  const merged = vague === 'log' ? mergeDiagnosis(verdict, evidence) : verdict
  const gone = verdict.id === 'server-crashes' && verdict.evidence.some((line) => line.includes('ECONNREFUSED'))
  if (gone) return [merged]
  const process = ask('process', evidence, verdict.evidence)
  // what the wire alone can't tell is a guess, and counts only where nothing nearer is found
  if (process.length > 0) return process
  if (vague === 'process') return [verdict]
  const serving = ask('serving', evidence, verdict.evidence)
  const named = merged === verdict ? undefined : merged
  if (serving.length > 0) return all(serving, named)
  // an application's own close code says what it is, unless what runs here says otherwise
  const inside = ask('inside', evidence).map((cause) => afterWire(cause, verdict))
  // a handshake for which no route was found comes to no layer
  const unrouted = inside.filter(
    ({ id, evidence: seen }) => id === 'no-websocket-route' && seen.some((line) => line.includes('No route found')),
  )
  if (unrouted.length > 0) return all(unrouted, inside)
  const closedByCode = evidence.wire.session?.close !== undefined && evidence.wire.session.close.code >= 4000
  if (closedByCode && !inside.some(({ id }) => id === 'close-after-accept')) return all(nearer?.(evidence, verdict), merged, inside)
  // on disk all is sound, and the server says otherwise
  const isSound = inside.length === 0 && evidence.examination?.get('application') !== undefined
  const stale = isSound ? judgeStale(evidence, verdict.evidence) : undefined
  const told = merged.id === verdict.id ? undefined : merged
  const found = all(nearer?.(evidence, verdict), inside, told, stale, ask('unplayed', evidence), named)
  return found.length > 0 ? found : [verdict]
}

function afterWire(cause: Diagnosis, verdict: Diagnosis): Diagnosis {
  const [first] = verdict.evidence
  return first === undefined || cause.evidence.includes(first) ? cause : { ...cause, evidence: [first, ...cause.evidence] }
}

/** The wire names the cause; the inside may know a nearer one, or its place. */
function judgeDefinite(evidence: Evidence, verdict: Diagnosis): Diagnosis[] {
  const told = withSeen(verdict, ...refusalInside(evidence))
  const nearer = all(causeOf(verdict.id).nearer?.(evidence, told))
  // that it is for want of a token, or of another one, was a guess
  return (verdict.id === 'token-missing' && nearer.length > 0) || nearer[0]?.id === 'application-refuses' ? nearer : [...nearer, told]
}

/** The socket works: what breaks a broadcast, a page or the next instance. */
function judgeWorking(evidence: Evidence): Diagnosis[] {
  const others = evidence.others.flatMap((wire) => {
    const verdict = judgeWire(wire)
    return verdict === undefined ? [] : [{ ...verdict, title: `The instance at ${wire.endpoint.url}: ${verdict.title}` }]
  })
  return [...ask('working', evidence), ...ask('tried', evidence), ...others, ...ask('sent', evidence), ...ofPage(evidence, 'error')]
}

/** What is wrong with the page: a socket of its own that isn't open, or less. */
function ofPage({ page = [] }: Evidence, severity: 'error' | 'warning'): Diagnosis[] {
  return page.filter(({ id }) => (causeOf(id).severity === 'error') === (severity === 'error'))
}
