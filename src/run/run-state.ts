import { randomBytes } from 'node:crypto'
import { lstat, readdir, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isOurs, readText } from '../host/files.ts'
import { errorCode } from '../errors.ts'
import { parseRun, runFileName, runsFolder, type RunFact, type RunState } from '../facts/run-state.ts'
import { clearHome, foreignHome, makeHome } from './home.ts'
import { exists } from '../host/process-table.ts'
import { replaceFile } from '../host/replace-file.ts'

/** How often a rename is tried that a reader holds up (Windows), 20 ms apart. */
const renames = 10

/**
 * Writes the state of a run whole or not at all, for this user's eyes only: it
 * holds the key of the control socket. Gives the file. Throws where the checkout can't be written.
 */
export async function writeRun(root: string, run: RunState): Promise<string> {
  const text = `${JSON.stringify(run, undefined, 2)}\n`
  const name = runFileName(run.launcher)
  for (let attempt = 0; ; attempt++) {
    try {
      const file = join(await makeHome(root, 'runs'), name)
      await replaceFile(file, text)
      return file
    } catch (error) {
      // another run that has ended may have taken the empty folder away; a reader holds a file up on Windows
      if (attempt >= renames || !['ENOENT', 'EPERM', 'EACCES', 'EBUSY'].includes(errorCode(error) ?? '')) throw error
      await delay(20)
    }
  }
}

/** Takes a run's own file away at its end: one that another run has written stays. Never throws. */
export async function removeRun(root: string, id: string, file: string): Promise<void> {
  const run = parseRun((await readText(file)) ?? '')
  if (typeof run !== 'string' && run.id === id) await rm(file, { force: true }).catch(() => undefined)
  await clearHome(root)
}

/** Takes away what dead runs have left: their state files and sockets; true where there was something. What may be somebody's stays. Never throws. */
export async function cleanRuns(root: string, facts: readonly RunFact[]): Promise<boolean> {
  if ((await foreignHome(root, 'runs')) !== undefined) return false
  const dead = facts.filter((fact) => fact.kind === 'stale' || (fact.kind === 'unreadable' && fact.owner?.alive === false))
  for (const fact of dead) {
    if (fact.kind === 'stale' && fact.run.control !== null) await removeSocket(fact.run.control.address)
    await rm(fact.file, { force: true }).catch(() => undefined)
  }
  // of a launcher that was killed while it wrote
  const torn = (await readdir(runsFolder(root)).catch(() => [])).filter((name) => /^\d+-\w+\.json\.[0-9a-f]{12}\.tmp$/.test(name))
  for (const name of torn) if (!exists(Number.parseInt(name, 10))) await rm(join(runsFolder(root), name), { force: true })
  if (facts.length > 0 || torn.length > 0) await clearHome(root, true)
  return dead.length > 0
}

/** How the folder of a control socket is named; nothing that is named otherwise is ever taken away. */
export const socketFolder = 'election-dev-'
export const socketName = 'control'

/** Takes a control socket and its folder away, where the address is one. Named pipes (Windows) end with their process. Never throws. */
export async function removeSocket(address: string): Promise<void> {
  const folder = dirname(address)
  if (basename(address) !== socketName || !/^election-dev-\w{6}$/.test(basename(folder))) return
  // the address may come out of a file that came with a checkout: it names a socket of ours, or nothing
  const [above, found] = await Promise.all([lstat(folder), lstat(address)].map((look) => look.catch(() => undefined)))
  if (above?.isDirectory() !== true || !isOurs(above) || found?.isSocket() === false) return
  await rm(address, { force: true }).catch(() => undefined)
  await rmdir(folder).catch(() => undefined)
}

/** A name for a run: sorts by its time, and two of the same second differ. */
export function newRunId(): string {
  return `${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${randomBytes(3).toString('hex')}`
}
