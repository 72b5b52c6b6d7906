import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { isFile } from '../../src/host/files.ts'
import { bin, cliEnvironment } from '../support/cli.ts'
import { until } from '../support/redis.ts'
import { transcript } from '../support/secrets.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { basePython, root } from '../support/tools.ts'
import { variants } from '../support/variants.ts'

let stand: Stand

afterEach(async () => {
  await stand.remove()
})

/** The launcher in a terminal, as a person has it. */
function inTerminal(args: readonly string[], columns = 80): { type: (line: string) => void; output: () => string; ended: Promise<string> } {
  const child = spawn(basePython(), [join(root, 'test/support/in_terminal.py'), process.execPath, bin, ...args], {
    cwd: stand.project.root,
    env: { ...cliEnvironment(stand.mark.env), TERM: 'xterm-256color', COLUMNS: String(columns) },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let [output, errors] = ['', '']
  child.stdout.on('data', (data: Buffer) => (output += data.toString()))
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
  const ended = once(child, 'close').then(() => {
    transcript(`terminal ${args.join(' ')}`, output)
    return errors.trim()
  })
  return { type: (line) => void child.stdin.write(`${line}\n`), output: () => output, ended }
}

variants([[0], [80]], { title: 'Ctrl+C in a terminal of %s columns: exit 130, nothing left', quick: 1 }, async (columns) => {
  stand = await makeStand()
  const terminal = inTerminal(stand.args, columns)
  await until(async () => /ready in[\s\S]*Channels/.test(terminal.output()))
  terminal.type('ctrl-c')
  expect(await terminal.ended).toBe('exit 130')
  expect(terminal.output()).toContain('Ctrl+C again: at once')
  await stand.expectNothingLeft()
})

test('Ctrl+C while the spinner turns', async () => {
  stand = await makeStand({ settings: 'import time\ntime.sleep(30)' })
  const terminal = inTerminal(stand.args)
  await until(async () => terminal.output().includes('starting daphne') && (await stand.mark.processes()).length > 2)
  terminal.type('ctrl-c')
  expect(await terminal.ended).toBe('exit 130')
  await stand.expectNothingLeft()
})

test('the terminal is closed: ended by SIGHUP, which a shell shows as 129, nothing left', async () => {
  stand = await makeStand()
  const terminal = inTerminal(stand.args)
  await until(async () => /ready in[\s\S]*Channels/.test(terminal.output()))
  terminal.type('close')
  expect(await terminal.ended).toBe('signal 1')
  await stand.expectNothingLeft()
})

/** Prints without end, and says so in a file once nobody takes it. */
const floods = (file: string) => `
import threading, time
count = 0
def watch():
    before = -1
    while before != count:
        before = count
        time.sleep(0.5)
    open(${JSON.stringify(file)}, "w").close()
threading.Thread(target=watch, daemon=True).start()
while True:
    count += 1
    print("x" * 80, flush=True)
`

test('a terminal that nobody reads, as after Ctrl+S: Ctrl+C ends the run all the same', async () => {
  const folder = join(tmpdir(), `unread-${randomUUID()}`)
  stand = await makeStand({
    files: { 'election-dev.config.json': JSON.stringify({ services: { flood: { command: [basePython(), '-c', floods(folder)] } } }) },
  })
  const terminal = inTerminal(stand.args)
  await until(async () => /ready in[\s\S]*Channels/.test(terminal.output()))
  terminal.type('unread')
  await until(() => isFile(folder))
  terminal.type('ctrl-c')
  expect(await terminal.ended).toBe('exit 130')
  await rm(folder)
  await stand.expectNothingLeft()
})

test('Ctrl+C at the question of a fresh checkout', async () => {
  stand = await makeStand({ environment: undefined, files: { 'backend/requirements.txt': 'Django\nchannels\ndaphne\n' } })
  const terminal = inTerminal(stand.args)
  await until(async () => terminal.output().includes('[Y/n]'))
  terminal.type('ctrl-c')
  expect(await terminal.ended).toBe('exit 130')
  expect(terminal.output()).not.toContain('unsettled')
  await stand.expectNothingLeft()
})
