/** Writes a line to a log file, then another at the moment at which it ends by an exception. usage: crashing-log.mjs FOLDER */
import { setTimeout as delay } from 'node:timers/promises'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { nodeHost } from '../../src/host/node-host.ts'
import { openLogFile } from '../../src/run/log-file.ts'

const [cwd = ''] = process.argv.slice(2)
const path = join(cwd, 'all.log')
const file = openLogFile(nodeHost({ cwd }), { file: path, size: 1e6, count: 1, onTrouble: () => {} })
file.line('backend', 'first')
while (!existsSync(path) || statSync(path).size === 0) await delay(5)
// the first is reported as written by now, or will be: nothing is left but this
await delay(5)
file.line('backend', 'last')
throw new Error('a defect')
