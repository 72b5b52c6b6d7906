import { randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { secret } from '../support/secrets.ts'
import { until } from '../support/redis.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { variants } from '../support/variants.ts'

let stand: Stand

afterEach(async () => {
  await stand.remove()
})

const count = 10_000
/** Prints numbered lines on both streams at once, from two threads, each line in two writes. */
const numbered = `
import sys, threading
def number(stream, name):
    for index in range(${count}):
        stream.write(f"{name} {index}")
        stream.write(" end\\n")
threads = [threading.Thread(target=number, args=pair) for pair in ((sys.stdout, "out"), (sys.stderr, "err"))]
if not sys.argv[0].endswith("election_dev_inside"):
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
`

test('10,000 lines on each stream come after the banner, whole, in their order, none lost', { timeout: 60_000 }, async () => {
  stand = await makeStand({ settings: numbered })
  const cli = stand.start()
  await cli.waitFor(/ready in[\s\S]*Channels.*/)
  const last = count - 1
  await until(async () => cli.stdout().includes(`out ${last} end`) && cli.stdout().includes(`err ${last} end`))
  const { stdout } = await cli.end('SIGINT')
  // after 3 s nothing is held back any more: a slow start is worth watching
  const readyMs = Number(/ready in (\d+) ms/.exec(stdout)?.[1])
  if (readyMs < 3000) expect(stdout.indexOf('ready in')).toBeLessThan(stdout.indexOf('backend │'))
  const lines = stdout.split('\n').filter((line) => /(?:out|err) \d/.test(line))
  for (const name of ['out', 'err']) {
    const expected = Array.from({ length: count }, (_, index) => `backend │ ${name} ${index} end`)
    expect(lines.filter((line) => line.includes(`${name} `))).toEqual(expected)
  }
})

/** Colours its output as Django, uvicorn and many others do: where FORCE_COLOR says so, for want of a terminal. */
const coloured = `
import os
print("\\x1b[32mgreen\\x1b[0m" if os.environ.get("FORCE_COLOR") and not os.environ.get("NO_COLOR") else "uncoloured", flush=True)
`

test('colours of the backend are kept with FORCE_COLOR', async () => {
  stand = await makeStand({ settings: coloured })
  const cli = stand.start([], { NO_COLOR: '', FORCE_COLOR: '1' })
  await cli.waitFor(/Channels.*/)
  await cli.waitFor(/green/)
  const { stdout } = await cli.end('SIGINT')
  const escape = String.fromCodePoint(27)
  expect(stdout).toContain(`${escape}[32mgreen${escape}[0m`)
})

variants([['daphne'], ['uvicorn'], ['hypercorn']], { title: 'with NO_COLOR nothing is coloured: %s', quick: 1 }, async (server) => {
  stand = await makeStand({ settings: coloured })
  const cli = stand.start(['--server', server], { NO_COLOR: '1', FORCE_COLOR: '1' })
  await cli.waitFor(/Channels.*/)
  await cli.waitFor(/uncoloured/)
  const { stdout, stderr } = await cli.end('SIGINT')
  expect(stdout + stderr).not.toContain(String.fromCodePoint(27))
})

/** As uvicorn logs a path that has a quote in it, and as a project prints what it has. */
const quoting = `
import os
print('INFO: "WebSocket /ws/?token=ab%22c"d\\\\" [accepted]', flush=True)
print('{"password": "' + os.environ["SHOP_PASSWORD"] + '", "at": "/?ticket=' + os.environ["SHOP_PASSWORD"] + '"}', flush=True)
print("that is all", flush=True)
`

test('each line of start --json is JSON whatever is masked in it, and none holds a secret', async () => {
  stand = await makeStand({ settings: quoting })
  const password = secret(`p"w'\\${randomBytes(6).toString('hex')}`)
  const cli = stand.start(['--json'], { SHOP_PASSWORD: password })
  await cli.waitFor(/"event":"ready"/)
  await cli.waitFor(/that is all/)
  const { stdout } = await cli.end('SIGINT')
  const events = stdout
    .trim()
    .split('\n')
    .map((line): { line?: string } => JSON.parse(line))
  const lines = events.flatMap(({ line }) => line ?? [])
  expect(lines).toContain('{"password": "***", "at": "/?ticket=***"}')
  expect(lines.find((line) => line.includes('[accepted]'))).toMatch(/^INFO: "WebSocket \/ws\/\?token=\*\*\*/)
  expect(stdout).not.toContain(password.slice(4))
})
