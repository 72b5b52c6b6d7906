import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../support/tools.ts'

const readme = (folder: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [join(folder, '.ci', 'readme.js'), ...args]).status

test("the README's table is that of the options: npm run readme writes it", () => {
  expect(readme(root, '--check')).toBe(0)
  const folder = mkdtempSync(join(tmpdir(), 'readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const name of ['.ci', 'src', 'README.md']) cpSync(join(root, name), join(folder, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  // one row more
  const stack = join(folder, 'src/config/options/stack.ts')
  const text = readFileSync(stack, 'utf8')
  writeFileSync(
    stack,
    text.replace('} as const satisfies', "  colour: { takes: 'text', default: 'red', about: 'colour of the dot' },\n} as const satisfies"),
  )
  expect(readme(folder, '--check')).toBe(1)
  expect(readme(folder)).toBe(0)
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain('| `colour` | `red` | colour of the dot |\n')
})
