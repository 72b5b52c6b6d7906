/** One page of a test, and what the built program that looks at pages makes of it in a real browser. */
import { fork } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocketServer } from 'ws'
import type { PageJob, PageLook, PageSeen } from '../../src/facts/page-seen.ts'
import type { Ends } from './ends.ts'
import { listening } from './node-servers.ts'
import { chromium, root } from './tools.ts'

/** What looks, as it is shipped. */
const lookFile = join(root, 'dist', 'page-look.js')

/** A Chromium, or undefined where none can be had: the tests that need it say so. */
export const browser = await chromium()

export interface PageServer {
  readonly origin: string
  readonly port: number
  /** Paths that were asked for. */
  readonly asked: string[]
  /** Headers of the handshakes. */
  readonly handshakes: IncomingMessage['headers'][]
}

/**
 * Serves a page at `/`, by its script or as a whole, and other paths by `answer`.
 * WebSockets at any path: `/refuse…` gets 403, `/close…` is closed with 4001,
 * all others are sent what any of them sends.
 */
export async function servePage(
  keep: Ends['keep'],
  script: string,
  {
    headers = {},
    answer,
    host,
  }: { headers?: Record<string, string>; answer?: (asked: IncomingMessage, response: ServerResponse) => boolean; host?: string } = {},
): Promise<PageServer> {
  const asked: string[] = []
  const handshakes: PageServer['handshakes'] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (answer?.(request, response) === true) return
    const text = script.startsWith('<') ? script : `<!doctype html><body><script>${script}</script>`
    response.writeHead(200, { 'Content-Type': 'text/html', ...headers }).end(text)
  })
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: ([first]) => first ?? false })
  server.on('upgrade', (request, socket, head) => {
    handshakes.push(request.headers)
    if (request.url?.startsWith('/refuse') === true) return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
    sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on('error', () => {})
      opened.on('message', (text) => {
        for (const each of sockets.clients) each.send(String(text))
      })
      if (request.url?.startsWith('/close') === true) opened.close(4001, 'no')
      if (request.url?.startsWith('/hot') === true) opened.send('{"type":"hot"}')
    })
  })
  const port = await listening(keep, server, host)
  return { origin: `http://localhost:${port}`, port, asked, handshakes }
}

/** What the program tells of a page; its profile must be gone by then. */
export async function lookedAt(url: string, more: Partial<PageJob> = {}, env = process.env): Promise<PageLook> {
  const job: PageJob = {
    browser: browser ?? 'none',
    browserName: 'Chromium',
    url,
    hosts: [],
    cookies: [],
    storage: { local: {}, session: {} },
    login: undefined,
    expect: undefined,
    change: undefined,
    asRoot: process.getuid?.() === 0,
    deadlineMs: 15_000,
    screenshot: undefined,
    ...more,
  }
  const child = fork(lookFile, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], detached: true, env })
  const look = await new Promise<PageLook>((resolve, reject) => {
    child.on('message', (message) => resolve(message as PageLook))
    child.on('exit', () => reject(new Error('it has ended without a word')))
    child.send(job)
  })
  const left = (await readdir(tmpdir())).filter((name) => name.startsWith(`election-dev-page-${child.pid ?? ''}-`))
  if (left.length > 0) throw new Error(`${left.join()} is left`)
  return look
}

/** The same, where it has to have been seen. */
export async function seenOf(url: string, more: Partial<PageJob> = {}): Promise<PageSeen> {
  const look = await lookedAt(url, more)
  if (look.result === 'unseen') throw new Error(look.why)
  return look
}
