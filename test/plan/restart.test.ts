import { expect, test } from 'vitest'
import { afterEnd, type AfterEnd, type End, type History } from '../../src/plan/restart.ts'
import type { ServicePlan } from '../../src/plan/service.ts'

const crash: End = { why: 'ended with 3', readyMs: undefined, isClean: false, isHopeless: false }
const crashed = (readyMs: number) => ({ ...crash, readyMs })
const clean = { ...crash, isClean: true }
const first: History = { crashes: 0, everReady: false, leftMs: 10_000 }
const pause = (delayMs: number, crashes = 1): AfterEnd => ({ kind: 'pause', why: 'ended with 3', delayMs, crashes })
const failed = (why = 'ended with 3'): AfterEnd => ({ kind: 'over', state: 'failed', why })
const done: AfterEnd = { kind: 'over', state: 'done', why: undefined }

type Policy = Pick<ServicePlan, 'restart' | 'unready'>

test.each<[string, End, Partial<History>, Policy, AfterEnd]>([
  ['a crash', crashed(500), {}, { restart: 'on-failure' }, pause(1000)],
  ['its third in a row', crashed(500), { crashes: 2 }, { restart: 'on-failure' }, pause(4000, 3)],
  ['one after a good minute', crashed(60_000), { crashes: 7 }, { restart: 'on-failure' }, pause(1000)],
  ['one that is not started again', crashed(500), {}, { restart: 'no' }, failed()],
  ['a job that is done', { ...clean, readyMs: 500 }, {}, { restart: 'on-failure' }, done],
  ['one that is to run for ever', { ...clean, readyMs: 500 }, {}, { restart: 'always' }, pause(1000)],
  ['done before it was ready', clean, {}, { restart: 'on-failure' }, failed('ended with 3, before it was ready')],
  ['before it was ready, in time', crash, {}, { restart: 'on-failure' }, pause(1000)],
  [
    'before it was ready, and too late',
    crash,
    { crashes: 3, leftMs: 7000 },
    { restart: 'on-failure' },
    failed('ended with 3; it was never ready in 4 starts'),
  ],
  ['no program', { ...crash, isHopeless: true }, {}, { restart: 'always' }, failed()],
  ['a frontend that never served', crash, { everReady: true }, { restart: 'on-failure', unready: 'fails' }, failed()],
  ['a frontend that did', crashed(0), {}, { restart: 'on-failure', unready: 'fails' }, pause(1000)],
  ['a backend that never worked', crash, {}, { restart: 'on-failure', unready: 'ends' }, failed()],
  ['one that did before', crash, { everReady: true, leftMs: 0 }, { restart: 'on-failure', unready: 'ends' }, pause(1000)],
  ['the same, not to be restarted', crash, { everReady: true }, { restart: 'no', unready: 'ends' }, failed()],
  ['a save that breaks it', crash, { everReady: true }, { restart: 'no', unready: 'waits' }, { kind: 'wait', why: 'ended with 3' }],
  ['a crash under --reload', crashed(500), {}, { restart: 'on-failure', unready: 'waits' }, pause(1000)],
])('%s', (_, end, history, policy, next) => {
  expect(afterEnd(end, { ...first, ...history }, policy)).toEqual(next)
})
