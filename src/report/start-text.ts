import type { Diagnosis } from '../checks/diagnosis.ts'
import type { BroadcastFact } from '../facts/observed.ts'
import type { LauncherError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { isUndoable, type Step } from '../fix/step.ts'
import { stays } from './fix.ts'
import { diagnosisPage, errorPage } from './failure.ts'
import type { FrontendSummary, ReadySummary, SocketState, StartReport } from './start-report.ts'
import { serviceLog, type ServiceLog } from './service-log.ts'
import { spinnerFor } from './spinner.ts'
import { styleFor, type Style } from './style.ts'

/** How long the backend's lines are held back, in milliseconds: a slow start is worth watching. */
const holdMs = 3000

/** How `start` speaks to people. */
export interface StartTextOptions {
  readonly verbose: boolean
  /** Where the lines of the services go; default: a log of its own, of all services and without times. */
  readonly log?: ServiceLog
}

/** `start` for people: a spinner while it waits, then the banner, then the log of the services. */
export function startText(host: Host, options: StartTextOptions): StartReport {
  const { terminal } = host
  const style = styleFor(host)
  const spinner = spinnerFor(host)
  const log = options.log ?? serviceLog(host)
  log.hold()
  const timer = setTimeout(() => log.release(), holdMs)
  timer.unref()

  const write = (lines: readonly string[]) => {
    spinner.stop()
    for (const line of lines) terminal.out(line)
  }
  const release = () => {
    clearTimeout(timer)
    log.release()
  }
  return {
    phase: (text) => spinner.say(text),
    note: (text) => {
      if (options.verbose) write([style.dim(`  ${text}`)])
    },
    warning: (id, text) => write([`  ${style.yellow('!')} ${text}   ${style.dim(id)}`]),
    line: log.line,
    setupList: (steps) => write(setupLines(steps, style)),
    setupStep: (step) => {
      write([`  ${style.cyan('›')} ${step.shown}`])
      spinner.say(step.title)
    },
    setupLine: (line) => {
      // an installer says a hundred lines of which none matters while it goes well
      if (options.verbose) write([`${style.dim('setup │')} ${line}`])
    },
    setupUser: (user) =>
      write([
        '',
        `  A development user was made (${user.model}):  ${style.bold(user.name)}   password ${style.bold(user.password)}`,
        style.dim('  It is shown this once and stored nowhere but as the hash in the database.'),
        '',
      ]),
    ready: (summary) => {
      write(banner(summary, style))
      release()
    },
    service: ({ name, kind, state, why }) => {
      // of the backend there is a page
      if (kind !== 'backend' && (state === 'failed' || state === 'restarting'))
        write([`  ${style.yellow('!')} ${name} ${state}${why === undefined ? '' : `: ${why}`}`])
    },
    frontend: (summary) => write([row('Frontend', frontendWords(summary, style), style)]),
    restarting: (why) => {
      write([style.dim(`  ↻ ${why}: starting the backend again`)])
      spinner.say('starting the backend again')
    },
    restarted: ({ why, elapsedMs, url, state, note }) =>
      write([
        `  ${style.green('↻')} ${why} · ${Math.round(elapsedMs)} ms   ${url}   ${dot(state, style)}${note === undefined ? '' : style.dim(` · ${note}`)}`,
        ...(state.dot === 'green' ? [] : diagnosisPage(state.diagnosis, style, terminal.columns)),
      ]),
    refusedReload: ({ file, line, message, since }) => {
      const goesOn =
        since === undefined ? 'waiting for the next save' : `the backend goes on with the code of ${since}, until the next save`
      write([`  ${style.yellow('!')} ${file}:${line}: ${message}   ${style.dim(goesOn)}`])
    },
    openSockets: () => {},
    socket: (url, state) =>
      write([
        `  ${arrow(style)}  WebSocket  ${url}   ${dot(state, style)}`,
        ...(state.dot === 'red' ? diagnosisPage(state.diagnosis, style, terminal.columns) : []),
      ]),
    diagnosis: (diagnosis: Diagnosis) => {
      release()
      write(diagnosisPage(diagnosis, style, terminal.columns))
    },
    error: (error: LauncherError) => {
      release()
      spinner.stop()
      for (const line of errorPage(error, style, terminal.columns)) terminal.err(line)
    },
    stopping: (reason) => {
      release()
      spinner.stop()
      terminal.err(style.dim(`  ${reason}`))
    },
    end: () => {
      release()
      spinner.stop()
    },
  }
}

function setupLines(steps: readonly Step[], style: Style): string[] {
  const width = Math.max(...steps.map(({ title }) => title.length))
  return [
    '',
    "  This checkout isn't ready to run. Missing, in this order:",
    '',
    ...steps.flatMap((step, index) => [
      `   ${index + 1}  ${step.title.padEnd(width)}   ${style.cyan(step.shown)}`,
      style.dim(`      ${step.evidence}${isUndoable(step.action) ? '' : ` · ${stays}`}`),
    ]),
    '',
  ]
}

function banner(summary: ReadySummary, style: Style): string[] {
  const { websocket, backend, channels } = summary
  const { state } = websocket
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
    '',
    `  ${style.bold(style.green('election-dev'))} ${style.green(summary.version)}   ${head}`,
    '',
    row('WebSocket', `${style.cyan(websocket.url)}   ${dot(state, style)}`, style),
    row('Backend', `${style.cyan(backend.url)}   ${details}`, style),
    ...summary.instances.map(({ url, state, text }) =>
      row('', `${style.cyan(url)}   ${state === 'ready' ? style.dim(text) : style.yellow(text)}`, style),
    ),
    row('Channels', `${channels.text}${channels.note === undefined ? '' : `   ${style.dim(channels.note)}`}`, style),
    ...(summary.frontend === undefined ? [] : [row('Frontend', frontendWords(summary.frontend, style), style)]),
    ...summary.services.map(({ name, state, url }) => row(name, `${url === undefined ? '' : `${url}   `}${state}`, style)),
    ...(summary.page === undefined ? [] : [row('Page', style.cyan(summary.page), style)]),
    ...(backend.openToNetwork
      ? [row('Network', style.yellow('open to the network: every machine that reaches this one reaches the backend'), style)]
      : []),
    ...summary.notes.map((note) => `     ${style.dim(note)}`),
    '',
    ...(state.dot === 'green' ? [] : explain(state.diagnosis, style)),
  ]
}

function row(name: string, value: string, style: Style): string {
  return `  ${arrow(style)}  ${style.bold(name.padEnd(9))}  ${value}`
}

function frontendWords({ url, state, text }: FrontendSummary, style: Style): string {
  const mark = state === 'ready' ? style.green('●') : state === 'starting' ? style.yellow('●') : style.red('●')
  return `${style.cyan(url)}   ${mark} ${text}`
}

function explain(diagnosis: Diagnosis, style: Style): string[] {
  return diagnosisPage(diagnosis, style, 100)
}

function arrow(style: Style): string {
  return style.green('➜')
}

function dot(state: SocketState, style: Style): string {
  if (state.dot === 'green') {
    const pong =
      state.pongMs === undefined ? `held ${(state.heldMs / 1000).toFixed(1)} s` : `pong ${Math.max(1, Math.round(state.pongMs))} ms`
    const words = `101 in ${Math.max(1, Math.round(state.handshakeMs))} ms · ${pong}`
    return `${style.green('● connected')}   ${style.dim(words)}${broadcastWords(state.broadcast, style)}`
  }
  if (state.dot === 'yellow') return style.yellow('● speaks WebSocket, wants a token')
  return `${style.red('● not connected')}   ${state.diagnosis.id}`
}

function broadcastWords(fact: BroadcastFact | undefined, style: Style): string {
  if (fact === undefined) return ''
  const words = ` · broadcast ${fact.received}/${fact.sent}`
  return fact.received === fact.sent ? style.dim(words) : style.yellow(words)
}
