/** The demo as a user gets it: copied, its secrets filled in, its database made, its server started. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import getPort from 'get-port'
import { pythonOf, root } from '../support/tools.ts'

const run = promisify(execFile)

export interface Demo {
  readonly backend: string
  readonly user: string
  readonly password: string
  readonly port: number
  /** The server's address, without a slash at the end. */
  readonly http: string
  readonly ws: string
  start(): Promise<void>
  stop(): Promise<void>
  manage(...args: string[]): Promise<string>
  /** All that the servers have said so far. */
  log(): string
  remove(): Promise<void>
}

/** `wsgi` is the server that the demo must not be run with: it knows no WebSocket. */
export type Server = 'daphne' | 'uvicorn' | 'wsgi'

/** Copies the template to a new folder and makes its database and user; `start` runs its server. */
export async function makeDemo(server: Server = 'daphne', settings: Record<string, string> = {}): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'election-demo-'))
  const backend = join(folder, 'backend')
  await cp(join(root, 'templates', 'demo'), folder, { recursive: true })
  await rename(join(folder, 'gitignore'), join(folder, '.gitignore'))
  await rename(join(backend, 'env.example'), join(backend, '.env.example'))

  const password = randomBytes(12).toString('hex')
  const values = { SECRET_KEY: randomBytes(32).toString('hex'), DEMO_PASSWORD: password, ...settings }
  await writeFile(join(backend, '.env'), filled(await readFile(join(backend, '.env.example'), 'utf8'), values))

  const port = await getPort({ host: '127.0.0.1' })
  const http = `http://127.0.0.1:${port}`
  const env = environment()
  let child: ChildProcess | undefined
  let said = ''

  const demo: Demo = {
    backend,
    user: 'clerk',
    password,
    port,
    http,
    ws: `ws://127.0.0.1:${port}/ws/election-updates/`,
    async start() {
      child = spawn(pythonOf('main'), command(server, port), { cwd: backend, env, stdio: ['ignore', 'pipe', 'pipe'] })
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (said += data.toString()))
      const started = child
      await until(async () => {
        if (started.exitCode !== null) throw new Error(`${server} ended with ${started.exitCode}:\n${said}`)
        return (await fetch(`${http}/api/tally/`)).ok
      })
    },
    async stop() {
      const stopped = child
      child = undefined
      if (stopped === undefined || stopped.exitCode !== null || stopped.signalCode !== null) return
      const ended = once(stopped, 'exit')
      stopped.kill('SIGKILL')
      await ended
    },
    async manage(...args) {
      const { stdout } = await run(pythonOf('main'), ['manage.py', ...args], { cwd: backend, env })
      return stdout
    },
    log: () => said,
    async remove() {
      await demo.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    await demo.manage('migrate', '--verbosity', '0')
    await demo.manage('demo_user')
  } catch (error) {
    await demo.remove()
    throw error
  }
  return demo
}

/** Waits until the condition holds; a condition that throws doesn't hold yet, unless it does so to the end. */
export async function until(condition: () => boolean | Promise<boolean>, within = 15_000): Promise<void> {
  const end = Date.now() + within
  for (;;) {
    let problem: unknown = new Error('the condition never held')
    try {
      if (await condition()) return
    } catch (error) {
      problem = error
    }
    if (Date.now() > end) throw problem
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function command(server: Server, port: number): string[] {
  switch (server) {
    case 'daphne':
      return ['-m', 'daphne', '-b', '127.0.0.1', '-p', String(port), 'core.asgi:application']
    case 'uvicorn':
      return ['-m', 'uvicorn', '--host', '127.0.0.1', '--port', String(port), 'core.asgi:application']
    case 'wsgi':
      return ['manage.py', 'runserver', '--noasgi', '--noreload', `127.0.0.1:${port}`]
  }
}

/** The settings come from `.env` alone: decouple would prefer a variable of whoever runs the tests. */
function environment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' }
  for (const name of Object.keys(env)) {
    if (/^(SECRET_KEY|DEBUG|ALLOWED_HOSTS|USE_REDIS_FOR_CHANNELS|REDIS_.*|DEMO_.*|DJANGO_SETTINGS_MODULE)$/.test(name)) delete env[name]
  }
  return env
}

function filled(example: string, values: Record<string, string>): string {
  return Object.entries(values).reduce((text, [name, value]) => {
    const line = new RegExp(`^${name}=.*$`, 'm')
    if (!line.test(text)) throw new Error(`.env.example has no ${name}`)
    return text.replace(line, `${name}=${value}`)
  }, example)
}
