/** Which projects have no Channels that can be served. */
import { expect, test } from 'vitest'
import { leftBehind, unsupportedChannels } from '../../src/plan/channels-support.ts'
import { environmentWith } from '../support/evidence.ts'

const lineOf = (spec: string) => [{ name: 'channels', spec, marker: undefined, file: 'requirements.txt', line: 3 }]
const asks = (...specs: string[]) => specs.map((spec) => ({ spec, at: 'requirements.txt:3' }))

test.each(['2.4.0', '1.1.8'])('channels %s is installed', (version) => {
  expect(unsupportedChannels({ installed: { label: 'venv', version }, lines: [], speaks: undefined })?.join()).toContain(
    `venv has channels ${version}`,
  )
})

test.each([
  'channels==2.4.0',
  'channels ~= 2.4',
  'channels<3',
  'channels>=2.1,<3.0',
  'channels>=2,<2.5',
  'channels[daphne]==2.4.0',
  'channels==2.4.*',
  'channels<=2.4 ; python_version >= "3.6"',
])('%s', (spec) => {
  expect(unsupportedChannels({ installed: undefined, lines: asks(spec), speaks: undefined })?.[1]).toBe(
    `requirements.txt:3 asks for ${spec}`,
  )
})

test.each([
  'channels',
  'channels==3.0.5',
  'channels~=3.0',
  'channels>=2.4',
  'channels>=2,<4',
  'channels<3.1',
  'channels<=3.0.5',
  'channels~=4.2',
  'channels<30',
  'channels==4.2.0; python_version >= "2.7"',
  'channels @ git+https://example.org/channels',
])('%s may be served', (spec) => {
  expect(unsupportedChannels({ installed: undefined, lines: asks(spec), speaks: undefined })).toBeUndefined()
})

test('what is installed counts before what is asked for', () => {
  expect(unsupportedChannels({ installed: { label: 'venv', version: '4.2.0' }, lines: asks('channels<3'), speaks: false })).toBeUndefined()
})

test('no trace of it, and nobody has looked', () => {
  const none = { installed: undefined, lines: [] }
  expect(unsupportedChannels({ ...none, speaks: false })?.[0]).toBe('This Django project has no Channels')
  expect(unsupportedChannels({ ...none, speaks: undefined })).toBeUndefined()
  expect(unsupportedChannels({ ...none, speaks: true })).toBeUndefined()
})

const of = (...specs: string[]) => unsupportedChannels({ installed: undefined, lines: asks(...specs), speaks: true })?.[1]

test('of lines with conditions another may hold; one without a condition always does', () => {
  expect(of('channels==2.4.0; python_version < "3.6"', 'channels==4.2.0; python_version >= "3.6"')).toBeUndefined()
  expect(of('channels==2.4.0; python_version < "3.6"', 'channels<3; python_version >= "3.6"')).toContain('channels==2.4.0')
  expect(of('channels', 'channels<3')).toContain('channels<3')
})

test.each([
  ['channels>=4', true],
  ['channels[daphne]==4.2.0', true],
  ['channels ~= 3.0; python_version >= "2.7"', true],
  ['channels', false],
  ['channels>=2.4', false],
  ['channels<4', false],
  ['channels==2.4.0; python_version >= "3.6"', false],
])('%s asks for one that can be served: %s', (spec, newer) => {
  const requirements = { kind: 'requirements' as const, file: 'requirements.txt', names: [], lines: lineOf(spec) }
  const withChannels = (version: string) => {
    const environment = { ...environmentWith([]), packages: new Map([['channels', version]]) }
    return leftBehind({ kind: 'ready', environment, note: undefined }, requirements) !== undefined
  }
  expect(withChannels('2.4.0')).toBe(newer)
  expect(withChannels('4.1.0')).toBe(false)
})
