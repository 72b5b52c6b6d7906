import { setTimeout as delay } from 'node:timers/promises'
import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openOutput, type OutputOptions, type OutStream } from '../../src/host/output.ts'

/** A stream that keeps what it is told, in one piece for each write. */
function stream(): OutStream & { writes: string[]; waits: number; emit: (event: string) => void } {
  const listeners: { event: string; callback: () => void }[] = []
  const add = (event: string, callback: () => void) => void listeners.push({ event, callback })
  return {
    writes: [],
    waits: 0,
    get writableLength() {
      return this.waits
    },
    write(text) {
      this.writes.push(text)
    },
    once: add,
    on: add,
    off: () => {},
    emit: (event) => {
      for (const listener of listeners.filter((one) => one.event === event)) listener.callback()
    },
  }
}

const mask = (text: string) => text.replaceAll('hidden', '***')

function open(options: Partial<OutputOptions> = {}) {
  const [stdout, stderr] = [stream(), stream()]
  return {
    stdout,
    stderr,
    output: openOutput({
      stdout,
      stderr,
      mask,
      color: true,
      inCi: false,
      toJson: JSON.stringify,
      drawOn: undefined,
      oneScreen: false,
      ...options,
    }),
  }
}

describe('without a screen', () => {
  test('the log is written in one piece, masked, and before what follows it', async () => {
    const { stdout, stderr, output } = open()
    output.log('a')
    output.log('hidden')
    expect(stdout.writes).toEqual([])
    output.err('c')
    expect([stdout.writes, stderr.writes]).toEqual([['a\n***\n'], ['c\n']])
    output.log('d')
    output.out('e')
    output.log('f')
    await tick()
    expect(stdout.writes).toEqual(['a\n***\n', 'd\n', 'e\n', 'f\n'])
  })

  test("JSON is written as it was made, in its order, and a service's in one piece", async () => {
    const { stdout, output } = open()
    output.jsonLog('hidden')
    output.jsonLog('b')
    output.json({ c: 'hidden' })
    output.jsonLog('d')
    output.log('hidden')
    await tick()
    expect(stdout.writes).toEqual(['"hidden"\n"b"\n', '{"c":"hidden"}\n', '"d"\n', '***\n'])
  })

  test.each([
    [true, `a\u001B[31mb\u001B[0m`],
    [false, 'ab'],
  ])('does nothing to a terminal but colours, where these are wanted (%s)', async (color, said) => {
    const { stdout, stderr, output } = open({ color })
    const hostile = `a\u001B[31mb\u001B[2J\u009B3J\u0007\b\u001B[0m`
    output.out(hostile)
    output.err(hostile)
    output.log(hostile)
    await tick()
    expect([stdout.writes, stderr.writes]).toEqual([[`${said}\n`, `${said}\n`], [`${said}\n`]])
  })

  test('in a CI no line is a command but one of ours', async () => {
    const { stdout, stderr, output } = open({ inCi: true })
    output.err('  ::add-mask::x')
    output.out('one\n::stop-commands::x')
    output.log('##[group]x')
    await tick()
    output.ciCommand('::error title=x::\u001B[2Jhidden')
    expect(stderr.writes).toEqual(['  : :add-mask::x\n'])
    expect(stdout.writes).toEqual(['one\n: :stop-commands::x\n', '# #[group]x\n', '::error title=x::***\n'])
  })

  test('a large piece does not wait', () => {
    const { stdout, output } = open()
    for (let index = 0; index < 100; index++) output.log('x'.repeat(999))
    expect(stdout.writes.join('').length).toBeGreaterThan(64_000)
  })

  test('is full while much waits, and calls back once it is written', () => {
    const { stdout, output } = open()
    let drained = 0
    stdout.waits = 1_000_000
    expect(output.full()).toBe(true)
    output.drained(() => drained++)
    output.drained(() => drained++)
    expect(drained).toBe(0)
    stdout.waits = 0
    stdout.emit('drain')
    expect([drained, output.full()]).toEqual([2, false])
  })

  test('a reader that went away holds nobody up', () => {
    const { stdout, output } = open()
    let drained = 0
    stdout.waits = 1_000_000
    output.drained(() => drained++)
    stdout.emit('error')
    expect([drained, output.full()]).toEqual([1, false])
  })
})

describe('with a line at the bottom', () => {
  const erase = '\r\u001B[J'

  test('each write erases it, says its own and draws it again, in one piece', async () => {
    const { stdout, output } = open({ drawOn: 'stdout' })
    const line = output.screen?.bottomLine()
    output.out('before')
    line?.(' hidden status')
    output.out('a')
    output.log('b')
    await tick()
    line?.(' other')
    line?.(' other')
    line?.(undefined)
    output.out('after')
    expect(stdout.writes).toEqual([
      'before\n',
      ' *** status\r',
      `${erase}a\n *** status\r`,
      `${erase}b\n *** status\r`,
      `${erase} other\r`,
      erase,
      'after\n',
    ])
  })

  test('what is said on standard error of the same screen spares it', () => {
    const { stdout, stderr, output } = open({ drawOn: 'stdout', oneScreen: true })
    output.screen?.bottomLine()(' status')
    output.err('a')
    expect(stderr.writes).toEqual([`${erase}a\n`])
    expect(stdout.writes).toEqual([' status\r', ' status\r'])
  })

  test('a log that runs is drawn no more often than every 100 ms', async () => {
    const { stdout, output } = open({ drawOn: 'stdout' })
    output.screen?.bottomLine()(' status')
    const end = performance.now() + 350
    let lines = 0
    while (performance.now() < end) {
      output.log(String(lines++))
      // slowly enough that no piece is full before its time
      await delay(1)
    }
    output.out('end')
    expect(lines).toBeGreaterThan(50)
    expect(stdout.writes.length).toBeLessThan(10)
    const said = stdout.writes.join('').replaceAll(erase, '').replaceAll(' status\r', '')
    expect(said).toBe(`${Array.from({ length: lines }, (_, index) => `${index}\n`).join('')}end\n`)
  })

  test('of two the later is shown, and the first again when that one is gone', () => {
    const { stdout, output } = open({ drawOn: 'stdout' })
    const [first, second] = [output.screen?.bottomLine(), output.screen?.bottomLine()]
    second?.('two')
    first?.('one')
    second?.(undefined)
    expect(stdout.writes).toEqual(['two\r', `${erase}one\r`])
  })

  test('hidden until it is drawn anew', () => {
    const { stdout, output } = open({ drawOn: 'stdout' })
    output.screen?.bottomLine()('one')
    output.screen?.hide()
    output.out('a')
    output.screen?.redraw()
    expect(stdout.writes).toEqual(['one\r', erase, 'a\n', 'one\r'])
  })
})
