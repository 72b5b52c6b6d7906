import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { chmod, mkdtemp } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorMessage, LauncherError } from '../errors.ts'
import type { PageCause, RunMeans, RunStatus } from '../facts/run-status.ts'
import type { Host } from '../host/host.ts'
import { requestSchema, type ControlAnswer, type ControlRequest } from './control-client.ts'
import { removeSocket, socketFolder, socketName } from './run-state.ts'
import { parseAs } from '../host/json-shape.ts'

/** What a launcher does when it is asked from outside. */
export interface ControlTarget {
  readonly status: () => RunStatus
  /** Resolves when the service is ready or has failed; rejects with LauncherError where there is none of the name. */
  readonly restart: (service: string | undefined) => Promise<void>
  readonly verify: () => Promise<unknown>
  /** Undefined where no backend was launched yet. */
  readonly means: () => RunMeans | undefined
  /** Looks at its page anew where that was seen to be wrong, and gives what is. */
  readonly page: () => Promise<readonly PageCause[]>
  /** Begins to end the run; the answer has left by then. */
  readonly stop: () => void
}

/** A control socket that takes requests. */
export interface ControlServer {
  readonly address: string
  /** Registered as a secret. */
  readonly key: string
  /** Takes the socket away; requests under way are cut off. */
  readonly close: () => Promise<void>
}

/** A request is no longer than this, in characters. */
const longestRequest = 4096
/** How long a connection may take to ask, in milliseconds. */
const askMs = 5000
/** sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, with the final zero (unix(7), unix(4)). */
const longestAddress = 103

/**
 * Takes requests on a local socket that this user alone can reach (a folder of
 * mode 0700; on Windows a pipe of a random name) and that must bear a key, which
 * stands in the 0600 state file alone. Throws where no socket can be made.
 */
export async function serveControl(host: Host, target: ControlTarget): Promise<ControlServer> {
  const key = host.secrets.add(randomBytes(24).toString('hex'))
  const address = await newAddress(host)
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    serveOne(socket, key, target, host)
  })
  try {
    await listen(server, address)
    if (host.platform !== 'win32') await chmod(address, 0o600)
  } catch (error) {
    server.close()
    await removeSocket(address)
    throw error
  }
  // a later error of the listener must not end the run
  server.on('error', () => {})
  server.unref()
  return {
    address,
    key,
    close: async () => {
      server.close()
      for (const socket of open) socket.destroy()
      if (host.platform !== 'win32') await removeSocket(address)
    },
  }
}

async function newAddress(host: Host): Promise<string> {
  if (host.platform === 'win32') return String.raw`\\.\pipe\election-dev-` + randomBytes(16).toString('hex')
  return join(await mkdtemp(join(socketBase(tmpdir()), socketFolder)), socketName)
}

/** The folder for temporary files, or /tmp where a socket's address in it would be too long. Pure. */
export function socketBase(temporary: string): string {
  const bytes = Buffer.byteLength(join(temporary, `${socketFolder}XXXXXX`, socketName))
  return bytes <= longestAddress ? temporary : '/tmp'
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function serveOne(socket: Socket, key: string, target: ControlTarget, host: Host): void {
  let text = ''
  let asked = false
  socket.setEncoding('utf8')
  socket.on('error', () => {})
  const late = setTimeout(() => socket.destroy(), askMs)
  late.unref()
  socket.once('close', () => clearTimeout(late))
  socket.on('data', (chunk: string) => {
    if (asked) return
    text += chunk
    const end = text.indexOf('\n')
    if (end < 0 && text.length <= longestRequest) return
    asked = true
    clearTimeout(late)
    const request = end < 0 ? undefined : parseAs(requestSchema, text.slice(0, end))
    // nobody that doesn't know the key learns anything, not even what was wrong
    if (request === undefined || !sameText(request.key, key)) socket.destroy()
    else void answer(socket, request, target, host)
  })
}

async function answer(socket: Socket, request: ControlRequest, target: ControlTarget, { secrets }: Host): Promise<void> {
  const said = await carryOut(request, target)
  // what the backend is run with goes to who may read its environment anyway, and as it is
  const means = request.ask === 'means' && said.ok ? target.means() : undefined
  const text = means === undefined ? secrets.json(said) : JSON.stringify({ ...said, means })
  socket.end(`${text}\n`, () => {
    if (request.ask === 'stop') target.stop()
  })
}

async function carryOut({ ask, service }: ControlRequest, target: ControlTarget): Promise<ControlAnswer> {
  try {
    if (ask === 'restart') await target.restart(service ?? undefined)
    if (ask === 'verify') await target.verify()
    if (ask === 'page') return { ok: true, page: [...(await target.page())], status: target.status() }
    return { ok: true, status: target.status() }
  } catch (error) {
    if (error instanceof LauncherError) return { ok: false, code: error.code, message: error.message, hint: error.hint ?? null }
    return { ok: false, code: 'internal', message: errorMessage(error), hint: null }
  }
}

function sameText(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
