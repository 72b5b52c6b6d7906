/** What it takes to add a cause: one file, its page, and a line in the list of files. */
import { appendFile, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { root, run } from '../support/tools.ts'

const cause = `import type { Cause } from './cause.ts'

/** The sky. */
export const moonCauses = [
  { id: 'moon-not-full', family: 'server', severity: 'warning', automatic: 'no', title: 'The moon is not full tonight' },
] as const satisfies readonly Cause[]
`
const page = `## What it means

The moon is not full, and a server in the open gets little light.

## How to tell

- Look up.

## Fix

1. Wait for two weeks.

## Commands

\`\`\`
election-dev verify
\`\`\`

## Background

The earth is in the way.
`

test('a cause is one file and its page: what is built lists it, explains it and takes its id', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'election-cause-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const name of ['src', 'bin', '.ci', 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
    await cp(join(root, name), join(folder, name), { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'src/causes/moon.ts'), cause)
  await writeFile(join(folder, 'src/causes/pages/moon-not-full.md'), page)
  await appendFile(join(folder, 'src/causes/families.ts'), "export * from './moon.ts'\n")
  await run(process.execPath, ['.ci/build.js'], { cwd: folder })

  const doctor = async (...args: string[]) =>
    (await run(process.execPath, ['bin/election-dev.js', 'doctor', ...args], { cwd: folder })).stdout
  expect(await doctor('--list')).toContain('    moon-not-full ')
  expect(await doctor('explain', 'moon-not-full')).toMatch(/Look up\.[^]*Wait for two weeks\.[^]*election-dev verify/)
  const schema: unknown = JSON.parse(await readFile(join(folder, 'dist/doctor.schema.json'), 'utf8'))
  expect(schema).toHaveProperty('$defs.CauseId.enum', expect.arrayContaining(['moon-not-full', 'redis-too-old']))
})
