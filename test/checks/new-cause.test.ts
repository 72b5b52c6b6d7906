/** What it takes to add a cause: one file, its page, and a line in the list of files. */
import { spawnSync } from 'node:child_process'
import { appendFile, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../support/redis.ts'
import { root, run } from '../support/tools.ts'

const cause = `import { diagnosis, type Diagnosis } from '../checks/diagnosis.ts'
import type { Evidence } from '../checks/evidence.ts'
import { fix, type Planner } from '../fix/step.ts'
import type { Cause } from './cause.ts'

function judgeMoon({ wire }: Evidence): Diagnosis[] {
  return [diagnosis('moon-not-full', 'It shines on ' + wire.endpoint.host + ' by half', ['Half of it is dark'], 'Wait.')]
}

const await14Days: Planner = () => fix([], { notes: ['It takes 14 days'] })

/** The sky. */
export const moonCauses = [
  {
    id: 'moon-not-full',
    family: 'server',
    severity: 'warning',
    automatic: 'ask',
    title: 'The moon is not full tonight',
    rules: { note: judgeMoon },
    fix: await14Days,
  },
] as const satisfies readonly Cause[]
`
const found = v.object({ findings: v.array(v.looseObject({ id: v.string() })) })

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

test(
  'a cause with its rule and its fix is one file and its page: what is built finds it, lists it, explains it and takes its id',
  { tags: ['slow'], timeout: 120_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'election-cause-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    for (const name of ['src', 'bin', '.ci', 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
      await cp(join(root, name), join(folder, name), { recursive: true })
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    await writeFile(join(folder, 'src/causes/moon.ts'), cause)
    await writeFile(join(folder, 'src/causes/pages/moon-not-full.md'), page)
    await appendFile(join(folder, 'src/causes/families.ts'), "export * from './moon.ts'\n")
    await run(process.execPath, ['.ci/build.js'], { cwd: folder })

    const doctor = (...args: string[]) =>
      spawnSync(process.execPath, ['bin/election-dev.js', 'doctor', ...args], { cwd: folder, encoding: 'utf8' }).stdout
    expect(doctor('--list')).toContain('    moon-not-full ')
    expect(doctor('explain', 'moon-not-full')).toMatch(/Look up\.[^]*Wait for two weeks\.[^]*election-dev verify/)
    const url = `ws://127.0.0.1:${await freePort('127.0.0.1')}/ws/`
    const { findings } = v.parse(found, JSON.parse(doctor('--url', url, '--json')))
    expect(findings.find(({ id }) => id === 'moon-not-full')).toMatchObject({ status: 'fail', title: 'It shines on 127.0.0.1 by half' })
    const schema: unknown = JSON.parse(await readFile(join(folder, 'dist/doctor.schema.json'), 'utf8'))
    expect(schema).toHaveProperty('$defs.CauseId.enum', expect.arrayContaining(['moon-not-full', 'redis-too-old']))
  },
)
