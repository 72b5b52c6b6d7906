/** What a service of a new kind has without a line of its own: a plan and a way to be proven are all that it says. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Life } from '../../src/run/life.ts'
import { Service } from '../../src/run/service.ts'
import type { Services } from '../../src/run/services.ts'
import { makeMark, testHost, type Mark } from '../support/processes.ts'
import { until } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { nodeService, quickClock, record, runsOn, says, supervised, type Recorded } from '../support/services.ts'

let mark: Mark
let services: Services
let told: Recorded

beforeEach(async () => {
  mark = await makeMark()
  told = record()
})

afterEach(async () => {
  await services.stop()
  expect(await mark.processes()).toEqual([])
  await mark.remove()
})

/** One that is ready once it has said so, and worth what its last line says. */
class Mail extends Service {
  protected override async prove({ server }: Life): Promise<boolean> {
    const last = server.lastLines().at(-1)
    this.become(last === 'up' ? 'ready' : 'failed', last)
    return true
  }
}

function mail(script: string, more: Partial<Service['plan']> = {}): Mail {
  const made = new Mail(nodeService(mark, 'mail', script, { ready: { log: '^up' }, ...more }), services)
  services.take(made)
  return made
}

test('it is proven; paused, restarted and asked by its name; and those that depend on it wait for it', async () => {
  services = supervised([nodeService(mark, 'worker', runsOn, { dependsOn: ['mail'] })], told.events, new AbortController().signal)
  expect(told.last('worker')).toBeUndefined()
  mail(says('up'))
  expect(await services.wait('worker')).toBe('ready')
  await services.restart('mail')
  expect(told.last('mail')).toMatchObject({ state: 'ready', why: 'up', restarts: 1 })
  expect(told.states().filter((state) => state.startsWith('mail'))).toEqual([
    'mail starting',
    'mail ready',
    'mail restarting',
    'mail starting',
    'mail ready',
  ])
})

test.runIf(process.platform === 'linux')('the guard: what leaves its parent, its group and its session ends with it', async () => {
  services = supervised([], told.events, new AbortController().signal)
  const leaves = `const { spawn } = require('child_process'); spawn('sh', ['-c', 'setsid sleep 300 & exit'], { detached: true, stdio: 'ignore' }).on('exit', () => console.log('up')); ${runsOn}`
  const made = mail(leaves)
  await services.wait('mail')
  await until(async () => (await mark.unguarded()).length === 2)
  await made.stop()
  expect(await mark.processes()).toEqual([])
})

test('the bounds: for its readiness, for its end, and for what is kept of its output', async () => {
  services = supervised([], told.events, new AbortController().signal)
  const deaf = `process.on('SIGTERM', () => {}); for (let i = 0; i < 5000; i++) console.log('line ' + i); ${runsOn}`
  mail(deaf, { readyTimeoutMs: 1000, stopTimeoutMs: 300 })
  expect(await services.wait('mail')).toBe('failed')
  expect(told.last('mail')).toMatchObject({ pid: undefined, why: 'it was not ready within 1 s: no line of its output fits /^up/' })
  expect(told.lines()).toHaveLength(5000)
})

test('masking, restart and backoff: a secret in its last line stays one, and each crash waits longer', async () => {
  const clock = quickClock()
  services = supervised([], told.events, new AbortController().signal, clock)
  const hidden = testHost.secrets.add(secret())
  mail(says(`the password is ${hidden}`, 'process.exitCode = 1'), { readyTimeoutMs: 5000 })
  expect(await services.wait('mail')).toBe('failed')
  expect(clock.waits).toEqual([1000, 2000])
  expect(told.last('mail')?.why).toMatch(/^ended with 1 after \d\.\d s: the password is \*\*\*; it was never ready in 3 starts$/)
})
