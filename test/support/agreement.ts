/** `start` and `doctor`, asked of the same set-up: what both make of it, and whether they agree. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect, TestRunner } from 'vitest'
import { besides, others, rows, withoutStart } from './agreement-rows.ts'
import { startCli } from './cli.ts'
import { causeOf } from '../../src/causes/causes.ts'
import { askDoctor, nameOf, setUps, useSetUps, type Answer, type Asking, type SetUp } from './doctor.ts'
import { listens, makeMark } from './processes.ts'
import { freePort, until } from './redis.ts'
import { serversIn } from './servers.ts'
import { settle } from './settled.ts'

const diagnosisSchema = v.object({ id: v.string(), evidence: v.array(v.string()) })
const eventSchema = v.object({
  event: v.string(),
  id: v.optional(v.string()),
  code: v.optional(v.string()),
  diagnosis: v.optional(v.nullable(diagnosisSchema)),
  state: v.optional(v.nullable(v.string())),
  websocket: v.optional(v.object({ url: v.string(), state: v.string(), diagnosis: v.nullable(diagnosisSchema) })),
})

interface Outcome {
  /** The WebSocket's, as `start` has told it last; `ended` where it ended before it was ready. */
  readonly state: string
  /** The id of `start`'s diagnosis. */
  readonly started: string | undefined
  /** The code of the error that it ended with. */
  readonly error: string | undefined
  readonly warnings: readonly string[]
  /** Of the doctor, asked while `start` was up, or right after it had ended. */
  readonly asked: Answer
  /** All that `start` printed, for whoever reads a failure. */
  readonly stdout: string
}

/**
 * Makes tests of the set-ups in files of test/faults, of the named ones alone
 * where names are given: each is laid out as ever, and when its doctor has
 * answered, `start` is run on it, and the doctor asked again.
 */
export async function agreement(files: readonly string[], names?: readonly string[]): Promise<void> {
  useSetUps(agree)
  for (const file of files) await import(`../faults/${file}.test.ts`)
  const wanted = new Set(names ?? setUps().map(nameOf))
  const { tasks } = TestRunner.getCurrentSuite()
  // the other tests of these files are about the doctor alone
  tasks.splice(0, tasks.length, ...tasks.filter(({ name }) => wanted.has(name)))
}

async function agree(setUp: SetUp, folder: string, asking: Asking, original: Answer): Promise<void> {
  const { id } = setUp
  const name = nameOf(setUp)
  if (name in withoutStart) return
  const row = others[name] ?? rows[id]
  const { state, started, error, warnings, asked, stdout } = await outcomeOf(id, folder, asking)
  const seen = { state, start: started, error, doctor: asked.id }
  const why = `${stdout}\ndoctor, on what start made of it:\n${asked.evidence}`
  if (row === 'sound') {
    const others = warnings.filter((warning) => warning !== 'port-in-use' && !asked.warnings.includes(warning))
    expect({ ...seen, warnings: others }, why).toEqual({
      state: 'connected',
      warnings: [],
    })
  } else if (row === 'named') {
    const state = causeOf(id).state ?? expect.stringMatching(/^(?:not-connected|wants-token)$/)
    expect(seen, why).toEqual({ state, start: id, doctor: id })
  } else if (row === 'told') {
    expect(seen, why).toEqual({ state: 'not-connected', start: id, doctor: undefined })
    expect(asked.warnings, why).toContain(id)
  } else if (row === 'ended') {
    expect(seen, why).toEqual({ state: 'ended', start: id, doctor: id })
  } else {
    expect([original.id, ...original.warnings]).toContain(id)
    expect({ state, warnings }, why).toEqual({ state: 'connected', warnings: expect.arrayContaining([id]) })
    expect([undefined, id], why).toContain(asked.id)
  }
}

/** Starts the launcher on a project as the doctor was asked about it, asks the doctor again, and ends all of it. */
async function outcomeOf(id: string, folder: string, asking: Asking): Promise<Outcome> {
  const servers = serversIn(folder)
  const isBeside = besides.has(id)
  if (!isBeside) for (const { stop } of servers) await stop()
  await settle(id, join(folder, 'backend'))
  const env = { ...servers[0]?.env, ...asking.env, ...(asking.token === undefined ? {} : { ELECTION_DEV_TOKEN: asking.token }) }
  const server = servers[0]?.argv.find((word) => word === 'uvicorn' || word === 'hypercorn')
  const args = [
    ...(asking.url === undefined
      ? []
      : ['--port', String(await portFor(Number(new URL(asking.url).port))), '--path', new URL(asking.url).pathname]),
    ...(server === undefined ? [] : ['--server', server]),
    ...(asking.origin === undefined ? [] : ['--origin', asking.origin]),
    ...(asking.python === undefined ? [] : ['--python', asking.python]),
    ...(asking.args ?? []),
  ]
  const mark = await makeMark()
  const cli = startCli(['start', '--json', '--no-frontend', '--start-timeout', '15000', ...args], {
    cwd: folder,
    env: { ...env, ...mark.env },
    ...(asking.uid === undefined ? {} : { uid: asking.uid }),
  })
  try {
    await cli.waitFor(/"event":"(?:ready|end)".*\n/)
    const websocket = eventsOf(cli.stdout()).find(({ event }) => event === 'ready')?.websocket
    if (websocket === undefined) await cli.end()
    // sqlite and the run itself write into the folder while it is up
    const again = { ...asking, env, others: [], readOnly: websocket === undefined }
    const asked = await askDoctor(folder, websocket === undefined ? again : { ...again, url: websocket.url })
    const { stdout } = await cli.end('SIGINT')
    await until(async () => (await mark.processes()).length === 0)
    const events = eventsOf(stdout)
    return {
      state: events.findLast(({ event }) => event === 'websocket')?.state ?? websocket?.state ?? 'ended',
      started: (websocket?.diagnosis ?? events.findLast(({ event }) => event === 'diagnosis')?.diagnosis)?.id,
      error: events.findLast(({ event }) => event === 'error')?.code,
      warnings: events.flatMap((said) => (said.event === 'warning' && said.id !== undefined ? [said.id] : [])),
      asked,
      stdout,
    }
  } finally {
    await cli.end('SIGINT')
    await mark.remove()
  }
}

const eventsOf = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => v.parse(eventSchema, JSON.parse(line)))

/** The port, unless it is bound by somebody who doesn't listen: that is a stand-in for a free one. */
async function portFor(port: number): Promise<number> {
  if (await listens(port)) return port
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return freePort('127.0.0.1')
  }
  server.close()
  await once(server, 'close')
  return port
}
