/** A real nginx with a configuration of one server, on a free loopback port. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProgram, type RunningServer } from './servers.ts'
import { nginx } from './tools.ts'
import { freePort } from './redis.ts'

/** What passes an upgrade on, as the manuals have it. */
export const passesUpgrade = `proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;`

/** Starts nginx with these lines in its `server` block. */
export async function startNginx(lines: string): Promise<RunningServer> {
  const binary = await nginx()
  if (binary === undefined) throw new Error('no nginx on this machine, and none can be installed')
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'))
  const port = await freePort('127.0.0.1')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`)
  // a folder of mkdtemp is its owner's alone, and a root's nginx would give its workers away
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const file = join(folder, 'nginx.conf')
  await writeFile(
    file,
    `${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 64; }
http {
  ${temporary.join('\n  ')}
  access_log off;
  server {
    listen 127.0.0.1:${port};
    ${lines}
  }
}
`,
  )
  const server = await startProgram(binary, () => ['-c', file, '-p', folder], { port })
  return {
    ...server,
    stop: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
