/**
 * A launcher of two services that write COUNT numbered lines on each of their
 * streams, put together as `start` is: report, log file, and what holds them
 * back. Says on standard error, at the end, how much memory it had at most.
 *
 * usage: flood.mjs PYTHON COUNT text|json [LOG-FILE]
 */
import { readFileSync } from 'node:fs'
import { nodeHost } from '../../src/host/node-host.ts'
import { keepHeapSmall } from '../../src/host/small-heap.ts'
import { serviceLog } from '../../src/report/service-log.ts'
import { startJson } from '../../src/report/start-json.ts'
import { startText } from '../../src/report/start-text.ts'
import { holdBack } from '../../src/run/hold-back.ts'
import { openLogFile } from '../../src/run/log-file.ts'
import { launchServer } from '../../src/run/server.ts'

const [python = '', count = '', kind, file] = process.argv.slice(2)
keepHeapSmall()
const host = nodeHost()
host.secrets.add('a value that is never printed')
const services = ['backend', 'worker']
const writer = `
import sys, threading
def number(stream, name):
    # many at a time: the two threads would spend it all on taking turns
    for first in range(0, ${count}, 500):
        stream.write("".join(f"{name} {index} " + "x" * (index % 400) + "\\n" for index in range(first, min(first + 500, ${count}))))
    stream.flush()
threads = [threading.Thread(target=number, args=pair) for pair in ((sys.stdout, "out"), (sys.stderr, "err"))]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
`
const report = kind === 'json' ? startJson(host) : startText(host, { verbose: false, log: serviceLog(host, { services }) })
const logFile =
  file === undefined
    ? undefined
    : openLogFile(host, { file, size: 1e9, count: 1, onTrouble: (_, text) => void process.stderr.write(`${text}\n`) })
let pauses = 0
const servers = new Set<ReturnType<typeof launchServer>>()
const check = holdBack(() => [host.terminal, ...(logFile === undefined ? [] : [logFile])], {
  pause: () => {
    pauses++
    for (const server of servers) server.pause()
  },
  resume: () => {
    for (const server of servers) server.resume()
  },
})
for (const service of services) {
  const launch = { file: python, args: ['-c', writer], cwd: process.cwd(), env: process.env }
  servers.add(
    launchServer(host, launch, (line) => {
      report({ event: 'log', service, line })
      logFile?.line(service, line)
      check()
    }),
  )
}
await Promise.all([...servers].map(({ exited }) => exited))
report({ event: 'end', exitCode: 0 })
await logFile?.close()
const drain = () => {
  if (process.stdout.writableLength > 0) {
    setTimeout(drain, 10)
    return
  }
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  process.stderr.write(`peak ${peak} kB, ${pauses} pauses\n`)
}
drain()
