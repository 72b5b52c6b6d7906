/** A package index whose answers are broken in one way: a page that is none, a download that ends in the middle, or never. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

export type Breaks = 'garbage' | 'refused' | 'cut' | 'stalls' | 'other bytes'

/** Serves one wheel of a folder. `environment` leads pip and uv there and nowhere else, and lets neither wait for long. */
export async function brokenIndex(folder: string, wheel: string, breaks: Breaks) {
  const bytes = await readFile(join(folder, wheel))
  const server = createServer((request, response) => {
    const isFile = request.url?.endsWith('.whl') === true
    if (breaks === 'refused') return void response.writeHead(503).end('Service Unavailable')
    if (!isFile && breaks === 'garbage')
      return void response.writeHead(200, { 'content-type': 'text/html' }).end(Buffer.alloc(5000, '\u0000<\u00ff'))
    if (!isFile)
      return void response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(
          `<!DOCTYPE html><html><body><a href="/files/${wheel}${breaks === 'other bytes' ? `#sha256=${'0'.repeat(64)}` : ''}">${wheel}</a></body></html>`,
        )
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length })
    if (breaks === 'other bytes') return void response.end(bytes)
    response.write(bytes.subarray(0, bytes.length / 2), () => {
      if (breaks === 'cut') response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/simple`
  return {
    environment: {
      UV_NO_INDEX: '0',
      UV_FIND_LINKS: '',
      UV_DEFAULT_INDEX: url,
      UV_INDEX_URL: url,
      UV_HTTP_RETRIES: '0',
      UV_HTTP_TIMEOUT: '2',
      UV_NO_CACHE: '1',
      PIP_NO_INDEX: '0',
      PIP_FIND_LINKS: '',
      PIP_INDEX_URL: url,
      PIP_RETRIES: '0',
      PIP_DEFAULT_TIMEOUT: '2',
      PIP_NO_CACHE_DIR: '1',
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
