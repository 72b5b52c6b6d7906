import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundle, type Program } from '../support/bundle.ts'
import { basePython } from '../support/tools.ts'

let program: Program

beforeAll(async () => {
  program = await bundle('flood.ts')
})

afterAll(async () => {
  await program.remove()
})

/** Expects the numbers of each stream of each service in their order, and counts them. */
function counter(): { take: (service: string, text: string) => void; counts: Map<string, number> } {
  const counts = new Map<string, number>()
  return {
    counts,
    take: (service, text) => {
      const [, stream = '', number = '', tail = ''] = /^(out|err) (\d+) (x*)$/.exec(text) ?? []
      const key = `${service} ${stream}`
      const expected = counts.get(key) ?? 0
      if (Number(number) !== expected || tail.length !== expected % 400) throw new Error(`${key}: ${text} came where ${expected} was due`)
      counts.set(key, expected + 1)
    },
  }
}

const each = (count: number) => new Map(['backend out', 'backend err', 'worker out', 'worker err'].map((key) => [key, count]))
const sorted = (map: Map<string, number>) => new Map([...map].toSorted())

/** Runs the program with so many lines on each of the four streams, read by somebody who stops after each piece: gives its peak of memory in MB. */
async function flood(
  { kind, count, pauseMs, file }: { kind: 'text' | 'json'; count: number; pauseMs: number; file?: string },
  take: (line: string) => void,
): Promise<number> {
  const child = spawn(process.execPath, [program.file, basePython(), String(count), kind, ...(file === undefined ? [] : [file])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  let errors = ''
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
  // by hand, since a line reader takes all that comes
  child.stdout.on('data', () => {
    child.stdout.pause()
    setTimeout(() => child.stdout.resume(), pauseMs)
  })
  const reader = createInterface({ input: child.stdout })
  reader.on('line', take)
  await once(child, 'close')
  const peak = /peak (\d+) kB/.exec(errors)?.[1]
  if (peak === undefined) throw new Error(errors)
  return Number(peak) / 1000
}

test('text: each line of two services arrives, in its order, at a slow reader, and the launcher stays small', async () => {
  const { take, counts } = counter()
  const peak = await flood({ kind: 'text', count: 50_000, pauseMs: 2 }, (line) => {
    const [, service = '', text = ''] = /^(\w+) +│ (.*)$/.exec(line) ?? []
    take(service, text)
  })
  expect(sorted(counts)).toEqual(sorted(each(50_000)))
  expect(peak).toBeLessThan(110)
})

test('JSON on the terminal, and a log file: each line is in both', { tags: ['slow'] }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'flood-'))
  try {
    const file = join(folder, 'log', 'all.log')
    const [printed, written] = [counter(), counter()]
    const peak = await flood({ kind: 'json', count: 12_500, pauseMs: 0, file }, (line) => {
      const event: { event: string; service: string; line: string } = JSON.parse(line)
      if (event.event === 'log') printed.take(event.service, event.line)
    })
    for (const line of (await readFile(file, 'utf8')).trimEnd().split('\n')) {
      const [, service = '', text = ''] = /^\S+ (\w+) │ (.*)$/.exec(line) ?? []
      written.take(service, text)
    }
    expect(sorted(printed.counts)).toEqual(sorted(each(12_500)))
    expect(sorted(written.counts)).toEqual(sorted(each(12_500)))
    expect(peak).toBeLessThan(110)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
