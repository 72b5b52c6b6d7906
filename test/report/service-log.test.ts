import { describe, expect, test } from 'vitest'
import { colourOf, nextFilter, serviceLog, type LogFilter } from '../../src/report/service-log.ts'
import { testHost, type TestHost } from '../support/host.ts'

const host = (color: boolean): TestHost => {
  const plain = testHost('/')
  return { ...plain, terminal: { ...plain.terminal, color } }
}
const [red, off, clear, title] = ['\u001B[31m', '\u001B[0m', '\u001B[2J\u001B[1;1H\u001Bc', '\u001B]0;a title\u0007']

describe('a line', () => {
  test.each<[string, boolean, string, string]>([
    ['keeps its colours', true, `${red}a${off} b`, `${red}a${off} b`],
    ['is reset where one stays on', true, `${red}a`, `${red}a${off}`],
    ['is reset after a 256-colour black', true, '\u001B[38;5;0ma', `\u001B[38;5;0ma${off}`],
    ['loses them without colour', false, `${red}a${off}\u001B[1mb`, 'ab'],
    ['can not clear the screen nor set a title', true, `${clear}a${title}b`, 'ab'],
    ['nor without colour', false, `${clear}a${title}b`, 'ab'],
    ['may end within a sequence', true, 'a\u001B', 'a'],
    ['is left as it is otherwise', true, 'a\tb [31m ü 日本', 'a\tb [31m ü 日本'],
  ])('%s', (_, color, line, expected) => {
    const to = host(color)
    serviceLog(to, { services: ['backend'] }).line('backend', line)
    expect(to.said).toHaveLength(1)
    expect(to.said[0]?.endsWith(` ${expected}`)).toBe(true)
    expect(to.said[0]?.slice(0, -expected.length)).toMatch(color ? /^\S+backend\S+ \S+│\S+ $/ : /^backend │ $/)
  })
})

test('prefixes are as wide as the longest name, of those that come late, too', () => {
  const to = host(false)
  const log = serviceLog(to, { services: ['backend', 'web'] })
  log.line('web', 'a')
  log.line('scheduler', 'b')
  log.line('web', 'c')
  expect(to.said).toEqual(['web     │ a', 'scheduler │ b', 'web       │ c'])
})

test('the colour of a name is always the same; backend and frontend differ', () => {
  expect(colourOf('backend')).not.toBe(colourOf('frontend'))
  // what an earlier version gave: a log of yesterday looks like one of today
  expect(['backend', 'frontend', 'redis', 'worker', 'celery'].map(colourOf)).toMatchInlineSnapshot(`
    [
      "magenta",
      "cyanBright",
      "cyan",
      "greenBright",
      "greenBright",
    ]
  `)
})

test('begins with the time where that is wanted', () => {
  const to = host(false)
  const before = new Date()
  serviceLog(to, { timestamps: true }).line('backend', 'a')
  const [, hours] = /^(\d\d):\d\d:\d\d\.\d{3} backend │ a$/.exec(to.said[0] ?? '') ?? []
  expect([before.getHours(), new Date().getHours()]).toContain(Number(hours))
})

describe('the filter', () => {
  const all = ['backend', 'worker']
  test.each<[LogFilter, LogFilter]>([
    ['all', ['backend']],
    [['backend'], ['worker']],
    [['worker'], 'none'],
    ['none', 'all'],
  ])('%s is followed by %s', (filter, next) => {
    expect(nextFilter(filter, all)).toEqual(next)
  })

  test('lets through what it names', () => {
    const to = host(false)
    const log = serviceLog(to, { only: ['worker'] })
    log.line('backend', 'a')
    log.line('worker', 'b')
    log.show('none')
    log.line('worker', 'c')
    log.show('all')
    log.line('backend', 'd')
    expect(to.said.map((line) => line.at(-1))).toEqual(['b', 'd'])
  })
})

test('what is held is printed in its order at the release, or when it is too much', () => {
  const to = host(false)
  const log = serviceLog(to)
  log.hold()
  log.line('backend', 'a')
  log.line('backend', 'b')
  expect(to.said).toEqual([])
  expect(log.release()).toBe(2)
  log.line('backend', 'c')
  expect(to.said.map((line) => line.at(-1))).toEqual(['a', 'b', 'c'])
  log.hold()
  for (let index = 0; index < 20; index++) log.line('backend', 'x'.repeat(60_000))
  expect(to.said.length).toBe(23)
})
