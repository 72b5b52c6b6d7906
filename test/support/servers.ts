/** Real servers for tests: each on a free loopback port, ended with its process group. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestProject } from './project.ts'
import { freePort, until } from './redis.ts'
import { pythonOf, type EnvironmentName } from './tools.ts'

export interface RunningServer {
  readonly child: ChildProcess
  readonly pid: number
  readonly port: number
  /** What it has written so far. */
  readonly log: () => string
  /** Kills it and waits for its end. A second call does nothing. */
  readonly stop: () => Promise<void>
}

/** A server that runs, and how it was started. */
export interface StartedServer extends RunningServer {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

const started: StartedServer[] = []

/** The servers that run in a folder or below it. */
export const serversIn = (folder: string): readonly StartedServer[] =>
  started.filter(({ child, cwd }) => child.exitCode === null && child.signalCode === null && `${cwd}/`.startsWith(`${folder}/`))

export type ServerKind = 'daphne' | 'uvicorn' | 'hypercorn' | 'runserver' | 'gunicorn'

const argsOf: Readonly<Record<ServerKind, (port: number, application: string) => string[]>> = {
  daphne: (port, application) => ['-m', 'daphne', '-b', '127.0.0.1', '-p', String(port), application],
  uvicorn: (port, application) => ['-m', 'uvicorn', '--host', '127.0.0.1', '--port', String(port), application],
  hypercorn: (port, application) => ['-m', 'hypercorn', '--bind', `127.0.0.1:${port}`, application],
  runserver: (port) => ['manage.py', 'runserver', '--noreload', `127.0.0.1:${port}`],
  gunicorn: (port, application) => ['-m', 'gunicorn', '--bind', `127.0.0.1:${port}`, application],
}

/** Starts a program and waits until its port on `host` takes connections, or until what `ready` asks for. */
export async function startProgram(
  file: string,
  args: (port: number) => readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>>; host?: string; port?: number; ready?: () => Promise<boolean> } = {},
): Promise<RunningServer> {
  const host = options.host ?? '127.0.0.1'
  const port = options.port ?? (await freePort(host))
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], PYTHONUNBUFFERED: '1', ...options.env }
  const child = spawn(file, [...args(port)], { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let log = ''
  child.stdout.on('data', (data: Buffer) => (log += data.toString()))
  child.stderr.on('data', (data: Buffer) => (log += data.toString()))
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    // with its workers: hypercorn serves from a child, which outlives its parent
    if (child.pid !== undefined) endGroup(child.pid)
    if (child.exitCode === null && child.signalCode === null) await ended
  }
  try {
    await until(async () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${file} ended: ${log}`)
      return options.ready?.() ?? takesConnections(host, port)
    }, 30_000)
  } catch (error) {
    await stop()
    throw error
  }
  if (child.pid === undefined) throw new Error(`${file} has no PID`)
  const server = { child, pid: child.pid, port, log: () => log, stop }
  started.push({ ...server, argv: child.spawnargs, cwd: options.cwd ?? '', env: options.env ?? {} })
  return server
}

/** Starts one of the servers on a project, with the interpreter of an environment. */
export async function startServer(
  kind: ServerKind,
  project: TestProject,
  options: {
    environment?: EnvironmentName
    args?: readonly string[]
    port?: number
    application?: string
    env?: Readonly<Record<string, string>>
  } = {},
): Promise<RunningServer> {
  const { environment = kind === 'gunicorn' ? 'gunicorn' : 'main', args = [], application = 'core.asgi:application' } = options
  return startProgram(pythonOf(environment), (port) => [...argsOf[kind](port, application), ...args], {
    cwd: project.backend,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.port === undefined ? {} : { port: options.port }),
  })
}

/** A certificate for localhost and 127.0.0.1 that nobody trusts, made by openssl in `folder`. */
export async function selfSigned(folder: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const child = spawn(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
      '-keyout',
      key,
      '-out',
      cert,
    ],
    { stdio: 'ignore' },
  )
  const [status] = await once(child, 'exit')
  if (status !== 0) throw new Error(`openssl ended with ${String(status)}`)
  return { cert, key }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // the whole group has ended by itself
  }
}

async function takesConnections(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
