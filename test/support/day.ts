/**
 * A day of work on a terminal, with a stack that only pretends: the report, the
 * status line and the keys are the real ones, put together as `start` does it;
 * the control says what it is asked to do. It logs a line every 20 ms.
 */
import { mergeConfig } from '../../src/config/merge.ts'
import { attachKeys } from '../../src/commands/start-keys.ts'
import type { StackControl } from '../../src/report/stack-control.ts'
import { nodeHost } from '../../src/host/node-host.ts'
import { exitStatusOf, onStopRequest } from '../../src/host/stop-signals.ts'
import { attachLive } from '../../src/report/live.ts'
import { serviceLog } from '../../src/report/service-log.ts'
import type { SocketState } from '../../src/report/run-event.ts'
import { startText } from '../../src/report/start-text.ts'

const host = nodeHost()
const log = serviceLog(host, { services: ['backend', 'worker'] })
const report = startText(host, { verbose: false, log })
const state: SocketState = { dot: 'green', handshakeMs: 4, pongMs: 1, heldMs: 2000, broadcast: undefined }
const listeners = new Set<() => void>()
let restarts = 0
let end: (status: number) => void = () => {}
const ended = new Promise<number>((resolve) => {
  end = resolve
})
const pretendedControl: StackControl = {
  status: () => ({
    services: [
      { name: 'backend', kind: 'backend', state: 'ready', pid: 1, url: undefined, restarts, why: undefined },
      { name: 'worker', kind: 'service', state: 'ready', pid: 2, url: undefined, restarts: 0, why: undefined },
    ],
    websocket: { url: 'ws://127.0.0.1:8000/ws/', state },
    openSockets: 3,
    lastError: undefined,
    page: 'http://localhost:3000/',
  }),
  restart: (service) => {
    restarts++
    host.terminal.out(`asked to restart ${service ?? 'everything'}`)
    for (const tell of listeners) tell()
    return Promise.resolve()
  },
  verify: () => Promise.resolve(state),
  pageCauses: async () => [],
  means: () => ({ env: undefined, config: mergeConfig(host, {}, undefined) }),
  look: () => Promise.resolve(host.terminal.out('asked to look at the page')),
  stop: () => {
    end(0)
    return Promise.resolve()
  },
  listen: (callback) => {
    listeners.add(callback)
    return () => listeners.delete(callback)
  },
}
const takeAway = onStopRequest((reason) => end(exitStatusOf[reason]), { watchParent: false })
log.release()
const live = attachLive(host, pretendedControl, { keys: true, log })
const detach = attachKeys(host, pretendedControl, report, {
  log,
  live,
  openPage: (page) => Promise.resolve(host.terminal.out(`asked to open ${page}`)),
  runDoctor: () => Promise.resolve(host.terminal.out('asked for the doctor')),
})
let lines = 0
const timer = setInterval(() => {
  report({ event: 'log', service: 'backend', line: `line ${lines}` })
  report({ event: 'log', service: 'worker', line: `job ${lines++}` })
  if (process.argv[2] === 'crash' && lines === 10) end(Number.NaN)
}, 20)
const status = await ended
if (Number.isNaN(status)) throw new Error('a defect')
clearInterval(timer)
detach?.()
live.detach()
report({ event: 'end', exitCode: status })
takeAway()
process.exitCode = status
