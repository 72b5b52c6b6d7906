/** A server under the observer, or plain, with the launcher's own code and without the rest of it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { insideFolder } from '../../src/facts/inside-folder.ts'
import { launchServer, type RunningServer } from '../../src/run/server.ts'
import { testHost, listens } from './processes.ts'
import { freePort, until } from './redis.ts'
import { pythonOf } from './tools.ts'

export const servers = ['daphne', 'uvicorn', 'hypercorn'] as const
export type ServerName = (typeof servers)[number]

export interface ObservedServer {
  readonly running: RunningServer
  readonly port: number
  readonly stop: () => Promise<void>
}

/** Arguments and environment of a server on `application`, with the observer around it where it is wanted. */
export function commandOf(server: ServerName, application: string, port: number, observed: boolean) {
  const name = observed ? 'election_dev_inside:application' : application
  const args = {
    daphne: ['-m', 'daphne', '-b', '127.0.0.1', '-p', String(port), name],
    uvicorn: ['-m', 'uvicorn', '--host', '127.0.0.1', '--port', String(port), '--timeout-graceful-shutdown', '2', name],
    hypercorn: ['-m', 'hypercorn', '--bind', `127.0.0.1:${port}`, '--workers', '0', '--graceful-timeout', '2', name],
  }[server]
  const env = observed ? { PYTHONPATH: insideFolder, ELECTION_DEV_APPLICATION: application } : {}
  return { args, env }
}

/** Starts it and waits until it listens. */
export async function startObserved(
  server: ServerName,
  folder: string,
  options: { application?: string; observed?: boolean; env?: Readonly<Record<string, string>> } = {},
): Promise<ObservedServer> {
  const { application = 'core.asgi:application', observed = true } = options
  const port = await freePort('127.0.0.1')
  const { args, env } = commandOf(server, application, port, observed)
  const mine = options.env?.['PYTHONPATH']
  const theirs = mine === undefined || !observed ? {} : { PYTHONPATH: `${env.PYTHONPATH ?? ''}:${mine}` }
  const running = launchServer(
    testHost,
    {
      file: pythonOf('main'),
      args,
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PYTHONUNBUFFERED: '1',
        PYTHONDONTWRITEBYTECODE: '1',
        ...env,
        ...options.env,
        ...theirs,
      },
      observed,
    },
    () => {},
  )
  let ended = false
  void running.exited.then(() => (ended = true))
  await until(async () => {
    if (ended) throw new Error(running.lastLines().join('\n'))
    return listens(port)
  }, 30_000)
  return { running, port, stop: () => running.stop(5000) }
}

/** A folder with `app.py` in it. */
export async function appFolder(source: string): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'observed-'))
  await writeFile(join(folder, 'app.py'), source)
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** Everything that a client sees of one WebSocket. */
export async function conversation(
  port: number,
  path: string,
  say: readonly (string | Buffer)[],
  protocols: string[] = [],
): Promise<unknown> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { perMessageDeflate: false })
  const seen: unknown[] = []
  let status: number | undefined
  socket.on('error', () => {})
  socket.on('unexpected-response', (_request, response) => {
    status = response.statusCode
    response.resume()
    socket.terminate()
  })
  socket.on('message', (data, isBinary) => {
    seen.push(isBinary ? { binary: data.toString() } : data.toString())
    const next = say[seen.length - 1]
    if (next === undefined) socket.close(1000)
    else socket.send(next)
  })
  return new Promise((resolve) => {
    socket.once('close', (code, reason) => resolve({ status, protocol: socket.protocol, seen, code, reason: reason.toString() }))
  })
}
