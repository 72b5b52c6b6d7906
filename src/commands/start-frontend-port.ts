import { startAgain } from '../config/again.ts'
import type { FrontendFiles } from '../facts/frontend-reading.ts'
import { findHolder } from '../facts/holder.ts'
import { nextFreePort } from '../facts/next-port.ts'
import { isFree, probePort } from '../facts/port.ts'
import { readText } from '../host/files.ts'
import { inShell } from '../host/shell.ts'
import { isMovable } from '../plan/frontend.ts'
import { moduleFile } from '../facts/modules.ts'
import { shown } from '../facts/project.ts'
import { pagePortWords, placesOfPort } from '../plan/hard-coded-port.ts'
import { holderWords } from '../plan/port.ts'
import type { Prepared } from './start-prepare.ts'

/** What frees the port of a frontend in `folder` and starts again, command by command; none where it isn't told who holds it. */
export async function commandsToFree({ host, config, checkout }: Prepared, folder: string, port: number): Promise<(readonly string[])[]> {
  const { takeoverOf } = await import('../run/takeover.ts')
  const decision = await takeoverOf(host, checkout, port, { backend: folder, what: 'dev server' })
  if (decision.kind === 'end') return [startAgain(config, '--takeover')]
  const { listener } = await findHolder(host, await probePort(port, '127.0.0.1'))
  if (listener?.pid === undefined) return []
  return [...inShell(['kill', String(listener.pid)], host.platform), startAgain(config)]
}

/**
 * The port that the frontend's own configuration names, where it is free; where
 * it is held, the next one, with what follows from it. With `--takeover` an
 * older dev server of this very frontend is ended. Undefined where nothing tells a port.
 */
export async function freeFrontendPort(run: Prepared, { frontend, reading }: FrontendFiles): Promise<number | undefined> {
  const { host, config, checkout, report } = run
  if (frontend.kind === 'none') return undefined
  const { app } = frontend
  const { port: wanted } = app.address
  if (wanted === undefined) return undefined
  const warn = (text: string) => report({ event: 'warning', id: 'port-in-use', text })
  const found = await probePort(wanted, '127.0.0.1')
  const { takeOver, takeoverOf } = await import('../run/takeover.ts')
  const ours = { backend: app.folder, what: 'dev server' } as const
  const fact = config.takeover ? await takeOver(host, config, checkout, found, warn, ours) : found
  if (isFree(fact)) return wanted
  const [holder, decision] = await Promise.all([findHolder(host, fact), takeoverOf(host, checkout, wanted, ours)])
  const isOwn = decision.kind === 'end'
  const free = app.command.kind === 'command' && isMovable(app.command.command) ? await nextFreePort(wanted, '127.0.0.1') : undefined
  const who = isOwn ? `an earlier dev server of this frontend, ${holderWords('foreign', holder)}` : holderWords('foreign', holder)
  const then = free === undefined ? 'its own script decides what becomes of that' : `using ${free}`
  const { project } = checkout
  const asgi = project.application === undefined ? undefined : await moduleFile(project.backend, project.application.split(':')[0] ?? '')
  const files = [...project.settingsFiles, project.dotenv, ...(asgi === undefined ? [] : [asgi])]
  const texts = await Promise.all(files.map(async (file) => ({ file: shown(project, file), text: (await readText(file)) ?? '' })))
  const places = pagePortWords(placesOfPort(reading, app.shown, texts, wanted), wanted)
  const end = isOwn ? '. To end it and keep the port: election-dev start --takeover' : ''
  warn(`Port ${wanted} of the frontend is held by ${who}: ${then}${places}${end}`)
  return free ?? wanted
}
