/** What a diagnosis says is to be done, done word for word: is its cause gone then? */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, TestRunner } from 'vitest'
import { typed } from '../../src/host/shell.ts'
import { bin, cliEnvironment, onTerminal } from './cli.ts'
import { behind, formsOf, isClosable } from './closure-rows.ts'
import { askDoctor, enough, nameOf, setUps, useSetUps, type Answer, type Asking, type SetUp } from './doctor.ts'
import { installerEnvironment } from './fresh-project.ts'
import { listens } from './processes.ts'
import { until } from './redis.ts'
import { serversIn, startProgram } from './servers.ts'
import { settle } from './settled.ts'
import { shapeNow } from './shape.ts'
import { basePython, cache, run } from './tools.ts'

/** Programs that a test can't ask for: they are about more than the project. */
const foreign: ReadonlySet<string> = new Set(['docker', 'brew', 'sudo', 'apt', 'apt-get', 'systemctl', 'fg'])

const closed = new Set<string>()

/** The causes whose commands were run, and had helped. */
export const closedCauses = (): ReadonlySet<string> => closed

/**
 * Makes tests of the set-ups in files of test/faults whose causes have commands, of the named ones alone where
 * names are given. Each is laid out in all of its forms; what its diagnosis prints is run in the project's folder.
 */
export async function closure(files: readonly string[], names?: readonly string[]): Promise<void> {
  useSetUps(closes, formsOf)
  for (const file of files) await import(`../faults/${file}.test.ts`)
  const wanted = new Set(names ?? setUps().filter(isClosable).map(nameOf))
  const { tasks } = TestRunner.getCurrentSuite()
  tasks.splice(
    0,
    tasks.length,
    ...tasks.filter(({ name }) => wanted.has(name) || (names === undefined && wanted.has(name.replace(/ \[\w+\]$/, '')))),
  )
}

/** Runs the commands as they are printed, starts the servers anew that are still there, and looks again. */
async function closes(setUp: SetUp, folder: string, asking: Asking, answer: Answer): Promise<never> {
  const { commands = [] } = answer.diagnosis?.remedy ?? {}
  const here = commands.filter(([program = '']) => !foreign.has(program))
  if (answer.id !== setUp.id || here.length === 0) throw enough
  const backend = join(folder, shapeNow().backend ?? 'backend')
  await settle(setUp.id, backend)
  const isInstalled = here.some((words) => words.some((word) => /^(?:pip|venv|ensurepip|uv|--setup)$/.test(word)))
  const own = isInstalled ? await ownPackages(folder, backend) : undefined
  const servers = serversIn(folder)
  const env = await shellEnvironment({
    ...servers[0]?.env,
    ...asking.env,
    ...(asking.token === undefined ? {} : { ELECTION_DEV_TOKEN: asking.token }),
  })
  let started: string | undefined
  for (const words of here) {
    const line = typed(words)
    started = (await runLine(line, folder, env, asking.uid)) ?? started
  }
  // what was done on the disk shows in a server that is started after it
  const isAnew = started !== undefined || here.some(([program]) => program === 'kill')
  if (!isAnew)
    for (const { argv, cwd, env: environment, port, stop } of servers) {
      await stop()
      const [program = '', ...args] = argv
      // an environment of the tests stands for the project's
      const file = own !== undefined && program.startsWith(cache) ? own : program
      const again = await startProgram(file, () => args, { cwd, env: environment, port, ready: () => Promise.resolve(true) })
      onTestFinished(again.stop)
      await until(async () => again.child.exitCode !== null || (await listens(again.port)))
    }
  const again = await askDoctor(folder, { ...asking, ...(started === undefined ? {} : { url: started, others: [] }), readOnly: false })
  const failed = again.findings.filter(({ status }) => status === 'fail').map(({ id }) => id)
  const did = here.map((words) => typed(words)).join('\n')
  expect(failed, `${did}\n${again.evidence}`).not.toContain(setUp.id)
  const allowed = [undefined, ...(isAnew ? [] : ['server-not-running']), ...(behind[setUp.id] ?? [])]
  expect(allowed, `${did}\n${again.diagnosis?.title ?? ''}\n${again.evidence}`).toContain(again.id)
  closed.add(setUp.id)
  throw enough
}

/** Runs a line of a shell to its end, or, where it is one that stays, until it is ready. Gives the URL of what it serves. */
async function runLine(line: string, folder: string, env: NodeJS.ProcessEnv, uid: number | undefined): Promise<string | undefined> {
  // a fix goes over to what stays up where somebody is there who can end it
  const shell = ['/bin/sh', '-c', line]
  const typesIn = line.includes(' --fix')
  const [program = '', ...args] = typesIn ? [basePython(), onTerminal, ...shell] : shell
  const child = spawn(program, args, {
    cwd: folder,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    ...(uid === undefined ? {} : { uid }),
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (data: string) => (said += data))
  child.stderr.setEncoding('utf8').on('data', (data: string) => (said += data))
  const ended = once(child, 'close')
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    // what runs on a terminal is in the group of its shell there
    if (typesIn) child.stdin.write('\u{3}')
    else process.kill(-child.pid, 'SIGINT')
    await ended
  })
  const url = () => /WebSocket +(wss?:\S+)/.exec(said)?.[1]
  const isThere = () => Promise.resolve(child.exitCode !== null || child.signalCode !== null || url() !== undefined)
  await until(isThere, 150_000).catch(() => expect.unreachable(`neither ready nor ended: ${line}\n${said}`))
  if (url() !== undefined) return url()
  await ended
  expect(child.exitCode, `${line}\n${said}`).toBe(0)
  return undefined
}

/** A shell in which `election-dev` is the built tool. */
export async function shellEnvironment(more: Asking['env'] = {}): Promise<NodeJS.ProcessEnv> {
  const folder = await mkdtemp(join(tmpdir(), 'closure-bin-'))
  // another user may run it
  await chmod(folder, 0o755)
  onTestFinished(() => rm(folder, { recursive: true }))
  const shim = join(folder, 'election-dev')
  await writeFile(shim, `#!/bin/sh\nexec ${typed([process.execPath, bin])} "$@"\n`)
  await chmod(shim, 0o755)
  const { PATH: path, ...rest } = installerEnvironment(false)
  const env = cliEnvironment({ ...rest, ...more })
  return { ...env, PATH: `${folder}:${more['PATH'] ?? path ?? ''}` }
}

/** Gives the project an environment that may be installed into, as its packages are shared with those of other tests; its interpreter, if it has one. */
async function ownPackages(folder: string, backend: string): Promise<string | undefined> {
  const { environment } = shapeNow()
  const at = environment === undefined ? join(backend, 'venv') : join(folder, environment)
  const base = await run(join(at, 'bin', 'python'), ['-c', 'import sys; print(sys._base_executable)']).catch(() => undefined)
  if (base === undefined) return undefined
  const [version = ''] = await readdir(join(at, 'lib'))
  const own = `${at}.own`
  const packages = join('lib', version, 'site-packages')
  await mkdir(join(own, 'bin'), { recursive: true })
  await mkdir(join(own, 'lib', version), { recursive: true })
  await writeFile(join(own, 'pyvenv.cfg'), await readFile(join(at, 'pyvenv.cfg')))
  // hard links: what pip removes is gone here alone
  await run('cp', ['-rlL', join(at, packages), join(own, packages)])
  await symlink(base.stdout.trim(), join(own, 'bin', 'python'))
  await symlink('python', join(own, 'bin', 'python3'))
  await rm(at, { recursive: true })
  await rename(own, at)
  return join(at, 'bin', 'python')
}
