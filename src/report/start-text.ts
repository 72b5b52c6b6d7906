import type { Beside } from '../checks/beside.ts'
import type { Judged } from '../checks/diagnosis.ts'
import { milliseconds, seconds } from '../checks/wire-words.ts'
import type { BroadcastFact } from '../facts/observed.ts'
import type { Host } from '../host/host.ts'
import { isUndoable, type Step } from '../fix/step.ts'
import { sourceDiff, stays } from './fix.ts'
import { besideLine, besideWords } from './beside.ts'
import { pageWords } from './page.ts'
import { diagnosisPage, errorPage } from './failure.ts'
import { socketWord, type FrontendSummary, type ReadySummary, type Report, type RunEvent, type SocketState } from './run-event.ts'
import { serviceLog, type ServiceLog } from './service-log.ts'
import { spinnerFor } from './spinner.ts'
import { dotOf, heading, styleFor, type Style } from './style.ts'
import { wrapped } from './wrapped.ts'

/** How long the backend's lines are held back, in milliseconds: a slow start is worth watching. */
const holdMs = 3000

/** How `start` speaks to people. */
export interface StartTextOptions {
  readonly verbose: boolean
  /** Where the lines of the services go; default: a log of its own, of all services and without times. */
  readonly log?: ServiceLog
}

/** `start` for people: a spinner while it waits, then the banner, then the log of the services. */
export function startText(host: Host, options: StartTextOptions): Report {
  const { terminal } = host
  const style = styleFor(host)
  const spinner = spinnerFor(host)
  const log = options.log ?? serviceLog(host)
  log.hold()
  const timer = setTimeout(() => log.release(), holdMs)
  timer.unref()

  const release = () => {
    clearTimeout(timer)
    log.release()
  }
  return (event) => {
    if (event.event === 'log') {
      log.line(event.service, event.line)
      return
    }
    if (releasesBefore.has(event.event)) release()
    // what a spinner tells as it goes on needs a line only once it is done
    const spun = event.event === 'setup-step' && spinner.shows
    const lines = spun ? [] : linesOf(event, style, terminal.columns, { ...options, spun: spinner.shows })
    if (lines.length > 0 || event.event === 'end') spinner.stop()
    const print = toErrors.has(event.event) ? terminal.err : terminal.out
    for (const line of lines) print(wrapped(line, host))
    if (event.event === 'ready') release()
    const waits = waitsFor(event)
    if (waits !== undefined) spinner.say(waits)
    if (event.event === 'setup-log') spinner.add(event.line)
  }
}

/** What the log has to wait for no longer. */
const releasesBefore: ReadonlySet<RunEvent['event']> = new Set(['diagnosis', 'error', 'stopping', 'end'])
/** Words of the launcher that are no result. */
const toErrors: ReadonlySet<RunEvent['event']> = new Set(['error', 'stopping'])

/** What the spinner says from then on. */
function waitsFor(event: RunEvent): string | undefined {
  if (event.event === 'phase') return event.text
  if (event.event === 'setup-step') return event.step.title
  return event.event === 'restarting' ? 'starting the backend again' : undefined
}

/** A copy that isn't one to the letter: in which values, shows only once the packages are there. */
const saysMore = ({ action }: Step): boolean => action.kind === 'copy' && (action.values ?? []).length > 0

function linesOf(
  event: Exclude<RunEvent, { event: 'log' }>,
  style: Style,
  columns: number,
  { verbose, spun }: { readonly verbose: boolean; readonly spun: boolean },
): readonly string[] {
  switch (event.event) {
    case 'phase':
    case 'open-sockets':
    case 'end':
      return []
    case 'note':
      return verbose || event.always === true ? [style.dim(`  ${event.text}`)] : []
    case 'warning':
      return [warned(`${event.text}   ${style.dim(event.id)}`, style)]
    case 'setup':
      return setupLines(event.steps, event.cause, style)
    case 'setup-step':
      return [
        `  ${style.cyan('›')} ${event.step.shown}`,
        ...(saysMore(event.step) ? [style.dim(`    ${event.step.evidence}`)] : []),
        ...sourceDiff(event.step, style),
      ]
    case 'setup-done':
      return spun || event.step.id === 'frontend-install'
        ? [`  ${style.green('✔')} ${event.step.shown}   ${style.dim(seconds(event.elapsedMs))}`]
        : []
    case 'setup-end':
      return [setupEnd(event, style, spun)]
    case 'setup-log':
      // an installer says a hundred lines of which none matters while it goes well
      return verbose ? [`${style.dim('setup │')} ${event.line}`] : []
    case 'setup-user':
      return [
        '',
        `  Created a development ${event.isSuperuser ? 'superuser' : 'user'} (${event.model}):  ${style.bold(event.name)}   password ${style.bold(event.password)}`,
        style.dim('  It is shown only once, and stored only as a hash in the database.'),
        '',
      ]
    case 'ready':
      return banner(event, style)
    case 'service': {
      const { name, kind, state, why } = event
      // of the backend there is a page
      if (kind === 'backend' || (state !== 'failed' && state !== 'restarting')) return []
      return [warned(`${name} ${state}${why === undefined ? '' : `: ${why}`}`, style)]
    }
    case 'frontend':
      return [row('Frontend', frontendWords(event, style), style)]
    case 'page':
      return event.state === 'looking' ? [] : [row('Page', pageWords(event, style), style)]
    case 'restarting':
      return [style.dim(`  ↻ ${event.why}: starting the backend again`)]
    case 'restarted': {
      const { why, elapsedMs, url, state, note } = event
      const crossing = note === undefined ? '' : style.dim(` · ${note}`)
      return [
        `  ${style.green('↻')} ${why} · ${Math.round(elapsedMs)} ms   ${url}   ${dot(state, style)}${crossing}`,
        ...(state.dot === 'green' ? [] : diagnosisPage(state.diagnosis, style, columns)),
      ]
    }
    case 'reload-refused': {
      const { file, line, message, since } = event
      const goesOn = since === undefined ? 'waiting for the next save' : `the backend runs the code of ${since} until the next save`
      return [warned(`${file}:${line}: ${message}   ${style.dim(goesOn)}`, style)]
    }
    case 'websocket':
      return [
        `  ${style.green('➜')}  WebSocket  ${event.url}   ${dot(event.state, style)}`,
        ...(event.state.dot === 'red' ? diagnosisPage(event.state.diagnosis, style, columns) : []),
      ]
    case 'routes': {
      const words = besideWords(event.state.dot === 'green', event.beside)
      return words === '' ? [] : [row('', words, style), ...besideRows(event.beside, style)]
    }
    case 'diagnosis':
      return diagnosisPage(event.diagnosis, style, columns)
    case 'error':
      return errorPage(event.error, style, columns)
    case 'stopping':
      return [style.dim(`  ${event.reason}`)]
  }
}

function warned(text: string, style: Style): string {
  return `  ${style.yellow('!')} ${text}`
}

function setupLines(steps: readonly Step[], cause: Judged<string> | undefined, style: Style): string[] {
  const width = Math.max(...steps.map(({ title }) => title.length))
  return [
    '',
    cause === undefined
      ? "  This checkout isn't ready to run. Missing, in this order:"
      : `  ${style.red('●')} ${cause.title}   ${style.dim(cause.id)}   Fixed by:`,
    '',
    ...steps.flatMap((step, index) => [
      `   ${index + 1}  ${step.title.padEnd(width)}   ${style.cyan(step.shown)}`,
      style.dim(`      ${step.evidence}${isUndoable(step.action) ? '' : ` · ${stays}`}`),
    ]),
    '',
  ]
}

/** Where each step had a line with its time, they aren't said again. */
function setupEnd({ steps, elapsedMs, backup }: Extract<RunEvent, { event: 'setup-end' }>, style: Style, spun: boolean): string {
  const untold = spun || steps.length < 2 ? steps.filter(({ failed }) => failed === true) : steps
  const each = untold.map((step) => `${step.title}${step.failed === true ? ' (failed)' : ''} ${seconds(step.elapsedMs)}`)
  const all = steps.length === 0 ? 'nothing was done' : `${seconds(elapsedMs)} in all`
  return style.dim(`  Setup: ${[...each, all].join(', ')}. election-dev doctor --undo undoes what it can, from ${backup}`)
}

function banner(summary: ReadySummary, style: Style): string[] {
  const { websocket, backend, channels } = summary
  const { state } = websocket
  const besides = besideWords(state.dot === 'green', summary.beside ?? [])
  const head =
    state.dot === 'red'
      ? style.yellow(`up after ${Math.round(summary.readyMs)} ms`)
      : `ready in ${style.bold(`${Math.round(summary.readyMs)} ms`)}`
  const details = [
    `${backend.server} ${backend.serverVersion}`,
    ...(backend.django === undefined ? [] : [`Django ${backend.django}`]),
    backend.environment,
  ].join(' · ')
  return [
    ...heading(head, style),
    row('WebSocket', `${style.cyan(websocket.url)}   ${dot(state, style)}${besides === '' ? '' : style.dim(` · ${besides}`)}`, style),
    ...besideRows(summary.beside ?? [], style),
    row('Backend', `${style.cyan(backend.url)}   ${details}`, style),
    ...summary.instances.map(({ url, state, text }) =>
      row('', `${style.cyan(url)}   ${state === 'ready' ? style.dim(text) : style.yellow(text)}`, style),
    ),
    row('Channels', `${channels.text}${channels.note === undefined ? '' : `   ${style.dim(channels.note)}`}`, style),
    ...(summary.frontend === undefined ? [] : [row('Frontend', frontendWords(summary.frontend, style), style)]),
    ...summary.services.map(({ name, state, url, restarts }) =>
      row(name, `${url === undefined ? '' : `${url}   `}${state}${restarts === 0 ? '' : style.yellow(` · restarted ${restarts}×`)}`, style),
    ),
    ...(summary.page === undefined ? [] : [row('Page', style.cyan(summary.page), style)]),
    ...(backend.openToNetwork
      ? [row('Network', style.yellow('open to the network: every machine that reaches this one reaches the backend'), style)]
      : []),
    ...summary.notes.map((note) => `     ${style.dim(note)}`),
    '',
    ...(state.dot === 'green' ? [] : diagnosisPage(state.diagnosis, style, 100)),
  ]
}

function row(name: string, value: string, style: Style): string {
  return `  ${style.green('➜')}  ${style.bold(name.padEnd(9))}  ${value}`
}

/** Those of the other WebSockets that aren't connected. */
function besideRows(beside: readonly Beside[], style: Style): string[] {
  return beside.filter(({ state }) => state !== 'connected').map((socket) => row('', besideLine(socket, style), style))
}

function frontendWords({ url, state, text, diagnosis }: FrontendSummary, style: Style): string {
  const mark = state === 'ready' ? style.green('●') : state === 'starting' ? style.yellow('●') : style.red('●')
  // what was never served has no address yet
  const isServed =
    state === 'ready' || (state === 'failed' && (diagnosis === undefined || !/^(?:frontend|package-manager)-/.test(diagnosis.id)))
  return `${isServed ? `${style.cyan(url)}   ` : ''}${mark} ${text}`
}

function dot(state: SocketState, style: Style): string {
  const mark = dotOf(style, socketWord(state), state.dot === 'green' ? undefined : state.diagnosis.id)
  if (state.dot !== 'green') return socketWord(state) === 'wants-token' ? mark : `${mark}   ${state.diagnosis.id}`
  const { handshakeMs, pongMs, heldMs, broadcast, user } = state
  const as = user === undefined ? '' : ` as ${user}`
  const held = heldMs < 1000 ? milliseconds(heldMs) : `${(heldMs / 1000).toFixed(1)} s`
  const lived = pongMs === undefined ? `held ${held}` : `pong ${milliseconds(pongMs)}`
  return `${mark}${as}   ${style.dim(`101 in ${milliseconds(handshakeMs)} · ${lived}`)}${broadcastWords(broadcast, style)}`
}

function broadcastWords(fact: BroadcastFact | undefined, style: Style): string {
  if (fact === undefined) return ''
  const words = ` · broadcast ${fact.received}/${fact.sent}`
  return fact.received === fact.sent ? style.dim(words) : style.yellow(words)
}
