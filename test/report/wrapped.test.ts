import { Chalk } from 'chalk'
import { expect, test } from 'vitest'
import { withoutEscapes } from '../../src/host/escape-codes.ts'
import { displayWidth } from '../../src/report/display-width.ts'
import { wrapped } from '../../src/report/wrapped.ts'
import { testHost } from '../support/processes.ts'

const at = (columns: number, outIsTerminal = true) => ({ ...testHost, terminal: { ...testHost.terminal, outIsTerminal, columns } })
const { bold, cyan, dim, green } = new Chalk({ level: 1 })
const row = `  ${green('➜')}  ${bold('WebSocket')}  ${cyan('ws://127.0.0.1:8000/ws/election-updates/')}   ${green('● connected')} as ada   ${dim('101 in 4 ms · pong 1 ms')}${dim(' · broadcast 2/2')}`

test('a row is broken between words, the rest under its text', () => {
  const lines = wrapped(row, at(80)).split('\n')
  expect(lines.map((line) => withoutEscapes(line))).toEqual([
    '  ➜  WebSocket  ws://127.0.0.1:8000/ws/election-updates/   ● connected as ada',
    '                101 in 4 ms · pong 1 ms · broadcast 2/2',
  ])
  // the colour of a part goes on over the break, and ends with it
  expect(lines[1]).toContain(dim('101 in 4 ms · pong 1 ms'))
})

test.each([40, 60, 80, 100])('at %s columns nothing is wider, and no word is lost', (columns) => {
  const lines = withoutEscapes(wrapped(row, at(columns))).split('\n')
  if (columns >= 60) for (const line of lines) expect(displayWidth(line)).toBeLessThan(columns)
  expect(lines.join(' ').split(/\s+/)).toEqual(withoutEscapes(row).split(/\s+/))
})

test('a warning as well; a command stays in one line, as does what nobody sits at', () => {
  const warning = '  ! frontend/src/api.js:3 names port 8000   frontend-port-hard-coded'
  expect(wrapped(warning, at(40))).toBe('  ! frontend/src/api.js:3 names port\n    8000   frontend-port-hard-coded')
  const command = `          ${'election-dev start --port 8001 '.repeat(4)}`
  expect(wrapped(command, at(40))).toBe(command)
  expect(wrapped(row, at(40, false))).toBe(row)
  expect(wrapped(row, at(200))).toBe(row)
})
