import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bundle, type Program } from '../support/bundle.ts'
import { cliEnvironment } from '../support/cli.ts'
import { until } from '../support/redis.ts'
import { basePython, root } from '../support/tools.ts'

let program: Program
let child: ChildProcessByStdio<Writable, Readable, null> | undefined

beforeAll(async () => {
  program = await bundle('day.ts')
})

afterEach(async () => {
  if (child === undefined || child.exitCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'close')
})

afterAll(async () => {
  await program.remove()
})

interface Terminal {
  readonly output: () => string
  /** What came since the last call of this. */
  readonly type: (keys: string) => void
  /** Waits until what came after the last match fits. */
  readonly shows: (pattern: RegExp) => Promise<string>
  readonly ended: Promise<number | null>
}

function onTerminal(
  command: readonly string[],
  { columns = 200, env = {} }: { columns?: number; env?: Record<string, string> } = {},
): Terminal {
  const started = spawn(basePython(), [join(root, 'test/support/job_terminal.py'), String(columns), ...command], {
    env: { ...cliEnvironment(), TERM: 'xterm-256color', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child = started
  let output = ''
  let seen = 0
  started.stdout.on('data', (data: Buffer) => (output += data.toString()))
  return {
    output: () => output,
    type: (keys) => void started.stdin.write(keys),
    shows: async (pattern) => {
      let found = ''
      await until(async () => {
        const match = pattern.exec(output.slice(seen))
        if (match === null) return false
        seen += match.index + match[0].length
        found = match[0]
        return true
      }).catch((error: unknown) => {
        throw new Error(`${pattern} didn't come, but: ${JSON.stringify(output.slice(seen).slice(-3000))}`, { cause: error })
      })
      return found
    },
    ended: once(started, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : null)),
  }
}

const escape = '\u001B'
const colour = new RegExp(`${escape}\\[[0-9;]*m`, 'g')
const day = (...args: string[]) => onTerminal([process.execPath, program.file, ...args])
const below = `${escape}[J`

/** The rows of a screen that is high enough, after all that was written to it: what is on it at the end. */
function screen(output: string): string[] {
  const rows: string[] = ['']
  for (const part of output.replaceAll(colour, '').split(new RegExp(String.raw`(\r\n|\r|${escape}\[J)`))) {
    if (part === '\r\n') rows.push('')
    else if (part === below) rows[rows.length - 1] = ''
    else if (part !== '\r' && part !== '') rows[rows.length - 1] = part
  }
  return rows
}

describe('the status line', () => {
  test('stands below the log while that goes on, and is gone after q', async () => {
    const terminal = day()
    await terminal.shows(/● connected.*3 sockets.*backend ready.*q quit/)
    await terminal.shows(/job 20/)
    terminal.type('q')
    expect(await terminal.ended).toBe(0)
    const rows = screen(terminal.output())
    expect(rows.filter((row) => row.includes('connected'))).toEqual([])
    const numbers = rows.flatMap((row) => /^worker {2}│ job (\d+)$/.exec(row)?.[1] ?? [])
    expect(numbers.length).toBeGreaterThan(20)
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => String(index)))
    expect(rows.at(-1)).toBe('')
  })

  test('fits again when the terminal gets narrower', async () => {
    const terminal = day()
    await terminal.shows(/q quit/)
    terminal.type('\u001D40\n')
    await terminal.shows(/3 sockets[^\r]*…\S*\r/)
    terminal.type('q')
    await terminal.ended
  })

  test.each([
    ['CI', { CI: 'true' }, 200],
    ['a dumb terminal', { TERM: 'dumb' }, 200],
    ['a terminal without a size', {}, 0],
  ])('isn’t drawn in %s', async (_, env, columns) => {
    const terminal = onTerminal([process.execPath, program.file], { env, columns })
    await terminal.shows(/job 10/)
    terminal.type('\u0003')
    expect(await terminal.ended).toBe(130)
    expect(terminal.output()).not.toContain('connected')
    expect(terminal.output()).not.toContain(below)
  })

  test('isn’t drawn, and no key is taken, where the output is a pipe', async () => {
    const terminal = onTerminal(['sh', '-c', `"${process.execPath}" "${program.file}" | cat`])
    await terminal.shows(/job 10/)
    terminal.type('\u0003')
    await terminal.ended
    expect(terminal.output()).not.toContain('connected')
    expect(terminal.output()).not.toContain('\u001B')
  })

  test.each([
    ['NO_COLOR', {}, false],
    ['a colour terminal', { NO_COLOR: '' }, true],
  ])('%s: coloured %s', async (_, env, coloured) => {
    const terminal = onTerminal([process.execPath, program.file], { env })
    await terminal.shows(/job 10/)
    terminal.type('q')
    await terminal.ended
    expect(terminal.output().search(colour) >= 0).toBe(coloured)
  })
})

describe('keys', () => {
  test('do what the help says', async () => {
    const terminal = day()
    await terminal.shows(/q quit/)
    for (const [key, answer] of [
      ['r', /asked to restart backend/],
      ['R', /asked to restart everything[^]*backend ready \(2\)/],
      ['v', /WebSocket\S* {2}ws:.*connected/],
      ['d', /asked for the doctor/],
      ['o', /asked to open http:\/\/localhost:3000/],
      ['h', /prove the WebSocket again/],
      ['\f', /\[2J/],
    ] as const) {
      terminal.type(key)
      await terminal.shows(answer)
    }
    terminal.type('\u0004')
    expect(await terminal.ended).toBe(0)
  })

  test('l goes through the log: each service, none, all', async () => {
    const terminal = day()
    await terminal.shows(/q quit/)
    terminal.type('l')
    await terminal.shows(/log: backend\r\n/)
    expect(await terminal.shows(/[^]*?line \d+[^]*?line \d+/)).not.toContain('job')
    terminal.type('l')
    await terminal.shows(/log: worker\r\n/)
    expect(await terminal.shows(/[^]*?job \d+[^]*?job \d+/)).not.toContain('line')
    terminal.type('l')
    await terminal.shows(/log: nothing/)
    terminal.type('l')
    await terminal.shows(/log: all services/)
    await terminal.shows(/line \d+[^]*job \d+/)
    terminal.type('q')
    await terminal.ended
  })

  test('pasted text and arrows are no commands', async () => {
    const terminal = day()
    await terminal.shows(/q quit/)
    terminal.type('requests per quarter')
    terminal.type('\u001B[A')
    await terminal.shows(/job 30/)
    terminal.type('r')
    await terminal.shows(/asked to restart backend/)
    terminal.type('q')
    expect(await terminal.ended).toBe(0)
    expect(terminal.output().match(/asked/g)).toHaveLength(1)
  })
})

describe('the terminal afterwards', () => {
  test.each([
    ['Ctrl+C', '\u0003', [], 130],
    ['q', 'q', [], 0],
    ['a crash', '', ['crash'], 1],
  ])('is as it was: %s', async (_, key, args, expected) => {
    const terminal = onTerminal([
      'sh',
      '-c',
      `trap : INT; "${process.execPath}" "${program.file}" ${args.join(' ')}; echo "ended $?"; stty -a`,
    ])
    // the keyboard is taken a moment after the line is drawn
    await terminal.shows(/job 5\b/)
    terminal.type(key)
    await terminal.shows(new RegExp(`ended ${expected}`))
    await terminal.shows(/\sicanon\s[^]*\n/)
    await terminal.ended
    expect(terminal.output()).toMatch(/\sisig\s[^]*\secho\s/)
  })

  test('Ctrl+Z gives it to the shell, fg takes it again with the status line and the keys', async () => {
    const terminal = onTerminal(['bash', '--norc', '-i'])
    await terminal.shows(/bash-[\d.]+[#$] /)
    terminal.type(`"${process.execPath}" "${program.file}"; echo "ended $?"\n`)
    await terminal.shows(/job 5[^]*q quit/)
    terminal.type('\u001A')
    await terminal.shows(/Stopped[^]*bash-[\d.]+[#$] /)
    terminal.type('stty -a; echo mode-ends\n')
    expect(await terminal.shows(/speed[^]*mode-ends\r\n/)).toMatch(/\sicanon\s[^]*\secho\s/)
    terminal.type('fg\n')
    await terminal.shows(/q quit/)
    terminal.type('r')
    await terminal.shows(/asked to restart backend/)
    terminal.type('\u001A')
    await terminal.shows(/Stopped[^]*bash-[\d.]+[#$] /)
    // in the background it neither reads nor changes the terminal, which would stop it
    terminal.type('bg\n')
    // long enough that nothing of the suspension is under way any more
    await terminal.shows(/(?:job \d+[^]*){12}/)
    terminal.type('fg\n')
    await terminal.shows(/fg[^]*q quit/)
    terminal.type('q')
    await terminal.shows(/bash-[\d.]+[#$] /)
    terminal.type('exit\n')
    expect(await terminal.ended).toBe(0)
  })
})
