/** What of a program's output is a line of its log. */
import { expect, test } from 'vitest'
import { isRedrawn } from '../../src/host/escape-codes.ts'

const esc = String.fromCodePoint(27)
const over = `${esc}[2K${esc}[1A${esc}[2K${esc}[G`

test.each<[string, string, boolean]>([
  ['Vue CLI’s progress', `${over}[70%] sealing (plugins)`, true],
  ['its colours between', `${over}${esc}[36m88${esc}[0m % done`, true],
  ['its result, drawn over the progress', `${over} DONE  Compiled successfully in 4274ms`, false],
  ['an error, drawn over the progress', `${over}ERROR  Failed to compile`, false],
  ['a share in a line of its own', `${esc}[32m70% covered${esc}[0m`, false],
  ['no escape at all', '[70%] sealing', false],
])('%s', (_, line, redrawn) => expect(isRedrawn(line)).toBe(redrawn))
