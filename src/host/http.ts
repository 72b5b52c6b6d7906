import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { errorCode } from '../errors.ts'
import { deadline } from './deadline.ts'

/** What an HTTP request brought back. */
export type HttpFact =
  | {
      readonly result: 'answer'
      readonly status: number
      readonly reason: string
      readonly server: string | undefined
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
      readonly elapsedMs: number
    }
  /** The connection closed or broke; `code` is Node's (`ECONNRESET`, `HPE_INVALID_CONSTANT` for bytes that aren't HTTP). */
  | { readonly result: 'broken'; readonly code: string; readonly elapsedMs: number }
  | { readonly result: 'silent'; readonly elapsedMs: number }

/** How much of a body is kept, in bytes: enough for an error page's title. */
const keptBytes = 16_384

/** What `httpRequest` sends besides the URL. */
export interface HttpRequest {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly deadlineMs: number
}

/**
 * One request over a connection of its own, past any proxy settings (they are
 * not for loopback). GET with an Accept header: HEAD, or none, gives 404 on
 * some servers (vite #4827). Never throws; an untrusted certificate is no
 * obstacle here, it is judged elsewhere.
 */
export async function httpRequest(url: URL, options: HttpRequest): Promise<HttpFact> {
  const started = performance.now()
  const elapsed = () => performance.now() - started
  return new Promise((resolve) => {
    const secure = url.protocol === 'https:'
    const send = secure ? requestHttps : requestHttp
    const request = send(url, {
      method: options.method ?? 'GET',
      agent: false,
      headers: { Accept: 'text/html,*/*', Connection: 'close', ...options.headers },
      ...(secure ? { rejectUnauthorized: false } : {}),
    })
    const finish = (fact: HttpFact) => {
      quit()
      request.destroy()
      resolve(fact)
    }
    let answerSoFar = () => finish({ result: 'silent', elapsedMs: elapsed() })
    const quit = deadline(options.deadlineMs, () => answerSoFar())
    request.on('error', (error) => finish({ result: 'broken', code: errorCode(error) ?? error.message, elapsedMs: elapsed() }))
    const answer = (response: IncomingMessage, body: string) => {
      const headers = headersOf(response)
      const { statusCode: status = 0, statusMessage: reason = '' } = response
      finish({ result: 'answer', status, reason, server: headers['server'], headers, body, elapsedMs: elapsed() })
    }
    request.once('response', (response) => {
      const body = collectBody(response, keptBytes, () => answer(response, body()))
      // a page that never ends (events) has answered all the same
      answerSoFar = () => answer(response, body())
    })
    request.once('upgrade', (response, socket) => {
      socket.destroy()
      answer(response, '')
    })
    request.end(options.body)
  })
}

/**
 * Keeps the body of an answer. `over` is called when it has ended, was cut off, or has `most` bytes: a page may be endless,
 * and what is kept is enough. Gives the function that tells what has come so far.
 */
export function collectBody(response: IncomingMessage, most: number, over: () => void): () => string {
  const chunks: Buffer[] = []
  let size = 0
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size >= most) over()
  })
  for (const event of ['end', 'error', 'close']) response.on(event, over)
  return () => Buffer.concat(chunks).toString('utf8').slice(0, most)
}

/** The headers of an answer, each as one text. */
export function headersOf(response: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]))
}
