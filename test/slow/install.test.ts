/** Requirements that can't be installed, by uv and by pip. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, listing, type FreshProject } from '../support/fresh-project.ts'
import { installRows, refusedInstall } from '../support/install-rows.ts'
import { ownIndex } from '../support/packages.ts'
import { until } from '../support/redis.ts'
import { prepareEnvironment } from '../support/tools.ts'

let project: FreshProject | undefined

beforeAll(async () => {
  await prepareEnvironment('uv')
}, 120_000)

afterEach(() => project?.remove())

describe.each(['uv', 'pip'] as const)('%s', (tool) => {
  test.each(installRows)('$name', { timeout: 120_000 }, async (row) => {
    project = await refusedInstall(row, tool)
  })

  test('a freeze of Windows, as PowerShell writes it: the rest of it is installed', { timeout: 120_000 }, async () => {
    project = await freshProject({ requirements: [] })
    const { root, backend } = project
    const file = join(backend, 'requirements.txt')
    const text = Buffer.from('\uFEFFloom-warp==2.0\r\nwinrt-runtime==1.0.4\r\n', 'utf16le')
    await writeFile(file, text)
    const index = await ownIndex(join(root, '..', 'index'), [
      { name: 'loom-warp', version: '2.0' },
      { name: 'winrt-runtime', version: '1.0.4', fails: "error: command 'gcc' failed" },
    ])
    const cli = startCli(['start', '--setup'], { cwd: root, env: { ...installerEnvironment(tool === 'uv'), ...index } })
    onTestFinished(() => void cli.end('SIGINT'))
    const installed = async () => Object.keys(await listing(root)).some((each) => each.endsWith('loom_warp-2.0.dist-info'))
    await until(installed, 60_000)
    await cli.end('SIGINT')
    expect((cli.stdout() + cli.stderr()).replaceAll(/\s+/g, ' ')).toContain(
      'backend/requirements.txt:2: winrt-runtime==1.0.4 is left out: it is for Windows alone',
    )
    expect(await readFile(file)).toEqual(text)
  })
})
