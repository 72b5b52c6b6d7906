/** What the system doesn't give, and what no configuration can mean: a word and exit 2, no stack, nothing that runs on. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bin, cliEnvironment } from '../support/cli.ts'
import { makeProject } from '../support/project.ts'

const nested = `${'['.repeat(100_000)}1${']'.repeat(100_000)}`
const services = JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`s${index}`, { command: ['true'] }])))

function folder(config?: string): string {
  const path = join(tmpdir(), `election-limits-${crypto.randomUUID()}`)
  mkdirSync(join(path, 'backend'), { recursive: true })
  onTestFinished(() => rmSync(path, { recursive: true }))
  if (config !== undefined) writeFileSync(join(path, 'election-dev.config.json'), config)
  return path
}

/** In a shell, since a folder whose name isn't UTF-8 or that is gone can be gone to by no other way. */
function refused(script: string, cwd: string, command = 'doctor'): string {
  const args = ['-c', `${script} exec "$0" "$1" ${command}`, process.execPath, bin]
  const { status, stdout, stderr } = spawnSync('/bin/sh', args, { cwd, encoding: 'utf8', env: cliEnvironment({}), timeout: 20_000 })
  expect({ status, stdout, stderr }).toMatchObject({
    status: 2,
    stderr: expect.not.stringMatching(/please report|^ {4}at |node:internal/m),
  })
  return stderr
}

test.skipIf(process.platform === 'win32').each([
  ['a working folder whose name is not UTF-8', String.raw`d="$(printf 'x\377')"; mkdir "$d"; cd "$d";`, /isn't UTF-8.*--cwd FOLDER/s],
  ['a working folder that is gone', 'mkdir gone; cd gone; rmdir ../gone;', /The working folder is gone/],
  ['no descriptors left', 'ulimit -n 40;', /can't go on: EMFILE/],
])('%s', (_, script, says) => {
  expect(refused(script, folder())).toMatch(says)
})

test.skipIf(process.platform === 'win32').each([
  ['a ping without end', `{"ping":{"a":${nested}}}`, /ping\.a\.0\.0 is nested deeper than 50 levels/],
  ['a NUL in a variable', JSON.stringify({ env: { A: 'x\0y' } }), /env\.A holds a NUL/],
  ['a NUL in a command', JSON.stringify({ services: { a: { command: ['echo', 'x\0y'] } } }), /services\.a\.command\.1 holds a NUL/],
  ['more services than a machine has processes', `{"services":${services}}`, /services are 20000; allowed: 100/],
])('%s', (_, config, says) => {
  expect(refused('', folder(config), 'start')).toMatch(says)
})

test.each(['doctor', 'start', 'env'])('a .env of 40 MB: %s says so at once', (command) => {
  const path = folder()
  writeFileSync(join(path, 'backend', 'manage.py'), "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'core.settings')")
  writeFileSync(join(path, 'backend', '.env'), 'KEY=value # x\n'.repeat(40_000_000 / 14))
  const began = performance.now()
  expect(refused('', path, command)).toMatch(/backend\/\.env can't be read: it is larger than 8 MB/)
  expect(performance.now() - began).toBeLessThan(5000)
})

/** As a user who may write nothing there. */
function refusedNobody(command: string, cwd: string): void {
  const env = cliEnvironment({ HOME: '/nonexistent' })
  const who = { uid: 65_534, gid: 65_534 }
  const options = { cwd, ...who, encoding: 'utf8', env, timeout: 20_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...command.split(' ')], options)
  expect({ status, stdout, stderr }).toMatchObject({ status: 2, stderr: expect.stringMatching(/EACCES[\s\S]*Make it writable/) })
  expect(stderr).not.toMatch(/please report|^ {4}at /m)
}

// a folder that root can't write to is only one on a full disk
describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('what the system refuses', () => {
  test.each(['demo sub', 'start --detach'])('a folder that is not writable: %s', (command) => {
    const path = folder('{}')
    refusedNobody(command, path)
    expect(existsSync(join(path, '.election-dev'))).toBe(false)
  })

  test.each(['init --yes', 'export compose --yes'])('a project that is not writable: %s', async (command) => {
    const { root, remove } = await makeProject({ style: 'plain' })
    onTestFinished(remove)
    // its environment is nobody's to run
    chmodSync(join(root, '..'), 0o755)
    refusedNobody(command, root)
  })

  test('a disk that is full', (context) => {
    const path = folder()
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', path], { stdio: 'ignore' })
    } catch {
      context.skip('this machine lets nobody mount')
    }
    try {
      expect(refused('', path, 'demo sub')).toMatch(/ENOSPC[\s\S]*Free some space/)
    } finally {
      execFileSync('umount', [path])
    }
  })
})
