import { describe, expect, it } from 'vitest'

import type { DotenvReader } from '../../src/facts/dotenv.ts'
import { setDotenvValue } from '../../src/plan/dotenv-edit.ts'

const READERS: readonly DotenvReader[] = ['decouple', 'environ', 'dotenv']

/** The new text, or what else came of it. */
function set(text: string, value: string, reader: DotenvReader, key = 'USE'): string {
  const edit = setDotenvValue(text, key, value, reader)
  return edit.kind === 'changed' ? edit.text : edit.kind
}

describe.each(READERS)('setDotenvValue for %s', (reader) => {
  it('changes the value and nothing else', () => {
    const text = '# top\r\nA=1\r\nUSE=False\r\n\r\n# USE=False\r\nB=2'
    expect(setDotenvValue(text, 'USE', 'True', reader)).toEqual({
      kind: 'changed',
      text: '# top\r\nA=1\r\nUSE=True\r\n\r\n# USE=False\r\nB=2',
      line: 3,
      before: 'USE=False',
      after: 'USE=True',
    })
  })

  it('keeps the quotes', () => {
    expect(set("USE='False'\n", 'True', reader)).toBe("USE='True'\n")
    expect(set('USE="False"\n', 'True', reader)).toBe('USE="True"\n')
  })

  it('changes the last of duplicates', () => {
    expect(set('USE=False\nUSE=False\nX=1\n', 'True', reader)).toBe('USE=False\nUSE=True\nX=1\n')
    expect(set('USE=False\nUSE=True\n', 'True', reader)).toBe('unchanged')
  })

  it('leaves alone what reads as the same already', () => {
    for (const same of ['True', 'true', 'TRUE', '"true"', "'on'", '1', 'yes'])
      expect(set(`USE=${same}\n`, 'True', reader)).toBe('unchanged')
    for (const same of ['False', 'false', 'off', '0', '"no"']) expect(set(`USE=${same}\n`, 'False', reader)).toBe('unchanged')
    expect(set('USE=ture\n', 'False', reader)).toBe('USE=False\n')
  })

  it('takes a number for itself, not for a truth value', () => {
    expect(set('USE=1\n', '2', reader)).toBe('USE=2\n')
    expect(set('USE=no\n', '0', reader)).toBe('USE=0\n')
    expect(set('USE=True\n', '1', reader)).toBe('USE=1\n')
  })

  it('adds a key that is not there, in the newline of the file', () => {
    expect(setDotenvValue('A=1\nB=2\n', 'USE', 'True', reader)).toEqual({
      kind: 'changed',
      text: 'A=1\nB=2\nUSE=True\n',
      line: 3,
      before: undefined,
      after: 'USE=True',
    })
    expect(set('A=1\r\nB=2\r\n', 'True', reader)).toBe('A=1\r\nB=2\r\nUSE=True\r\n')
    expect(set('A=1\r\nB=2\r\nC=3\n', 'True', reader)).toBe('A=1\r\nB=2\r\nC=3\nUSE=True\r\n')
    expect(set('A=1\rB=2\r', 'True', reader)).toBe('A=1\rB=2\rUSE=True\r')
    expect(set('A=1', 'True', reader)).toBe('A=1\nUSE=True')
    expect(set('A=1\r\nB=2', 'True', reader)).toBe('A=1\r\nB=2\r\nUSE=True')
    expect(set('', 'True', reader)).toBe('USE=True\n')
  })

  it('never adds a key right behind a byte order mark', () => {
    expect(set('\u{feff}', 'True', reader)).toBe('\u{feff}\nUSE=True\n')
    expect(set('\u{feff}A=1\n', 'True', reader)).toBe('\u{feff}A=1\nUSE=True\n')
  })

  it('does not take a comment or a longer name for the key', () => {
    expect(set('# USE=False\nUSE_IT=False\nREUSE=False\n', 'True', reader)).toBe('# USE=False\nUSE_IT=False\nREUSE=False\nUSE=True\n')
  })

  it('fills an empty value', () => {
    expect(set('USE=\nB=1\n', 'True', reader)).toBe('USE=True\nB=1\n')
    expect(set('USE=""\n', 'True', reader)).toBe('USE="True"\n')
    expect(set('USE=x\n', '', reader)).toBe('USE=\n')
  })

  it('quotes a value that needs it', () => {
    expect(set('USE=x\n', "'a'", reader)).toBe(`USE="'a'"\n`)
  })

  it('refuses what no environment variable holds', () => {
    expect(setDotenvValue('A=1\n', 'US=E', 'x', reader).kind).toBe('refused')
    expect(setDotenvValue('A=1\n', '', 'x', reader).kind).toBe('refused')
    expect(setDotenvValue('A=1\n', 'U\nE', 'x', reader).kind).toBe('refused')
    expect(setDotenvValue('A=1\n', 'USE', 'x\0', reader).kind).toBe('refused')
    expect(setDotenvValue('A=1\n', 'USE', '\u{d800}', reader).kind).toBe('refused')
  })

  it('names no value in a refusal', () => {
    const edit = setDotenvValue('A=1\n', 'USE', 'hunter2\0', reader)
    expect(JSON.stringify(edit)).not.toContain('hunter2')
  })
})

describe('setDotenvValue where the libraries differ', () => {
  it('keeps export where it is not a part of the key', () => {
    expect(set('export USE=False\n', 'True', 'dotenv')).toBe('export USE=True\n')
    expect(set('export USE=False\n', 'True', 'environ')).toBe('export USE=True\n')
    expect(set('export USE=False\n', 'True', 'decouple')).toBe('export USE=False\nUSE=True\n')
  })

  it('keeps an inline comment where the library ignores it', () => {
    expect(set('USE=False  # why\n', 'True', 'dotenv')).toBe('USE=True  # why\n')
    expect(set('USE="False" # why\n', 'True', 'dotenv')).toBe('USE="True" # why\n')
    expect(set('USE= # why\n', 'True', 'dotenv')).toBe('USE=True # why\n')
    expect(set('USE = # why\n', 'True', 'dotenv')).toBe('USE =True # why\n')
    // for these two the comment is the value
    expect(set('USE=False # why\n', 'True', 'decouple')).toBe('USE=True\n')
    expect(set('USE=False # why\n', 'True', 'environ')).toBe('USE=True\n')
  })

  it('keeps blanks around =', () => {
    for (const reader of ['decouple', 'dotenv'] as const) {
      expect(set('  USE\t=  False  \n', 'True', reader)).toBe('  USE\t=  True  \n')
      expect(set('USE = \n', 'True', reader)).toBe('USE = True\n')
      expect(set('USE =\n', 'True', reader)).toBe('USE =True\n')
    }
    expect(set('USE = False\n', 'True', 'environ')).toBe('USE = False\nUSE=True\n')
  })

  it('does not take a line inside a value for the key, where values span lines', () => {
    const text = 'A="x\nUSE=False\n"\n'
    expect(set(text, 'True', 'dotenv')).toBe('A="x\nUSE=False\n"\nUSE=True\n')
    expect(set(text, 'True', 'decouple')).toBe('A="x\nUSE=True\n"\n')
  })

  it('replaces a value that spans lines whole', () => {
    expect(setDotenvValue('A=1\nUSE="x\ny" # z\nB=2\n', 'USE', 'True', 'dotenv')).toEqual({
      kind: 'changed',
      text: 'A=1\nUSE="True" # z\nB=2\n',
      line: 2,
      before: 'USE="x\ny" # z',
      after: 'USE="True" # z',
    })
  })

  it('gives a bare key of python-dotenv its value', () => {
    expect(set('USE=True\nexport USE # x\n', 'True', 'dotenv')).toBe('USE=True\nexport USE=True # x\n')
  })

  it('sees the key behind a byte order mark only where the library does', () => {
    expect(set('\u{feff}USE=False\n', 'True', 'dotenv')).toBe('\u{feff}USE=True\n')
    expect(set('\u{feff}USE=False\n', 'True', 'decouple')).toBe('\u{feff}USE=False\nUSE=True\n')
    expect(set('\u{feff}USE=False\n', 'True', 'environ')).toBe('\u{feff}USE=False\nUSE=True\n')
  })

  it('writes line breaks, backslashes and quotes where they can be written', () => {
    expect(set('', 'a\nb', 'dotenv')).toBe('USE="a\\nb"\n')
    expect(set('', 'a\nb', 'decouple')).toBe('refused')
    expect(set('', 'a\u{2028}b', 'decouple')).toBe('USE=a\u{2028}b\n')
    expect(set('', 'a\u{2028}b', 'environ')).toBe('refused')
    expect(set('USE="x"\n', 'C:\\new "x"', 'environ')).toBe('USE="C:\\\\new "x""\n')
    expect(set('USE="x"\n', 'C:\\new "x"', 'decouple')).toBe('USE="C:\\new "x""\n')
    expect(set("USE='x'\n", "it's\\", 'dotenv')).toBe("USE='it\\'s\\\\'\n")
    expect(set('', 'a # b', 'dotenv')).toBe('USE="a # b"\n')
    expect(set('', ' a ', 'decouple')).toBe('USE=" a "\n')
    expect(set('', ' a ', 'environ')).toBe('USE= a \n')
  })

  it('refuses what the library would take for another variable', () => {
    expect(set('', 'a${HOME}b', 'dotenv')).toBe('refused')
    expect(set('', 'a$HOME', 'dotenv')).toBe('USE=a$HOME\n')
    expect(set('', '$HOME', 'environ')).toBe('refused')
    expect(set('', '$HOME', 'decouple')).toBe('USE=$HOME\n')
  })

  it('does not close a quote that an earlier line left open', () => {
    expect(set('A="x\nUSE=False\nB=1\n', 'a # b', 'dotenv')).toBe("A=\"x\nUSE='a # b'\nB=1\n")
    expect(set('A="x\nC=\'y\nUSE=False\nB=1\n', 'a # b', 'dotenv')).toBe('refused')
  })
})
