import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { makeStand, type Stand } from '../support/stand.ts'

let stand: Stand

afterEach(async () => {
  await stand.remove()
})

const count = 500_000
/** Prints numbered lines on both streams at once, once it serves: a million in all. */
const numbered = `
import sys, threading
def number(stream, name):
    for first in range(0, ${count}, 500):
        stream.write("".join(f"{name} {index} end\\n" for index in range(first, first + 500)))
    stream.flush()
if not sys.argv[0].endswith("election_dev_inside"):
    for pair in ((sys.stdout, "out"), (sys.stderr, "err")):
        threading.Thread(target=number, args=pair).start()
`

test(
  'a million lines of a real backend: none lost, each stream in its order, the launcher below 120 MB',
  { timeout: 120_000 },
  async () => {
    stand = await makeStand({ settings: numbered })
    const cli = stand.start()
    const { stdout, pid } = cli.child
    if (stdout === null || pid === undefined) throw new Error('no output to read')
    const next = new Map([
      ['out', 0],
      ['err', 0],
    ])
    // a reader that stops after each piece is slower than the backend
    stdout.on('data', () => {
      stdout.pause()
      setTimeout(() => stdout.resume(), 2)
    })
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: stdout }).on('line', (line) => {
        const [, stream, number] = /^backend │ (out|err) (\d+) end$/.exec(line) ?? []
        if (stream === undefined) return
        const due = next.get(stream) ?? 0
        if (Number(number) !== due) reject(new Error(`${line} came where ${due} was due`))
        next.set(stream, due + 1)
        if ([...next.values()].every((seen) => seen === count)) resolve()
      })
    })
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000
    await cli.end('SIGINT')
    expect(peak).toBeGreaterThan(30)
    expect(peak).toBeLessThan(120)
  },
)
