/** Small Node servers on loopback: stand-ins for what no test can install. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Ends } from './ends.ts'

/** Listens on a free port until the test ends, and gives the port. */
export async function listening(keep: Ends['keep'], server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>()
  // an upgrade's socket is nobody's but the handler's
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, host)
  await once(server, 'listening')
  keep({
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

const vitePage = '<!doctype html><script type="module" src="/@vite/client"></script><div id="root"></div>'

/**
 * Behaves as Vite's dev server does: its page on every path, and upgrades that
 * it never answers. `backend`: what begins with /ws is passed on to that port,
 * upgrades too only with `ws`.
 */
export function viteStandIn(options: { backend?: number; ws?: boolean } = {}): Server {
  const { backend, ws = false } = options
  const isProxied = (url: string | undefined) => backend !== undefined && (url?.startsWith('/ws') ?? false)
  const server = createServer((asked, response) => {
    if (backend === undefined || !isProxied(asked.url)) {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(vitePage)
      return
    }
    const { url = '/', method = 'GET', headers } = asked
    const onward = request({ host: '127.0.0.1', port: backend, path: url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.writeHead(500).end())
    asked.pipe(onward)
  })
  server.on('upgrade', (asked, socket, head) => {
    socket.on('error', () => {})
    if (backend === undefined || !ws || !isProxied(asked.url)) return
    const onward = connect(backend, '127.0.0.1', () => {
      const headers = asked.rawHeaders.flatMap((text, index, all) => (index % 2 === 0 ? [`${text}: ${all[index + 1] ?? ''}`] : []))
      onward.write(`${asked.method ?? 'GET'} ${asked.url ?? '/'} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
      onward.write(head)
      socket.pipe(onward).pipe(socket)
    })
    onward.on('error', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  })
  return server
}

/** Answers an upgrade as a WebSocket server does, then writes these bytes, whatever they are, and holds the connection. */
export function writesAfterUpgrade(bytes: Buffer): Server {
  const server = createServer((_, response) => response.end())
  server.on('upgrade', ({ headers }, socket) => {
    // RFC 6455, section 4.2.2
    const key = `${headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    socket.write(bytes)
    // read, and never answered
    socket.resume()
  })
  return server
}

/** Passes an upgrade on to that port, and writes a page of its own into the stream once it has got its 101. */
export function spoilsStream(backend: number): Server {
  const server = createServer((_, response) => response.end())
  server.on('upgrade', (asked, socket) => {
    const onward = connect(backend, '127.0.0.1', () => {
      const headers = asked.rawHeaders.flatMap((text, index, all) => (index % 2 === 0 ? [`${text}: ${all[index + 1] ?? ''}`] : []))
      onward.write(`GET ${asked.url ?? '/'} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
      onward.once('data', () => setImmediate(() => socket.write('HTTP/1.1 504 Gateway Timeout\r\n\r\n')))
      onward.pipe(socket)
    })
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
    socket.on('close', () => onward.destroy())
    socket.resume()
  })
  return server
}
