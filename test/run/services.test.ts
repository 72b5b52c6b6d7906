import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ServicePlan } from '../../src/plan/service.ts'
import { lastsMs } from '../../src/plan/restart.ts'
import type { Clock, Services } from '../../src/run/services.ts'
import { Service } from '../../src/run/service.ts'
import { makeMark, testHost, type Mark } from '../support/processes.ts'
import { until } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'
import { nodeService, quickClock, record, runsOn, says, supervised, type Recorded } from '../support/services.ts'

let mark: Mark
let services: Services | undefined
let told: Recorded
let abort: AbortController

beforeEach(async () => {
  mark = await makeMark()
  told = record()
  abort = new AbortController()
})

afterEach(async () => {
  await services?.stop()
  services = undefined
  expect(await mark.processes()).toEqual([])
  await mark.remove()
})

const service = (name: string, script: string, more: Partial<ServicePlan> = {}) => nodeService(mark, name, script, more)
const supervise = (plans: readonly ServicePlan[], clock?: Clock) => (services = supervised(plans, told.events, abort.signal, clock))

/** One that is kept up by other means. */
class Other extends Service {
  readonly ends: string[] = []
  constructor(running: Services) {
    super(service('backend', runsOn, { kind: 'backend', dependsOn: ['redis'] }), running)
  }
  override get standing() {
    return { settled: 'ready', why: undefined } as const
  }
  override start() {}
  override async stop() {
    this.ends.push(`backend after ${told.last('worker')?.state}, before ${told.last('redis')?.state}`)
  }
}

/** Ready after a while, by a line. */
const slow = (name: string, ms: number, more: Partial<ServicePlan> = {}) =>
  service(name, `setTimeout(() => console.log('up'), ${ms}); ${runsOn}`, { ready: { log: '^up$' }, ...more })

test('each starts when what it depends on is ready, those beside each other at once; they end in reverse', async () => {
  const running = supervise([
    slow('web', 0, { dependsOn: ['queue', 'job', 'backend'] }),
    slow('queue', 150),
    service('job', says('migrated', ''), {}),
    slow('late', 0, { dependsOn: ['web'] }),
  ])
  await running.wait('queue')
  await told.until(({ name, state }) => name === 'job' && state === 'done')
  expect(told.last('web')).toBeUndefined()
  running.take(new Other(running))
  running.isWell()
  expect(await running.wait('late')).toBe('ready')
  const order = (...states: string[]) => states.map((state) => told.states().indexOf(state))
  const at = order('queue starting', 'queue ready', 'web starting', 'web ready', 'late starting', 'late ready')
  expect(at).toEqual(at.toSorted((a, b) => a - b))
  expect(at).not.toContain(-1)
  expect(running.statuses.map(({ name, state, pid }) => [name, state, pid !== undefined])).toEqual([
    ['backend', 'waiting', false],
    ['web', 'ready', true],
    ['queue', 'ready', true],
    ['job', 'done', false],
    ['late', 'ready', true],
  ])
  await running.stop()
  expect(told.states().filter((state) => state.endsWith('stopped'))).toEqual(['late stopped', 'web stopped', 'queue stopped'])
  expect(await running.wait('web')).toBe('stopped')
})

test('what is kept up by other means is ended in its place', async () => {
  const running = supervise([service('redis', runsOn), service('worker', runsOn, { dependsOn: ['backend'] })])
  const other = new Other(running)
  running.take(other)
  running.isWell()
  // each is born in its own time
  await Promise.all([running.wait('worker'), running.wait('redis')])
  await running.stop()
  expect(other.ends).toEqual(['backend after stopped, before ready'])
})

test('a crash starts it again, later each time; well for a minute, it begins anew', async () => {
  const clock = quickClock()
  const count = join(mark.env['TMPDIR'] ?? '', 'count')
  const crashing = `const fs = require('fs'); const n = fs.existsSync('${count}') ? fs.readFileSync('${count}').length : 0; fs.appendFileSync('${count}', '.'); if (n === 8) { ${runsOn} } else { console.error('crash ' + n); process.exitCode = 3 }`
  const running = supervise([service('worker', crashing)], clock)
  // its seventh end comes after a good minute
  const seventh = told.until(({ state, restarts }) => state === 'ready' && restarts === 6)
  await seventh
  clock.pass(60_000)
  await told.until(({ state, restarts }) => state === 'ready' && restarts === 8)
  await until(async () => (await readFile(count, 'utf8')).length === 9)
  expect(clock.waits.filter((ms) => ms !== lastsMs)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 1000, 2000])
  const first = await told.until(({ state }) => state === 'restarting')
  expect(first.why).toMatch(/^ended with 3 after \d\.\d s: crash 0; it starts again in 1 s$/)
  expect(running.statuses[0]).toMatchObject({ state: 'ready', restarts: 8, why: undefined })
})

test('what crashes again and again is ready no more, until it lasts; a job that is done at a later try is done', async () => {
  const lasted = new AbortController()
  const wait = async (ms: number, signal: AbortSignal) => {
    if (ms === lastsMs && !lasted.signal.aborted) await once(AbortSignal.any([lasted.signal, signal]), 'abort')
  }
  const count = join(mark.env['TMPDIR'] ?? '', 'count')
  const tries = (last: string) =>
    `const fs = require('fs'); fs.appendFileSync('${count}', '.'); if (fs.readFileSync('${count}').length >= 4) { ${last} } else { process.exitCode = 3 }`
  const running = supervise([service('worker', tries(runsOn))], { now: () => performance.now(), wait })
  await told.until(({ state, restarts }) => state === 'starting' && restarts === 3)
  expect(told.states().slice(0, 3)).toEqual(['worker starting', 'worker ready', 'worker restarting'])
  expect(told.states().slice(3)).not.toContain('worker ready')
  lasted.abort()
  await told.until(({ state, restarts }) => state === 'ready' && restarts === 3)
  await running.stop()
  await rm(count)
  supervise([service('job', tries('process.exitCode = 0'))], quickClock())
  await told.until(({ name, state }) => name === 'job' && state === 'done')
})

test.each([
  ['no', 3, 'failed', 0],
  ['no', 0, 'done', 0],
  ['on-failure', 0, 'done', 0],
  ['always', 0, 'restarting', 3],
  ['on-failure', 3, 'restarting', 3],
] as const)('restart %s after an end with %i: %s', async (restart, code, state, restarts) => {
  const running = supervise([service('job', `process.exitCode = ${code}`, { restart })], quickClock())
  await told.until((status) => status.state === state && status.restarts >= restarts)
  if (restarts === 0) {
    expect(running.statuses[0]).toMatchObject({ state, restarts: 0, pid: undefined })
    expect(told.states()).not.toContain('job restarting')
    expect(await running.wait('job')).toBe(state === 'done' ? 'ready' : 'failed')
  }
})

test('one that crashes before it was ever ready fails when its time is over', async () => {
  const clock = quickClock()
  const running = supervise(
    [
      service('worker', says('no broker', 'process.exitCode = 1'), { ready: { log: 'never' } }),
      service('after', runsOn, { dependsOn: ['worker'] }),
    ],
    clock,
  )
  expect(await running.wait('worker')).toBe('failed')
  expect(clock.waits).toEqual([1000, 2000, 4000])
  expect(told.last('worker')?.why).toMatch(/^ended with 1 after .*: no broker; it was never ready in 4 starts$/)
  expect(await running.wait('after')).toBe('failed')
})

test("what a program of Node's died of is the exception, not the last line of its stack", async () => {
  const running = supervise([service('worker', 'throw new Error("no ballots")', { restart: 'no', ready: { log: 'never' } })])
  expect(await running.wait('worker')).toBe('failed')
  expect(told.last('worker')?.why).toMatch(/^ended with 1 after \d\.\d s: Error: no ballots$/)
})

test('one that can never run is not started again, and why is said', async () => {
  const hopeless = [{ line: /Cannot find package/, why: 'its packages are not all there' }]
  const running = supervise([
    service('page', says("Cannot find package 'vite'", 'process.exitCode = 1'), { ready: { log: 'never' }, hopeless }),
  ])
  expect(await running.wait('page')).toBe('failed')
  expect(told.last('page')).toMatchObject({ restarts: 0, why: 'its packages are not all there' })
})

test('a failure goes to all that depend on it, with the reason; a restart that mends it starts them', async () => {
  const broken = service('broker', '', { file: '/nowhere/celery' })
  const running = supervise([
    broken,
    service('worker', runsOn, { dependsOn: ['broker'] }),
    service('beat', runsOn, { dependsOn: ['worker'] }),
    service('mail', runsOn),
  ])
  expect(await running.wait('beat')).toBe('failed')
  expect(told.last('broker')?.why).toMatch(/^there is no program \/nowhere\/celery\. Install it: {2}python3 -m pip install celery/)
  expect(told.last('worker')?.why).toMatch(/^it needs broker, which failed: there is no program/)
  expect(told.last('beat')?.why).toMatch(/^it needs worker, which failed: it needs broker/)
  expect(await running.wait('mail')).toBe('ready')
  await running.restart('broker', service('broker', runsOn))
  expect(await running.wait('broker')).toBe('ready')
  expect([await running.wait('worker'), await running.wait('beat')]).toEqual(['ready', 'ready'])
})

test.each([
  [{ cwd: '/no/such/folder' }, "its working folder /no/such/folder isn't there"],
  [{ file: '/etc' }, '/etc could not be run (EACCES'],
] as const)('%j can’t be run, and why is said', async (more, why) => {
  const running = supervise([service('worker', runsOn, more)])
  expect(await running.wait('worker')).toBe('failed')
  expect(told.last('worker')?.why).toContain(why)
  expect(told.last('worker')).toMatchObject({ pid: undefined, restarts: 0 })
})

test('a secret in the last line stays one', async () => {
  const hidden = testHost.secrets.add(secret())
  const running = supervise([service('job', says(`password is ${hidden}`, 'process.exitCode = 1'), { restart: 'no' })])
  await told.until(({ state }) => state === 'failed')
  expect(running.statuses[0]?.why).toMatch(/: password is \*\*\*$/)
})

test('stop ends children of children, and kills what ignores SIGTERM at its stopTimeout', async () => {
  const deaf = `process.on('SIGTERM', () => {}); console.log('deaf'); ${runsOn}`
  const family = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(runsOn)}], {detached: true}); ${runsOn}`)}]); ${runsOn}`
  const running = supervise([
    service('deaf', deaf, { ready: { log: 'deaf' }, stopTimeoutMs: 700 }),
    service('family', family),
    service('below', runsOn, { dependsOn: ['deaf'] }),
  ])
  await Promise.all([running.wait('below'), until(async () => (await mark.unguarded()).length === 5)])
  const asked = performance.now()
  await running.stop()
  const took = performance.now() - asked
  expect(took).toBeGreaterThan(650)
  expect(took).toBeLessThan(4000)
  expect(await mark.processes()).toEqual([])
})

test('kill ends at once what a stop waits for', async () => {
  const running = supervise([
    service('deaf', `process.on('SIGTERM', () => {}); console.log('deaf'); ${runsOn}`, { ready: { log: 'deaf' }, stopTimeoutMs: 20_000 }),
  ])
  await running.wait('deaf')
  const asked = performance.now()
  const stopped = running.stop()
  running.kill()
  await stopped
  expect(performance.now() - asked).toBeLessThan(5000)
})

test('the signal ends all; what waits for a restart or for others is never started', async () => {
  const clock = {
    now: () => performance.now(),
    wait: (_: number, signal: AbortSignal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
  }
  const running = supervise(
    [service('crashed', 'process.exitCode = 1'), service('waiting', runsOn, { dependsOn: ['backend'] }), service('well', runsOn)],
    clock,
  )
  await told.until(({ state }) => state === 'restarting')
  abort.abort()
  await running.stop()
  expect(running.statuses.map(({ name, state }) => `${name} ${state}`)).toEqual(['crashed stopped', 'waiting stopped', 'well stopped'])
  expect(
    told
      .states()
      .filter((state) => state.endsWith(' starting'))
      .toSorted(),
  ).toEqual(['crashed starting', 'well starting'])
  expect(await running.wait('backend')).toBe('stopped')
  const never = supervised([service('never', runsOn)], told.events, abort.signal)
  expect(await never.wait('never')).toBe('stopped')
})

test('restarts one after the other leave one process; a new plan counts; one more service is added', async () => {
  const running = supervise([service('worker', says('old'))])
  await running.wait('worker')
  await Promise.all([running.restart('worker'), running.restart('worker'), running.restart('worker', service('worker', says('new')))])
  expect(running.statuses[0]).toMatchObject({ state: 'ready', restarts: 3 })
  await until(async () => told.lines().includes('worker: new'))
  expect(await mark.unguarded()).toHaveLength(1)
  running.add(service('mail', runsOn, { dependsOn: ['worker'] }))
  expect(await running.wait('mail')).toBe('ready')
  expect(() => running.add(service('mail', runsOn))).toThrow(/There is a service called mail already/)
  await expect(running.restart('nobody')).rejects.toThrow(/no service called nobody/)
})

test('a stop in the middle of a restart leaves nothing', async () => {
  const running = supervise([service('worker', runsOn)])
  await running.wait('worker')
  const restarted = running.restart('worker')
  await running.stop()
  await restarted
  expect(await running.wait('worker')).toBe('stopped')
})

test('200,000 lines of two services keep their order, though their reader holds them up', async () => {
  const lines = 100_000
  const talk = `let i = 0; const go = () => { while (i < ${lines}) { let t = ''; for (let j = 0; j < 500; j++) t += i++ + '\\n'; if (!process.stdout.write(t)) return process.stdout.once('drain', go) } }; go()`
  const next: Record<string, number> = { one: 0, two: 0 }
  let wrong = 0
  const running = supervised(
    [service('one', talk), service('two', talk)],
    {
      onStatus: told.events.onStatus,
      onLine: (name, line) => {
        if (Number(line) !== next[name]) wrong++
        next[name] = (next[name] ?? 0) + 1
        if (next[name] % 10_000 !== 0) return
        running.pause()
        setTimeout(() => running.resume(), 1)
      },
    },
    abort.signal,
  )
  services = running
  await Promise.all(['one', 'two'].map((wanted) => told.until(({ name, state }) => name === wanted && state === 'done')))
  expect({ next, wrong }).toEqual({ next: { one: lines, two: lines }, wrong: 0 })
})

test('more than ten services at once are no reason for a warning of Node’s', async () => {
  const warnings: Error[] = []
  const warn = (warning: Error) => warnings.push(warning)
  process.on('warning', warn)
  const running = supervise(Array.from({ length: 12 }, (_, index) => service(`job${index}`, '')))
  await Promise.all(Array.from({ length: 12 }, (_, index) => told.until(({ name, state }) => name === `job${index}` && state === 'done')))
  expect(running.statuses.every(({ state }) => state === 'done')).toBe(true)
  process.off('warning', warn)
  expect(warnings).toEqual([])
})
