/** An index that goes in the middle of an installation, or answers nonsense: a word within its deadline, nothing half done, and the next setup goes on. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { brokenIndex, type Breaks } from '../support/broken-index.ts'
import { startCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, listing } from '../support/fresh-project.ts'
import { ownIndex } from '../support/packages.ts'
import { freePort, until } from '../support/redis.ts'
import { prepareEnvironment } from '../support/tools.ts'

beforeAll(async () => {
  await prepareEnvironment('uv')
}, 120_000)

const wheel = 'loom_warp-2.0-py3-none-any.whl'
const broken = /could not be fetched: what the package index gave.* is broken/
const unreachable = /could not be fetched: the package index can't be reached/
const none = /loom-warp is not to be found.*no release at all/
const said: readonly (readonly [Breaks, Readonly<Record<'uv' | 'pip', RegExp>>])[] = [
  ['garbage', { uv: none, pip: none }],
  // pip takes a page that it doesn't get for an empty one
  ['refused', { uv: broken, pip: none }],
  ['cut', { uv: broken, pip: broken }],
  ['stalls', { uv: unreachable, pip: unreachable }],
  ['other bytes', { uv: /gave of loom-warp is broken.*Hash mismatch/, pip: /gave of loom-warp is broken.*Expected sha256/ }],
]

describe.each(['uv', 'pip'] as const)('%s', (tool) => {
  test.each(said)('%s', { timeout: 120_000 }, async (breaks, words) => {
    const project = await freshProject({ requirements: ['loom-warp'] })
    onTestFinished(project.remove)
    const folder = join(project.root, '..', 'index')
    const source = `noise = "${randomBytes(40_000).toString('hex')}"`
    const sound = await ownIndex(folder, [{ name: 'loom-warp', version: '2.0', source }])
    const index = await brokenIndex(folder, wheel, breaks)
    onTestFinished(index.stop)
    const port = ['--port', String(await freePort('127.0.0.1'))]
    const setup = (more: Readonly<Record<string, string>>) =>
      startCli(['start', '--setup', ...port], { cwd: project.root, env: { ...installerEnvironment(tool === 'uv'), ...more } })
    const began = performance.now()
    const { status, stderr } = await setup(index.environment).end()
    expect(status).toBe(1)
    expect(performance.now() - began).toBeLessThan(30_000)
    const text = stderr.replaceAll(/\s+/g, ' ')
    expect(text).toMatch(words[tool])
    expect(text).toContain('None of it was installed; what was made before stays')
    const files = Object.keys(await listing(project.root))
    expect(files.filter((file) => /loom/i.test(file))).toEqual([])
    expect(files).not.toContain('backend/.env')
    // the same command once the index is sound
    const cli = setup(sound)
    const isInstalled = async () => Object.keys(await listing(project.root)).some((file) => file.endsWith('loom_warp-2.0.dist-info'))
    await until(isInstalled, 60_000)
    await cli.end('SIGINT')
  })
})
