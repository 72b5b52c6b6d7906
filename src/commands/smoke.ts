import { inShape } from '../causes/causes.ts'
import { dirname, join, resolve } from 'node:path'
import { flagsOf } from '../config/flags.ts'
import { callOptions, type OptionsOf } from '../config/options/call.ts'
import type { Flags, Config } from '../config/config.ts'
import { resolveConfig } from '../config/resolve.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import { findProject } from '../facts/project.ts'
import type { Host } from '../host/host.ts'
import { nodeHost } from '../host/node-host.ts'
import { verdict, type SmokeResult } from '../report/smoke-result.ts'
import { smokeHead, smokeTail } from '../report/smoke-text.ts'
import { styleFor } from '../report/style.ts'
import { resultOf } from './smoke-judgement.ts'
import { beginPhase, recording, type SmokeRecord } from '../report/smoke-record.ts'
import { reportersOf, writeReports, type Reporter } from './smoke-reporters.ts'
import { proveAndRun, type SmokeRun } from './smoke-run.ts'
import { stopByDeadline } from './smoke-stop.ts'
import { start } from './start.ts'

/**
 * `election-dev smoke [-- COMMAND…]`: starts the project, proves it, runs the
 * command, ends all of it, under one deadline. Gives the exit status: the
 * command's own, 1 for a finding, 2 for usage and configuration, 130 and 143
 * where it was stopped. The reports are written in any case.
 */
export async function smokeCommand(words: readonly string[], options: OptionsOf<'smoke'>): Promise<number> {
  const host = nodeHost({ cwd: options.cwd })
  const { reporter, timeout, json } = options
  const reporters = reportersOf(reporter ?? [], json === true, host.env)
  const record: SmokeRecord = {
    timeoutMs: timeout ?? callOptions.timeout.default,
    startedAt: new Date(),
    began: host.now(),
    phases: [],
    warnings: [],
    lines: [],
    wantsFrontend: false,
    wantsPage: false,
    wantsPing: true,
    command: words.length === 0 ? undefined : { words, ran: false },
    elapsedMs: 0,
  }
  let bases: readonly string[] = [host.cwd]
  let isHeadSaid = false
  try {
    const config = await resolveConfig(host, flagsOf(options))
    bases = await basesOf(host, config)
    record.wantsFrontend = wantsFrontend(config, options)
    record.wantsPage = await wantsPage(host, config, record.wantsFrontend)
    record.wantsPing = config.ping !== false
    const run = {
      host,
      config,
      record,
      output: reporters.some(({ kind, file }) => file === undefined && (kind === 'json' || kind === 'junit')) ? 'err' : 'out',
      beforeCommand: () => {
        if (!hasText(reporters)) return
        isHeadSaid = true
        for (const line of [...smokeHead(masked(host, record), styleFor(host)), '']) host.terminal.out(line)
      },
    } as const
    const junit = reporters.find(({ kind, file }) => kind === 'junit' && file !== undefined)?.file
    const failedScreenshot = junit === undefined ? undefined : join(dirname(resolve(host.cwd, junit)), 'page.png')
    await conduct(run, flagsOf(options), failedScreenshot)
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    record.failure ??= { diagnosis: inShape(error), exitCode: error.exitCode }
  }
  const result = masked(host, record)
  await writeReports(host, reporters, result, {
    tail: isHeadSaid ? smokeTail(result, styleFor(host), host.terminal.columns) : undefined,
    bases,
  })
  if (!hasText(reporters)) host.terminal.err(`election-dev smoke: ${verdict(result)}`)
  return result.exitCode
}

async function conduct(
  { host, config, record, ...rest }: Omit<SmokeRun, 'stop' | 'stopMs'>,
  flags: Flags,
  failedScreenshot: string | undefined,
): Promise<void> {
  beginPhase(host, record, 'looking at the project')
  // the work ends so much before the deadline that what it started can end by itself
  const stopMs = Math.min(config.stopTimeout, record.timeoutMs / 4)
  const stop = stopByDeadline(host, record, { reserveMs: stopMs, watchParent: config.parentWatch })
  const quiet: Host = { ...host, terminal: { ...host.terminal, interactive: false, color: false } }
  try {
    await start(quiet, flags, {
      own: smokeOwn(config, record),
      report: recording(host, record),
      onStop: stop.onStop,
      failedScreenshot,
      whenReady: async (summary, signal, proving) => {
        await proveAndRun({ host, config, record, stop, stopMs, ...rest }, summary, signal, proving)
        return ExitCode.ok
      },
    })
  } finally {
    stop.end()
  }
}

/** A smoke test is of the backend; the page's dev server and a Procfile's processes are started where they are asked for by name. */
function wantsFrontend(config: Config, options: OptionsOf<'smoke'>): boolean {
  return options.frontend === true || (config.source('frontend') !== 'default' && config.frontend !== false)
}

/** The page is looked at where its frontend is started, or it is named, and a browser is there; by name in any case. */
async function wantsPage(host: Host, config: Config, frontend: boolean): Promise<SmokeRecord['wantsPage']> {
  if (config.browser !== undefined) return config.browser && 'asked'
  if (!frontend && config.page === undefined) return false
  return 'file' in (await (await import('../browser/find.ts')).findBrowser(host))
}

/** What suits a run of `start` which nobody watches, and which is about the code as it is. */
function smokeOwn(config: Config, { wantsFrontend: frontend, wantsPage: page }: SmokeRecord): Flags {
  return {
    watch: false,
    keys: false,
    restart: false,
    reload: false,
    open: false,
    json: false,
    browser: page !== false,
    ...(frontend ? {} : { frontend: false }),
    ...(config.source('procfile') === 'default' ? { procfile: false } : {}),
  }
}

/** Folders that evidence names its files relative to. */
async function basesOf(host: Host, config: Config): Promise<readonly string[]> {
  const project = await findProject(host, config).catch(() => undefined)
  return project === undefined ? [host.cwd] : [project.backend, project.root, host.cwd]
}

/**
 * The result as it may leave the process. Whatever a server or a command says
 * may hold a secret: every text is masked before it is escaped for its reader.
 */
function masked(host: Host, record: SmokeRecord): SmokeResult {
  record.elapsedMs = host.now() - record.began
  return host.secrets.masked(resultOf(record, { node: process.versions.node, platform: `${process.platform} ${process.arch}` }))
}

function hasText(reporters: readonly Reporter[]): boolean {
  return reporters.some(({ kind, file }) => kind === 'text' && file === undefined)
}
