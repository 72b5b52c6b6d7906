import { randomUUID } from 'node:crypto'
import { link, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { errorCode } from '../errors.ts'
import { readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { recordOf } from '../host/json.ts'
import { processTable } from '../host/process-table.ts'

/** How often whoever waits looks, in milliseconds. */
const lookEveryMs = 100

/**
 * Takes the turn of starting a run in the background: of two starts in one folder
 * the second waits until the first is up or has ended; `onWait` is told its PID.
 * One whose process is gone holds nobody up. Gives what ends the turn. Throws
 * where the folder can't be written.
 */
export async function takeTurn(host: Host, folder: string, onWait: (pid: number) => void): Promise<() => Promise<void>> {
  const file = join(folder, 'starting')
  const own = `${file}.${randomUUID()}`
  let told = false
  for (;;) {
    const rows = await processTable(host)
    const self = rows?.find(({ pid }) => pid === process.pid)
    // without a table nobody's turn could be told from one that was left behind
    if (rows === undefined || self === undefined) return async () => {}
    // a link is there at once and as a whole, or not at all
    await writeFile(own, JSON.stringify({ pid: self.pid, started: self.started }), { mode: 0o600, flag: 'wx' })
    const isTaken = await link(own, file).then(
      () => true,
      (error: unknown) => {
        if (errorCode(error) !== 'EEXIST') throw error
        return false
      },
    )
    await rm(own, { force: true })
    if (isTaken) return async () => rm(file, { force: true })
    const text = await readText(file)
    const { pid, started } = recordOf(text)
    const holder = rows.find((row) => row.pid === pid && row.started === started && !row.zombie)
    if (text !== undefined && holder === undefined) await takeAway(file, text)
    if (holder !== undefined && !told) onWait(holder.pid)
    told ||= holder !== undefined
    await delay(lookEveryMs)
  }
}

/** Takes away what was left behind. What somebody else has put in its place meanwhile stays. */
async function takeAway(file: string, text: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`
  try {
    await rename(file, aside)
    if ((await readText(aside)) !== text) await link(aside, file)
  } catch {
    // another one was faster
  } finally {
    await rm(aside, { force: true })
  }
}
