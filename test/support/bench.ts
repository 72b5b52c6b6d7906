/** What a test of a fault makes, all of it ended and removed after the test. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink, mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach } from 'vitest'
import { makeProject, type ProjectOptions, type TestProject } from './project.ts'
import { freePort, startRedis, until, type RedisStart, type RunningRedis } from './redis.ts'
import { placed } from './shape.ts'
import { startProgram, startServer, type RunningServer, type ServerKind } from './servers.ts'
import { basePython, environmentFolder, run, type EnvironmentName } from './tools.ts'

/** A process that runs and of which nobody expects that it listens. */
interface Living {
  readonly pid: number
  readonly log: () => string
}

export interface Bench {
  readonly project: (options?: ProjectOptions) => Promise<TestProject>
  /** A server of the project, on `core.asgi:application`. */
  readonly serve: (kind: ServerKind, project: TestProject, options?: Parameters<typeof startServer>[2]) => Promise<RunningServer>
  /** Any server, with its own environment and folder. */
  readonly program: typeof startProgram
  /** A process, as soon as it has written what matches. */
  readonly living: (
    file: string,
    args: readonly string[],
    options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>>; readonly says: RegExp },
  ) => Promise<Living>
  readonly redis: (options?: RedisStart) => Promise<RunningRedis>
  /** A port that takes connections and never says a word. */
  readonly silence: () => Promise<number>
  readonly folder: () => Promise<string>
  /** Ends something of the test's own. */
  readonly later: (end: () => unknown) => void
}

/** A bench for all tests of a file; what they make is cleared away after each. */
export function makeBench(): Bench {
  const ends: (() => unknown)[] = []
  const later: Bench['later'] = (end) => void ends.unshift(end)
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })
  const keep = (server: RunningServer): RunningServer => {
    later(server.stop)
    return server
  }
  return {
    later,
    project: async (options) => {
      const project = await makeProject(options)
      later(project.remove)
      return project
    },
    serve: async (kind, project, options) => keep(await startServer(kind, project, options)),
    program: async (...args) => keep(await startProgram(...args)),
    living: async (file, args, { cwd, env, says }) => {
      const child = spawn(file, [...args], {
        cwd,
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PYTHONUNBUFFERED: '1', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      })
      let log = ''
      child.stdout.on('data', (data: Buffer) => (log += data.toString()))
      child.stderr.on('data', (data: Buffer) => (log += data.toString()))
      const { pid } = child
      if (pid === undefined) throw new Error(`${file} has no PID`)
      const ended = once(child, 'exit')
      later(async () => {
        try {
          process.kill(-pid, 'SIGKILL')
        } catch {
          // the whole group has ended by itself
        }
        await ended
      })
      await until(async () => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${file} ended: ${log}`)
        return says.test(log)
      }, 20_000)
      return { pid, log: () => log }
    },
    redis: async (options) => {
      const redis = await startRedis(options)
      later(redis.stop)
      return redis
    },
    silence: async () => {
      const server = createServer((socket) => socket.on('error', () => {}))
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      later(() => server.close())
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
      return address.port
    },
    folder: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'fault-'))
      later(() => rm(folder, { recursive: true, force: true }))
      return folder
    },
  }
}

/** The usual WebSocket at a port of loopback. */
export const urlOf = (port: number): string => `ws://127.0.0.1:${port}/ws/election-updates/`

/** The usual WebSocket where nothing listens. */
export async function nobody(): Promise<string> {
  return urlOf(await freePort('127.0.0.1'))
}

/** A new virtual environment; its packages are those of one of the tests' environments, or none. */
export async function makeVenv(folder: string, packages?: EnvironmentName, base = basePython()): Promise<string> {
  await run(base, ['-m', 'venv', '--without-pip', folder])
  if (packages !== undefined) {
    const [version = ''] = await readdir(join(folder, 'lib'))
    await rm(join(folder, 'lib', version, 'site-packages'), { recursive: true })
    await symlink(join(environmentFolder(packages), 'lib', version, 'site-packages'), join(folder, 'lib', version, 'site-packages'))
  }
  return folder
}

/** A folder to be the first of the PATH, in which `python3` has no packages. */
export async function barePath(bench: Bench): Promise<string> {
  const folder = await makeVenv(join(await bench.folder(), 'bare'))
  return `${join(folder, 'bin')}:/usr/bin:/bin`
}

/** Writes a file of a project. */
export async function write(project: TestProject, path: string, text: string | Uint8Array): Promise<void> {
  const file = join(project.root, placed(path))
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}
