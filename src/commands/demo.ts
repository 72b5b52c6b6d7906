import { join, resolve } from 'node:path'
import { flagsOf } from '../config/flags.ts'
import type { OptionsOf } from '../config/options/call.ts'
import { mergeConfig } from '../config/merge.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import { readCheckout } from '../facts/checkout.ts'
import { isFile, readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { nodeHost } from '../host/node-host.ts'
import { exitStatusOf, stopSignal } from '../host/stop-signals.ts'
import { choosePython } from '../plan/environment.ts'
import { setUp } from '../fix/set-up.ts'
import { lookForSetup } from '../fix/setup-look.ts'
import { isOfPackages } from '../fix/setup.ts'
import { runCommand } from '../run/command.ts'
import { layOutDemo } from '../run/lay-out.ts'
import { tellerOf, type SetupRun } from './start-setup.ts'
import { reportFor, start } from './start.ts'
import { replaceFile } from '../host/replace-file.ts'

/**
 * `election-dev demo [dir]`: lays out the demo, makes its environment, tables
 * and user, and starts it. A second run finds all of it there. Gives the exit
 * status of `start`.
 */
export async function demoCommand(dir: string, options: OptionsOf<'demo'>): Promise<number> {
  const outer = nodeHost({ cwd: options.cwd })
  const folder = resolve(outer.cwd, dir)
  const host: Host = { ...outer, cwd: folder }
  const flags = flagsOf(options)
  const config = mergeConfig(host, flags, undefined)
  const report = await reportFor(host, config)
  const stop = stopSignal({ watchParent: config.parentWatch })
  let status: number = ExitCode.ok
  try {
    await makeReady({ host, config, report, signal: stop.signal }, folder)
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    if (stop.reason() === undefined) report({ event: 'error', error })
    status = error.exitCode
  } finally {
    stop.end()
  }
  const reason = stop.reason()
  if (reason !== undefined) status = exitStatusOf[reason]
  const goesOn = reason === undefined && status === ExitCode.ok
  // a reader of JSON takes it for the end of the whole; on a terminal it ends the spinner
  if (!goesOn || !config.json) report({ event: 'end', exitCode: status })
  if (!goesOn) return status
  return start(host, flags, { since: host.now(), page: (url) => `${url.href}   two windows, a vote in one moves the other` })
}

/** How long a command of manage.py may take, in milliseconds. */
const commandMs = 60_000

/** Lays out the demo and makes what it lacks: environment, packages, tables, its user. */
async function makeReady(run: SetupRun, folder: string): Promise<void> {
  const { host, config, report, signal } = run
  if (await layOutDemo(folder)) report({ event: 'phase', text: `laying out ${folder}` })
  const laidOut = await readCheckout(host, config)
  const { checkout } = await setUp(run, await lookForSetup(run, laidOut, false), tellerOf(report), isOfPackages)
  const choice = choosePython(checkout.python, checkout.requirements?.names)
  if (choice.kind !== 'ready') {
    throw new LauncherError(choice.kind, "The demo's environment lacks packages after the installation", {
      hint: `In ${checkout.project.backend}: venv/bin/python -m pip install -r requirements.txt`,
    })
  }
  const { python } = choice.environment
  const { backend } = checkout.project
  const stamp = join(backend, '.demo-ready')
  if ((await readText(stamp)) === python && (await isFile(join(backend, 'db.sqlite3')))) return
  for (const args of [['migrate', '--no-input', '--verbosity', '0'], ['demo_user']]) {
    const typed = ['python', 'manage.py', args[0] ?? '']
    const shown = typed.join(' ')
    const id = 'migrations-pending'
    const command = { kind: 'command', argv: [python, 'manage.py', ...args], cwd: backend, typed: [typed] } as const
    report({ event: 'setup-step', step: { id, title: shown, shown, evidence: '', automatic: 'yes', certain: true, action: command } })
    const launch = { id, shown, file: python, args: ['manage.py', ...args], cwd: backend, deadlineMs: commandMs }
    await runCommand(host, launch, { env: host.env, onLine: (line) => report({ event: 'setup-log', line }), signal })
  }
  await replaceFile(stamp, python)
}
