/** A real HAProxy and a real Apache in front of a backend, each on a free loopback port; undefined where the machine has none. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './redis.ts'
import { startProgram, type RunningServer } from './servers.ts'

interface Proxy {
  /** Where Debian has it, which lies in no user's PATH. */
  readonly file: string
  readonly args: (configuration: string) => readonly string[]
  readonly configuration: (port: number, folder: string, lines: string) => string
}

const haproxy: Proxy = {
  file: '/usr/sbin/haproxy',
  args: (configuration) => ['-f', configuration],
  configuration: (port, _, lines) => `defaults
  mode http
  timeout connect 2s
${lines}
frontend page
  bind 127.0.0.1:${port}
  default_backend django
`,
}

const apache: Proxy = {
  file: '/usr/sbin/apache2',
  args: (configuration) => ['-f', configuration, '-D', 'FOREGROUND'],
  configuration: (port, folder, lines) => `ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
${['mpm_event', 'authz_core', 'proxy', 'proxy_http'].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${lines}
`,
}

async function start({ file, args, configuration }: Proxy, lines: string): Promise<RunningServer | undefined> {
  if (!existsSync(file)) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'))
  const port = await freePort('127.0.0.1')
  const path = join(folder, 'proxy.conf')
  await writeFile(path, configuration(port, folder, lines))
  const server = await startProgram(file, () => args(path), { port, cwd: folder })
  return {
    ...server,
    stop: async () => {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** HAProxy with these lines in its defaults and below; it needs a backend called django. */
export const startHaproxy = (lines: string): Promise<RunningServer | undefined> => start(haproxy, lines)

/** Apache with these lines, mod_proxy and mod_proxy_http loaded. */
export const startApache = (lines: string): Promise<RunningServer | undefined> => start(apache, lines)
