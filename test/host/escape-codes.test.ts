/** What of a text reaches a terminal, and what of a program's output is a line of its log. */
import { expect, test } from 'vitest'
import { isRedrawn, onlyColours, withoutCommands, withoutEscapes } from '../../src/host/escape-codes.ts'

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

const [bell, csi, st] = [7, 0x9b, 0x9c].map((code) => String.fromCodePoint(code))

test.each([
  ['a move of the cursor', `a${esc}[2Jb${csi}3;4Hc`, 'abc'],
  ['a title and a link', `a${esc}]0;title${bell}b${esc}]8;;http://x${esc}\\c${String.fromCodePoint(0x9d)}0;x${st}d`, 'abcd'],
  ['one that has no end takes no other line with it', `a${esc}]0;title\nb${esc}P1\nc`, 'a\nb\nc'],
  ['backspaces, returns, bells, DEL, NUL, C1', `a\b\b\rb${bell}c${String.fromCodePoint(0x7f, 0, 0x85)}d`, 'abcd'],
  ['a colour of C1', `a${csi}31mb`, 'ab'],
  ['half an escape', `a${esc}`, 'a'],
  ['tabs and line ends stay', 'a\tb\nc', 'a\tb\nc'],
  ['letters beyond ASCII stay', 'é… 漢字 😀', 'é… 漢字 😀'],
])('%s', (_, text, left) => {
  expect(withoutEscapes(text)).toBe(left)
  expect(onlyColours(text)).toBe(left)
})

test.each([
  ['one that is turned off', `${esc}[1m${esc}[31mx${esc}[39m${esc}[22m`, `${esc}[1m${esc}[31mx${esc}[39m${esc}[22m`],
  ['one that is left on', `${esc}[31mx${esc}[22m`, `${esc}[31mx${esc}[22m${esc}[0m`],
  ['of 256, and of all', `${esc}[38;5;8mx${esc}[48;2;8;8;8my${esc}[0m`, `${esc}[38;5;8mx${esc}[48;2;8;8;8my${esc}[0m`],
  ['no look at all', `${esc}[8mx${esc}[1;8my${esc}[0m`, `xy${esc}[0m`],
])('colours stay: %s', (_, text, left) => expect(onlyColours(text)).toBe(left))

test.each([
  ['::add-mask::x', ': :add-mask::x'],
  ['  \t::stop-commands::y', '  \t: :stop-commands::y'],
  [`${String.fromCodePoint(0xa0)}::warning::z`, `${String.fromCodePoint(0xa0)}: :warning::z`],
  [`${esc}[31m ::error::z`, `${esc}[31m : :error::z`],
  ['one\n\n::set-output name=a::b', 'one\n\n: :set-output name=a::b'],
  ['##[add-mask]x', '# #[add-mask]x'],
  ['backend │ ##vso[task.setvariable]x', 'backend │ # #vso[task.setvariable]x'],
  ['std::vector, [::1]:8000, ## heading', 'std::vector, [::1]:8000, ## heading'],
])('to a CI %j is %j', (text, left) => expect(withoutCommands(text)).toBe(left))
