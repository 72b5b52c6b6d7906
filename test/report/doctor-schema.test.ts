import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { causes } from '../../src/causes/causes.ts'
import { root } from '../support/tools.ts'

const text = readFileSync(join(root, 'dist/doctor.schema.json'), 'utf8')
const schema: { $defs: { CauseId: { enum: string[] } } } = JSON.parse(text)
const validate = new Ajv2020({ strict: true, strictTypes: false }).compile(schema)

const diagnosis = {
  id: 'redis-too-old',
  title: 'Redis 4.0 at 127.0.0.1:6379 is too old for channels_redis',
  evidence: ['INFO server: redis_version 4.0.14'],
  remedy: { text: 'Use the in-memory layer.', commands: [['election-dev', 'start']], automatic: 'ask' },
}
const healthy = {
  schemaVersion: 1,
  command: 'doctor',
  version: '0.1.0',
  ok: true,
  state: 'healthy',
  diagnosis: null,
  findings: [],
  targets: [{ url: 'ws://127.0.0.1:8000/ws/election-updates/?token=***', origin: 'http://localhost:3000' }],
  elapsedMs: 812.5,
}
const finding = { id: 'redis-too-old', severity: 'error', status: 'fail', title: 'Redis is older than 5.0' }
const diagnosed = { ...healthy, ok: false, state: 'diagnosed', diagnosis, findings: [finding] }

test('knows the ids of the causes, and no others', () => {
  expect(schema.$defs.CauseId.enum.toSorted()).toEqual(causes.map(({ id }) => id).toSorted())
})

describe('takes', () => {
  test.each<[string, unknown]>([
    ['a healthy project', healthy],
    ['a diagnosis', diagnosed],
    ['nothing known', { ...healthy, ok: false, state: 'unknown' }],
    ['a target without an Origin', { ...healthy, targets: [{ url: 'ws://127.0.0.1:8000/', origin: null }] }],
    ['a skipped check with its reason', { ...healthy, findings: [{ ...finding, status: 'skip', reason: 'Redis is not in use' }] }],
    ['an effect', { ...diagnosed, findings: [finding, { ...finding, id: 'consumer-exception', explainedBy: 'redis-too-old' }] }],
    ['fixes of any shape', { ...diagnosed, fixes: [{ id: 'redis-too-old', applied: true, anything: [1] }] }],
  ])('%s', (_, document) => {
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
  })
})

describe('refuses', () => {
  test.each<[string, unknown]>([
    ['an unknown id', { ...diagnosed, diagnosis: { ...diagnosis, id: 'redis-tired' } }],
    ['a finding with an unknown id', { ...healthy, findings: [{ ...finding, id: 'redis-tired' }] }],
    ['a diagnosis without evidence', { ...diagnosed, diagnosis: { ...diagnosis, evidence: [] } }],
    ['a command as a text', { ...diagnosed, diagnosis: { ...diagnosis, remedy: { ...diagnosis.remedy, commands: ['redis-server'] } } }],
    ['a diagnosed project without a diagnosis', { ...diagnosed, diagnosis: null }],
    ['a healthy project with a diagnosis', { ...healthy, diagnosis }],
    ['another version of the shape', { ...healthy, schemaVersion: 2 }],
    ['a property that it does not name', { ...healthy, more: 1 }],
    ['one in a finding', { ...healthy, findings: [{ ...finding, more: 1 }] }],
    ['one in a remedy', { ...diagnosed, diagnosis: { ...diagnosis, remedy: { ...diagnosis.remedy, more: 1 } } }],
    ['a target without its Origin', { ...healthy, targets: [{ url: 'ws://127.0.0.1:8000/' }] }],
    ['fixes that are no objects', { ...healthy, fixes: ['start'] }],
    ['no state', { ...healthy, state: undefined }],
  ])('%s', (_, document) => {
    expect(validate(JSON.parse(JSON.stringify(document)))).toBe(false)
  })
})
